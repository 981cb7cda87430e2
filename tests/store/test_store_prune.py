"""The store forgets what is older than it keeps, but nothing that waits to be said, and no job that is there."""

from collections.abc import Sequence

import pytest

from bot.core.alerts import Alert, Route
from bot.core.changes import Change, ChangeKind
from bot.core.history import HistoryQuery
from bot.core.listing import Certificate
from bot.core.messages import Delivered, Outcome, Receipt, Refused, Scope
from bot.sql import statements
from bot.sql.sqlite import Value
from bot.store.store import Store
from tests.samples import COMPLETE, DAY, HOUR, NOW, PLACE, SUSPECT, enqueue, job, listing, message, take_in

LONG_AGO = NOW - 91 * DAY
SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")


async def tell(store: Store, number: int, outcome: Outcome | None, now: int = LONG_AGO) -> str:
    """A failure that was found at `now`, and what became of its message."""
    change = Change(
        job=job(number), kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0
    )
    async with store.looks.transaction() as ledger:
        await ledger.record([Alert(change, (Route(PLACE, "failures", ()),))], now)
    await enqueue(store, message(f"m{number}", f"#place-{number}", tells=(change.key,)), now=now)
    if outcome is not None:
        (parcel,) = [one for one in await store.outbox.claim_due(now) if one.message.key == f"m{number}"]
        await store.outbox.settle(parcel, outcome, now, 0.0)
    return change.key


async def changes(store: Store) -> list[str]:
    return [entry.key for entry in await store.archive.history(HistoryQuery(), NOW)]


async def told(store: Store, keys: Sequence[str]) -> set[str]:
    async with store.db.transaction() as db:
        return {row["change_key"] for row in await db.query("SELECT change_key FROM tellings", {})} & set(keys)


@pytest.mark.parametrize("outcome", [SENT, Refused("invalid_blocks", Scope.MESSAGE)])
async def test_what_was_told_or_given_up_long_ago_goes(store: Store, outcome: Outcome) -> None:
    key = await tell(store, 1, outcome)
    await store.prune(NOW)
    assert await changes(store) == []
    assert await told(store, [key]) == set()


async def test_what_is_young_enough_stays(store: Store) -> None:
    key = await tell(store, 1, SENT, NOW - 89 * DAY)
    await store.prune(NOW)
    assert await changes(store) == [key]
    assert await told(store, [key]) == {key}


@pytest.mark.parametrize("outcome", [None, Refused("is_archived", Scope.CHANNEL)])
async def test_what_waits_stays_however_old(store: Store, outcome: Outcome | None) -> None:
    key = await tell(store, 1, outcome)
    await store.prune(NOW)
    assert await changes(store) == [key]
    assert [parcel.message.key for parcel in await store.outbox.claim_due(NOW)] == ["m1"]


async def test_what_is_under_way_stays_and_can_be_settled(store: Store) -> None:
    key = await tell(store, 1, None)
    (parcel,) = await store.outbox.claim_due(LONG_AGO)
    await store.prune(NOW)
    await store.outbox.settle(parcel, SENT, NOW, 0.0)
    (entry,) = await store.archive.history(HistoryQuery(), NOW)
    assert (entry.key, entry.tellings[0].state) == (key, "delivered")


async def test_a_job_that_is_there_stays_however_old(store: Store) -> None:
    await take_in(store, listing([job(1, updated_at=LONG_AGO, failed_at=LONG_AGO)]), LONG_AGO)
    await store.prune(NOW)
    assert len((await store.looks.known("default")).fingerprints) == 1


@pytest.mark.parametrize(("gone_at", "kept"), [(LONG_AGO, 0), (NOW - DAY, 1)])
async def test_a_job_that_is_gone_is_forgotten_after_a_while(store: Store, gone_at: int, kept: int) -> None:
    await take_in(store, listing([job(1)]), LONG_AGO)
    await take_in(store, listing([], gone=[job(1).id]), gone_at)
    await store.prune(NOW)
    async with store.db.transaction() as db:
        assert len(await db.query("SELECT id FROM jobs", {})) == kept


async def read_at(store: Store, *looks: tuple[int, Certificate]) -> list[int]:
    """When the listings were read whose certificates are still there, once listings were read so and then."""
    for at, certificate in looks:
        await take_in(store, listing([job(1)], certificate=certificate), at)
    await store.prune(NOW)
    async with store.db.transaction() as db:
        return [row["started_at"] for row in await db.query("SELECT started_at FROM looks ORDER BY started_at", {})]


async def test_how_a_complete_listing_was_read_is_kept_for_a_day(store: Store) -> None:
    young = [NOW - 3 * HOUR, NOW - 2 * HOUR]
    assert await read_at(store, (NOW - 25 * HOUR, COMPLETE), *((at, COMPLETE) for at in young)) == young


async def test_how_a_suspect_listing_was_read_is_kept_as_long_as_changes(store: Store) -> None:
    kept = [NOW - 89 * DAY, NOW - 3 * HOUR, NOW - 2 * HOUR]
    assert await read_at(store, (LONG_AGO, SUSPECT), *((at, SUSPECT) for at in kept)) == kept


async def test_the_latest_listings_stay_because_the_next_one_is_measured_by_them(store: Store) -> None:
    looks = [(NOW - days * DAY, SUSPECT if days == 9 else COMPLETE) for days in (9, 8, 4, 3)]
    assert await read_at(store, *looks) == [NOW - 9 * DAY, NOW - 4 * DAY, NOW - 3 * DAY]
    assert (await store.looks.known("default")).usual == 1


async def test_an_empty_store_has_nothing_to_forget(store: Store) -> None:
    await store.prune(NOW)
    await enqueue(store, message())
    assert len(await store.outbox.claim_due(NOW)) == 1


@pytest.mark.parametrize("name", ["prune_changes", "prune_tellings", "prune_messages", "prune_jobs", "prune_cards"])
async def test_what_is_young_enough_is_not_read_to_find_what_is_not(store: Store, name: str) -> None:
    asked: dict[str, Value] = {"before": LONG_AGO, "ended_after": LONG_AGO, "ghosts": "[]"}
    async with store.db.transaction() as db:
        plan = await db.query(f"EXPLAIN QUERY PLAN {statements()[name]}", asked)
    steps = {step["detail"] for step in plan if "SCAN" in step["detail"]}
    assert steps <= {"SCAN json_each VIRTUAL TABLE INDEX 1:"}
