"""Jobs, what is remembered of them, and the lives that the API allows, row by row; for tests of what follows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from bot.core.changes import Change, diff
from bot.core.instants import SECOND, Instant, instant
from bot.core.jobs import Job, Status
from bot.core.listing import Certificate, Listing, Row
from bot.core.memory import Memory, Past, completed_from, remembered

NOON: Instant = instant(datetime(2026, 11, 20, 12, tzinfo=UTC))
BASELINE = NOON - 3600 * SECOND
OLDEST = NOON - 86_400 * SECOND
CERTIFICATE = Certificate(reasons=(), pages=1, passes=1, overlaps=0, seen=1, first_total=1, last_total=1, asked=0)


def at(second: float) -> Instant:
    return NOON + int(second * SECOND)


def row(status: str, retry: int | None = 0, preempted: int | None = 0, **fields: Instant | str | None) -> Job:
    """A job of source prod; fields that are not named are as in a row that does not tell them."""
    times = {"created_at": at(0), "updated_at": None} | fields
    made = Job(source="prod", id="job_1", status=status, retry_count=retry, preemption_count=preempted)
    return replace(made, **times)  # type: ignore[arg-type]  # each test names fields of a job


def listing(*jobs: Job, gone: Iterable[str] = ()) -> Listing:
    rows = tuple(Row(job.id, None, repr(job).encode(), job) for job in jobs)
    return Listing(source="prod", started=NOON, rows=rows, gone=frozenset(gone), faults=(), certificate=CERTIFICATE)


def past(*jobs: Job, baseline: Instant | None = BASELINE, org_id: str = "") -> Past:
    memories = {job.id: Memory(completed_from(None, job), at(0), at(0)) for job in jobs}
    return Past(memories=memories, baseline=baseline, oldest=OLDEST, org_id=org_id)


def changes(before: Job | None, now: Job) -> tuple[Change, ...]:
    return diff(past(*([] if before is None else [before])), listing(now))


def told(before: Job | None, now: Job) -> list[str]:
    """The keys, without source and job; what is inferred is marked with a tilde."""
    return [short(change) for change in changes(before, now)]


def short(change: Change) -> str:
    return ("~" if change.inferred else "") + change.key.removeprefix("prod/job_1/")


def after(memory: Past, seen: Listing) -> Past:
    """What is remembered once the listing is taken in."""
    taken = {each.job.id: each for each, _ in remembered(memory, seen, NOON)}
    return replace(memory, memories={**memory.memories, **taken})


def life(chance: Random, *, clears: bool, restamps: bool, steps: int, slowest: int = 600) -> Iterator[Job]:
    """The rows of one job's legal life, `slowest` seconds apart at most. Nobody knows whether a retry `clears` the old
    timestamps and whether a start after the first one `restamps`.
    """
    job, now = row(Status.PENDING, updated_at=at(0)), at(0)
    yield job
    for _ in range(steps):
        now += chance.randrange(SECOND // 2, slowest * SECOND)
        nexts = NEXT[Status(job.status)]
        if not nexts:
            return
        job = moved(job, chance.choice(nexts), now, clears=clears, restamps=restamps)
        yield job


NEXT: dict[Status, tuple[Status, ...]] = {
    Status.PENDING: (Status.ADMITTED, Status.RUNNING, Status.FAILED, Status.CANCELLED),
    Status.ADMITTED: (Status.RUNNING, Status.RUNNING, Status.FAILED, Status.PREEMPTED),
    Status.RUNNING: (Status.COMPLETED, Status.FAILED, Status.FAILED, Status.CANCELLED, Status.PREEMPTED),
    Status.PREEMPTED: (Status.PENDING, Status.ADMITTED, Status.RUNNING, Status.CANCELLED),
    Status.COMPLETED: (),
    Status.FAILED: (Status.PENDING,),
    Status.CANCELLED: (Status.PENDING,),
}


def moved(job: Job, status: Status, now: Instant, *, clears: bool, restamps: bool) -> Job:
    retried = job.status in {Status.FAILED, Status.CANCELLED}
    if retried and clears:
        job = replace(job, started_at=None, failed_at=None, cancelled_at=None)
    moved = replace(
        job,
        status=status,
        updated_at=now,
        retry_count=job.retries + retried,
        preemption_count=job.preemptions + (status == Status.PREEMPTED),
    )
    match status:
        case Status.RUNNING:
            return replace(moved, started_at=now if restamps or job.started_at is None else job.started_at)
        case Status.COMPLETED:
            return replace(moved, completed_at=now)
        case Status.FAILED:
            return replace(moved, failed_at=now)
        case Status.CANCELLED:
            return replace(moved, cancelled_at=now)
        case _:
            return moved
