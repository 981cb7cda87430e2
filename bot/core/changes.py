"""What a step from a job as last seen to a job as it is now yields: everything the row proves, oldest first.
A change's key is made of its content, so that the same fact read again has the same key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from bot.core.instants import SECOND, Instant, whole_seconds
from bot.core.jobs import FINAL, Job, Status, own_timestamp
from bot.core.likeness import likeness
from bot.core.listing import Listing
from bot.core.memory import Past, completed_from, is_stale, same_stage


class ChangeKind(StrEnum):
    APPEARED = "appeared"
    ADMITTED = "admitted"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PREEMPTED = "preempted"
    RETRIED = "retried"
    VANISHED = "vanished"
    RECOVERED = "recovered"
    INCOMPLETE = "incomplete"
    REAPPEARED = "reappeared"
    THRASHING = "thrashing"
    OVERDUE = "overdue"
    REQUEUED = "requeued"
    MOVED = "moved"


NAMED_BY: Mapping[str, ChangeKind] = {
    Status.ADMITTED: ChangeKind.ADMITTED,
    Status.RUNNING: ChangeKind.STARTED,
    Status.COMPLETED: ChangeKind.COMPLETED,
    Status.FAILED: ChangeKind.FAILED,
    Status.CANCELLED: ChangeKind.CANCELLED,
    Status.PREEMPTED: ChangeKind.PREEMPTED,
}

SAYS_MORE = frozenset({ChangeKind.RECOVERED, ChangeKind.INCOMPLETE})  # of a completion
COUNTS_LAG = 600 * SECOND  # after a completion, in which the counts of its inputs may still come in
WAITING = frozenset({Status.PENDING, Status.ADMITTED, Status.PREEMPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact. `at` is the status's own timestamp, where the kind of change has one, and when a look found it, where a
    job left or came back; `old` is news from before the baseline; `inferred` is what nobody saw but the row proves;
    `detail` is how much or how long, in words, or a status that the kind does not tell; `times` is how many preemptions
    one tells.
    """

    job: Job
    kind: ChangeKind
    was: str | None
    status: str
    retry_count: int
    preemption_count: int
    at: Instant | None = None
    inferred: bool = False
    old: bool = False
    detail: str = ""
    times: int = 1

    @property
    def key(self) -> str:
        head = f"{self.job.source}/{self.job.id}/{self.kind}/{self.retry_count}/{self.preemption_count}"
        if self.kind is ChangeKind.MOVED:
            return f"{head}/{self.status}"
        return head if self.at is None else f"{head}/{whole_seconds(self.at)}"


def diff(past: Past, listing: Listing) -> tuple[Change, ...]:
    """Every change between the memories and the listing; none if this listing is to be the baseline."""
    if past.baseline is None:
        return ()
    seen = (
        change
        for _, rows in groupby(listing.jobs, lambda job: job.id)
        for change in _of_job(past, rows, listing.started)
    )
    gone = (
        _left_or_back(past.memories[id_].job, ChangeKind.VANISHED, listing.started)
        for id_ in sorted(listing.gone)
        if id_ in past.memories
    )
    return (*seen, *gone)


def recounted(past: Past, listing: Listing) -> Iterator[Change]:
    """Completions that were incomplete already, and of which more or fewer inputs have failed than was known."""
    for before, job in _read_again(past, (row for row in listing.jobs if row.failed_inputs)):
        if before.failed_inputs and _counts_anew(before, job, listing.started - past.gap):
            yield _incomplete(job)


def reworded(past: Past, listing: Listing) -> Iterator[Change]:
    """Failures that were known already, and of which the job itself says something else now."""
    for before, job in _read_again(past, (row for row in listing.jobs if row.status == Status.FAILED)):
        if _says_otherwise(before, job):
            yield _as_its_status_says(job)


def _read_again(past: Past, rows: Iterable[Job]) -> Iterator[tuple[Job, Job]]:
    """What was known of a job, and what one of these rows makes of it."""
    known = {id_: memory.job for id_, memory in past.memories.items()}
    for row in rows:
        before = known.get(row.id)
        if before and is_stale(before, row, past.latest):
            continue
        known[row.id] = completed_from(before, row)
        if before:
            yield before, known[row.id]


def standing(change: Change) -> Change:
    """The change that left the job as it stands, where another one tells only that it is listed again."""
    job, waits = change.job, ChangeKind.RETRIED if change.retry_count else ChangeKind.APPEARED
    if change.kind is not ChangeKind.REAPPEARED:
        return change
    named = _change(job, waits, job.status) if job.status == Status.PENDING else _as_its_status_says(job)
    *_, last = _and_how_well([named], failed=job.has_failed)
    return last


def _of_job(past: Past, rows: Iterable[Job], now: Instant) -> Iterator[Change]:
    """What each of the job's rows, oldest first, adds to what was known before it."""
    before, failed, gone = None, False, False
    for row in rows:
        if before is None and (memory := past.memories.get(row.id)):
            before, failed, gone = memory.job, memory.has_failed, memory.gone
        if before is not None and is_stale(before, row, past.latest):
            continue
        job = completed_from(before, row)
        failed = failed or job.has_failed
        if gone and before is not None:
            yield _left_or_back(before, ChangeKind.REAPPEARED, now)
        yield from _of_newcomer(past, job) if before is None else _of_step(before, job, now - past.gap, failed=failed)
        before, gone = job, False


def _of_step(before: Job, job: Job, looked: Instant, *, failed: bool) -> Iterator[Change]:
    times = _preemptions_since(before, job)
    for change in _chain(before.status, _and_how_well(_of_known(before, job), failed=failed)):
        yield replace(change, times=times) if change.kind is ChangeKind.PREEMPTED else change
    yield from _counted_late(before, job, looked, failed=failed)


def _of_newcomer(past: Past, job: Job) -> Iterable[Change]:
    appeared = Change(job=job, kind=ChangeKind.APPEARED, was=None, status=job.status, retry_count=0, preemption_count=0)
    told_at = job.told_at
    old = told_at is not None and told_at < past.news_from
    unborn = Job(source=job.source, id=job.id, status="")
    ends = _ended(unborn, job)
    steps = [*ends, *_retried(unborn, job), *_preempted(unborn, job)]
    recent = (
        step
        for step in (*steps, *_named(unborn, job, steps))
        if step.at is None or not step.inferred or step.at >= (past.baseline or 0)
    )
    told = _and_how_well(recent, failed=job.has_failed)
    return (replace(change, old=old) for change in (appeared, *_chain(None, told)))


def _of_known(before: Job, job: Job) -> Iterator[Change]:
    ends = _ended(before, job)
    if same_stage(before, job) and not ends:
        return
    starts = [*_started_meanwhile(before, job, ends)]
    now = [start for start in starts if start.retry_count == job.retries]
    steps = [
        *sorted((*ends, *(start for start in starts if start.retry_count < job.retries)), key=_at),
        *_retried(before, job),
        *(start for start in now if start.preemption_count < job.preemptions),
        *_preempted(before, job),
        *(start for start in now if start.preemption_count == job.preemptions),
    ]
    yield from steps
    yield from _named(before, job, steps)


def _and_how_well(changes: Iterable[Change], *, failed: bool) -> Iterator[Change]:
    """A completion tells more if inputs failed, and else, of a job that had failed before."""
    for change in changes:
        yield change
        if change.kind is ChangeKind.COMPLETED and change.job.failed_inputs:
            yield _incomplete(change.job)
        elif change.kind is ChangeKind.COMPLETED and failed:
            yield replace(change, kind=ChangeKind.RECOVERED)


def _counted_late(before: Job, job: Job, looked: Instant, *, failed: bool) -> Iterator[Change]:
    """A completion whose failed inputs were counted only after it had been seen; or those of an earlier try no more, so
    that it is well after all.
    """
    if not _counts_anew(before, job, looked) or (before.failed_inputs and job.failed_inputs):
        return
    seen, *more = _and_how_well([_change(job, ChangeKind.COMPLETED, job.status)], failed=failed)
    yield from _chain(job.status, more if job.failed_inputs else (seen, *more))


def _counts_anew(before: Job, job: Job, looked: Instant) -> bool:
    """Whether the counts of a completion that had been seen came in late: at the look before, at the time that it
    `looked` by the API's clock, this could still be.
    """
    counted = job.progress is not None and job.progress.total > 0 and job.failed_inputs != before.failed_inputs
    news = counted and job.status == Status.COMPLETED and same_stage(before, job)
    return news and job.told_at is not None and looked - job.told_at <= COUNTS_LAG


def _says_otherwise(before: Job, job: Job) -> bool:
    """Whether the job, in the same stage, has another error than before, and one that says something."""
    return job.error != before.error and same_stage(before, job) and bool(likeness(job.error))


def _incomplete(job: Job) -> Change:
    inputs = f"{job.failed_inputs} of {job.progress.total if job.progress else 0} inputs"
    return replace(_change(job, ChangeKind.INCOMPLETE, job.status), detail=inputs)


def _chain(was: str | None, changes: Iterable[Change]) -> Iterator[Change]:
    """Each change begins where the one before it ended."""
    for change in changes:
        yield replace(change, was=was)
        was = change.status


def _change(
    job: Job, kind: ChangeKind, status: str, *, retry_count: int | None = None, inferred: bool = False
) -> Change:
    return Change(
        job=job,
        kind=kind,
        was=None,
        status=status,
        retry_count=job.retries if retry_count is None else retry_count,
        preemption_count=job.preemptions,
        at=own_timestamp(job, status),
        inferred=inferred,
    )


def _at(change: Change) -> Instant:
    return change.at or 0


def _ended(before: Job, job: Job) -> list[Change]:
    """The failure and the cancellation that happened since, and that the status no longer tells; oldest first."""
    ends = [
        _change(job, NAMED_BY[status], status, inferred=True)
        for status in (Status.FAILED, Status.CANCELLED)
        if status != job.status and _is_news(before, job, status)
    ]
    ends.sort(key=_at)
    tries = range(job.retries - len(ends), job.retries)
    return [replace(end, retry_count=max(before.retries, count)) for end, count in zip(ends, tries, strict=True)]


def _is_news(before: Job, job: Job, status: Status) -> bool:
    """Whether the job ended so since. A timestamp that comes late, or comes back, tells what was told already."""
    was, at = own_timestamp(before, status), own_timestamp(job, status)
    if at is None or was is not None:
        return at is not None and was is not None and at > was
    if job.retries > before.retries:
        return before.status != status or job.retries > before.retries + 1
    return before.status != status and at >= max(before.told_at or 0, before.updated_at or 0)


def _retried(before: Job, job: Job) -> Iterator[Change]:
    if job.retries > before.retries:
        yield _change(job, ChangeKind.RETRIED, Status.PENDING)
    elif before.status in {Status.FAILED, Status.CANCELLED} and job.status not in FINAL:
        yield _change(job, ChangeKind.RETRIED, Status.PENDING, inferred=True)


def _preemptions_since(before: Job, job: Job) -> int:
    """A count that fell did so with a retry, and began anew."""
    return job.preemptions - (before.preemptions if before.preemptions <= job.preemptions else 0)


def _preempted(before: Job, job: Job) -> Iterator[Change]:
    if _preemptions_since(before, job) and job.status != Status.PREEMPTED:
        yield _change(job, ChangeKind.PREEMPTED, Status.PREEMPTED, inferred=True)


def _started_meanwhile(before: Job, job: Job, ends: Sequence[Change]) -> Iterator[Change]:
    """The start that the status no longer tells. It belongs to the try before, if that ended after it; and a job that
    waits was started before it was sent back to wait.
    """
    at = job.started_at
    if job.status == Status.RUNNING or at is None or (before.started_at is not None and at <= before.started_at):
        return
    waits, preempted = job.status in WAITING, _preemptions_since(before, job) > 0
    earlier = job.retries > before.retries and (any(at <= _at(end) for end in ends) or (waits and not preempted))
    yield replace(
        _change(job, ChangeKind.STARTED, Status.RUNNING, inferred=True),
        retry_count=job.retries - earlier,
        preemption_count=job.preemptions - (waits and preempted and not earlier),
    )


def _named(before: Job, job: Job, steps: Sequence[Change]) -> Iterator[Change]:
    """What the status says after these steps, if it is new; that a job waits, others say too."""
    if same_stage(before, job):
        return
    if job.status != Status.PENDING:
        yield _as_its_status_says(job)
    elif (steps[-1].status if steps else before.status or Status.PENDING) != Status.PENDING:
        yield _change(job, ChangeKind.REQUEUED, job.status)


def _as_its_status_says(job: Job) -> Change:
    if kind := NAMED_BY.get(job.status):
        return _change(job, kind, job.status)
    return replace(_change(job, ChangeKind.MOVED, job.status), detail=job.status)


def _left_or_back(job: Job, kind: ChangeKind, now: Instant) -> Change:
    """Of a job as it was last seen: it comes back as the one that left."""
    detail = job.status if kind is ChangeKind.REAPPEARED else ""
    return replace(_change(job, kind, job.status), was=job.status, at=now, detail=detail)
