"""Why a job failed, where its own error does not say: whose events are asked for after a look, and what they answer.
What they answer belongs to this failure alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.alerts import Silence, Verdict
from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant
from bot.core.jobs import Job, Status
from bot.core.likeness import likeness

QUESTIONS = 20  # requests after one look
TELLING = frozenset({"FAILED", "ERROR"})  # levels


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a job's event log; `at` is None and `number` 0 where the row does not tell."""

    level: str
    message: str
    at: Instant | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """One answer of the event log, which promises no order; `total` is None where it does not tell."""

    events: tuple[Event, ...]
    received: int
    total: int | None

    @property
    def other_end(self) -> int | None:
        """Where the newest events may be, if this is the first page of more and does not begin with them."""
        if self.total is None or self.total <= self.received or _is_newest_first(self.events):
            return None
        return max(self.received, self.total - self.received)


def unexplained(verdicts: Iterable[Verdict]) -> tuple[Change, ...]:
    """The failures of a look that ask why: those that somebody is told of first, and the newest of these."""
    silent = [verdict for verdict in verdicts if asks_why(verdict.change)]
    silent.sort(key=lambda verdict: (not isinstance(verdict, Silence), verdict.change.at or 0), reverse=True)
    return tuple(verdict.change for verdict in silent[:QUESTIONS])


def reason_of(job: Job, events: Iterable[Event]) -> str:
    """What the newest event says that tells of a failure in words; empty if none does. One from before the job was last
    started is of an earlier try.
    """
    telling = [event for event in events if event.level in TELLING and likeness(event.message) and _is_of(job, event)]
    newest = max(telling, key=lambda event: (event.at or 0, event.number), default=None)
    return newest.message if newest else ""


def asks_why(change: Change) -> bool:
    """Whether it is a failure whose own error does not say why."""
    failed = change.kind is ChangeKind.FAILED and change.job.status == Status.FAILED
    return failed and not change.old and not likeness(change.job.error)


def _is_of(job: Job, event: Event) -> bool:
    return event.at is None or job.started_at is None or event.at >= job.started_at


def _is_newest_first(events: tuple[Event, ...]) -> bool:
    times = [event.at for event in events if event.at is not None]
    return len(times) > 1 and times[0] > times[-1]
