"""A job as last seen, and how a memory takes in a row. A row that is older than the memory is a stale answer: it
changes nothing, and it is not remembered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.core.instants import Instant
from bot.core.jobs import Job, Status
from bot.core.listing import Listing


@dataclass(frozen=True, slots=True)
class Memory:
    """A job as last seen. `since` is when it entered its status, as well as anyone can tell."""

    job: Job
    since: Instant
    first_seen: Instant
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a source: the memories of the jobs in question, when its baseline was taken (None: not yet),
    the instant before which news is old (both by the API's clock), and the organisation that it belongs to.
    """

    memories: Mapping[str, Memory]
    baseline: Instant | None
    oldest: Instant
    org_id: str = ""


def is_swapped(past: Past, listing: Listing) -> bool:
    """Whether the listing is of another organisation: the key was swapped. One strange row alone does not say so."""
    orgs = {job.org_id for job in listing.jobs if job.org_id}
    return bool(past.org_id and orgs) and past.org_id not in orgs and not listing.certificate.unchanged


def remembered(past: Past, listing: Listing, now: Instant) -> Iterator[tuple[Memory, bytes]]:
    """What to store: the memory of each job after its rows that are not stale, with the fingerprint of the last."""
    taken: dict[str, tuple[Memory, bytes]] = {}
    for row in listing.rows:
        memory = taken[row.id][0] if row.id in taken else past.memories.get(row.id)
        if row.job is not None and not (memory and is_stale(memory.job, row.job)):
            taken[row.id] = (_remember(memory, row.job, now), row.fingerprint)
    yield from taken.values()


def _remember(memory: Memory | None, row: Job, now: Instant) -> Memory:
    job = completed_from(memory.job if memory else None, row)
    if memory is None:
        return Memory(job, _entered(job, now), now)
    since = memory.since if same_stage(memory.job, job) else _entered(job, now)
    return Memory(job, job.own_timestamp or since, memory.first_seen)


def _entered(job: Job, now: Instant) -> Instant:
    """When the job entered its status, as well as a row can tell."""
    if job.status == Status.PENDING and not job.retries and not job.preemptions:
        return job.created_at or job.updated_at or now
    return job.told_at or now


def is_stale(before: Job, job: Job) -> bool:
    """Whether the row is an answer from before what is known: a lower count, or an earlier update."""
    told = (
        (before.retry_count, job.retry_count),
        (before.preemption_count, job.preemption_count),
        (before.updated_at, job.updated_at),
    )
    return any(was is not None and now is not None and now < was for was, now in told)


def completed_from(before: Job | None, job: Job) -> Job:
    """The job, with counts that its row did not tell taken from what was known."""
    return replace(
        job,
        retry_count=(before.retries if before else 0) if job.retry_count is None else job.retry_count,
        preemption_count=(before.preemptions if before else 0)
        if job.preemption_count is None
        else job.preemption_count,
    )


def same_stage(before: Job, job: Job) -> bool:
    """A timestamp that comes late, goes missing or is set back is no new stage."""
    was, now = before.stage, job.stage
    later = was.at is not None and now.at is not None and now.at > was.at
    return replace(was, at=None) == replace(now, at=None) and not later
