"""A job as last seen, and how a memory takes in a row. A row that is older than the memory is a stale answer: it
changes nothing, and it is not remembered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.core.instants import SECOND, Instant
from bot.core.jobs import Job, Status, own_timestamp
from bot.core.likeness import likeness
from bot.core.listing import Listing

PATIENCE = 3  # listings in a row that tell the same strange thing, and it is believed
CLOCKS_DIFFER = 120 * SECOND  # within the API's own world: what stamps a job, and what stamps an answer
NO_PRINT = b""
ENDLESS = 2**63 - 1  # no instant is later


@dataclass(frozen=True, slots=True)
class Memory:
    """A job as last seen. `since` is when it entered its status, as well as anyone can tell; `failed` that it was ever
    seen to have failed: a retry may clear what its row shows of that.
    """

    job: Job
    since: Instant
    first_seen: Instant
    gone: bool = False
    failed: bool = False

    @property
    def has_failed(self) -> bool:
        return self.failed or self.job.has_failed


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a source: the memories of the jobs in question, when its baseline was taken (None: not yet),
    the instant before which news is old, the one after which no update can have been (all three by the API's clock),
    the organisation that it belongs to, how many listings there were `before` this one without a baseline, and the
    `gap` since the last good look.
    """

    memories: Mapping[str, Memory]
    baseline: Instant | None
    oldest: Instant
    latest: Instant = ENDLESS
    org_id: str = ""
    before: int = 0
    gap: Instant = 0

    @property
    def news_from(self) -> Instant:
        return max(self.baseline or 0, self.oldest)


def becomes_baseline(past: Past, listing: Listing) -> bool:
    """The first complete listing does; or the third one if none of them adds up: better that its jobs are watched."""
    if past.baseline is not None:
        return False
    return listing.certificate.complete or (past.before >= PATIENCE - 1 and bool(listing.rows))


def is_swapped(past: Past, listing: Listing) -> bool:
    """Whether the listing is of another organisation: the key was swapped. One strange row alone does not say so."""
    return are_of_another(past.org_id, listing.jobs) and not listing.certificate.unchanged


def are_of_another(org_id: str, jobs: Iterable[Job]) -> bool:
    """Whether the jobs are of another organisation than this one, as far as they tell and it is known."""
    orgs = {job.org_id for job in jobs if job.org_id}
    return bool(org_id and orgs) and org_id not in orgs


def remembered(past: Past, listing: Listing, now: Instant) -> Iterator[tuple[Memory, bytes]]:
    """What to store: the memory of each job after its rows that are not stale, with the fingerprint of the last. A row
    that could not be read wholly has none, so that it is read, and its fault is told, at each look.
    """
    taken: dict[str, tuple[Memory, bytes]] = {}
    for row in listing.rows:
        before = taken[row.id][0] if row.id in taken else past.memories.get(row.id)
        if row.job is None or (before and is_stale(before.job, row.job, past.latest)):
            continue
        memory = _remember(before, row.job, now)
        if memory != before or not row.fault:
            taken[row.id] = (memory, NO_PRINT if row.fault else row.fingerprint)
    yield from taken.values()


def _remember(memory: Memory | None, row: Job, now: Instant) -> Memory:
    job = completed_from(memory.job if memory else None, row)
    if memory is None:
        return Memory(job, _entered(job, now), now, failed=job.has_failed)
    failed = memory.has_failed or job.has_failed
    return Memory(job, _since(memory, job, now), memory.first_seen, failed=failed)


def _since(memory: Memory, job: Job, now: Instant) -> Instant:
    """When the job entered its status. A timestamp that stands still, such as that of a first start, dates no new
    stage.
    """
    before, own = memory.job, job.own_timestamp
    news = own if own != own_timestamp(before, job.status) else None
    if same_stage(before, job):
        return news or memory.since
    return news or job.updated_at or now


def _entered(job: Job, now: Instant) -> Instant:
    """When the job entered its status, as well as a row can tell."""
    if job.status == Status.PENDING and not job.retries and not job.preemptions:
        return job.created_at or job.updated_at or now
    return job.told_at or now


def is_stale(before: Job, job: Job, latest: Instant) -> bool:
    """Whether the row is an answer from before what is known: a lower count, or an earlier update. An update after
    `latest` is not believed: else a clock that was once ahead would hide whatever happens to the job.
    """
    told = [(before.retry_count, job.retry_count)]
    if job.retries <= before.retries:  # a retry may begin to count preemptions anew
        told.append((before.preemption_count, job.preemption_count))
    if before.updated_at is not None and before.updated_at <= latest:
        told.append((before.updated_at, job.updated_at))
    return any(was is not None and now is not None and now < was for was, now in told)


def completed_from(before: Job | None, job: Job) -> Job:
    """The job, with what its row did not tell, and what never goes away, taken from what was known."""
    if before is None:
        return replace(job, retry_count=job.retries, preemption_count=job.preemptions)
    return replace(
        job,
        name=job.name or before.name,
        org_id=job.org_id or before.org_id,
        pipeline_type=job.pipeline_type or before.pipeline_type,
        pipeline_key=job.pipeline_key or before.pipeline_key,
        pipeline_version=job.pipeline_version or before.pipeline_version,
        created_at=job.created_at or before.created_at,
        retry_count=before.retries if job.retry_count is None else job.retry_count,
        preemption_count=before.preemptions if job.preemption_count is None else job.preemption_count,
        error=before.error if _keeps_reason(before, job) else job.error,
        progress=job.progress or (before.progress if same_stage(before, job) else None),
    )


def _keeps_reason(before: Job, job: Job) -> bool:
    """Whether it is known why a job failed, and the row, which is of the same failure, does not say."""
    same = job.status == Status.FAILED and same_stage(before, job)
    return same and not likeness(job.error) and bool(likeness(before.error))


def same_stage(before: Job, job: Job) -> bool:
    """A timestamp that comes late, goes missing or is set back is no new stage."""
    was, now = before.stage, job.stage
    later = was.at is not None and now.at is not None and now.at > was.at
    return replace(was, at=None) == replace(now, at=None) and not later
