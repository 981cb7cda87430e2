"""The words of alerts and replies, the same in Slack and in a terminal. Plain sentences without any markup;
untrusted text in them has been tamed, but not escaped: that is for whoever shows them.
"""

from collections.abc import Sequence

from bot.core.alerts import Rule
from bot.core.changes import ChangeKind
from bot.core.history import Entry, Telling
from bot.core.instants import SECOND, Instant, as_datetime, length, write_duration
from bot.core.jobs import FINAL, Counts, Field, Filter, Job, JobQuery, Status, View
from bot.core.likeness import Seen
from bot.core.memory import Memory
from bot.core.replies import JobList, SourceHealth
from bot.core.texts import NOTHING, tame

WORD = 60  # characters of a name, a pipeline or a search word within a sentence
REASON = 200  # characters of a reason
INFERRED = "inferred, nobody saw it"
COLUMNS = ("Status", "Job", "Pipeline", "When", "How long", "Tries", "Error")

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_PASSIVE = frozenset({"admitted", "cancelled", "preempted", "requeued", "retried"})
_STATUSES: tuple[str, ...] = (
    Status.FAILED,
    Status.RUNNING,
    Status.PREEMPTED,
    Status.ADMITTED,
    Status.PENDING,
    Status.CANCELLED,
    Status.COMPLETED,
)


def what_happened(kind: str, *, inferred: bool, detail: str = "") -> str:
    words = _happened(kind, tame(detail, WORD) if detail else "")
    return f"{words} ({INFERRED})" if inferred else words


def _happened(kind: str, detail: str) -> str:
    match kind:
        case ChangeKind.INCOMPLETE:
            return f"completed with {detail} failed" if detail else "completed with failed inputs"
        case ChangeKind.REAPPEARED:
            return f"is listed again, {detail}" if detail else "is listed again"
        case ChangeKind.THRASHING:
            return f"was preempted {detail}" if detail else "was preempted again and again"
        case ChangeKind.OVERDUE:
            return f"has been {detail}" if detail else "is overdue"
        case ChangeKind.MOVED:
            return f"is {detail}" if detail else "is in another status"
        case _:
            return f"was {kind}" if kind in _PASSIVE else tame(kind, WORD)


def which_try(tries: int) -> str:
    return f"try {max(tries, 1)}"


def number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def no_such_source(rule: Rule, sources: Sequence[str]) -> str:
    """Why a rule matches nothing, if none of the configured sources is called as it wants."""
    asked, there = (
        ", ".join(f"“{tame(name, WORD)}”" for name in names) for names in (rule.globs[Field.SOURCE], sources)
    )
    return f"no source is called {asked}; there is {there}"


def often(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def utc(at: Instant) -> str:
    return f"{as_datetime(at):%Y-%m-%d %H:%M} UTC"


def since(at: Instant, now: Instant) -> str:
    return write_duration((now - at) / SECOND)


def seen_words(seen: Seen, now: Instant) -> str:
    """`An error like this was seen 14 times in 3 pipelines since March 3.`"""
    return f"An error like this was {seen_in_short(seen, now)}."


def seen_in_short(seen: Seen, now: Instant) -> str:
    """`seen 14 times in 3 pipelines since March 3`, or `seen once before, on March 3`"""
    first, year = as_datetime(seen.since), as_datetime(now).year
    day = f"{_MONTHS[first.month - 1]} {first.day}" + ("" if first.year == year else f", {first.year}")
    if seen.times == 1:
        return f"seen once before, on {day}"
    return f"seen {seen.times} times in {number(seen.pipelines, 'pipeline')} since {day}"


def how_long(job: Job, now: Instant) -> str:
    """How long the job ran, or has been running; empty for one that waits."""
    end = now if job.status == Status.RUNNING else job.own_timestamp if job.status in FINAL else None
    if job.started_at is None or end is None or end < job.started_at:
        return ""
    return since(job.started_at, end)


def status_words(memory: Memory) -> str:
    status = tame(memory.job.status, 20)
    return f"{status}, gone" if memory.gone else status


def list_title(query: JobQuery) -> str:
    of = " of this card" if query.card else ""
    return f"{query.view.capitalize()} jobs{of}, newest first"


def filter_words(query: JobQuery) -> str:
    """The filters as people say them; empty without any."""
    spans = [] if query.since is None else [f"in the last {write_duration(length(query.since) / SECOND)}"]
    words = [f"with “{tame(word, WORD)}”" for word in query.words]
    return " · ".join([*map(_filter, query.filters), *spans, *words])


def _filter(each: Filter) -> str:
    return f"{'not ' if each.negated else ''}{each.field} {tame(each.glob, WORD)}"


def list_footer(reply: JobList) -> str:
    query = reply.command.query
    matches = [f"{len(reply.rows)} of {reply.total} match"] if reply.total else []
    page = [f"page {query.page} of {reply.pages}"] if reply.pages > 1 or query.page > 1 else []
    return " · ".join([*matches, *page, as_of(reply.sources, reply.now)])


def nothing_listed(reply: JobList) -> str:
    """What is said instead of a table without rows."""
    query = reply.command.query
    if reply.total:
        return f"There is no page {query.page}: {number(reply.total, 'job')} on {number(reply.pages, 'page')}."
    if not any(source.looked_at for source in reply.sources):
        return "What jobs there are, I cannot say yet."
    kind = "" if query.view is View.ALL else f"{query.view} "
    if query.filters or query.words or query.card or query.since is not None:
        return f"No {kind}job fits."
    return f"There are no {kind}jobs at the moment."


def as_of(sources: Sequence[SourceHealth], now: Instant) -> str:
    """How old an answer is: as old as what was seen of the source that was not seen for longest."""
    looks = [source.looked_at for source in sources]
    seen = [look for look in looks if look is not None]
    return f"as of {since(min(seen), now)} ago" if seen and len(seen) == len(looks) else "not all seen yet"


def blind_spots(sources: Sequence[SourceHealth], now: Instant) -> list[str]:
    """A warning for each source that is not seen at present."""
    if not sources:
        return ["I have not seen the jobs yet."]
    return [_blind(source, now, several=len(sources) > 1) for source in sources if _is_blind(source)]


def _is_blind(source: SourceHealth) -> bool:
    return source.looked_at is None or source.stale or bool(source.failures) or bool(source.trouble)


def _blind(source: SourceHealth, now: Instant, *, several: bool) -> str:
    of = f" of {tame(source.source, WORD)}" if several else ""
    why = f": {tame(source.trouble, REASON)}" if source.trouble else "."
    if source.looked_at is None:
        return f"I have not seen the jobs{of} yet{why}"
    return f"I have not seen the jobs{of} for {since(source.looked_at, now)}{why}"


def ordered(counts: Counts) -> list[tuple[str, int]]:
    """Counts by status: the known ones in the order of how much they matter, then the unknown ones."""
    known = [status for status in _STATUSES if counts.get(status)]
    return [(status, counts[status]) for status in (*known, *sorted(set(counts) - set(_STATUSES)))]


def when_words(entry: Entry) -> tuple[str, Instant]:
    """When it happened; of what has no time of its own, by when it was found to have happened."""
    return ("by ", entry.seen_at) if entry.at is None else ("", entry.at)


def told_words(entry: Entry) -> str:
    """Where a change was told, or why nowhere."""
    if entry.tellings:
        return ", ".join(map(_told, entry.tellings))
    return f"not told: {tame(entry.reason, REASON)}" if entry.reason else "not told"


def _told(telling: Telling) -> str:
    place = "a direct message" if telling.destination.startswith("@") else tame(telling.destination, WORD)
    why = f": {tame(telling.trouble, REASON)}" if telling.trouble else ""
    match telling.state:
        case "delivered":
            return f"told in {place}"
        case "refused":
            return f"refused in {place}: {tame(telling.trouble, REASON)}"
        case "parked":
            return f"waits until {place} can be reached{why}"
        case state:
            return f"{tame(state, WORD)} for {place}{why}"


def progress_words(job: Job) -> str:
    if job.progress is None or not job.progress.total:
        return NOTHING
    done, total = job.progress.completed, job.progress.total
    failed = f", {job.progress.failed} failed" if job.progress.failed else ""
    return f"{done} of {number(total, 'input')} done{failed} ({job.progress.percent}%)"
