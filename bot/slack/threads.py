"""What a card's thread says, a reply for each step: its jobs went on, or others joined them. A reply that the channel
sees too stands there alone, so each is a whole sentence; one that is loud begins with whom it rings.
"""

from collections.abc import Mapping, Sequence
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


def render_thread_reply(reply: ThreadReply) -> Rendered:
    text = _text(reply)
    build = _one_job if _is_single(reply) else _several_jobs
    return Rendered(text, fit(partial(build, reply), ROOMS, MESSAGE_MAX - width(text)))


def render_plain_thread_reply(reply: ThreadReply) -> str:
    """The same without blocks, at most 3,900 characters."""
    if _is_single(reply):
        return _text(reply)
    stories, shared = _stories(reply.news), spoken_error(f". {_lead(reply.news)}: ", _shared(reply.news))
    return plain_lines(
        ended(f"{_head(reply)}{shared}"),
        lambda room: [_plain_line(reply.news, story, room) for story in stories[: room.jobs]],
        lambda named: rest(reply.news.jobs - named),
    )


def _is_single(reply: ThreadReply) -> bool:
    return reply.about is About.STEPS and reply.news.jobs == 1


def _stories(news: News) -> list[list[Entry]]:
    """What happened to each job, oldest first; the job of the newest change comes first."""
    stories: dict[JobRef, list[Entry]] = {}
    for entry in news.entries:
        stories.setdefault(entry.job, []).insert(0, entry)
    return [story[-STEPS:] for story in stories.values()]


def _title(reply: ThreadReply, limit: int) -> str:
    return newcomers_title(reply.news, limit) if reply.about is About.NEWCOMERS else news_title(reply.news, limit)


def _head(reply: ThreadReply) -> str:
    return " ".join([*called_in_text(reply.mentions), spoken(_title(reply, NAME_SPOKEN), TITLE_SPOKEN)])


def _text(reply: ThreadReply) -> str:
    news, stories = reply.news, _stories(reply.news)
    if _is_single(reply):
        return _sentence(reply, stories[0])
    parts = [_spoken(news, story, NAME_SPOKEN) for story in stories]
    shared = _shared(news)
    newest = next(filter(None, map(_newest_error, stories)), "")
    error = spoken_error(f"{_lead(news)}: ", shared or newest)
    return spoken_jobs(_head(reply), error, parts, news.jobs)


def _sentence(reply: ThreadReply, story: Sequence[Entry]) -> str:
    """What happened to a single job, with the newest error beside its step."""
    bearer = next((entry for entry in reversed(story) if _own_error(entry)), None)
    steps = [escape(step(entry)) + (spoken_error(": ", entry.error) if entry is bearer else "") for entry in story]
    return ended(" ".join([*called_in_text(reply.mentions), spoken_name(story[-1]), "; ".join(steps)]))


def _own_error(entry: Entry) -> str:
    """The error, where it is news."""
    return one_line(entry.error) if entry.kind in ERRING else ""


def _newest_error(story: Sequence[Entry]) -> str:
    return next(filter(None, map(_own_error, reversed(story))), "")


def _lead(news: News) -> str:
    """Whose the error is that is told of all."""
    if not _shared(news):
        return "Error" if news.jobs == 1 else "Newest error"
    return f"Error of the {_newest(news)}" if news.unnamed else "Error"


def _newest(news: News) -> str:
    return f"newest {len(_stories(news))}"


def _shared(news: News) -> str:
    """The error that all have who are named."""
    return common_error([story[-1] for story in _stories(news)]) if set(news.counts) <= ERRING else ""


def _steps(news: News, story: Sequence[Entry]) -> list[str]:
    """What happened to the job, as far as the title does not say all of it."""
    says_more = len(story) > 1 or len(news_counts(news)) > 1 or story[-1].detail
    told = ["; ".join(map(in_short, story))] if says_more else []
    return [*told, *([which_try(story[-1].tries)] if story[-1].tries > 1 else [])]


def _origin(news: News, story: Sequence[Entry], limit: int) -> list[str]:
    return origin(story[-1], news.label, limit, show_source=news.show_source)


def _spoken(news: News, story: Sequence[Entry], limit: int) -> str:
    name = spoken_name(story[-1], _origin(news, story, limit), limit)
    return ", ".join([name, *map(escape, _steps(news, story))])


def _plain_line(news: News, story: Sequence[Entry], room: Room) -> str:
    line = f"• {_spoken(news, story, room.name)}"
    error = "" if _shared(news) else _newest_error(story)
    return f"{line}: {spoken(error, min(room.error, SHORT))}" if error else line


def _one_job(reply: ThreadReply, room: Room) -> list[Block]:
    [story] = _stories(reply.news)
    newest = story[-1]
    bearers = {_own_error(entry): entry.change_key for entry in story}
    top = [*_rung(reply), *naming(newest, room.name)]
    if len(story) == 1:
        line = [*top, words(f" {step(newest)} · "), *moment(newest)]
        return [rich_text(*with_errors([(line, _quoted(newest, bearers, room))]))]
    steps = (([*moment(entry), words(f" · {step(entry)}")], _quoted(entry, bearers, room)) for entry in story)
    return [rich_text(*with_errors([(top, ""), *steps]))]


def _quoted(entry: Entry, bearers: Mapping[str, str], room: Room) -> str:
    """The error of the step, if it bears it: each error is shown once, at the last step that has it."""
    error = _own_error(entry)
    return tame(error, room.error) if error and bearers[error] == entry.change_key else ""


def _rung(reply: ThreadReply) -> list[Element]:
    return [*called(reply.mentions), words(" ")] if reply.mentions else []


def _several_jobs(reply: ThreadReply, room: Room) -> list[Block]:
    news, stories = reply.news, _stories(reply.news)[: room.jobs]
    shared, whose = _shared(news), f"the {_newest(news)}: " if news.unnamed else ""
    sign = words(f"{mark(worst(news_counts(news)))} ")
    title = section(*_rung(reply), sign, words(_title(reply, room.name), "bold"))
    lines = [_line(news, story, room, told=bool(shared)) for story in stories]
    more = [[words(line)] for line in rest(news.jobs - len(stories))]
    return [
        rich_text(title, *([quote(f"{whose}{tame(shared, room.error)}")] if shared else [])),
        rich_text(section_of([*lines, *more])),
    ]


def _line(news: News, story: Sequence[Entry], room: Room, *, told: bool) -> list[Element]:
    """`told` says that the job's error stands above already."""
    error = "" if told else _newest_error(story)
    facts = [
        *_origin(news, story, room.name),
        *_steps(news, story),
        *([tame(error, min(room.error, SHORT))] if error else []),
    ]
    return [*naming(story[-1], room.name), words(" · ".join(["", *facts]))] if facts else naming(story[-1], room.name)
