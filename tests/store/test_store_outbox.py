"""The outbox: what is under way is written down before the network is touched, one at a time to each place, paced."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.core.history import HistoryQuery, Telling
from bot.core.instants import SECOND
from bot.core.messages import Delivered, Outcome, Parcel, Receipt, Refused, Scope, TryLater, Unknown
from bot.store.outbox import Settled
from bot.store.store import Store
from tests.samples import NOW, PLACE, Clock, enqueue, message

SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")
OTHER = "#other"


def states(path: Path) -> dict[str, tuple[str, int]]:
    """Message → state and attempts, as another connection sees them."""
    with closing(sqlite3.connect(path)) as db:
        return {
            key: (state, attempts) for key, state, attempts in db.execute("SELECT key, state, attempts FROM messages")
        }


async def claim(store: Store, clock: Clock) -> list[str]:
    return [parcel.message.key for parcel in await store.outbox.claim_due(clock())]


async def settle(store: Store, outcome: Outcome, clock: Clock, parcel: Parcel | None = None) -> Settled:
    if parcel is None:
        (parcel,) = await store.outbox.claim_due(clock())
    return await store.outbox.settle(parcel, outcome, clock(), 0.0)


async def waits(store: Store, clock: Clock) -> float | None:
    """Seconds until something can go out."""
    due_at = await store.outbox.next_due()
    return None if due_at is None else (due_at - clock()) / SECOND


async def test_a_message_with_the_same_key_is_the_same_message(store: Store, path: Path) -> None:
    await enqueue(store, message("m1"), message("m1"))
    await enqueue(store, message("m1"))
    assert states(path) == {"m1": ("queued", 0)}


async def test_what_is_claimed_is_under_way_for_everybody_before_it_is_sent(
    store: Store, path: Path, clock: Clock
) -> None:
    await enqueue(store, message("m1"))
    (parcel,) = await store.outbox.claim_due(clock())
    assert parcel.face is not None
    assert replace(parcel, face=None) == Parcel(message("m1"), 1, None, clock(), version=1)
    assert states(path) == {"m1": ("sending", 1)}


async def test_one_message_to_each_place_is_under_way_and_the_oldest_goes_first(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"), message("o1", OTHER))
    assert await claim(store, clock) == ["m1", "o1"]
    assert await claim(store, clock) == []


async def test_once_it_is_settled_the_next_one_goes(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await settle(store, SENT, clock)
    assert await claim(store, clock) == ["m2"]


async def test_a_message_that_must_wait_lets_the_others_of_its_channel_pass(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await settle(store, TryLater("Slack cannot be reached"), clock)
    assert await claim(store, clock) == ["m2"]


async def test_posts_to_one_place_come_three_at_once_and_then_one_a_second(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}") for number in range(6)))
    sent = []
    for _ in range(4):
        while parcels := await store.outbox.claim_due(clock()):
            sent += [(clock() - NOW) // SECOND]
            await settle(store, SENT, clock, parcels[0])
        clock.advance(1)
    assert sent == [0, 0, 0, 1, 2, 3]


async def test_a_place_that_is_paced_tells_when_it_is_next(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}") for number in range(4)))
    for _ in range(3):
        await settle(store, SENT, clock)
    assert await claim(store, clock) == []
    assert await waits(store, clock) == 1.0


async def test_to_ask_for_twins_waits_for_no_writer(store: Store) -> None:
    async with store.db.transaction():
        assert await asyncio.wait_for(store.outbox.twins("m1", "C1"), 5) == []


async def test_nothing_is_due_when_nothing_waits_or_what_waits_is_under_way(store: Store, clock: Clock) -> None:
    assert await waits(store, clock) is None
    await enqueue(store, message("m1"))
    assert await waits(store, clock) == 0.0
    await claim(store, clock)
    assert await waits(store, clock) is None


@dataclass(frozen=True, slots=True)
class Row:
    """An outcome, the message's state after it, the seconds until it is tried again, and which later messages may go:
    m2 to the same place, o1 to another.
    """

    outcome: Outcome
    state: str
    again_after: float | None
    go: frozenset[str]


BOTH, ELSEWHERE, NONE = frozenset({"m2", "o1"}), frozenset({"o1"}), frozenset[str]()
TABLE = [
    Row(SENT, "delivered", None, BOTH),
    Row(TryLater("no route to host"), "queued", 1.0, BOTH),
    Row(TryLater("named a time", 7.0), "queued", 7.0, BOTH),
    Row(TryLater("rate limit", 7.0, Scope.CHANNEL), "queued", 7.0, ELSEWHERE),
    Row(TryLater("rate limit", None, Scope.CHANNEL), "queued", 1.0, ELSEWHERE),
    Row(TryLater("maintenance", 7.0, Scope.WORKSPACE), "queued", 7.0, NONE),
    Row(Unknown("the connection broke"), "queued", 1.0, BOTH),
    Row(Refused("invalid_blocks", Scope.MESSAGE), "refused", None, BOTH),
    Row(Refused("is_archived", Scope.CHANNEL), "queued", 60.0, ELSEWHERE),
    Row(Refused("token_revoked", Scope.WORKSPACE), "queued", 60.0, NONE),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.outcome}")
async def test_each_outcome_settles_the_message_and_what_it_reaches(
    store: Store, path: Path, clock: Clock, row: Row
) -> None:
    await enqueue(store, message("m1"))
    await settle(store, row.outcome, clock)
    assert states(path)["m1"] == (row.state, 1)
    assert await waits(store, clock) == row.again_after
    await enqueue(store, message("m2"), message("o1", OTHER), now=clock())
    assert set(await claim(store, clock)) == row.go
    clock.advance(row.again_after or 0)
    assert ("m1" in await claim(store, clock)) == (row.state == "queued" and "m2" not in row.go)


@pytest.mark.parametrize("outcome", [TryLater("no route"), Unknown("no answer")])
async def test_attempts_come_at_doubling_intervals_up_to_fifteen_seconds(
    store: Store, clock: Clock, outcome: Outcome
) -> None:
    await enqueue(store, message("m1"))
    intervals = []
    for _ in range(6):
        await settle(store, outcome, clock)
        intervals.append(await waits(store, clock))
        clock.advance(intervals[-1] or 0)
    assert intervals == [1, 2, 4, 8, 15, 15]


async def test_chance_takes_off_up_to_half_of_a_wait(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    (parcel,) = await store.outbox.claim_due(clock())
    await store.outbox.settle(parcel, Unknown("no answer"), clock(), 0.5)
    assert await waits(store, clock) == 0.75


async def test_what_is_delivered_can_be_found_again(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1", tells=("c1",)))
    await settle(store, SENT, clock)
    tellings = await store.archive._tellings(["c1"])  # noqa: SLF001  history shows them only beside their change
    assert tellings["c1"] == [Telling(PLACE, "m1", "delivered", 1, "C1", "1.000001")]


async def test_what_was_under_way_when_the_bot_died_is_due_at_once(store: Store, path: Path, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await claim(store, clock)
    assert await store.outbox.requeue_unfinished(clock()) == 1
    assert await claim(store, clock) == ["m1"]
    assert states(path)["m1"] == ("sending", 2)


async def test_a_place_resolved_once_stays_so(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    await store.outbox.resolve(PLACE, "C1")
    (parcel,) = await store.outbox.claim_due(clock())
    assert parcel.channel == "C1"
    async with store.looks.transaction() as ledger:
        assert await ledger.channels() == {PLACE: "C1"}


async def test_nothing_settled_is_told_again(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2", OTHER))
    for parcel in await store.outbox.claim_due(clock()):
        refused = Refused("invalid_blocks", Scope.MESSAGE)
        await settle(store, SENT if parcel.message.key == "m1" else refused, clock, parcel)
    clock.advance(86_400)
    assert await store.outbox.requeue_unfinished(clock()) == 0
    assert await claim(store, clock) == []
    assert (await store.archive.health()).refused == 1
    assert await store.archive.history(HistoryQuery(), clock()) == ()
