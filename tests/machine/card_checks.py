"""Whether what stands in Slack is what the book says: each card as if drawn from scratch, each thing told once and in
its order, people rung when it opens or gets worse, and edits no more often than they may be. Each finds its faults.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from bot.core.instants import SECOND
from bot.core.messages import message_key
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_wire import Wire
from bot.slack.elements import Rendered
from bot.slack.faces import render_face, render_plain_face
from tests.machine.book import Story
from tests.machine.card_stage import USER, CardStage, content, key_of, read
from tests.machine.stage import POST

ANEW = 60  # a card is posted again no more often than this
CARD_EVERY = 3.0  # seconds between two edits of a card
EDIT_EVERY = 1.5  # seconds between the beginnings of any two
A_MINUTE = 40  # edits at most
Fault: TypeAlias = tuple[object, ...]
Posted: TypeAlias = Sequence[tuple[str, Message]]


@dataclass(frozen=True, slots=True)
class Findings:
    compared: int  # cards
    made: int  # edits and replies
    faults: list[Fault]


def findings(stage: CardStage) -> Findings:
    posted = list(stage.posted())
    shown = [fault for story in stage.book.stories for fault in _wrong_face(stage, story, posted)]
    standing = sum(_newest(story, posted) is not None for story in stage.book.stories)
    faults = [*shown, *_not_told_once(stage, posted), *_out_of_order(stage, posted), *_astray(stage, posted)]
    made = len(stage.slack.state.edits()) + sum(post.is_reply for _, post in posted)
    return Findings(standing, made, [*faults, *_wrongly_rung(stage), *_hasty(stage)])


def _wrong_face(stage: CardStage, story: Story, posted: Posted) -> Iterator[Fault]:
    if story.is_lost:
        return
    post = _newest(story, posted)
    if post is None:
        yield "never posted", story.key
    elif post.deleted:
        if stage.deleted[post.ts] < story.touched:
            yield "not posted anew", story.key
    elif story.key not in stage.stuck:
        rung = story.first_rung if key_of(post) == _first_key(story, posted) else ()
        face = story.face(rung, stage.book.seen)
        rendered = render_face(face)
        plain = Rendered(render_plain_face(face), [])
        if content(post) != (rendered.text, rendered.blocks) and not (
            stage.may_be_plain and content(post) == (plain.text, plain.blocks)
        ):
            yield "shows", content(post), "instead of", rendered


def _not_told_once(stage: CardStage, posted: Posted) -> Iterator[Fault]:
    """A post that was deleted before the bot knew of it was made again."""
    times = Counter(key for key, _ in posted)
    unmade = Counter(key for key, post in posted if post.deleted)
    for story in stage.book.stories:
        for key in story.messages - stage.refused:
            if not 1 <= times[key] <= 1 + unmade[key]:
                yield "told so often", times[key], stage.book.carried[key]
        told = Counter(change for key in story.messages for change in stage.book.carried[key])
        if told != Counter(set(story.told)):
            yield "carried", told, "instead of", story.told


def _out_of_order(stage: CardStage, posted: Posted) -> Iterator[Fault]:
    """The steps of a card among each other, and the story of each job."""
    first = {key: number for number, (key, _) in reversed(list(enumerate(posted)))}
    for story in stage.book.stories:
        carrying = sorted((first[key], key) for key in story.messages if key in first)
        told = [change for _, key in carrying for change in stage.book.carried[key]]
        for job in story.lines:
            happened = [change for change in story.told if change.split("/")[1] == job and change in told]
            if [change for change in told if change.split("/")[1] == job] != happened:
                yield "out of order", told, happened
        steps = [change for change in told if change in story.stepped]
        if steps != [change for change in story.stepped if change in told]:
            yield "steps out of order", steps


def _astray(stage: CardStage, posted: Posted) -> Iterator[Fault]:
    """A reply belongs below a post of its card; only below a deleted one Slack may put it beside."""
    by_ts = {post.ts: key for key, post in posted}
    for key, post in posted:
        story = next((story for story in stage.book.stories if key in story.replies), None)
        if story and post.thread_ts and by_ts[post.thread_ts] not in _keys(story):
            yield "in the thread of another", key
        if story and not post.thread_ts and not stage.deleted:
            yield "in no thread", key


def _wrongly_rung(stage: CardStage) -> Iterator[Fault]:
    """Whoever is rung by a post is rung because a card opens, or because it gets worse: that the channel sees too. What
    takes the place of a post that was refused may ring as that was to.
    """
    instead = {key for story in stage.book.stories if story.key in stage.refused for key in _keys(story)}
    for call in stage.slack.state.calls:
        if call.method == POST and (key := _key_in(call.args)) not in instead:
            if stage.book.rings(key) not in {None, USER in str(call.args)}:
                yield "rings wrongly", key, call.args
            if stage.book.is_aloud(key) not in {None, bool(read(call.args, "reply_broadcast"))}:
                yield "aloud wrongly", key, call.args
    for post, edit in stage.slack.state.edits():
        if USER in str((edit.text, edit.blocks)) and stage.book.rings(key_of(post)) is False:
            yield "an edit rings", edit


def _hasty(stage: CardStage) -> Iterator[Fault]:
    """Edits are evenly spread; on their way to Slack they may come a little closer."""
    for before, after in pairwise(stage.claimed):
        if after - before < EDIT_EVERY * SECOND:
            yield "edits begun too soon after each other", before, after
    edits = stage.slack.state.edits()
    for (_, first), (_, beyond) in zip(edits, edits[A_MINUTE:], strict=False):
        if beyond.at - first.at < 60:
            yield "too many edits in a minute", first.at, beyond.at
    last: dict[str, float] = {}
    for post, edit in edits:
        if edit.at - last.get(post.ts, 0.0) < CARD_EVERY:
            yield "edited again too soon", post.ts, edit.at
        last[post.ts] = edit.at


def _newest(story: Story, posted: Posted) -> Message | None:
    keys = _keys(story)
    return next((post for key, post in reversed(posted) if key in keys), None)


def _first_key(story: Story, posted: Posted) -> str | None:
    """Of the post that opened the card in Slack, and rang: another one, if Slack refused the first."""
    keys = _keys(story)
    return next((key for key, _ in posted if key in keys), None)


def _keys(story: Story) -> set[str]:
    """Of the posts of the card itself: the first, and those that took its place."""
    return {story.key, *(message_key(story.place, (story.key, f"anew {number}")) for number in range(ANEW))}


def _key_in(args: Wire) -> str:
    match read(args, "metadata"):
        case {"event_payload": {"key": str(key)}}:
            return key
        case other:
            raise AssertionError(other)
