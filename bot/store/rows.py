"""Between values of the core and rows of the database. No statement stands here, and no decision."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from bot.core.cards import Card, Entry, Face, Member
from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant
from bot.core.jobs import Job, Progress, Status
from bot.core.likeness import Seen, likeness
from bot.core.memory import Memory
from bot.core.messages import Doubt, Edit, Message, Notice, Opening, Parcel, Receipt, ThreadReply, Twin, rank
from bot.core.reasons import Unexplained, asked_until
from bot.core.replies import SourceHealth
from bot.sql.sqlite import Value

_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_PROGRESS = msgspec.json.Decoder(Progress)
_CARD = msgspec.json.Decoder(Card)
_ENTRY = msgspec.json.Decoder(Entry)
_REPLY = msgspec.json.Decoder(ThreadReply)
_OPENING = msgspec.json.Decoder(Opening)
_NOTICE = msgspec.json.Decoder(Notice)


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
        "failed": int(memory.has_failed),
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
    return Memory(job, row["since"], row["first_seen"], gone=row["gone_at"] is not None, failed=bool(row["failed"]))


def message_values(message: Message) -> Mapping[str, Value]:
    return {
        "key": message.key,
        "destination": message.destination,
        "kind": _kind(message),
        "card": None if isinstance(message, Notice) else message.card,
        "rank": rank(message),
        "body": to_json(message),
        "due_at": message.due_at,
    }


def _kind(message: Message) -> str:
    match message:
        case Opening():
            return "opening"
        case ThreadReply(about=about):
            return about
        case Notice():
            return "notice"
        case _:
            assert_never(message)


def card_values(card: Card) -> dict[str, Value]:
    return {
        "key": card.key,
        "destination": card.destination,
        "body": to_json(card),
        "opened_at": card.opened_at,
        "until": card.until,
    }


def member_values(member: Member) -> Mapping[str, Value]:
    entry = member.entry
    return {
        "card": member.card,
        "source": entry.source,
        "job_id": entry.job_id,
        "kind": entry.kind,
        "at": entry.at,
        "likeness": member.likeness,
        "ended_at": member.ended_at,
        "entry": to_json(entry),
    }


def card_of(row: sqlite3.Row) -> Card:
    return _CARD.decode(row["body"])


def entry_in(row: sqlite3.Row) -> Entry:
    return _ENTRY.decode(row["entry"])


def member_in(row: sqlite3.Row) -> Member:
    return Member(
        card=row["card"],
        entry=entry_in(row),
        likeness=row["likeness"],
        ended_at=row["ended_at"],
        opens=bool(row["opens"]),
        unsaid=bool(row["unsaid"]),
    )


def reply_of(row: sqlite3.Row) -> ThreadReply:
    return _REPLY.decode(row["body"])


def rung_by(row: sqlite3.Row) -> tuple[str, ...]:
    return _TEXTS.decode(row["rung"])


def edit_of(row: sqlite3.Row, face: Face) -> Edit:
    return Edit(
        card=row["key"],
        destination=row["destination"],
        face=face,
        version=row["version"],
        channel=row["channel"],
        ts=row["ts"],
        shown=row["shown"],
        attempts=row["edit_attempts"],
    )


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
        "retry_count": change.retry_count,
        "preemption_count": change.preemption_count,
        "times": change.times,
        "detail": change.detail,
        "seen_at": now,
        "pipeline": change.job.pipeline_key,
        "likeness": likeness(change.job.error) if change.kind is ChangeKind.FAILED else "",
        "ask_until": asked_until(change, now),
    }


def unexplained_of(row: sqlite3.Row) -> Unexplained:
    failure = Change(
        job=memory_of(row).job,
        kind=ChangeKind.FAILED,
        was=row["was"],
        status=Status.FAILED,
        retry_count=row["retries_then"],
        preemption_count=row["preemptions_then"],
        at=row["at"],
        inferred=bool(row["inferred"]),
    )
    return Unexplained(failure, row["found"], row["ended"], row["retried"])


def parcel_of(row: sqlite3.Row) -> Parcel:
    doubt = None
    if row["doubt_began"] is not None:
        doubt = Doubt(row["doubt_began"], row["doubt_ended"], row["doubt_times"], _TEXTS.decode(row["threads"]))
    return Parcel(_message(row), row["attempts"], row["channel"], row["claimed_at"], doubt)


def _message(row: sqlite3.Row) -> Message:
    match row["kind"]:
        case "opening":
            return _OPENING.decode(row["body"])
        case "notice":
            return _NOTICE.decode(row["body"])
        case _:
            return _REPLY.decode(row["body"])


def twin_of(row: sqlite3.Row, channel: str) -> Twin:
    receipt = Receipt(channel, row["ts"]) if row["ts"] else None
    return Twin(_TEXTS.decode(row["mentions"]), row["shared"], receipt)


def seen_of(rows: Iterable[sqlite3.Row]) -> Mapping[str, Seen]:
    return {row["likeness"]: Seen(row["times"], row["pipelines"], row["since"]) for row in rows}


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
