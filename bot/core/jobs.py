"""A job as the API tells it, and the question "which jobs?". Everything that the API may change later is open here:
a status or a pipeline type that nobody knows yet is carried as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from bot.core.instants import Instant


class Status(StrEnum):
    """The statuses that the API documents (get-job). A `Job.status` is text: it may hold others."""

    PENDING = "PENDING"
    ADMITTED = "ADMITTED"
    RUNNING = "RUNNING"
    PREEMPTED = "PREEMPTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts over a job's tracked inputs."""

    pending: int
    processing: int
    completed: int
    failed: int

    @property
    def total(self) -> int:
        return self.pending + self.processing + self.completed + self.failed

    @property
    def percent(self) -> int:
        return 100 * (self.completed + self.failed) // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What must differ for a job to have changed."""

    status: str
    retry_count: int
    preemption_count: int
    at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the listing. A count is None where the row did not tell it; text is empty where it is unknown."""

    source: str
    id: str
    status: str
    name: str = ""
    org_id: str = ""
    pipeline_type: str = ""
    pipeline_key: str = ""
    pipeline_version: str = ""
    retry_count: int | None = None
    preemption_count: int | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    started_at: Instant | None = None
    completed_at: Instant | None = None
    failed_at: Instant | None = None
    cancelled_at: Instant | None = None
    error: str = ""
    progress: Progress | None = None

    @property
    def retries(self) -> int:
        return self.retry_count or 0

    @property
    def preemptions(self) -> int:
        return self.preemption_count or 0

    @property
    def own_timestamp(self) -> Instant | None:
        """The timestamp that belongs to the status, where it has one."""
        return own_timestamp(self, self.status)

    @property
    def stage(self) -> Stage:
        return Stage(self.status, self.retries, self.preemptions, self.own_timestamp)

    @property
    def told_at(self) -> Instant | None:
        """The best that the row says about when it came to be as it is."""
        return next((at for at in (self.own_timestamp, self.updated_at, self.created_at) if at is not None), None)

    @property
    def failed_inputs(self) -> int:
        return self.progress.failed if self.progress else 0

    @property
    def has_failed(self) -> bool:
        """Whether the row shows a failure, present or past."""
        return self.status == Status.FAILED or self.failed_at is not None

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def tries(self) -> int:
        """How often the job was tried, the first time included."""
        return self.retries + 1


def own_timestamp(job: Job, status: str) -> Instant | None:
    match status:
        case Status.RUNNING:
            return job.started_at
        case Status.COMPLETED:
            return job.completed_at
        case Status.FAILED:
            return job.failed_at
        case Status.CANCELLED:
            return job.cancelled_at
        case _:
            return None


class View(StrEnum):
    """The list views of `/jobs`."""

    FAILED = "failed"
    RUNNING = "running"
    PENDING = "pending"
    ADMITTED = "admitted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    PREEMPTED = "preempted"
    ACTIVE = "active"
    ALL = "all"


class Field(StrEnum):
    """What a glob may be matched against, as bot.toml and `/jobs` write it."""

    PIPELINE = "pipeline"
    TYPE = "type"
    NAME = "name"
    SOURCE = "source"


def job_url(job: Job, job_urls: Mapping[str, str]) -> str:
    """Its page, by the template of its source; empty if there is none."""
    return job_urls.get(job.source, "").replace("{job_id}", job.id)


def field_of(job: Job, field: Field) -> str:
    return {
        Field.PIPELINE: job.pipeline_key,
        Field.TYPE: job.pipeline_type,
        Field.NAME: job.name,
        Field.SOURCE: job.source,
    }[field]


@dataclass(frozen=True, slots=True)
class Filter:
    field: Field
    glob: str
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Which jobs, and which page of them; newest first by when they entered their status. `card` is the key of a card,
    or its beginning; empty for any job.
    """

    view: View
    filters: tuple[Filter, ...] = ()
    words: tuple[str, ...] = ()
    since: timedelta | None = None
    card: str = ""
    limit: int = 20
    page: int = 1


Counts: TypeAlias = Mapping[str, int]  # status → how many jobs
