"""A message is looked for around the time of its attempt; a look that fails costs neither it nor any other message."""

import pytest

from bot.core.doubts import Absent, Unseeable
from bot.core.instants import SECOND, Instant
from bot.core.messages import Doubt, Receipt, Refused, Scope, TryLater
from bot.sandbox import slack_faults as faults
from bot.slack.errors import PAYLOAD, WAIT
from bot.slack.posting import client_msg_id
from tests.world import World


def around(now: Instant) -> Doubt:
    return Doubt(began=now - SECOND, ended=now)


async def look(world: World) -> object:
    channel = world.slack.state.channel("ml-alerts").id
    return await world.sink.find("a key", channel, around(world.clock()))


async def failed(world: World, fault: faults.Kind) -> object:
    world.slack.fault(fault, method="conversations.history")
    return await look(world)


@pytest.mark.parametrize("error", sorted(PAYLOAD))
async def test_a_question_that_is_refused_says_nothing_of_the_message(world: World, error: str) -> None:
    assert await failed(world, faults.refused(error)) == Unseeable(error)


@pytest.mark.parametrize("error", sorted(PAYLOAD))
async def test_an_alert_outlives_a_question_that_is_refused_once(world: World, error: str) -> None:
    await world.fail("press")
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.slack.fault(faults.refused(error), method="conversations.history")
    for _ in range(30):
        await world.deliver()
        world.clock.advance(1)
    (telling,) = [telling for entry in await world.history() for telling in entry.tellings]
    assert (telling.state, world.post_calls()) == ("delivered", 1)


@pytest.mark.parametrize("error", sorted(WAIT))
async def test_a_look_that_must_wait_holds_up_no_other_message(world: World, error: str) -> None:
    assert await failed(world, faults.refused(error)) == TryLater(f"Slack asks to wait: {error}")


async def test_a_look_waits_as_long_as_slack_asks(world: World) -> None:
    assert await failed(world, faults.rate_limited(7)) == TryLater("Slack asks to wait: ratelimited", 7.0)


async def test_refused_credentials_concern_everything_here_too(world: World) -> None:
    assert await failed(world, faults.refused("token_revoked")) == Refused("token_revoked", Scope.WORKSPACE)


async def test_what_was_said_long_before_or_after_the_attempt_is_not_read(world: World) -> None:
    doubt = around(world.clock())
    world.slack.limits = False
    world.clock.advance(121)
    for number in range(450):
        await world.client.chat_postMessage(channel="#ml-alerts", text=f"chatter {number}")
    world.slack.state.calls.clear()
    channel = world.slack.state.channel("ml-alerts").id
    assert await world.sink.find("a key", channel, doubt) == Absent()
    assert len(world.slack.state.calls) == 1


@pytest.mark.parametrize("by", [-119, 119])
async def test_a_clock_that_is_two_minutes_off_hides_nothing(world: World, by: int) -> None:
    doubt = around(world.clock())
    world.clock.advance(by)
    metadata = {"event_type": "jobsbot_message", "event_payload": {"key": "a key"}}
    await world.client.chat_postMessage(channel="#ml-alerts", text="told", metadata=metadata)
    channel = world.slack.state.channel("ml-alerts").id
    assert isinstance(await world.sink.find("a key", channel, doubt), Receipt)


async def test_without_its_metadata_it_is_known_by_its_client_msg_id_if_slack_shows_that(world: World) -> None:
    shown = f'{{"ts": "1.000001", "client_msg_id": "{client_msg_id("a key")}"}}'
    history = f'{{"ok": true, "messages": [{{"ts": "1.000002", "client_msg_id": "x"}}, {shown}]}}'
    sight = await failed(world, faults.http_error(200, history, "application/json"))
    assert sight == Receipt(world.slack.state.channel("ml-alerts").id, "1.000001")
