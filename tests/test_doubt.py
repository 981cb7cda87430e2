"""A message that may have arrived is looked for before it is sent again, so that nothing is lost and nothing comes
twice."""

from itertools import pairwise

import pytest

from bot.core.doubts import ATTEMPTS, Absent, OnDoubt, Unseeable, clear_up
from bot.core.instants import SECOND
from bot.core.messages import Delivered, Doubt, Receipt, Refused, TryLater
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rings
from tests.samples import rule
from tests.world import World

AFTER_WORK = [faults.LOST_REPLY, faults.ERROR_AFTER_WORK, faults.GARBAGE_AFTER_WORK]
BEFORE_WORK = [faults.DROPPED, faults.HTML_502, faults.http_error(503), faults.refused("fatal_error")]
DOUBT = Doubt(began=100 * SECOND, ended=103 * SECOND)


async def seconds(world: World, count: int) -> None:
    for _ in range(count):
        await world.deliver()
        world.clock.advance(1)


def searches(world: World) -> int:
    return sum(call.method == "conversations.history" for call in world.slack.state.calls)


async def state(world: World) -> str:
    (telling,) = [telling for entry in await world.history() for telling in entry.tellings]
    return telling.state


@pytest.mark.parametrize("fault", AFTER_WORK)
async def test_a_post_that_arrived_although_its_answer_was_lost_is_adopted(world: World, fault: faults.Kind) -> None:
    await world.fail("press")
    world.slack.fault(fault, method="chat.postMessage")
    await seconds(world, 30)
    (post,) = world.posts()
    (entry,) = [entry for entry in await world.history() if entry.tellings]
    assert (entry.tellings[0].state, entry.tellings[0].ts) == ("delivered", post.ts)
    assert world.post_calls() == 1


@pytest.mark.parametrize("fault", BEFORE_WORK)
async def test_a_post_that_did_not_arrive_is_sent_again_ten_seconds_later(world: World, fault: faults.Kind) -> None:
    await world.fail("press")
    world.slack.fault(fault, method="chat.postMessage")
    await seconds(world, 10)
    assert world.posts() == []
    await seconds(world, 10)
    assert (len(world.posts()), world.post_calls()) == (1, 2)


@pytest.mark.parametrize("messages", ["null", '["hello"]', "{}", '[], "has_more": true'])
async def test_a_history_that_cannot_be_read_proves_nothing(world: World, messages: str) -> None:
    await world.fail("press")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    body = f'{{"ok": true, "messages": {messages}}}'
    unread = faults.http_error(200, body, "application/json")
    world.slack.fault(unread, method="conversations.history", times=None)
    await seconds(world, 30)
    assert (await state(world), world.post_calls()) == ("queued", 1)
    world.slack.clear_faults()
    await seconds(world, 30)
    assert (await state(world), world.post_calls()) == ("delivered", 1)


async def test_a_second_lost_answer_is_a_doubt_of_its_own(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.DROPPED, method="chat.postMessage")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    await seconds(world, 60)
    assert (len(world.posts()), world.post_calls()) == (1, 2)


async def test_what_was_under_way_when_the_process_died_is_looked_for(world: World) -> None:
    await world.fail("press")
    (parcel,) = await world.store.outbox.claim_due(world.clock())
    channel = world.slack.state.channel("ml-alerts").id
    assert isinstance(await world.sink.deliver(parcel, channel), Delivered)
    world.clock.advance(5)
    assert await world.store.outbox.requeue_unfinished(world.clock()) == 1
    await seconds(world, 30)
    assert (len(world.posts()), await state(world)) == (1, "delivered")


async def test_what_was_claimed_and_not_sent_when_the_process_died_is_sent(world: World) -> None:
    await world.fail("press")
    await world.store.outbox.claim_due(world.clock())
    await world.store.outbox.requeue_unfinished(world.clock())
    await seconds(world, 30)
    assert (len(world.posts()), await state(world)) == (1, "delivered")


async def test_a_search_that_fails_is_made_again_before_anything_is_sent(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.slack.fault(faults.HTML_502, method="conversations.history", times=3)
    await seconds(world, 60)
    assert (len(world.posts()), searches(world)) == (1, 4)


async def test_it_is_found_behind_many_newer_messages(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    await world.deliver()
    world.slack.limits = False
    for number in range(450):
        await world.client.chat_postMessage(channel="#ml-alerts", text=f"chatter {number}")
    await seconds(world, 30)
    assert sum("press" in post.text for post in world.posts()) == 1


@pytest.mark.parametrize(
    ("on_doubt", "posts", "told"), [(OnDoubt.REPEAT, 2, "delivered"), (OnDoubt.HOLD, 1, "refused")]
)
async def test_where_nobody_can_look_the_operator_has_decided(
    world: World, on_doubt: OnDoubt, posts: int, told: str
) -> None:
    world.on_doubt = on_doubt
    await world.fail("press")
    world.slack.state.scopes.discard("channels:history")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    await seconds(world, 30)
    assert (len(world.posts()), await state(world)) == (posts, told)


async def test_what_nobody_can_look_for_is_repeated_ever_more_rarely_and_then_given_up(world: World) -> None:
    await world.fail("press")
    world.slack.state.scopes.discard("channels:history")
    world.slack.fault(faults.ERROR_AFTER_WORK, method="chat.postMessage", times=100)
    times = []
    while (due_at := await world.store.outbox.next_due()) is not None:
        world.clock.now = max(due_at, world.clock())
        posts = len(world.posts())
        await world.deliver()
        times += [world.clock()] * (len(world.posts()) - posts)
    gaps = [(later - earlier) // SECOND for earlier, later in pairwise(times)]
    assert gaps == [15, 60, 300, 900, 3600, 3600, 3600]
    health = await world.store.archive.health()
    assert (health.refused, await state(world)) == (1, "refused")
    assert all(word in health.refusal for word in ("8 times", "missing_scope"))


async def test_a_repetition_rings_nobody(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    await world.fail("press")
    world.slack.state.scopes.discard("channels:history")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    await seconds(world, 30)
    assert [rings(post) for post in world.posts()] == [{"U0SANDBOX1"}, set()]


async def test_a_post_that_surely_did_not_arrive_rings_when_it_is_sent_again(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    await world.fail("press")
    world.slack.fault(faults.DROPPED, method="chat.postMessage")
    await seconds(world, 30)
    assert [rings(post) for post in world.posts()] == [{"U0SANDBOX1"}]


async def test_once_the_bot_can_look_again_the_first_of_the_repetitions_is_found(world: World) -> None:
    await world.fail("press")
    world.slack.state.scopes.discard("channels:history")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.slack.fault(faults.DROPPED, method="chat.postMessage", times=2)
    await seconds(world, 100)
    world.slack.state.scopes.add("channels:history")
    await seconds(world, 500)
    assert (len(world.posts()), await state(world)) == (1, "delivered")


async def test_however_often_the_process_died_before_a_post_it_is_sent(world: World) -> None:
    await world.fail("press")
    world.slack.state.scopes.discard("channels:history")
    for _ in range(ATTEMPTS + 1):
        await world.store.outbox.claim_due(world.clock())
        await world.store.outbox.requeue_unfinished(world.clock())
        world.clock.advance(5)
    await seconds(world, 30)
    assert (len(world.posts()), await state(world)) == (1, "delivered")


async def test_a_message_in_doubt_holds_up_no_other_of_its_channel(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.DROPPED, method="chat.postMessage")
    await world.deliver()
    await world.fail("lathe", pipeline="another one")
    await seconds(world, 3)
    assert ["lathe" in post.text for post in world.posts()] == [True]


@pytest.mark.parametrize(
    ("sight", "now", "expected"),
    [
        (Receipt("C1", "1.0"), 104, Delivered(Receipt("C1", "1.0"))),
        (Absent(), 104, TryLater("it may have arrived; not found yet", after=9.0)),
        (Absent(), 113, None),
        (Unseeable("not_in_channel"), 104, TryLater("it may have arrived, and nobody can look: not_in_channel", 14.0)),
        (Unseeable("not_in_channel"), 118, None),
    ],
)
def test_what_a_look_into_the_channel_tells(sight: object, now: int, expected: object) -> None:
    assert isinstance(sight, Receipt | Absent | Unseeable)
    assert clear_up(sight, DOUBT, OnDoubt.REPEAT, now * SECOND) == expected


def test_what_is_held_says_why() -> None:
    outcome = clear_up(Unseeable("not_in_channel"), DOUBT, OnDoubt.HOLD, 104 * SECOND)
    assert isinstance(outcome, Refused)
    assert "not_in_channel" in outcome.reason
