"""Cards that Slack does not take, whose threads it locks, or that are given up meanwhile: no alert is lost by that."""

from dataclasses import replace

import pytest

from bot.core.changes import ChangeKind
from bot.core.doubts import OnDoubt
from bot.core.messages import TryLater
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import Kind
from tests.machine.card_stage import key_of
from tests.samples import rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")

HOUR = 3600
DAY = 24 * HOUR
PARKED = faults.refused("restricted_action")
STEPS = ("was retried", "is running", "failed on try 2")


async def seconds(world: World, count: int) -> None:
    for _ in range(count):
        world.clock.advance(1)
        await world.deliver()


def shown(world: World) -> list[str]:
    return [rendered_text(post) for post in world.posts()]


async def running(world: World, *names: str) -> list[str]:
    jobs = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    world.clock.advance(1)
    return jobs


async def fails(world: World, *jobs: str) -> None:
    for job in jobs:
        world.jobs.world.fail(job, "out of memory")
    await world.good_look()


async def one_that_failed(world: World) -> str:
    """Its card stands."""
    (job,) = await running(world, "press")
    await fails(world, job)
    await seconds(world, 5)
    return job


async def test_the_jobs_that_joined_a_card_that_is_held_are_told_on_another_post_that_rings(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    world.on_doubt = OnDoubt.HOLD
    world.slack.fault(faults.refused("missing_scope"), method="conversations.history", times=None)
    first, *others = await running(world, "press", "lathe", "mill")
    world.slack.fault(faults.DROPPED, method="chat.postMessage")
    await fails(world, first)
    await world.deliver()
    await fails(world, *others)
    await seconds(world, 5)
    (card, reply) = shown(world)
    assert "3 jobs failed" in card
    assert "U0SANDBOX1" in world.posts()[0].text
    assert all(name in reply for name in ("lathe", "mill"))


async def test_a_card_that_slack_never_takes_is_given_up_in_the_end(world: World) -> None:
    world.slack.fault(faults.refused("no_text"), method="chat.postMessage", times=None)
    first, other = await running(world, "press", "lathe")
    await fails(world, first)
    await fails(world, other)
    await seconds(world, 60)
    states = {telling.state for entry in await world.history() for telling in entry.tellings}
    assert states == {"refused"}
    assert world.post_calls() <= 20


@pytest.mark.parametrize("deletions", [1, 5])
async def test_a_card_is_not_given_up_because_it_was_posted_anew_for_other_reasons_before(
    world: World, deletions: int
) -> None:
    (job,) = await running(world, "press")
    await fails(world, job)
    await seconds(world, 2)
    for step in [world.jobs.world.retry, *[world.jobs.world.fail, world.jobs.world.retry] * 3][:deletions]:
        world.slack.state.delete(world.slack.state.top_level("ml-alerts")[-1])
        step(job)
        await world.good_look()
        await seconds(world, 20)
    world.slack.state.delete(world.slack.state.top_level("ml-alerts")[-1])
    world.jobs.world.cancel(job)
    await world.good_look()
    await seconds(world, 1)
    world.slack.fault(faults.refused("no_text"), method="chat.postMessage", times=2)
    await seconds(world, 30)
    card, reply = shown(world)[-2:]
    assert card.startswith("⚫ press was cancelled")
    assert "was cancelled" in reply


async def test_a_post_instead_of_one_that_slack_refused_rings_for_it_and_shows_whom_from_then_on(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    first, other = await running(world, "press", "lathe")
    await fails(world, first)
    world.jobs.world.retry(first)
    await world.good_look()
    world.slack.fault(faults.refused("no_text"), method="chat.postMessage", times=2)
    await seconds(world, 5)
    refused, *_ = [call for call in world.slack.state.calls if call.method == "chat.postMessage"]
    assert refused.error == "no_text"
    assert key_of(world.posts()[0]) not in str(refused.args)
    assert "<@U0SANDBOX1>" in world.posts()[0].text
    await fails(world, other)
    await seconds(world, 5)
    assert "2 jobs" in world.posts()[0].text
    assert "<@U0SANDBOX1>" in world.posts()[0].text


async def test_where_threads_are_locked_the_replies_stand_in_the_channel_beside_a_card_that_stays_true(
    world: World,
) -> None:
    world.slack.state.threads_locked = True
    (job,) = await running(world, "press")
    await fails(world, job)
    await seconds(world, 1)
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.fail):
        step(job)
        await world.good_look()
        await seconds(world, 10)
    card, *replies = world.posts()
    assert "try 2" in rendered_text(card)
    assert [f"press ({job}) {told}" in reply.text for reply, told in zip(replies, STEPS, strict=True)] == [True] * 3


async def test_a_card_that_somebody_deletes_again_and_again_is_edited_as_soon_as_any(world: World) -> None:
    (job,) = await running(world, "press")
    await fails(world, job)
    await seconds(world, 1)
    for step in (world.jobs.world.retry, world.jobs.world.fail, world.jobs.world.retry):
        world.slack.state.delete(world.slack.state.top_level("ml-alerts")[-1])
        step(job)
        await world.good_look()
        await seconds(world, 15)
    world.jobs.world.start(job)
    await world.good_look()
    await seconds(world, 10)
    assert "running again" in rendered_text(world.slack.state.top_level("ml-alerts")[-1])


async def test_a_reply_that_waited_long_goes_under_the_new_card_within_seconds_if_the_old_one_is_deleted(
    world: World,
) -> None:
    job = await one_that_failed(world)
    world.slack.fault(faults.rate_limited(10), method="chat.postMessage", times=5)
    world.jobs.world.retry(job)
    await world.good_look()
    await seconds(world, 50)
    world.slack.state.delete(world.slack.state.top_level("ml-alerts")[-1])
    await seconds(world, 15)
    (reply,) = world.slack.state.thread(world.slack.state.top_level("ml-alerts")[-1])
    assert "was retried" in reply.text


async def test_a_reply_whose_card_is_deleted_again_and_again_is_tried_ever_more_rarely(world: World) -> None:
    job = await one_that_failed(world)
    world.jobs.world.retry(job)
    await world.good_look()
    before = world.post_calls()
    for _ in range(900):
        for post in world.slack.state.top_level("ml-alerts"):
            world.slack.state.delete(post)
        await seconds(world, 1)
    assert world.post_calls() - before <= 12  # each a reply or a new card


@pytest.mark.parametrize("fault", [faults.rate_limited(30), PARKED])
async def test_an_edit_that_was_put_off_by_a_clock_that_is_set_back_is_made_by_the_clock_as_it_is_then(
    world: World, fault: Kind
) -> None:
    job = await one_that_failed(world)
    world.clock.advance(2 * HOUR)
    world.slack.fault(fault, method="chat.update")
    world.jobs.world.retry(job)
    await world.good_look()
    await seconds(world, 1)
    world.clock.advance(-HOUR)
    await seconds(world, 5)
    assert "was retried" in shown(world)[0]


async def test_so_is_one_that_was_under_way_when_the_clock_went_ahead(world: World) -> None:
    job = await one_that_failed(world)
    world.jobs.world.retry(job)
    await world.good_look()
    edit = await world.store.cards.claim_edit(world.clock())
    assert edit is not None
    world.clock.advance(HOUR)
    await world.store.cards.settle(edit, TryLater("no route to host"), world.clock(), 0.0)
    world.clock.advance(-HOUR)
    await seconds(world, 5)
    assert "was retried" in shown(world)[0]


@pytest.mark.parametrize(("fault", "wait"), [(faults.rate_limited(HOUR), HOUR), (PARKED, 60)])
async def test_an_edit_is_made_no_sooner_than_it_was_put_off_to(world: World, fault: Kind, wait: int) -> None:
    job = await one_that_failed(world)
    world.slack.fault(fault, method="chat.update")
    world.jobs.world.retry(job)
    await world.good_look()
    await seconds(world, 1)
    world.clock.advance(wait - 5)
    await seconds(world, 4)
    assert "was retried" not in shown(world)[0]
    await seconds(world, 5)
    assert "was retried" in shown(world)[0]


async def test_a_job_that_joined_a_card_which_turns_out_to_be_told_goes_on_with_the_other_one(world: World) -> None:
    place = world.slack.state.channel("ml-alerts").id
    world.rules = [replace(rule(), to=("#ml-alerts", place))]
    await world.fail("press")
    for name in world.rules[0].to:
        await world.store.outbox.resolve(name, place)
    world.slack.fault(faults.rate_limited(30), method="chat.postMessage")
    await world.deliver()
    (late,) = await world.fail("lathe")
    await seconds(world, 120)
    world.jobs.world.retry(late)
    await world.good_look()
    await seconds(world, 10)
    (card,) = world.slack.state.top_level("ml-alerts")
    assert rendered_text(card).startswith("🔴 2 jobs in machine-state-classification: 1 failed, 1 retried")


async def test_a_card_on_its_way_to_a_place_that_is_not_named_any_more_arrives_whole(world: World) -> None:
    (job,) = await running(world, "press")
    await fails(world, job)
    world.slack.fault(faults.rate_limited(1), method="chat.postMessage")
    (parcel,) = await world.store.outbox.claim_due(world.clock())
    await world.store.outbox.resolve("#ml-alerts", world.slack.state.channel("ml-alerts").id)
    await world.store.outbox.abandon([])
    outcome = await world.sink.deliver(parcel, world.slack.state.channel("ml-alerts").id)
    await world.store.outbox.settle(parcel, outcome, world.clock(), 0.0)
    await seconds(world, 5)
    assert ["press" in each for each in shown(world)] == [True]


@pytest.mark.parametrize("days", [8, 100])
async def test_a_card_stays_true_as_long_as_its_job_lives_however_long_the_store_keeps(world: World, days: int) -> None:
    world.rules = [replace(rule(), on=frozenset({ChangeKind.OVERDUE}))]
    job = world.jobs.world.add("press", status="PENDING", age=60).id
    await world.good_look()
    world.clock.advance(7 * 3600)
    await world.good_look()
    await seconds(world, 2)
    world.clock.advance(days * DAY)
    await world.store.prune(world.clock())
    world.jobs.world.start(job)
    await world.good_look()
    await seconds(world, 5)
    (card, *_) = shown(world)
    assert "running" in card.casefold()
