"""Between values of the core and rows of the database. No statement stands here, and no decision."""

import sqlite3
from collections.abc import Mapping

import msgspec

from bot.core.changes import Change
from bot.core.instants import Instant
from bot.core.jobs import Job, Progress
from bot.core.memory import Memory
from bot.core.messages import Doubt, Message, Notice, Parcel, Receipt, Twin
from bot.core.replies import SourceHealth
from bot.sql.sqlite import Value

_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_PROGRESS = msgspec.json.Decoder(Progress)
_BODIES: dict[str, msgspec.json.Decoder[Message] | msgspec.json.Decoder[Notice]] = {
    "news": msgspec.json.Decoder(Message),
    "notice": msgspec.json.Decoder(Notice),
}


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def job_values(memory: Memory, fingerprint: bytes) -> Mapping[str, Value]:
    job = memory.job
    return {
        "source": job.source,
        "id": job.id,
        "fingerprint": fingerprint,
        "status": job.status,
        "since": memory.since,
        "first_seen": memory.first_seen,
        "name": job.name,
        "org_id": job.org_id,
        "pipeline_type": job.pipeline_type,
        "pipeline_key": job.pipeline_key,
        "pipeline_version": job.pipeline_version,
        "retry_count": job.retries,
        "preemption_count": job.preemptions,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "failed_at": job.failed_at,
        "cancelled_at": job.cancelled_at,
        "error": job.error,
        "progress": None if job.progress is None else to_json(job.progress),
    }


def memory_of(row: sqlite3.Row) -> Memory:
    job = Job(
        source=row["source"],
        id=row["id"],
        status=row["status"],
        name=row["name"],
        org_id=row["org_id"],
        pipeline_type=row["pipeline_type"],
        pipeline_key=row["pipeline_key"],
        pipeline_version=row["pipeline_version"],
        retry_count=row["retry_count"],
        preemption_count=row["preemption_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        failed_at=row["failed_at"],
        cancelled_at=row["cancelled_at"],
        error=row["error"],
        progress=None if row["progress"] is None else _PROGRESS.decode(row["progress"]),
    )
    return Memory(job, row["since"], row["first_seen"], gone=row["gone_at"] is not None)


def message_values(message: Message | Notice) -> Mapping[str, Value]:
    kind = "news" if isinstance(message, Message) else "notice"
    return {"key": message.key, "destination": message.destination, "kind": kind, "body": to_json(message)}


def change_values(change: Change, now: Instant) -> dict[str, Value]:
    return {
        "key": change.key,
        "source": change.job.source,
        "job_id": change.job.id,
        "name": change.job.name,
        "kind": change.kind,
        "inferred": int(change.inferred),
        "was": change.was,
        "status": change.status,
        "at": change.at,
        "seen_at": now,
    }


def parcel_of(row: sqlite3.Row) -> Parcel:
    doubt = None if row["doubt_began"] is None else Doubt(row["doubt_began"], row["doubt_ended"], row["doubt_times"])
    message = _BODIES[row["kind"]].decode(row["body"])
    return Parcel(message, row["attempts"], row["channel"], row["claimed_at"], doubt)


def twin_of(row: sqlite3.Row, channel: str) -> Twin:
    message = _BODIES["news"].decode(row["body"])
    receipt = Receipt(channel, row["ts"]) if row["state"] == "delivered" and row["ts"] else None
    return Twin(message.mentions if isinstance(message, Message) else (), row["shared"], receipt)


def source_health(row: sqlite3.Row) -> SourceHealth:
    return SourceHealth(
        source=row["name"],
        looked_at=row["looked_at"],
        baseline=row["baseline_at"],
        jobs=row["jobs"],
        failures=row["failures"],
        failing_since=row["failing_since"],
        trouble=row["trouble"],
        doubts=_TEXTS.decode(row["doubts"]),
        faults=_TEXTS.decode(row["faults"]),
        bad_rows=row["bad_rows"],
    )
