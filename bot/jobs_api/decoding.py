"""From the API's JSON to rows and jobs. One bad row costs itself, not its page; a row that equals what is stored
is recognised by its fingerprint and not decoded at all.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from math import isfinite
from typing import Final

import msgspec

from bot.core.instants import Instant, as_datetime, parse_instant
from bot.core.jobs import Job, Progress, Status
from bot.core.listing import Page, Row
from bot.jobs_api.words import clean, read_error

MAX_COUNT = 2**31  # no retry or input count is larger
MAX_NAME = 500  # characters of a name or key that are kept
NOT_JSON: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_STATUSES = frozenset(Status)
_TIMES = ("created_at", "updated_at", "started_at", "completed_at", "failed_at", "cancelled_at")


class _Page(msgspec.Struct):
    jobs: list[msgspec.Raw]
    total: object = None
    limit: object = None


class _Identity(msgspec.Struct):
    id: str
    created_at: datetime | None = None


_PAGE = msgspec.json.Decoder(_Page)
_IDENTITY = msgspec.json.Decoder(_Identity)


def decode_page(body: bytes, source: str, known: Mapping[str, bytes], at: Instant) -> Page:
    """The page in a body. One of NOT_JSON if the body is no page at all."""
    try:
        page = _PAGE.decode(body)
    except msgspec.DecodeError as error:
        page = _salvaged(body, error)
    rows = [(raw, decode_row(raw, source, known)) for raw in page.jobs]
    readable = tuple(row for _, row in rows if row is not None)
    nameless = tuple(_fingerprint(raw) for raw, row in rows if row is None)
    return Page(_count(page.total), _count(page.limit), readable, nameless, at)


def decode_row(raw: msgspec.Raw, source: str, known: Mapping[str, bytes]) -> Row | None:
    """The row, with its job if that differs from what is known; None if it does not even tell its id."""
    try:
        identity = _IDENTITY.decode(raw)
    except NOT_JSON:
        identity = _loose_identity(raw)
    if not identity.id or clean(identity.id, MAX_NAME) != identity.id:
        return None
    created = identity.created_at if identity.created_at and identity.created_at.tzinfo else None
    fingerprint = _fingerprint(raw)
    if known.get(identity.id) == fingerprint:
        return Row(identity.id, created, fingerprint, None)
    job, faults = _job(_fields(raw), source)
    return Row(identity.id, created, fingerprint, job, "; ".join(faults))


def _fingerprint(raw: msgspec.Raw) -> bytes:
    return blake2b(raw, digest_size=8).digest()


def _loose_identity(raw: msgspec.Raw) -> _Identity:
    fields = _fields(raw)
    id_, created = fields.get("id"), parse_instant(fields.get("created_at"))
    return _Identity(id_ if isinstance(id_, str) else "", None if created is None else as_datetime(created))


def _fields(raw: msgspec.Raw) -> dict[str, object]:
    try:
        fields = msgspec.json.decode(raw)
    except NOT_JSON:
        fields = _lenient(bytes(raw))
    return fields if isinstance(fields, dict) else {}


def _salvaged(body: bytes, error: msgspec.DecodeError) -> _Page:
    """The page in a body of which one value only is no strict JSON: half a surrogate pair, NaN, a byte not UTF-8."""
    match _lenient(body):
        case {"jobs": [*rows], **others}:
            return _Page(
                [msgspec.Raw(json.dumps(row).encode()) for row in rows], others.get("total"), others.get("limit")
            )
        case _:
            raise error


def _lenient(text: bytes) -> object:
    """What a more patient parser makes of it; what no text can hold becomes a lone surrogate, what no number, None."""
    try:
        return json.loads(text.decode("utf-8", "surrogateescape"), parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


class _Fields:
    """A row's fields, taken one by one; what has the wrong type is left out and noted."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        value = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            self.faults.append(f"{name} is no text")
            return ""
        return clean(value or "", MAX_NAME)

    def count(self, name: str) -> int | None:
        value = self._fields.get(name)
        count = _count(value)
        if value is not None and count is None:
            self.faults.append(f"{name} is no count")
        return count

    def time(self, name: str) -> Instant | None:
        value = self._fields.get(name)
        at = parse_instant(value)
        if value is not None and at is None:
            self.faults.append(f"{name} is no timestamp")
        return at

    def progress(self) -> Progress | None:
        """None where it does not tell how many inputs failed: that is not none."""
        value = self._fields.get("input_progress")
        if not isinstance(value, dict) or (failed := _count(value.get("failed"))) is None:
            return None
        pending, processing, completed = (_count(value.get(n)) or 0 for n in ("pending", "processing", "completed"))
        return Progress(pending, processing, completed, failed)


def _job(fields: dict[str, object], source: str) -> tuple[Job | None, list[str]]:
    told = _Fields(fields)
    status = told.text("status").strip()
    if not status:
        return None, ["status is missing or no text"]
    times = {name: told.time(name) for name in _TIMES}
    job = Job(
        source=source,
        id=str(fields["id"]),
        status=status.upper() if status.upper() in _STATUSES else status,
        name=told.text("name"),
        org_id=told.text("org_id"),
        pipeline_type=told.text("pipeline_type"),
        pipeline_key=told.text("pipeline_key"),
        pipeline_version=told.text("pipeline_version"),
        retry_count=told.count("retry_count"),
        preemption_count=told.count("preemption_count"),
        error=read_error(fields.get("error"), fields.get("parameters")),
        progress=told.progress(),
        **times,
    )
    return job, told.faults


def _count(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value < MAX_COUNT else None
