"""What a card's thread says, a reply for each step: its jobs went on, or others joined them. A reply that the channel
sees too stands there alone, so each is a whole sentence; one that is loud begins with whom it rings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.core.alerts import JobRef
from bot.core.card_words import common_error, in_short, newcomers_title, news_counts, news_title, step, worst
from bot.core.cards import ERRING, Entry
from bot.core.messages import About, News, ThreadReply
from bot.core.texts import one_line, tame, width
from bot.core.wording import which_try
from bot.slack.elements import (
    MESSAGE_MAX,
    Block,
    Element,
    Rendered,
    ended,
    escape,
    fit,
    mark,
    quote,
    rich_text,
    section,
    section_of,
    spoken,
    words,
)
from bot.slack.job_lines import (
    NAME_SPOKEN,
    ROOMS,
    SHORT,
    TITLE_SPOKEN,
    Room,
    moment,
    naming,
    origin,
    plain_lines,
    rest,
    spoken_error,
    spoken_jobs,
    spoken_name,
    with_errors,
)
from bot.slack.mentions import called, called_in_text

STEPS = 12  # of one job that are told


@dataclass(frozen=True, slots=True)
class _Told:
    """What a reply tells: what happened to each job, oldest first, the job of the newest change first; how many jobs
    stand how; and the error that all have who are named.
    """

    reply: ThreadReply
    stories: Sequence[Sequence[Entry]]
    counts: Mapping[str, int]
    shared: str

    @property
    def news(self) -> News:
        return self.reply.news

    @property
    def is_single(self) -> bool:
        return self.reply.about is About.STEPS and self.news.jobs == 1


def render_thread_reply(reply: ThreadReply) -> Rendered:
    told = _told(reply)
    text = _text(told)
    build = _one_job if told.is_single else _several_jobs
    return Rendered(text, fit(partial(build, told), ROOMS, MESSAGE_MAX - width(text)))


def render_plain_thread_reply(reply: ThreadReply) -> str:
    """The same without blocks, at most 3,900 characters."""
    told = _told(reply)
    if told.is_single:
        return _text(told)
    shared = spoken_error(f". {_lead(told)}: ", told.shared)
    return plain_lines(
        ended(f"{_head(reply)}{shared}"),
        lambda room: [_plain_line(told, story, room) for story in told.stories[: room.jobs]],
        lambda named: rest(told.news.jobs - named),
    )


def _told(reply: ThreadReply) -> _Told:
    stories, are_errors = _stories(reply.news), set(reply.news.counts) <= ERRING
    shared = common_error([story[-1] for story in stories]) if are_errors else ""
    return _Told(reply, stories, news_counts(reply.news), shared)


def _stories(news: News) -> list[list[Entry]]:
    stories: dict[JobRef, list[Entry]] = {}
    for entry in news.entries:
        stories.setdefault(entry.job, []).insert(0, entry)
    return [story[-STEPS:] for story in stories.values()]


def _title(reply: ThreadReply, limit: int) -> str:
    return newcomers_title(reply.news, limit) if reply.about is About.NEWCOMERS else news_title(reply.news, limit)


def _head(reply: ThreadReply) -> str:
    return " ".join([*called_in_text(reply.mentions), spoken(_title(reply, NAME_SPOKEN), TITLE_SPOKEN)])


def _text(told: _Told) -> str:
    if told.is_single:
        return _sentence(told.reply, told.stories[0])
    parts = [_spoken(told, story, NAME_SPOKEN) for story in told.stories]
    newest = next(filter(None, map(_newest_error, told.stories)), "")
    error = spoken_error(f"{_lead(told)}: ", told.shared or newest)
    return spoken_jobs(_head(told.reply), error, parts, told.news.jobs)


def _sentence(reply: ThreadReply, story: Sequence[Entry]) -> str:
    """What happened to a single job, with the newest error beside its step."""
    bearer = next((entry for entry in reversed(story) if _own_error(entry)), None)
    steps = [escape(step(entry)) + (spoken_error(": ", entry.error) if entry is bearer else "") for entry in story]
    name = spoken_name(story[-1], _origin(reply.news, story, NAME_SPOKEN))
    return ended(" ".join([*called_in_text(reply.mentions), name, "; ".join(steps)]))


def _own_error(entry: Entry) -> str:
    """The error, where it is news."""
    return one_line(entry.error) if entry.kind in ERRING else ""


def _newest_error(story: Sequence[Entry]) -> str:
    return next(filter(None, map(_own_error, reversed(story))), "")


def _lead(told: _Told) -> str:
    """Whose the error is that is told of all."""
    if not told.shared:
        return "Error" if told.news.jobs == 1 else "Newest error"
    return f"Error of the {_newest(told)}" if told.news.unnamed else "Error"


def _newest(told: _Told) -> str:
    return f"newest {len(told.stories)}"


def _steps(told: _Told, story: Sequence[Entry]) -> list[str]:
    """What happened to the job, as far as the title does not say all of it."""
    says_more = len(story) > 1 or len(told.counts) > 1 or story[-1].detail
    steps = ["; ".join(map(in_short, story))] if says_more else []
    return [*steps, *([which_try(story[-1].tries)] if story[-1].tries > 1 else [])]


def _origin(news: News, story: Sequence[Entry], limit: int) -> list[str]:
    return origin(story[-1], news.label, limit, show_source=news.show_source)


def _spoken(told: _Told, story: Sequence[Entry], limit: int) -> str:
    name = spoken_name(story[-1], _origin(told.news, story, limit), limit)
    return ", ".join([name, *map(escape, _steps(told, story))])


def _plain_line(told: _Told, story: Sequence[Entry], room: Room) -> str:
    line = f"• {_spoken(told, story, room.name)}"
    error = "" if told.shared else _newest_error(story)
    return f"{line}: {spoken(error, min(room.error, SHORT))}" if error else line


def _one_job(told: _Told, room: Room) -> list[Block]:
    [story] = told.stories
    newest = story[-1]
    bearers = {_own_error(entry): entry.change_key for entry in story}
    facts = [words(f" · {fact}") for fact in _origin(told.news, story, room.name)]
    top = [*_rung(told.reply), *naming(newest, room.name), *facts]
    if len(story) == 1:
        line = [*top, words(f"{' · ' if facts else ' '}{step(newest)} · "), *moment(newest)]
        return [rich_text(*with_errors([(line, _quoted(newest, bearers, room))]))]
    steps = (([*moment(entry), words(f" · {step(entry)}")], _quoted(entry, bearers, room)) for entry in story)
    return [rich_text(*with_errors([(top, ""), *steps]))]


def _quoted(entry: Entry, bearers: Mapping[str, str], room: Room) -> str:
    """The error of the step, if it bears it: each error is shown once, at the last step that has it."""
    error = _own_error(entry)
    return tame(error, room.error) if error and bearers[error] == entry.change_key else ""


def _rung(reply: ThreadReply) -> list[Element]:
    return [*called(reply.mentions), words(" ")] if reply.mentions else []


def _several_jobs(told: _Told, room: Room) -> list[Block]:
    stories, whose = told.stories[: room.jobs], f"the {_newest(told)}: " if told.news.unnamed else ""
    sign = words(f"{mark(worst(told.counts))} ")
    title = section(*_rung(told.reply), sign, words(_title(told.reply, room.name), "bold"))
    more = [[words(line)] for line in rest(told.news.jobs - len(stories))]
    return [
        rich_text(title, *([quote(f"{whose}{tame(told.shared, room.error)}")] if told.shared else [])),
        rich_text(section_of([*(_line(told, story, room) for story in stories), *more])),
    ]


def _line(told: _Told, story: Sequence[Entry], room: Room) -> list[Element]:
    error = "" if told.shared else _newest_error(story)
    facts = [
        *_origin(told.news, story, room.name),
        *_steps(told, story),
        *([tame(error, min(room.error, SHORT))] if error else []),
    ]
    return [*naming(story[-1], room.name), words(" · ".join(["", *facts]))] if facts else naming(story[-1], room.name)
