"""From the outbox to the people: once each, in order, and a place that is in trouble troubles no other."""

import asyncio
import sqlite3
from contextlib import suppress

import pytest

from bot.core.alerts import destinations
from bot.core.doubts import OnDoubt
from bot.core.instants import SECOND, Instant
from bot.core.messages import Delivered, Outcome, Parcel, Refused, Scope, TryLater, Unknown
from bot.deliver import deliver_due, resolve_routes
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rendered_text, rings
from bot.slack.posting import EVENT_TYPE
from bot.sql.sqlite import Database
from bot.store.outbox import Outbox, Settled
from tests.samples import rule
from tests.world import World

BOTH = (rule("#ml-alerts", "#ml-training"),)


async def outcomes(world: World) -> list[Outcome]:
    return [settled.outcome for settled in await world.deliver()]


async def states(world: World) -> dict[str, str]:
    return {telling.destination: telling.state for entry in await world.history() for telling in entry.tellings}


async def test_a_failure_is_in_the_channel_once(world: World) -> None:
    (failed,) = await world.fail("press")
    await world.deliver()
    await world.good_look()
    await world.deliver()
    (post,) = world.posts()
    assert all(word in rendered_text(post) for word in ("press", failed, "out of memory"))
    assert all(word in post.text for word in ("press", failed))


async def test_where_it_can_be_found_again_is_in_the_ledger(world: World) -> None:
    await world.fail("press")
    await world.deliver()
    (post,) = world.posts()
    (telling,) = next(entry.tellings for entry in await world.history() if entry.tellings)
    assert (telling.state, telling.channel, telling.ts) == ("delivered", post.channel, post.ts)


async def test_a_place_reached_by_two_rules_has_one_post_that_rings_for_both(world: World) -> None:
    world.rules = [
        rule(name="first", mention=["@U0SANDBOX1"], goes_on=True),
        rule(name="second", mention=["@S0SANDBOX1", "@here"]),
    ]
    await world.fail("press")
    await world.deliver()
    (post,) = world.posts()
    assert rings(post) == {"U0SANDBOX1", "S0SANDBOX1", "here"}


async def test_a_rule_for_a_person_tells_in_their_direct_messages(world: World) -> None:
    world.rules = [rule("@U0SANDBOX2")]
    await world.fail("press")
    await world.deliver()
    (post,) = world.posts("U0SANDBOX2")
    assert post.channel.startswith("D")


async def test_messages_to_one_place_keep_their_order(world: World) -> None:
    await world.fail("first")
    await world.fail("second")
    await world.deliver()
    await world.deliver()
    assert ["first" in post.text for post in world.posts()] == [True, False]


async def test_two_rounds_at_once_send_nothing_twice(world: World) -> None:
    world.rules = BOTH
    await world.fail("press")
    await asyncio.gather(*(world.deliver() for _ in range(5)))
    assert (len(world.posts()), len(world.posts("ml-training"))) == (1, 1)


async def test_a_channel_that_hangs_delays_no_other(world: World) -> None:
    world.rules = BOTH
    await world.fail("press")
    world.slack.fault(faults.stall(), method="chat.postMessage", channel="ml-alerts")
    hanging = asyncio.create_task(world.deliver())
    try:
        await world.slack.state.wait_for(lambda post: "press" in post.text, 5)
        assert len(world.posts("ml-training")) == 1
        await world.fail("mill")
        assert [settled.parcel.message.destination for settled in await world.deliver()] == ["#ml-training"]
    finally:
        world.slack.clear_faults()
    await asyncio.wait_for(hanging, 5)
    assert len(world.posts()) == 1


async def test_a_rate_limit_holds_that_channel_for_as_long_as_slack_says(world: World) -> None:
    world.rules = BOTH
    await world.fail("press")
    world.slack.fault(faults.rate_limited(7), method="chat.postMessage", channel="ml-alerts")
    await world.deliver()
    assert (len(world.posts()), len(world.posts("ml-training"))) == (0, 1)
    world.clock.advance(6)
    assert await world.deliver() == []
    world.clock.advance(1)
    await world.deliver()
    assert len(world.posts()) == 1


async def test_a_burst_of_news_stays_within_slack_s_limit_for_a_channel(world: World) -> None:
    world.slack.rates.post_burst = 3
    for number in range(6):
        await world.fail(f"job {number}", pipeline=f"pipeline {number}")
        for _ in range(3):
            await world.deliver()
    for _ in range(5):
        world.clock.advance(1)
        await world.deliver()
    assert len(world.posts()) == 6
    assert all(call.status == 200 for call in world.slack.state.calls)


@pytest.mark.parametrize("fault", [faults.LOST_REPLY, faults.ERROR_AFTER_WORK, faults.GARBAGE_AFTER_WORK])
async def test_a_post_whose_answer_was_lost_may_have_arrived(world: World, fault: faults.Kind) -> None:
    await world.fail("press")
    world.slack.fault(fault, method="chat.postMessage")
    (outcome,) = await outcomes(world)
    assert isinstance(outcome, Unknown)
    assert await states(world) == {"#ml-alerts": "queued"}
    assert len(world.posts()) == 1


async def test_an_error_that_nobody_knows_is_a_doubt(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.refused("mercury_in_retrograde"), method="chat.postMessage")
    assert await outcomes(world) == [Unknown("Slack answered mercury_in_retrograde")]


async def test_a_form_that_slack_refuses_goes_out_once_as_plain_text(world: World) -> None:
    (failed,) = await world.fail("press")
    world.slack.fault(faults.refused("invalid_blocks"), method="chat.postMessage")
    (outcome,) = await outcomes(world)
    assert isinstance(outcome, Delivered)
    assert "invalid_blocks" in outcome.degraded
    (post,) = world.posts()
    assert (post.blocks, failed in post.text) == ([], True)
    assert post.metadata is not None
    world.clock.advance(3600)
    assert await world.deliver() == []


async def test_a_message_that_slack_takes_in_no_form_is_given_up_and_counted(world: World) -> None:
    await world.fail("press")
    world.slack.fault(faults.refused("invalid_blocks"), method="chat.postMessage", times=2)
    assert await outcomes(world) == [Refused("invalid_blocks", Scope.MESSAGE)]
    assert (await world.store.archive.health()).refused == 1
    assert await states(world) == {"#ml-alerts": "refused"}


async def test_refused_credentials_stop_everything_and_lose_nothing(world: World) -> None:
    world.rules = BOTH
    await world.fail("press")
    world.slack.state.token_errors[world.slack.bot_token] = "token_revoked"
    assert set(await outcomes(world)) == {Refused("token_revoked", Scope.WORKSPACE)}
    assert await states(world) == {"#ml-alerts": "parked", "#ml-training": "parked"}
    assert await world.deliver() == []
    world.slack.state.token_errors.clear()
    world.clock.advance(60)
    await world.deliver()
    assert (len(world.posts()), len(world.posts("ml-training"))) == (1, 1)


async def test_a_channel_made_after_the_alert_gets_it_at_the_next_attempt(world: World) -> None:
    world.rules = [rule("#to-be-made")]
    await world.fail("press")
    (outcome,) = await outcomes(world)
    assert isinstance(outcome, Refused)
    world.slack.state.add_channel("to-be-made")
    world.clock.advance(60)
    await world.deliver()
    assert len(world.posts("to-be-made")) == 1


async def test_a_channel_that_was_made_anew_under_its_name_is_found_again(world: World) -> None:
    await world.fail("first")
    await world.deliver()
    old = world.slack.state.channel("ml-alerts")
    del world.slack.state.channels[old.id]
    new = world.slack.state.add_channel("ml-alerts")
    world.clock.advance(120)
    await world.fail("second")
    await world.deliver()
    world.clock.advance(60)
    await world.deliver()
    assert [post.channel for post in world.posts()] == [new.id]


async def test_slack_out_of_reach_costs_nothing_but_time(world: World) -> None:
    await world.fail("press")
    reachable = world.client.base_url
    world.client.base_url = "http://127.0.0.1:9/api/"
    (outcome,) = await outcomes(world)
    assert isinstance(outcome, TryLater)
    world.client.base_url = reachable
    world.clock.advance(1)
    await world.deliver()
    assert len(world.posts()) == 1


async def test_stopped_while_it_is_written_down_an_outcome_is_written_down(world: World) -> None:
    await world.fail("press")
    settling = asyncio.Event()

    def chance() -> float:
        settling.set()
        return 0.0

    world.slack.fault(faults.stall(), method="chat.postMessage")
    delivery = asyncio.create_task(deliver_due(world.store.outbox, world.sink, OnDoubt.REPEAT, world.clock, chance))
    await world.slack.state.bell.until(lambda: world.post_calls() == 1, 5)
    async with world.store.looks.transaction():  # whoever writes must wait for this
        world.slack.clear_faults()
        await asyncio.wait_for(settling.wait(), 5)
        await asyncio.sleep(0)
        delivery.cancel()
        await asyncio.sleep(0)
    with suppress(asyncio.CancelledError):
        await delivery
    assert await states(world) == {"#ml-alerts": "delivered"}


async def test_the_key_of_the_message_is_in_its_metadata(world: World) -> None:
    await world.fail("press")
    (settled,) = await world.deliver()
    (post,) = world.posts()
    key = settled.parcel.message.key
    assert post.metadata == {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
    assert EVENT_TYPE == "jobsbot_message"


async def test_every_destination_is_found_before_it_is_needed(world: World) -> None:
    sought = ["#ml-alerts", "#nowhere", "@U0SANDBOX1"]
    troubles = await resolve_routes(world.store.outbox, world.sink, sought, world.clock)
    assert list(troubles) == ["#nowhere"]
    async with world.store.looks.transaction() as ledger:
        channels = await ledger.channels()
    assert channels["#ml-alerts"] == world.slack.state.channel("ml-alerts").id
    assert channels["@U0SANDBOX1"].startswith("D")


async def test_a_name_and_an_id_of_one_channel_are_told_once_from_the_first_alert_on(world: World) -> None:
    world.rules = [rule("#ml-alerts", world.slack.state.channel("ml-alerts").id)]
    await resolve_routes(world.store.outbox, world.sink, world.rules[0].to, world.clock)
    await world.fail("press")
    while await world.deliver():
        world.clock.advance(1)
    assert len(world.posts()) == 1


class Noting(Outbox):
    """Tells of each destination that was written down."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.noted = asyncio.Queue[str]()

    async def resolve(self, destination: str, channel: str) -> None:
        await super().resolve(destination, channel)
        self.noted.put_nowait(destination)

    async def lose(self, destination: str, why: str, now: Instant) -> None:
        await super().lose(destination, why, now)
        self.noted.put_nowait(destination)


async def test_a_place_that_hangs_while_it_is_looked_for_delays_no_other(world: World) -> None:
    world.slack.fault(faults.stall(), method="conversations.open")
    outbox, sought = Noting(world.store.db), ["@U0SANDBOX1", "#ml-alerts", "#nowhere"]
    finding = asyncio.create_task(resolve_routes(outbox, world.sink, sought, world.clock))
    try:
        async with asyncio.timeout(5):
            assert {await outbox.noted.get(), await outbox.noted.get()} == {"#ml-alerts", "#nowhere"}
    finally:
        world.slack.clear_faults()
    assert list(await finding) == ["#nowhere"]
    assert await outbox.noted.get() == "@U0SANDBOX1"


async def test_a_place_that_cannot_be_found_is_out_of_reach_until_it_is_found(world: World) -> None:
    for _ in range(2):
        await resolve_routes(world.store.outbox, world.sink, ["#to-be-made"], world.clock)
        (route,) = (await world.store.archive.health()).parked
        assert route.destination == "#to-be-made"
        assert "channel_not_found" in route.reason
        world.clock.advance(60)
    assert route.since == world.clock() - 120 * SECOND
    world.slack.state.add_channel("to-be-made")
    assert await resolve_routes(world.store.outbox, world.sink, ["#to-be-made"], world.clock) == {}
    assert (await world.store.archive.health()).parked == ()


async def test_an_alert_for_a_place_that_was_not_found_is_tried_all_the_same(world: World) -> None:
    world.rules = [rule("#to-be-made")]
    await resolve_routes(world.store.outbox, world.sink, ["#to-be-made"], world.clock)
    world.slack.state.add_channel("to-be-made")
    world.clock.advance(60)
    await world.fail("press")
    await world.deliver()
    assert len(world.posts("to-be-made")) == 1
    assert (await world.store.archive.health()).parked == ()


async def test_what_slack_refused_when_it_was_posted_is_not_open_because_it_was_found(world: World) -> None:
    world.slack.state.channel("ml-alerts").is_archived = True
    await world.fail("press")
    await world.deliver()
    await resolve_routes(world.store.outbox, world.sink, ["#ml-alerts"], world.clock)
    (route,) = (await world.store.archive.health()).parked
    assert route.reason == "is_archived"


class Locked(Outbox):
    """Some other process holds the state file for one of the places."""

    async def settle(self, parcel: Parcel, outcome: Outcome, now: Instant, chance: float) -> Settled:
        if parcel.message.destination == "#ml-alerts":
            raise sqlite3.OperationalError("database is locked")
        return await super().settle(parcel, outcome, now, chance)

    async def resolve(self, destination: str, channel: str) -> None:
        if destination == "#general":
            raise sqlite3.OperationalError("database is locked")
        await super().resolve(destination, channel)


async def test_a_state_file_that_fails_costs_no_message(world: World) -> None:
    world.rules = [rule("#ml-alerts", "#ml-training", "#general")]
    await world.fail("press")
    with pytest.raises(sqlite3.OperationalError):
        await deliver_due(Locked(world.store.db), world.sink, OnDoubt.REPEAT, world.clock, lambda: 0.0)
    assert await states(world) == {"#ml-alerts": "sending", "#ml-training": "delivered", "#general": "sending"}
    await world.store.outbox.requeue_unfinished(world.clock())
    for _ in range(20):
        await world.deliver()
        world.clock.advance(1)
    assert [len(world.posts(place)) for place in ("ml-alerts", "ml-training", "general")] == [1, 1, 1]


def two_names(world: World, *, mention: str = "") -> None:
    """Two rules that reach the same channel, the first by its id."""
    channel = world.slack.state.lookup("ml-alerts")
    assert channel is not None
    rung = [mention] if mention else []
    world.rules = [rule(channel.id, goes_on=True), rule("#ml-alerts", name="by name", mention=rung)]


async def rounds(world: World, number: int) -> None:
    for _ in range(number):
        await world.deliver()
        world.clock.advance(1)


async def test_a_channel_is_told_once_though_its_name_was_not_found_at_first(world: World) -> None:
    two_names(world)
    world.slack.fault(faults.HTML_502, method="conversations.list")
    (failed,) = await world.fail("press")
    await rounds(world, 20)
    assert [failed in post.text for post in world.posts()] == [True]
    newest = (await world.history())[0]
    assert {(telling.state, telling.ts) for telling in newest.tellings} == {("delivered", world.posts()[0].ts)}


async def test_it_is_told_again_if_somebody_was_not_rung_at_first(world: World) -> None:
    two_names(world, mention="@U0SANDBOX1")
    world.slack.fault(faults.HTML_502, method="conversations.list")
    await world.fail("press")
    await rounds(world, 20)
    assert [len(rings(post)) for post in world.posts()] == [0, 1]


async def test_a_channel_is_told_once_while_its_name_is_parked(world: World) -> None:
    two_names(world)
    await resolve_routes(world.store.outbox, world.sink, destinations(world.rules), world.clock)
    world.slack.fault(faults.refused("not_in_channel"), method="chat.postMessage", times=2)
    await world.fail("press")
    await rounds(world, 3)
    await world.fail("mill")
    for _ in range(4):
        world.clock.advance(3_600)
        await rounds(world, 3)
    assert len(world.posts()) == 2
