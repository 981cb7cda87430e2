"""One thing to say in one place, once. A message knows nothing of Slack; it is stored as it is composed and
rendered when it is sent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import groupby
from typing import TypeAlias

from bot.core.alerts import Alert, Destination, Route, Verdict
from bot.core.changes import Change
from bot.core.instants import SECOND, Instant

VERSION = 1  # of the stored form
NAMED = 10  # jobs that an alert names; the rest is counted
MAX_BACKOFF = 15.0  # seconds
BURST = 3  # posts to a channel that may follow each other at once
PARK = (60.0, 300.0, 900.0, 3600.0)  # seconds until a parked route is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an alert says of one job. `at` is when it happened, `tries` counts the first time too."""

    change_key: str
    kind: str
    inferred: bool
    source: str
    job_id: str
    name: str
    pipeline: str
    type: str
    at: Instant
    error: str
    tries: int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one look brought for one rule and place: `entries` tells of the newest jobs, newest first; `counts` counts
    every change by kind, `jobs` every job.
    """

    rule: str
    entries: tuple[Entry, ...]
    counts: dict[str, int]
    jobs: int
    show_source: bool = False

    @property
    def unnamed(self) -> int:
        """How many jobs are counted, but not named."""
        return self.jobs - len({(entry.source, entry.job_id) for entry in self.entries})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    key: str
    destination: Destination
    mentions: tuple[str, ...]
    news: News
    tells: tuple[str, ...]  # keys of the changes it carries
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That something is wrong with a source `since` then, and why; or, if `why` is empty, that it is over. `about` is
    "blind" if looks fail, "doubt" if its list does not add up.
    """

    key: str
    destination: Destination
    about: str
    source: str
    since: Instant
    why: str
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt that may have arrived: when it began and ended, by our clock. If nobody can look for it, it is
    repeated: then `began` is of the first, `ended` of the last, and `times` counts those without a clear answer; an
    attempt that ended with the process is none of them.
    """

    began: Instant
    ended: Instant
    times: int = 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message claimed for delivery at `claimed_at`. `attempts` counts this one; `channel` is the id its destination
    resolved to; `doubt` is an earlier attempt that may have arrived.
    """

    message: Message | Notice
    attempts: int
    channel: str | None
    claimed_at: Instant = 0
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message can be found again."""

    channel: str
    ts: str


class Scope(StrEnum):
    """How far a trouble reaches: this message, everything for its channel, or everything."""

    MESSAGE = "message"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Delivered:
    receipt: Receipt
    degraded: str = ""  # why it went out as plain text


@dataclass(frozen=True, slots=True)
class TryLater:
    """It has surely not arrived. `after` is in seconds, where the other side names a time."""

    reason: str
    after: float | None = None
    scope: Scope = Scope.MESSAGE


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not arrive until somebody mends `reason`: the message itself, the route, or the credentials."""

    reason: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have arrived."""

    reason: str


Failure: TypeAlias = TryLater | Refused | Unknown
Outcome: TypeAlias = Delivered | Failure


def compose(verdicts: Iterable[Verdict], job_urls: Mapping[str, str], now: Instant) -> tuple[Message, ...]:
    """One message for each rule and place that has alerts. `job_urls` are templates with `{job_id}` by source."""
    alerts = [verdict for verdict in verdicts if isinstance(verdict, Alert)]
    placed = [(route, alert.change) for alert in alerts for route in alert.routes]
    placed.sort(key=_place)
    return tuple(_message([*group], job_urls, now) for _, group in groupby(placed, key=_place))


@dataclass(frozen=True, slots=True)
class Twin:
    """A message that tells `shared` changes of another one in the same channel; `receipt` is None until it is there."""

    mentions: tuple[str, ...]
    shared: int
    receipt: Receipt | None


def told_by(twins: Iterable[Twin], message: Message) -> Delivered | TryLater | None:
    """What is to become of a message if another one says it all, and rings all, in the same channel under another name
    of it. None if it must be sent.
    """
    for twin in twins:
        if twin.shared == len(message.tells) and set(message.mentions) <= set(twin.mentions):
            later = TryLater("the same is under way to this channel, by another name of it", after=1.0)
            return Delivered(twin.receipt, "told there already, by another name of it") if twin.receipt else later
    return None


def backoff(attempts: int, chance: float) -> float:
    """Seconds until the next attempt: doubles from 1 to at most 15; `chance` in [0, 1) takes off up to half."""
    return min(MAX_BACKOFF, 2.0 ** min(attempts - 1, 10)) * (1 - chance / 2)


def park_time(refusals: int) -> float:
    """Seconds until a route that cannot work is tried again."""
    return PARK[min(refusals, len(PARK)) - 1]


def _place(placed: tuple[Route, Change]) -> tuple[str, str]:
    return (placed[0].destination, placed[0].rule)


def _message(placed: Sequence[tuple[Route, Change]], job_urls: Mapping[str, str], now: Instant) -> Message:
    changes = [change for _, change in placed]
    keys = tuple(change.key for change in changes)
    newest = sorted(changes, key=lambda change: (_when(change, now), change.key), reverse=True)
    jobs = list(dict.fromkeys(map(_job, newest)))
    named = frozenset(jobs[:NAMED])
    route = placed[0][0]
    return Message(
        key=message_key(route.destination, keys),
        destination=route.destination,
        mentions=tuple(dict.fromkeys(mention for route, _ in placed for mention in route.mentions)),
        news=News(
            rule=route.rule,
            entries=tuple(_entry(change, job_urls, now) for change in newest if _job(change) in named),
            jobs=len(jobs),
            counts=dict(Counter(str(change.kind) for change in changes)),
            show_source=len(job_urls) > 1,
        ),
        tells=keys,
        created_at=now,
    )


def message_key(destination: Destination, keys: Iterable[str]) -> str:
    """The same changes told in the same place have the same key, whoever computes it and however often."""
    return blake2b("\n".join((destination, *sorted(keys))).encode(), digest_size=16).hexdigest()


def _job(change: Change) -> tuple[str, str]:
    return (change.job.source, change.job.id)


def _when(change: Change, now: Instant) -> Instant:
    return change.at if change.at is not None else change.job.updated_at or now


def _entry(change: Change, job_urls: Mapping[str, str], now: Instant) -> Entry:
    job = change.job
    template = job_urls.get(job.source, "")
    return Entry(
        change_key=change.key,
        kind=change.kind,
        inferred=change.inferred,
        source=job.source,
        job_id=job.id,
        name=job.name,
        pipeline=job.pipeline_key,
        type=job.pipeline_type,
        at=_when(change, now),
        error=job.error,
        tries=change.retry_count + 1,
        url=template.replace("{job_id}", job.id) if template else "",
    )


def paced(allowed_from: Instant, now: Instant, *, every: Instant = SECOND, burst: int = BURST) -> tuple[bool, Instant]:
    """Whether a post may go out now, and the mark to keep if it does: one `every` so long, `burst` after a rest."""
    mark = max(allowed_from, now)
    return mark - now <= (burst - 1) * every, mark + every
