"""Jobs that stay too long in one status. A deadline is measured from when the stage began, as far as the API tells, and
is found to be passed once for each stage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.alerts import covers
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant, length, write_duration
from bot.core.jobs import FINAL, Field, Job, Status
from bot.core.memory import Memory, Past

LIVE = tuple(status for status in Status if status not in FINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """How long jobs may be in one of these statuses; None: for ever. `globs` as of a rule."""

    statuses: frozenset[Status] = frozenset(LIVE)
    globs: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)
    after: timedelta | None

    def covers(self, job: Job) -> bool:
        return job.status in self.statuses and covers(self.globs, job)


DEADLINES = tuple(
    Deadline(statuses=frozenset({status}), after=timedelta(hours=hours))
    for status, hours in ((Status.PENDING, 6), (Status.ADMITTED, 1), (Status.RUNNING, 72), (Status.PREEMPTED, 6))
)


def late_since(deadlines: Sequence[Deadline], now: Instant) -> Mapping[str, Instant]:
    """For each status that has a deadline: none of its jobs can have passed one that came to it after this instant."""
    spans = {
        status: min((d.after for d in deadlines if d.after is not None and status in d.statuses), default=None)
        for status in LIVE
    }
    return {status: now - length(span) for status, span in spans.items() if span is not None}


def patience(deadlines: Iterable[Deadline], job: Job) -> timedelta | None:
    """How long the job may be in its status, by the first deadline that covers it; None: for ever."""
    return next((deadline.after for deadline in deadlines if deadline.covers(job)), None)


def overdue(memories: Iterable[Memory], deadlines: Sequence[Deadline], past: Past, now: Instant) -> Iterator[Change]:
    """Which of the jobs have passed the first deadline that covers them; old, if they had when news began."""
    if past.baseline is None:
        return
    for memory in memories:
        after = patience(deadlines, memory.job)
        if after is not None and memory.since + length(after) < now:
            yield _overdue(memory, now, old=memory.since + length(after) < past.news_from)


def _overdue(memory: Memory, now: Instant, *, old: bool) -> Change:
    job = memory.job
    return Change(
        job=job,
        kind=ChangeKind.OVERDUE,
        was=job.status,
        status=job.status,
        retry_count=job.retries,
        preemption_count=job.preemptions,
        at=memory.since,
        old=old,
        detail=f"{job.status} for {write_duration((now - memory.since) / SECOND)}",
    )
