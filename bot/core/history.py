"""The ledger, read back: every change that was found, the verdict on it, and where and how it was told."""

from dataclasses import dataclass
from datetime import timedelta

from bot.core.instants import Instant


@dataclass(frozen=True, slots=True)
class Telling:
    """A change in a place. `state` is queued, sending, parked, delivered or refused; `channel` and `ts` are known once
    it is delivered.
    """

    destination: str
    message_key: str
    state: str
    attempts: int
    channel: str | None
    ts: str | None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change and what became of it. `verdict` is alert, step or silence; `rule` the first that alerted, or the one
    that opened the card.
    """

    key: str
    source: str
    job_id: str
    name: str
    kind: str
    inferred: bool
    was: str | None
    status: str
    at: Instant | None
    seen_at: Instant
    verdict: str
    rule: str | None
    reason: str
    detail: str = ""
    tellings: tuple[Telling, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Newest changes first, at most `limit` where that is given; of one job (its id or name) where `job` is."""

    since: timedelta | None = None
    source: str | None = None
    job: str | None = None
    limit: int | None = None
