"""A place that no rule names any more: what waits for it is given up, with the reason, and it troubles nobody."""

import pytest

from bot.core.messages import Delivered, Receipt, Refused, Scope, Unknown
from bot.store.store import Store
from tests.samples import NOW, PLACE, enqueue, message

TYPO = "#ml-alrets"
NOT_FOUND = Refused("channel_not_found", Scope.CHANNEL)


async def told(store: Store, *keys: str) -> dict[str, tuple[str, str]]:
    """Change → the state of its telling, and why."""
    tellings = await store.archive._tellings(list(keys))  # noqa: SLF001  history shows them only beside their change
    return {key: (telling.state, telling.trouble) for key, (telling,) in tellings.items()}


async def refused(store: Store) -> None:
    for parcel in await store.outbox.claim_due(NOW):
        await store.outbox.settle(parcel, NOT_FOUND, NOW, 0.0)


async def test_what_waits_for_it_is_given_up_and_says_why(store: Store) -> None:
    await enqueue(store, message("m1", TYPO, tells=("c1",)), message("m2", PLACE, tells=("c2",)))
    await refused(store)
    assert await store.outbox.abandon([PLACE]) == 1
    assert await told(store, "c1", "c2") == {
        "c1": ("refused", "no rule names this place any more"),
        "c2": ("parked", "channel_not_found"),
    }


async def test_it_is_out_of_reach_no_longer(store: Store) -> None:
    await enqueue(store, message("m1", TYPO))
    await refused(store)
    await store.outbox.abandon([PLACE])
    health = await store.archive.health()
    assert (health.parked, health.queue.waiting, health.refused) == ((), 0, 1)


async def test_refused_credentials_are_of_no_place(store: Store) -> None:
    await enqueue(store, message("m1", PLACE))
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, Refused("token_revoked", Scope.WORKSPACE), NOW, 0.0)
    assert await store.outbox.abandon([PLACE]) == 0
    assert [route.destination for route in (await store.archive.health()).parked] == ["*"]


@pytest.mark.parametrize(("before", "after"), [("#ml-alerts", "C1"), ("C1", "#ml-alerts"), ("#ml-alerts", "#alerts")])
async def test_a_place_that_is_named_otherwise_is_named(store: Store, before: str, after: str) -> None:
    for name in {before, after} - {"C1"}:
        await store.outbox.resolve(name, "C1")
    await enqueue(store, message("m1", before))
    assert await store.outbox.abandon([after]) == 0
    assert len(await store.outbox.claim_due(NOW)) == 1


async def test_what_may_have_arrived_there_is_not_looked_for_any_more(store: Store) -> None:
    await enqueue(store, message("m1", TYPO))
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, Unknown("no answer"), NOW, 0.0)
    assert await store.outbox.abandon([PLACE]) == 1
    assert await store.outbox.next_due() is None


async def test_what_was_told_there_stays_told(store: Store) -> None:
    await enqueue(store, message("m1", TYPO, tells=("c1",)))
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, Delivered(Receipt("C1", "1.0")), NOW, 0.0)
    assert await store.outbox.abandon([PLACE]) == 0
    assert await told(store, "c1") == {"c1": ("delivered", "")}


@pytest.mark.parametrize("before", ["C1", "#renamed"])
@pytest.mark.parametrize(("channel", "given_up"), [("C1", 0), ("C2", 1)])
async def test_what_may_be_the_place_of_a_new_name_is_kept_until_that_is_looked_up(
    store: Store, before: str, channel: str, given_up: int
) -> None:
    if before != "C1":
        await store.outbox.resolve(before, "C1")
    await enqueue(store, message("m1", before))
    assert await store.outbox.abandon([PLACE]) == 0
    await store.outbox.resolve(PLACE, channel)
    assert await store.outbox.abandon([PLACE]) == given_up
    assert await following(store) == 1 - given_up


async def test_a_card_whose_post_is_given_up_follows_its_job_no_longer_while_other_names_are_to_be_looked_up(
    store: Store,
) -> None:
    await enqueue(store, message("m1", TYPO))
    assert await store.outbox.abandon([PLACE]) == 1
    assert await following(store) == 0


async def test_one_that_was_posted_may_be_in_the_place_of_such_a_name(store: Store) -> None:
    await enqueue(store, message("m1", TYPO))
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, Delivered(Receipt("C1", "1.0"), shown="a digest"), NOW, 0.0)
    assert await store.outbox.abandon([PLACE]) == 0
    assert await following(store) == 1


async def following(store: Store) -> int:
    async with store.db.transaction() as db:
        return len(await db.query("SELECT * FROM members", {}))
