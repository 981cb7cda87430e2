"""The replies of `/jobs`, and the ledger, in a terminal. Untrusted text is tamed before it is printed, so that a job
can neither colour the screen nor move the cursor; a narrow terminal gets fewer, taller cells. An id is never broken, so
that it can be found and copied.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import TypeAlias, assert_never

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.commands import HELP
from bot.core.health_words import headline, is_well, parked_line, queue_lines, source_lines
from bot.core.history import Entry
from bot.core.instants import Instant, as_datetime
from bot.core.jobs import Job, job_url
from bot.core.memory import Memory
from bot.core.replies import Candidates, HealthReport, HelpText, JobDetails, JobList, Note, Overview, Reply
from bot.core.texts import NOTHING, first_line, one_line, tame, tame_lines
from bot.core.traces import gist
from bot.core.wording import (
    COLUMNS,
    as_of,
    blind_spots,
    filter_words,
    how_long,
    list_footer,
    list_title,
    nothing_listed,
    number,
    often,
    ordered,
    progress_words,
    seen_words,
    since,
    status_words,
    told_words,
    what_happened,
    when_words,
    which_try,
)

LEAST = 80  # columns; in fewer, lines run over rather than that an id is broken
NARROW = 120  # columns; below this a job takes several lines of one cell
ROOMY = 200  # columns; from here on its id stands beside its name
CELL = 200  # characters of a cell
ERROR_MAX = 10_000
_STYLES = {
    "failed": "red",
    "vanished": "magenta",
    "cancelled": "bright_black",
    "preempted": "yellow",
    "thrashing": "yellow",
    "overdue": "yellow",
    "completed": "green",
    "recovered": "green",
    "incomplete": "yellow",
    "running": "cyan",
    "started": "cyan",
}
Clock: TypeAlias = Callable[[Instant], str]


def print_reply(reply: Reply, console: Console, zone: tzinfo | None = None) -> None:
    """The reply; times are in `zone`, or else in the time zone of this machine."""
    clock = _clock(zone)
    match reply:
        case JobList():
            _print_list(reply, console, clock)
        case JobDetails():
            _print_details(reply, console, clock)
        case Candidates():
            console.print(Text(f"{number(reply.total, 'job')} fit “{tame(reply.reference, CELL)}”", "bold"))
            _print_jobs(reply, reply.rows, console, clock)
        case Overview():
            _print_overview(reply, console, clock)
        case HealthReport():
            _print_health(reply, console)
        case HelpText():
            _print_pairs(HELP, console)
        case Note():
            console.print(Text(f"{tame(reply.text, CELL)} For example: {tame(reply.example, CELL)}"))
        case _:
            assert_never(reply)


def print_history(entries: Sequence[Entry], console: Console, zone: tzinfo | None = None) -> None:
    """The ledger, in the order given."""
    clock = _clock(zone)
    if not entries:
        console.print(Text("Nothing has changed in this time."))
        return
    rows = _narrow_history if console.width < NARROW else _wide_history
    console.print(rows(entries, clock, console.width), crop=False)


def _wide_history(entries: Sequence[Entry], clock: Clock, width: int) -> Table:
    table = _table(("When", "Job", "What happened", "And then"), map(_named, entries), width)
    for entry in entries:
        name = _name(entry.name, entry.job_id, roomy=width >= ROOMY)
        table.add_row(_when(entry, clock), name, _happened(entry), Text(told_words(entry)))
    return table


def _narrow_history(entries: Sequence[Entry], clock: Clock, width: int) -> Table:
    table = _table(("Job", "What happened"), map(_named, entries), width)
    for entry in entries:
        name = _name(entry.name, entry.job_id).append(f"\n{_when(entry, clock)}", "default")
        table.add_row(name, _happened(entry).append(f"\n{told_words(entry)}", "default"))
    return table


def _when(entry: Entry, clock: Clock) -> str:
    by, when = when_words(entry)
    return f"{by}{clock(when)}"


def _happened(entry: Entry) -> Text:
    return Text(what_happened(entry.kind, inferred=entry.inferred, detail=entry.detail), _style(entry.kind))


def _clock(zone: tzinfo | None) -> Clock:
    return lambda at: f"{as_datetime(at).astimezone(zone):%Y-%m-%d %H:%M}"


def _style(word: str) -> str:
    return _STYLES.get(word.lower(), "")


def _table(columns: Iterable[str], jobs: Iterable[tuple[str, str]] = (), width: int = 0) -> Table:
    """For a terminal of this width. Its column for these jobs, each a name and an id, has room for each id; where the
    others need it more, no room for long names.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    sizes = [(cell_len(tame(name, CELL)), cell_len(tame(job_id, CELL))) for name, job_id in jobs]
    least = max((max(job_id, min(name, width // 3)) for name, job_id in sizes), default=0)
    fixed = least if LEAST <= width < ROOMY and least <= width // 2 else None
    for column in columns:
        no_wrap = column in {"When", "How long", "Tries"}
        if column == "Job":
            table.add_column(column, overflow="fold", min_width=least, width=fixed)
        else:
            table.add_column(column, overflow="fold", no_wrap=no_wrap)
    return table


def _name(name: str, job_id: str, *, roomy: bool = False) -> Text:
    parts = [Text(tame(name, CELL), "bold")] if one_line(name) else []
    return Text(" " if roomy else "\n").join([*parts, Text(tame(job_id, CELL))])


def _print_list(reply: JobList, console: Console, clock: Clock) -> None:
    console.print(Text(list_title(reply.command.query), "bold"))
    if filters := filter_words(reply.command.query):
        console.print(Text(filters))
    if not reply.rows:
        console.print(Text(nothing_listed(reply)))
    _print_jobs(reply, reply.rows, console, clock, footer=list_footer(reply))


def _print_jobs(
    reply: JobList | Candidates | Overview,
    memories: Sequence[Memory],
    console: Console,
    clock: Clock,
    footer: str = "",
) -> None:
    rows = _narrow_rows if console.width < NARROW else _wide_rows
    if memories:
        shown = rows(memories, reply.now, clock, several=len(reply.sources) > 1, width=console.width)
        console.print(shown, crop=False)
    console.print(Text(footer or as_of(reply.sources, reply.now), "bright_black"))
    _print_warnings(blind_spots(reply.sources, reply.now), console)


def _print_warnings(warnings: Iterable[str], console: Console) -> None:
    for warning in warnings:
        console.print(Text(f"! {warning}", "yellow"))


def _wide_rows(memories: Sequence[Memory], now: Instant, clock: Clock, *, several: bool, width: int) -> Table:
    table = _table(COLUMNS, map(_named, memories), width)
    for memory in memories:
        job = memory.job
        table.add_row(
            Text(status_words(memory), _style(job.status)),
            _name(job.name, job.id, roomy=width >= ROOMY),
            Text(_pipeline(job, several=several)),
            clock(memory.since),
            how_long(job, now) or NOTHING,
            str(job.tries),
            Text(tame(first_line(gist(job.error)), CELL)),
        )
    return table


def _narrow_rows(memories: Sequence[Memory], now: Instant, clock: Clock, *, several: bool, width: int) -> Table:
    table = _table(("Status", "Job", "When", "Error"), map(_named, memories), width)
    for memory in memories:
        job = memory.job
        name = Text("\n").join([_name(job.name, job.id), Text(_pipeline(job, several=several))])
        status = Text(status_words(memory), _style(job.status)).append(f"\n{which_try(job.tries)}", "default")
        ran = how_long(job, now)
        when = clock(memory.since) + (f"\nran {ran}" if ran else "")
        table.add_row(status, name, when, Text(tame(first_line(gist(job.error)), CELL)))
    return table


def _named(each: Entry | Memory) -> tuple[str, str]:
    return (each.name, each.job_id) if isinstance(each, Entry) else (each.job.name, each.job.id)


def _pipeline(job: Job, *, several: bool) -> str:
    """The pipeline, with its source where there are several."""
    pipeline = tame(job.pipeline_key, CELL)
    return f"{pipeline} ({tame(job.source, CELL)})" if several else pipeline


def _print_details(reply: JobDetails, console: Console, clock: Clock) -> None:
    job = reply.memory.job
    console.print(Text(tame(job.label, CELL), f"bold {_style(job.status)}"))
    _print_pairs(_facts(reply, clock), console)
    if error := tame_lines(job.error, ERROR_MAX):
        console.print(Text(f"\nError\n{error}\n"))
    if reply.seen:
        console.print(Text(f"{seen_words(reply.seen, reply.now)}\n", "bright_black"))
    if reply.history:
        table = _table(("When", "What happened", "And then"))
        for entry in reply.history:
            table.add_row(_when(entry, clock), _happened(entry), Text(told_words(entry)))
        console.print(table)
    console.print(Text(as_of(reply.sources, reply.now), "bright_black"))
    _print_warnings(blind_spots(reply.sources, reply.now), console)


def _facts(reply: JobDetails, clock: Clock) -> Iterator[tuple[str, str]]:
    memory, job, now = reply.memory, reply.memory.job, reply.now
    yield "Status", f"{status_words(memory)} since {clock(memory.since)} ({since(memory.since, now)})"
    yield "Id", tame(job.id, CELL)
    yield "Pipeline", one_line(f"{tame(job.pipeline_key, CELL)} {job.pipeline_version} {job.pipeline_type}")
    yield "Source", tame(job.source, CELL)
    yield "Tries", f"{job.tries}, preempted {often(job.preemptions)}" if job.preemptions else str(job.tries)
    if ran := how_long(job, now):
        yield "How long", ran
    if (progress := progress_words(job)) != NOTHING:
        yield "Progress", progress
    if url := job_url(job, reply.job_urls):
        yield "Link", one_line(url)


def _print_pairs(pairs: Iterable[tuple[str, str]], console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in pairs:
        table.add_row(Text(name, "bold"), Text(value))
    console.print(table)


def _print_overview(reply: Overview, console: Console, clock: Clock) -> None:
    counts = [Text(f"{count} {tame(status.lower(), CELL)}", _style(status)) for status, count in ordered(reply.counts)]
    console.print(Text("   ").join(counts) if counts else Text("No jobs yet."))
    if reply.failed:
        console.print(Text("\nFailed lately", "bold"))
    _print_jobs(reply, reply.failed, console, clock)


def _print_health(report: HealthReport, console: Console) -> None:
    health, now = report.health, report.now
    console.print(Text(headline(report), "bold green" if is_well(report) else "bold red"))
    for source in health.sources:
        first, *amiss = source_lines(source, now)
        console.print(Text(first))
        _print_warnings(amiss, console)
    _print_warnings((parked_line(route, now) for route in health.parked), console)
    for line in queue_lines(health, now):
        console.print(Text(line))
