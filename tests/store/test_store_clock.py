"""A clock that was ahead and is set back: what was written by it holds nothing up."""

import pytest

from bot.core.instants import SECOND
from bot.core.messages import Delivered, Outcome, Receipt, Refused, Scope, TryLater, Unknown
from bot.store.store import Store
from tests.samples import NOW, Clock, enqueue, message

SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")
AHEAD = [20 * 60, 3600, 86_400]  # seconds


async def attempt(store: Store, outcome: Outcome, clock: Clock) -> None:
    (parcel,) = await store.outbox.claim_due(clock())
    await store.outbox.settle(parcel, outcome, clock(), 0.0)


async def claim(store: Store, clock: Clock) -> list[str]:
    return [parcel.message.key for parcel in await store.outbox.claim_due(clock())]


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize(
    "outcome",
    [
        TryLater("no route to host"),
        Unknown("the connection broke"),
        TryLater("rate limit", 7.0, Scope.CHANNEL),
        TryLater("maintenance", 7.0, Scope.WORKSPACE),
        Refused("is_archived", Scope.CHANNEL),
        Refused("token_revoked", Scope.WORKSPACE),
    ],
)
async def test_what_was_to_be_tried_again_is_tried_now(
    store: Store, clock: Clock, outcome: Outcome, ahead: int
) -> None:
    clock.advance(ahead)
    await enqueue(store, message("m1"), now=clock())
    await attempt(store, outcome, clock)
    clock.advance(-ahead)
    assert await claim(store, clock) == ["m1"]


@pytest.mark.parametrize("ahead", AHEAD)
async def test_a_place_is_not_paced_by_the_time_that_was_taken_back(store: Store, clock: Clock, ahead: int) -> None:
    clock.advance(ahead)
    await enqueue(store, *(message(f"m{number}") for number in range(5)))
    for _ in range(3):
        await attempt(store, SENT, clock)
    clock.advance(-ahead)
    for _ in range(2):
        await attempt(store, SENT, clock)


@pytest.mark.parametrize("ahead", AHEAD)
async def test_what_was_found_before_and_not_yet_said_is_said_now(store: Store, clock: Clock, ahead: int) -> None:
    await enqueue(store, message("m1"), now=NOW + ahead * SECOND)
    assert await claim(store, clock) == ["m1"]


async def test_the_next_wait_is_by_the_clock_as_it_is_now(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), now=NOW + 3600 * SECOND)
    for _ in range(3):
        await attempt(store, TryLater("no route to host", 30.0), clock)
        assert await claim(store, clock) == []
        assert await store.outbox.next_due() == clock() + 30 * SECOND
        clock.advance(30)


async def test_a_doubt_of_that_time_is_one_of_now(store: Store, clock: Clock) -> None:
    clock.advance(3600)
    await enqueue(store, message("m1"))
    await attempt(store, Unknown("the connection broke"), clock)
    clock.advance(-3600)
    (parcel,) = await store.outbox.claim_due(clock())
    assert parcel.doubt is not None
    assert (parcel.doubt.began, parcel.doubt.ended) == (clock(), clock())


async def test_what_was_under_way_when_the_clock_was_set_back_is_a_doubt_of_now(store: Store, clock: Clock) -> None:
    clock.advance(3600)
    await enqueue(store, message("m1"))
    await claim(store, clock)
    clock.advance(-3600)
    await store.outbox.requeue_unfinished(clock())
    (parcel,) = await store.outbox.claim_due(clock())
    assert parcel.doubt is not None
    assert (parcel.doubt.began, parcel.doubt.ended) == (clock(), clock())
