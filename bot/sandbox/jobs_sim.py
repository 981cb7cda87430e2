"""One simulated job, the moves it may make, and how the API tells it in JSON.
Holds no clock and no chance; imports nothing of the bot: a fake that shares our code shares our bugs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

_FIRST_DAY = date(1970, 1, 1)


class Status(StrEnum):
    PENDING = "PENDING"
    ADMITTED = "ADMITTED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    PREEMPTED = "PREEMPTED"
    CANCELLED = "CANCELLED"


QUEUED = frozenset({Status.PENDING, Status.PREEMPTED})
FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class Happened(StrEnum):
    SUBMITTED = "submitted"
    ADMITTED = "admitted"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PREEMPTED = "preempted"
    RETRIED = "retried"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to one job; `at` in seconds since 1970, `detail` the first line of an error."""

    at: float
    what: Happened
    job_id: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """From which statuses to which one, and the field that takes the time of it."""

    sources: frozenset[Status]
    target: Status
    stamp: str | None = None


MOVES: Mapping[Happened, Move] = {
    Happened.ADMITTED: Move(QUEUED, Status.ADMITTED),
    Happened.STARTED: Move(QUEUED | {Status.ADMITTED}, Status.RUNNING, "started_at"),
    Happened.COMPLETED: Move(frozenset({Status.RUNNING}), Status.COMPLETED, "completed_at"),
    Happened.FAILED: Move(frozenset({Status.PENDING, Status.ADMITTED, Status.RUNNING}), Status.FAILED, "failed_at"),
    Happened.CANCELLED: Move(frozenset(Status) - FINAL, Status.CANCELLED, "cancelled_at"),
    Happened.PREEMPTED: Move(frozenset({Status.ADMITTED, Status.RUNNING}), Status.PREEMPTED),
    Happened.RETRIED: Move(frozenset({Status.FAILED, Status.CANCELLED}), Status.PENDING),
}


class NotAllowedError(Exception):
    """The API answers 409 to this: the job's status does not allow the move."""


@dataclass(slots=True)
class SimJob:
    """All fields of the API's Job; instants in seconds since 1970. Changed through the world alone,
    which counts `revision` up, so that no answer is made of an old row.
    """

    id: str
    org_id: str
    name: str
    pipeline_type: str
    pipeline_key: str
    pipeline_version: str
    status: str
    created_at: float
    updated_at: float
    parameters: dict[str, object] = field(default_factory=dict)
    retry_count: int = 0
    preemption_count: int = 0
    queue_position: int | None = None
    queue_depth: int | None = None
    input_progress: dict[str, int] | None = None
    started_at: float | None = None
    completed_at: float | None = None
    failed_at: float | None = None
    cancelled_at: float | None = None
    error: object = None
    left_out: frozenset[str] = frozenset()
    """Keys that this API does not send at all; its earlier generation knew no `input_progress`."""
    revision: int = 0

    def wire(self) -> dict[str, object]:
        row: dict[str, object] = {
            "id": self.id,
            "org_id": self.org_id,
            "name": self.name,
            "pipeline_type": self.pipeline_type,
            "pipeline_key": self.pipeline_key,
            "pipeline_version": self.pipeline_version,
            "status": self.status,
            "parameters": self.parameters,
            "retry_count": self.retry_count,
            "preemption_count": self.preemption_count,
            "queue_position": self.queue_position,
            "queue_depth": self.queue_depth,
            "input_progress": self.input_progress,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "started_at": _instant(self.started_at),
            "completed_at": _instant(self.completed_at),
            "failed_at": _instant(self.failed_at),
            "cancelled_at": _instant(self.cancelled_at),
            "error": self.error,
        }
        for key in self.left_out:
            row.pop(key, None)
        return row


def rfc3339(at: float) -> str:
    """Six fractional digits, but none for a whole second: the API's own serialiser drops zeros."""
    seconds, micros = divmod(round(at * 1_000_000), 1_000_000)
    day, second = divmod(seconds, 86_400)
    stem = f"{_date(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{stem}.{micros:06}Z" if micros else f"{stem}Z"


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    """Remembered, because five timestamps in a hundred thousand rows are half a million."""
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


def _instant(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


def error_line(error: object) -> str:
    """What a person would read of an error of any shape, on one line."""
    match error:
        case dict():
            told = next((error[key] for key in ("message", "detail", "reason", "code") if error.get(key)), "")
            return error_line(told)
        case list():
            return error_line(error[0]) if error else ""
        case None:
            return ""
        case _:
            return next(iter(str(error).strip().splitlines()), "")
