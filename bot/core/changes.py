"""What a step from a job as last seen to a job as it is now yields: everything the row proves, oldest first.
A change's key is made of its content, so that the same fact read again has the same key.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.instants import Instant, whole_seconds
from bot.core.jobs import FINAL, Job, Status, own_timestamp
from bot.core.listing import Listing
from bot.core.memory import Memory, Past, completed_from, is_stale, same_stage


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


NAMED_BY: Mapping[str, ChangeKind] = {
    Status.ADMITTED: ChangeKind.ADMITTED,
    Status.RUNNING: ChangeKind.STARTED,
    Status.COMPLETED: ChangeKind.COMPLETED,
    Status.FAILED: ChangeKind.FAILED,
    Status.CANCELLED: ChangeKind.CANCELLED,
    Status.PREEMPTED: ChangeKind.PREEMPTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact. `at` is the status's own timestamp, where the kind of change has one; `old` is news from before the
    baseline; `inferred` is what nobody saw but the row proves.
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

    @property
    def key(self) -> str:
        head = f"{self.job.source}/{self.job.id}/{self.kind}/{self.retry_count}/{self.preemption_count}"
        return head if self.at is None else f"{head}/{whole_seconds(self.at)}"


def diff(past: Past, listing: Listing) -> tuple[Change, ...]:
    """Every change between the memories and the listing; none if this listing is to be the baseline."""
    if past.baseline is None:
        return ()
    seen = (change for job in listing.jobs for change in _of_job(past, job))
    gone = (_vanished(past.memories[id_]) for id_ in sorted(listing.gone) if id_ in past.memories)
    return (*seen, *gone)


def _of_job(past: Past, row: Job) -> Iterable[Change]:
    memory = past.memories.get(row.id)
    if memory is None:
        return _of_newcomer(past, completed_from(None, row))
    if is_stale(memory, row):
        return ()
    return _chain(memory.job.status, _of_known(memory.job, completed_from(memory, row)))


def _of_newcomer(past: Past, job: Job) -> Iterable[Change]:
    appeared = Change(job=job, kind=ChangeKind.APPEARED, was=None, status=job.status, retry_count=0, preemption_count=0)
    told_at = job.told_at
    old = told_at is not None and told_at < max(past.baseline or 0, past.oldest)
    unborn = replace(job, status="", retry_count=0, preemption_count=0, failed_at=None, cancelled_at=None)
    steps = [*_ended_before_retry(unborn, job), *_retried(unborn, job), *_preempted(unborn, job), *_named(unborn, job)]
    recent = (step for step in steps if step.at is None or not step.inferred or step.at >= (past.baseline or 0))
    return (replace(change, old=old) for change in (appeared, *_chain(None, recent)))


def _of_known(before: Job, job: Job) -> Iterator[Change]:
    if same_stage(before, job) and not _ended_since(before, job):
        return
    yield from _ended_before_retry(before, job)
    yield from _retried(before, job)
    yield from _preempted(before, job)
    yield from _started_meanwhile(before, job)
    yield from _named(before, job)


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


def _later(before: Instant | None, now: Instant | None) -> bool:
    return now is not None and (before is None or now > before)


def _ended_since(before: Job, job: Job) -> tuple[Status, ...]:
    """The failure and the cancellation that happened since, and that the status no longer tells; oldest first."""
    ends = [
        (own_timestamp(job, status) or 0, status)
        for status in (Status.FAILED, Status.CANCELLED)
        if status != job.status and _later(own_timestamp(before, status), own_timestamp(job, status))
    ]
    return tuple(status for _, status in sorted(ends))


def _ended_before_retry(before: Job, job: Job) -> Iterator[Change]:
    retried = job.retries > before.retries
    for status in _ended_since(before, job):
        count = job.retries - 1 if retried else job.retries
        yield _change(job, NAMED_BY[status], status, retry_count=count, inferred=True)


def _retried(before: Job, job: Job) -> Iterator[Change]:
    if job.retries > before.retries:
        yield _change(job, ChangeKind.RETRIED, Status.PENDING)
    elif before.status in {Status.FAILED, Status.CANCELLED} and job.status not in FINAL:
        yield _change(job, ChangeKind.RETRIED, Status.PENDING, inferred=True)


def _preempted(before: Job, job: Job) -> Iterator[Change]:
    if job.preemptions > before.preemptions and job.status != Status.PREEMPTED:
        yield _change(job, ChangeKind.PREEMPTED, Status.PREEMPTED, inferred=True)


def _started_meanwhile(before: Job, job: Job) -> Iterator[Change]:
    if job.status != Status.RUNNING and _later(before.started_at, job.started_at):
        yield _change(job, ChangeKind.STARTED, Status.RUNNING, inferred=True)


def _named(before: Job, job: Job) -> Iterator[Change]:
    kind = NAMED_BY.get(job.status)
    if kind is not None and not same_stage(before, job):
        yield _change(job, kind, job.status)


def _vanished(memory: Memory) -> Change:
    job = memory.job
    return replace(_change(job, ChangeKind.VANISHED, job.status), was=job.status, at=None)
