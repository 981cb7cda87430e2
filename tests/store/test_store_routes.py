"""Routes that cannot work: parked with their reason, tried again at growing intervals, and open once one is through."""

from dataclasses import replace

import pytest

from bot.core.alerts import Alert, Route
from bot.core.changes import Change, ChangeKind
from bot.core.history import HistoryQuery
from bot.core.instants import SECOND
from bot.core.messages import Delivered, Outcome, Receipt, Refused, Scope
from bot.core.replies import ParkedRoute
from bot.store.cards import Edited
from bot.store.outbox import Settled
from bot.store.store import Store
from tests.samples import NOW, PLACE, Clock, enqueue, job, message

SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")
ARCHIVED = Refused("is_archived", Scope.CHANNEL)
REVOKED = Refused("token_revoked", Scope.WORKSPACE)


async def attempt(store: Store, outcome: Outcome, clock: Clock) -> Settled:
    (parcel,) = await store.outbox.claim_due(clock())
    return await store.outbox.settle(parcel, outcome, clock(), 0.0)


async def test_a_parked_route_is_shown_with_its_reason_and_what_waits_for_it(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await attempt(store, ARCHIVED, clock)
    health = await store.archive.health()
    assert health.parked == (ParkedRoute(PLACE, "is_archived", since=NOW, retry_at=NOW + 60 * SECOND, waiting=2),)
    assert (health.queue.waiting, health.queue.oldest) == (2, NOW)


async def test_history_says_that_a_telling_is_parked(store: Store, clock: Clock) -> None:
    change = Change(
        job=job(), kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0, at=NOW
    )
    async with store.looks.transaction() as ledger:
        await ledger.record([Alert(change, (Route(PLACE, "failures", ()),))], NOW)
        await ledger.enqueue([message("m1", tells=(change.key,))], NOW)
    await attempt(store, ARCHIVED, clock)
    (entry,) = await store.archive.history(HistoryQuery(), clock())
    (telling,) = entry.tellings
    assert (telling.state, telling.trouble, telling.attempts) == ("parked", "is_archived", 1)


@pytest.mark.parametrize("refusal", [ARCHIVED, REVOKED])
async def test_history_says_why_messages_wait_that_were_not_even_tried(
    store: Store, clock: Clock, refusal: Refused
) -> None:
    await enqueue(store, message("m1", tells=("c1",)), message("m2", tells=("c2",)))
    await attempt(store, refusal, clock)
    tellings = await store.archive._tellings(["c2"])  # noqa: SLF001  history shows them only beside their change
    assert [(one.state, one.trouble, one.attempts) for one in tellings["c2"]] == [("parked", refusal.reason, 0)]


@pytest.mark.parametrize("refusal", [ARCHIVED, REVOKED])
async def test_a_parked_route_is_tried_again_at_growing_intervals(store: Store, clock: Clock, refusal: Refused) -> None:
    await enqueue(store, message("m1"))
    intervals = []
    for _ in range(5):
        await attempt(store, refusal, clock)
        due_at = await store.outbox.next_due()
        assert due_at is not None
        intervals.append((due_at - clock()) // SECOND)
        clock.now = due_at
    assert intervals == [60, 300, 900, 3600, 3600]


async def test_refusals_of_messages_that_were_under_way_together_count_as_one(store: Store, clock: Clock) -> None:
    await enqueue(store, *(message(f"m{number}", f"#place-{number}") for number in range(5)))
    for parcel in await store.outbox.claim_due(clock()):
        await store.outbox.settle(parcel, REVOKED, clock(), 0.0)
    (route,) = (await store.archive.health()).parked
    assert (route.destination, route.retry_at - clock()) == ("*", 60 * SECOND)


async def test_only_the_first_refusal_and_another_reason_are_news(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    news = []
    for reason in ("is_archived", "is_archived", "not_in_channel"):
        news.append((await attempt(store, Refused(reason, Scope.CHANNEL), clock)).news)
        clock.advance(3600)
    assert news == [True, False, True]


async def test_a_message_that_is_through_opens_the_route_and_that_is_news_once(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await attempt(store, ARCHIVED, clock)
    clock.advance(60)
    assert [(await attempt(store, SENT, clock)).news for _ in range(2)] == [True, False]
    assert (await store.archive.health()).parked == ()


async def test_since_when_a_route_is_parked_outlasts_its_attempts(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    await attempt(store, ARCHIVED, clock)
    clock.advance(60)
    await attempt(store, ARCHIVED, clock)
    (route,) = (await store.archive.health()).parked
    assert route.since == NOW


async def test_the_channel_of_a_parked_route_is_looked_up_anew(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    await store.outbox.resolve(PLACE, "C1")
    await attempt(store, Refused("channel_not_found", Scope.CHANNEL), clock)
    clock.advance(60)
    (parcel,) = await store.outbox.claim_due(clock())
    assert parcel.channel is None


async def test_refused_credentials_park_everything_and_drop_nothing(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("o1", "#other"))
    parcels = await store.outbox.claim_due(clock())
    for parcel in parcels:
        await store.outbox.settle(parcel, REVOKED, clock(), 0.0)
    assert await store.outbox.claim_due(clock()) == []
    health = await store.archive.health()
    assert [(route.destination, route.reason, route.waiting) for route in health.parked] == [("*", "token_revoked", 2)]
    clock.advance(60)
    assert len(await store.outbox.claim_due(clock())) == 2


async def edit(store: Store, clock: Clock, outcome: Outcome) -> Edited:
    """Of a card that changed."""
    clock.advance(60)
    async with store.db.transaction() as db:
        await db.run("touch_card", key="m1")
    edit = await store.cards.claim_edit(clock())
    assert edit is not None
    return await store.cards.settle(edit, outcome, clock(), 0.0)


async def test_an_edit_that_is_refused_for_everything_parks_everything_until_one_is_through(
    store: Store, clock: Clock
) -> None:
    await enqueue(store, message("m1"))
    await attempt(store, SENT, clock)
    stands = []
    for outcome in (REVOKED, replace(SENT, shown="another digest"), replace(SENT, shown="a third one")):
        edited = await edit(store, clock, outcome)
        stands.append((edited.news, [route.destination for route in (await store.archive.health()).parked]))
    assert stands == [(True, ["*"]), (True, []), (False, [])]


async def test_an_edit_that_slack_was_not_asked_for_opens_nothing(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await attempt(store, SENT, clock)
    await attempt(store, REVOKED, clock)
    assert not (await edit(store, clock, SENT)).news
    assert (await store.archive.queue()).parked == 1


async def test_an_edit_says_nothing_of_what_may_be_posted(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"), message("m2"))
    await attempt(store, SENT, clock)
    await attempt(store, ARCHIVED, clock)
    assert not (await edit(store, clock, replace(SENT, shown="another digest"))).news
    assert [route.destination for route in (await store.archive.health()).parked] == [PLACE]


async def test_a_restart_tries_parked_routes_at_once(store: Store, clock: Clock) -> None:
    await enqueue(store, message("m1"))
    for _ in range(4):
        await attempt(store, REVOKED, clock)
        clock.now = await store.outbox.next_due() or clock.now
    await attempt(store, REVOKED, clock)
    await store.outbox.requeue_unfinished(clock())
    assert len(await store.outbox.claim_due(clock())) == 1
