"""One job as Slack shows it: everything that is known of it, its error in full, and its story from the ledger. It
holds what is known, never what could be guessed: a line without a fact is left out.
"""

from collections.abc import Iterator

from bot.core.commands import Share, ShowJob
from bot.core.grammar import write
from bot.core.history import Entry
from bot.core.instants import Instant
from bot.core.jobs import job_url
from bot.core.memory import Memory
from bot.core.replies import JobDetails
from bot.core.texts import NOTHING, one_line, shorten, tame, tame_lines, width
from bot.core.traces import abridged, gist
from bot.core.wording import (
    as_of,
    blind_spots,
    how_long,
    often,
    progress_words,
    seen_words,
    since,
    status_words,
    told_words,
    utc,
    what_happened,
    when_words,
)
from bot.slack.elements import (
    MESSAGE_MAX,
    Block,
    Element,
    Rendered,
    actions,
    bullets,
    button,
    context,
    date,
    escape,
    fit,
    header,
    link,
    mark,
    measure,
    preformatted,
    rich_text,
    section,
    section_of,
    spoken,
    warnings,
    words,
)

ERROR_ROOMS = (2_500, 1_500, 800, 300)  # characters of the error, from wide to narrow
FACT = 200  # characters of a name, an id or a pipeline
SPOKEN_ERROR = 600  # characters of the error in the sentence, escaped


def render_details(reply: JobDetails) -> Rendered:
    job = reply.memory.job
    text = _sentence(reply)
    above = [
        header(f"{mark(job.status)} {tame(job.label, 120)}"),
        *warnings(blind_spots(reply.sources, reply.now)),
        rich_text(section_of((words(f"{name}: ", "bold"), *value) for name, value in _facts(reply))),
    ]
    below = [
        *([context(seen_words(reply.seen, reply.now))] if reply.seen else []),
        *_story(reply.history),
        context(as_of(reply.sources, reply.now)),
        *actions(_buttons(job.id)),
    ]
    left = MESSAGE_MAX - width(text) - measure(above) - measure(below)
    return Rendered(text, [*above, *fit(lambda room: _error(job.error, room), ERROR_ROOMS, left), *below])


def _sentence(reply: JobDetails) -> str:
    memory, job = reply.memory, reply.memory.job
    error = f" Error: {spoken(gist(job.error), SPOKEN_ERROR)}" if one_line(job.error) else ""
    return (
        f"{spoken(job.label, FACT)} ({spoken(job.id, FACT)}) is {escape(status_words(memory))} "
        f"since {utc(memory.since)}, {_tries(memory)}, pipeline {spoken(_pipeline(memory), FACT)}, "
        f"{escape(as_of(reply.sources, reply.now))}.{error}"
    )


def _facts(reply: JobDetails) -> Iterator[tuple[str, tuple[Element, ...]]]:
    memory, job, now = reply.memory, reply.memory.job, reply.now
    age = words(f" ({since(memory.since, now)})")
    yield "Status", (words(f"{status_words(memory)} since "), date(memory.since), age)
    yield "Id", (words(tame(job.id, FACT), "code"),)
    yield "Pipeline", (words(_pipeline(memory)),)
    yield "Source", (words(tame(job.source, FACT)),)
    yield "Tries", (words(_tries(memory)),)
    for name, at in _moments(memory):
        yield name, (date(at),)
    if ran := how_long(job, now):
        yield "How long", (words(ran),)
    if (progress := progress_words(job)) != NOTHING:
        yield "Progress", (words(progress),)
    if url := job_url(job, reply.job_urls):
        yield "Link", (link(tame(url, FACT), url),)


def _moments(memory: Memory) -> Iterator[tuple[str, Instant]]:
    job = memory.job
    moments = (
        ("Created", job.created_at),
        ("Started", job.started_at),
        ("Completed", job.completed_at),
        ("Failed", job.failed_at),
        ("Cancelled", job.cancelled_at),
    )
    return ((name, at) for name, at in moments if at is not None)


def _pipeline(memory: Memory) -> str:
    job = memory.job
    kind = f" ({tame(job.pipeline_type, FACT)})" if job.pipeline_type else ""
    version = f" {tame(job.pipeline_version, FACT)}" if job.pipeline_version else ""
    return f"{tame(job.pipeline_key, FACT)}{version}{kind}"


def _tries(memory: Memory) -> str:
    tries, preemptions = memory.job.tries, memory.job.preemptions
    return ", ".join([f"tried {often(tries)}", *([f"preempted {often(preemptions)}"] if preemptions else [])])


def _error(error: str, room: int) -> list[Block]:
    shown = tame_lines(abridged(error, room), room)
    return [rich_text(section(words("Error", "bold")), preformatted(shown))] if shown else []


def _story(history: tuple[Entry, ...]) -> list[Block]:
    if not history:
        return []
    return [rich_text(section(words("Story, newest first", "bold")), bullets(map(_episode, history)))]


def _episode(entry: Entry) -> Element:
    happened = what_happened(entry.kind, inferred=entry.inferred, detail=entry.detail)
    by, when = when_words(entry)
    return section(*([words(by)] if by else []), date(when), words(f" {happened} · {shorten(told_words(entry), FACT)}"))


def _buttons(job_id: str) -> list[Element]:
    shown = ShowJob(job_id)
    return [button("Refresh", "refresh", write(shown)), button("Share", "share", write(Share(shown)))]
