"""A channel is one place however it is spelt: one message under way, one pace, and one wait if Slack asks for it."""

import pytest

from bot.core.instants import SECOND
from bot.core.messages import Delivered, Receipt, Refused, Scope, TryLater
from bot.store.store import Store
from tests.samples import NOW, Clock, enqueue, message

SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")
SPELT = ("#ml-alerts", "C1", "#ML-alerts")


@pytest.fixture
async def store(store: Store) -> Store:
    """Two of the spellings have been looked up; the third is the id itself."""
    for name in ("#ml-alerts", "#ML-alerts"):
        await store.outbox.resolve(name, "C1")
    return store


async def claim(store: Store, clock: Clock) -> list[str]:
    return [parcel.message.key for parcel in await store.outbox.claim_due(clock())]


async def test_one_message_is_under_way_and_the_oldest_goes_first(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}", place) for number, place in enumerate(SPELT)))
    assert await claim(store, clock) == ["m0"]
    assert await claim(store, clock) == []
    assert await store.outbox.next_due() is None


async def test_all_spellings_together_come_three_at_once_and_then_one_a_second(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}", SPELT[number % 3]) for number in range(6)))
    sent = []
    for _ in range(4):
        while parcels := await store.outbox.claim_due(clock()):
            sent += [(clock() - NOW) // SECOND] * len(parcels)
            for parcel in parcels:
                await store.outbox.settle(parcel, SENT, clock(), 0.0)
        assert await store.outbox.next_due() in {None, clock() + SECOND}
        clock.advance(1)
    assert sent == [0, 0, 0, 1, 2, 3]


async def test_a_wait_that_slack_asks_for_holds_every_spelling(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}", place) for number, place in enumerate(SPELT)))
    (parcel,) = await store.outbox.claim_due(clock())
    await store.outbox.settle(parcel, TryLater("rate limit", 7.0, Scope.CHANNEL), clock(), 0.0)
    assert await claim(store, clock) == []
    assert await store.outbox.next_due() == clock() + 7 * SECOND
    clock.advance(7)
    assert await claim(store, clock) == ["m0"]


async def test_a_spelling_that_leads_nowhere_holds_no_other(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m0", "C1"), message("m1", "#ml-alerts"))
    (parcel,) = await store.outbox.claim_due(clock())
    await store.outbox.settle(parcel, Refused("channel_not_found", Scope.CHANNEL), clock(), 0.0)
    assert await claim(store, clock) == ["m1"]
