"""Values that tests of the memory, the delivery and the answers share, and a clock that stands until it is moved."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.core.alerts import Rule
from bot.core.board import Composed
from bot.core.cards import Card, Entry, Face, Member
from bot.core.instants import SECOND, Instant, instant
from bot.core.jobs import Job
from bot.core.listing import Certificate, Listing, Row
from bot.core.messages import Opening
from bot.store.store import Store

NOW = instant(datetime(2026, 11, 23, 12, tzinfo=UTC))
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
KEEP = timedelta(days=90)
EVERY = timedelta(seconds=15)
PLACE = "#ml-alerts"
COMPLETE = Certificate(reasons=(), pages=1, passes=1, overlaps=0, seen=1, first_total=1, last_total=1, asked=0)
SUSPECT = replace(COMPLETE, reasons=("the list is shorter than usual",))


@dataclass(slots=True)
class Clock:
    now: Instant = NOW

    def __call__(self) -> Instant:
        return self.now

    def in_seconds(self) -> float:
        return self.now / SECOND

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def job(number: int = 1, **changes: object) -> Job:
    made = Job(
        source="default",
        id=f"job_{number:05d}",
        status="FAILED",
        name=f"nightly-{number}",
        org_id="org_1",
        pipeline_type="batch",
        pipeline_key="machine-state",
        created_at=NOW - 2 * HOUR,
        updated_at=NOW - HOUR,
        failed_at=NOW - HOUR,
        error="out of memory",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names fields of a job


def listing(jobs: Iterable[Job], *, certificate: Certificate = COMPLETE, gone: Iterable[str] = ()) -> Listing:
    rows = tuple(Row(job.id, None, print_of(job), job) for job in jobs)
    return Listing(source="default", started=NOW, rows=rows, gone=frozenset(gone), faults=(), certificate=certificate)


def print_of(job: Job) -> bytes:
    return f"{job.id}/{job.status}/{job.updated_at}".encode()


async def take_in(store: Store, listing: Listing, now: Instant = NOW) -> None:
    """What a look does to the memory, without its verdicts."""
    async with store.looks.transaction() as ledger:
        await ledger.remember(await ledger.past_of(listing, now), listing, now)


def entry(number: int = 1, **changes: object) -> Entry:
    made = Entry(
        change_key=f"c{number}",
        kind="failed",
        inferred=False,
        source="default",
        job_id=f"job_{number:05d}",
        name=f"nightly-{number}",
        pipeline="machine-state",
        at=NOW,
        error="out of memory",
        tries=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names fields of an entry


def card(key: str = "m1", destination: str = PLACE, **changes: object) -> Card:
    made = Card(
        key=key,
        destination=destination,
        rule="failures",
        group=("machine-state",),
        label=("machine-state",),
        opened_at=NOW,
        until=NOW + MINUTE,
        closes_at=NOW + 15 * MINUTE,
        since=NOW,
        size=1,
        failing=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names fields of a card


def face(*entries: Entry) -> Face:
    shown = entries or (entry(),)
    return Face(
        card="m1",
        rule="failures",
        label=("machine-state",),
        since=NOW,
        entries=shown,
        counts=dict(Counter(each.kind for each in shown)),
        jobs=len(shown),
        with_error=sum(each.error != "" for each in shown),
    )


def message(key: str = "m1", destination: str = PLACE, *, tells: tuple[str, ...] = ("c1",)) -> Opening:
    """That which opens a card."""
    return Opening(key=key, destination=destination, card=key, mentions=(), tells=tells, created_at=NOW, due_at=NOW)


async def enqueue(store: Store, *openings: Opening, now: Instant = NOW) -> None:
    """With their cards, each of one job."""
    cards = tuple(card(each.card, each.destination) for each in openings)
    members = tuple(Member(card=each.card, entry=entry(), likeness="out of memory", ended_at=now) for each in openings)
    due = tuple(replace(each, due_at=now) for each in openings)
    async with store.looks.transaction() as ledger:
        await ledger.compose(Composed(cards, members, due), now)


def rule(*to: str, name: str = "failures", mention: Sequence[str] = (), goes_on: bool = False) -> Rule:
    return Rule(name=name, to=to or (PLACE,), globs={}, mention=tuple(mention), goes_on=goes_on)
