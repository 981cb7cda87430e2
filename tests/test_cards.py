"""A card in Slack: posted once, edited as its jobs go on, told in its thread; found again whatever becomes of it."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.core.board import Composed
from bot.core.cards import Card
from bot.core.commands import jobs_of_card
from bot.core.messages import Delivered, Gone, ThreadReply
from bot.poll import Looked
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_model import Message, Orphans
from bot.store.rows import card_of
from tests.samples import rule
from tests.world import World

WHY = "Job failed: BackoffLimitExceeded"  # says the simulated job API's event

pytestmark = pytest.mark.usefixtures("at_once")


async def seconds(world: World, count: int) -> None:
    for _ in range(count):
        world.clock.advance(1)
        await world.deliver()


async def look_and_tell(world: World, count: int = 5) -> None:
    await world.good_look()
    await seconds(world, count)


def card(world: World) -> Message:
    (post,) = world.slack.state.top_level("ml-alerts")
    return post


def thread(world: World) -> list[str]:
    return [rendered_text(reply) for reply in world.slack.state.thread(card(world))]


async def only_card(world: World) -> Card:
    async with world.store.db.transaction() as db:
        (row,) = await db.query("SELECT body FROM cards", {})
    return card_of(row)


async def failed(world: World, name: str = "press") -> str:
    (id_,) = await world.fail(name)
    await seconds(world, 1)
    return id_


async def test_a_story_is_one_card_that_is_right_at_each_step_and_a_reply_for_each(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    job = await failed(world)
    shown = [rendered_text(card(world))]
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.fail):
        step(job)
        await look_and_tell(world)
        shown.append(rendered_text(card(world)))
    assert [word in text for word, text in zip(("failed", "retried", "running", "failed"), shown, strict=True)] == [
        True
    ] * 4
    assert len(thread(world)) == 3
    assert len(world.slack.state.edits()) == 3
    assert len(world.slack.state.broadcasts("ml-alerts")) == 1


async def test_an_edit_is_made_only_if_the_card_would_look_different(world: World) -> None:
    await failed(world)
    same = await only_card(world)
    async with world.store.looks.transaction() as ledger:
        await ledger.compose(Composed(cards=(same,)), world.clock())
    await seconds(world, 10)
    assert world.slack.state.edits() == []
    assert await world.edit() == []


async def test_a_card_is_edited_at_most_once_in_three_seconds(world: World) -> None:
    job = await failed(world)
    for number in range(6):
        (world.jobs.world.fail if number % 2 else world.jobs.world.retry)(job)
        await world.good_look()
        await seconds(world, 1)
    await seconds(world, 10)
    moments = [edit.at for _, edit in world.slack.state.edits()]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 3
    assert "failed" in rendered_text(card(world))


async def test_a_deleted_card_is_posted_anew_and_its_thread_goes_on_there(world: World) -> None:
    job = await failed(world)
    world.slack.state.delete(card(world))
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    assert "retried" in rendered_text(card(world))
    assert len(thread(world)) == 1


@pytest.mark.parametrize("orphans", Orphans)
async def test_what_was_to_be_told_in_a_deleted_thread_is_not_lost(world: World, orphans: Orphans) -> None:
    job = await failed(world)
    first = card(world)
    world.slack.state.orphans = orphans
    world.slack.state.delete(first)
    world.jobs.world.retry(job)
    await look_and_tell(world, 12)
    told = [post for post in world.slack.state.posts("ml-alerts") if "retried" in rendered_text(post)]
    assert len(told) == 2  # the new card, and the reply, wherever Slack put it


async def test_a_card_that_cannot_be_edited_any_more_is_posted_anew_and_rings_nobody(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    job = await failed(world)
    world.slack.state.edit_window = 0
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    first, second = world.slack.state.top_level("ml-alerts")
    assert "U0SANDBOX1" in first.text
    assert "U0SANDBOX1" not in second.text
    assert "retried" in rendered_text(second)


async def test_a_reply_goes_out_with_fifty_newcomers_by_name_and_counts_the_rest(world: World) -> None:
    await world.fail("press")
    await world.deliver()
    await world.fail(*(f"lathe {number}" for number in range(60)))
    (parcel,) = await world.store.outbox.claim_due(world.clock())
    assert isinstance(parcel.message, ThreadReply)
    assert (len(parcel.message.news.entries), parcel.message.news.unnamed) == (50, 10)


async def test_newcomers_join_the_card_and_are_told_in_its_thread_at_most_once_a_minute(world: World) -> None:
    await failed(world, "press")
    for number in range(8):
        await world.fail(f"lathe {number}")
        await seconds(world, 9)
    await seconds(world, 60)
    assert len(world.slack.state.top_level("ml-alerts")) == 1
    replies = world.slack.state.thread(card(world))
    assert all(sum(f"lathe {number}" in rendered_text(reply) for reply in replies) == 1 for number in range(8))
    moments = [float(reply.ts) for reply in replies]
    assert len(moments) in {2, 3}
    assert all(later - earlier >= 59 for earlier, later in pairwise(moments))
    assert "9 jobs" in rendered_text(card(world))


async def test_a_reply_whose_answer_was_lost_is_looked_for_in_its_thread(world: World) -> None:
    job = await failed(world)
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.jobs.world.retry(job)
    await look_and_tell(world, 30)
    assert len(thread(world)) == 1
    assert any(call.method == "conversations.replies" for call in world.slack.state.calls)


async def test_an_edit_whose_answer_was_lost_is_made_again(world: World) -> None:
    job = await failed(world)
    world.slack.fault(faults.LOST_REPLY, method="chat.update")
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    assert "retried" in rendered_text(card(world))
    assert len(world.slack.state.top_level("ml-alerts")) == 1


async def test_a_card_that_slack_will_not_take_is_given_up_and_the_next_failure_opens_another(world: World) -> None:
    (job,) = await world.fail("press")
    world.slack.fault(faults.refused("invalid_blocks"), method="chat.postMessage", times=2)
    await seconds(world, 2)
    assert world.posts() == []
    world.jobs.world.retry(job)
    await look_and_tell(world)
    world.jobs.world.fail(job)
    await look_and_tell(world)
    assert "failed" in rendered_text(card(world))


async def test_what_comes_after_a_day_opens_a_new_card(world: World) -> None:
    job = await failed(world)
    world.clock.advance(24 * 3600 + 1)
    world.jobs.world.retry(job)
    await look_and_tell(world)
    world.jobs.world.fail(job)
    await look_and_tell(world)
    assert len(world.slack.state.top_level("ml-alerts")) == 2


async def test_gone_and_delivered_are_told_apart(world: World) -> None:
    job = await failed(world)
    world.slack.state.delete(card(world))
    world.jobs.world.retry(job)
    await world.good_look()
    world.clock.advance(5)
    outcomes = [edited.outcome for edited in await world.edit()]
    assert [type(outcome) for outcome in outcomes] == [Gone]
    await seconds(world, 3)
    world.jobs.world.start(job)
    await world.good_look()
    world.clock.advance(5)
    assert [type(edited.outcome) for edited in await world.edit()] == [Delivered]


async def test_an_edit_that_may_have_been_made_is_not_made_again_within_three_seconds(world: World) -> None:
    job = await failed(world)
    world.slack.fault(faults.LOST_REPLY, method="chat.update")
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    first, second = (edit.at for _, edit in world.slack.state.edits())
    assert second - first >= 3


async def test_a_start_right_after_an_edit_does_not_hasten_the_next(world: World) -> None:
    job = await failed(world)
    world.jobs.world.retry(job)
    await world.good_look()
    while not world.slack.state.edits():
        await seconds(world, 1)
    world.jobs.world.start(job)
    await world.good_look()
    await world.store.outbox.requeue_unfinished(world.clock())
    await seconds(world, 5)
    first, second = (edit.at for _, edit in world.slack.state.edits())
    assert second - first >= 3


async def test_a_card_that_waited_a_day_for_its_edit_is_edited_yet(world: World) -> None:
    job = await failed(world)
    world.slack.fault(faults.rate_limited(30), method="chat.update", times=None)
    world.jobs.world.retry(job)
    world.jobs.world.fail(job)
    await look_and_tell(world)
    world.clock.advance(25 * 3600)
    await world.store.prune(world.clock())
    world.slack.clear_faults()
    await seconds(world, 10)
    assert "try 2" in rendered_text(card(world))


async def listed(world: World, key: str) -> int:
    _, total = await world.store.archive.select(jobs_of_card(key).query, world.clock())
    return total


async def test_what_a_card_tells_of_can_be_listed_as_long_as_the_store_keeps_it(world: World) -> None:
    await failed(world)
    (entry, *_) = await world.history()
    (telling,) = entry.tellings
    for days, found in ((2, 1), (88, 1), (1, 0)):
        world.clock.advance(days * 24 * 3600)
        await world.store.prune(world.clock())
        assert await listed(world, telling.message_key) == found


async def test_what_a_job_did_within_the_day_follows_its_card_though_nobody_could_look_until_later(
    world: World,
) -> None:
    (job,) = await world.fail("press")
    await world.deliver()
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.fail):
        world.clock.advance(2_400)
        step(job)
    world.clock.advance(23 * 3600)
    await world.good_look()
    await world.deliver()
    assert len(world.slack.state.top_level("ml-alerts")) == 1


@pytest.mark.parametrize("hours", [2.0, 23.5], ids=str)
async def test_a_job_that_started_again_within_the_day_goes_on_where_it_was_though_nobody_looked_until_later(
    world: World, hours: float
) -> None:
    job = await failed(world)
    world.clock.advance(3600)
    await look_and_tell(world)
    world.clock.advance((hours - 1) * 3600)
    for step in (world.jobs.world.retry, world.jobs.world.start):
        step(job)
    world.clock.advance((25 - hours) * 3600)
    await look_and_tell(world)
    assert rendered_text(card(world)).startswith("🔵 press is running again")
    assert len(thread(world)) == 1


async def test_a_job_that_fails_again_two_days_after_opens_a_card_of_its_own(world: World) -> None:
    job = await failed(world)
    world.clock.advance(48 * 3600)
    world.jobs.world.retry(job)
    world.jobs.world.start(job)
    world.jobs.world.fail(job)
    await look_and_tell(world)
    assert len(world.posts()) == 2
    assert "try 2" not in rendered_text(world.posts()[0])


async def test_a_reply_in_doubt_is_looked_for_under_every_card_that_it_may_be_under(world: World) -> None:
    job = await failed(world)
    first = card(world)
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.slack.fault(faults.rate_limited(5), method="conversations.replies", times=3)
    world.slack.state.edit_window = 0
    world.jobs.world.retry(job)
    await look_and_tell(world, 60)
    _, second = world.slack.state.top_level("ml-alerts")
    replies = [*world.slack.state.thread(first), *world.slack.state.thread(second)]
    assert len(replies) == 1


async def test_a_reply_in_doubt_is_found_where_slack_put_it_for_want_of_its_card(world: World) -> None:
    job = await failed(world)
    world.slack.state.orphans = Orphans.UNTHREADED
    world.slack.state.delete(card(world))
    world.slack.fault(faults.LOST_REPLY, method="chat.postMessage")
    world.jobs.world.retry(job)
    await world.good_look()
    await seconds(world, 30)
    assert len([post for post in world.posts() if "retried" in rendered_text(post)]) == 2  # the reply, and the new card


async def test_a_clock_that_is_set_back_does_not_stop_the_edits(world: World) -> None:
    job = await failed(world)
    world.clock.advance(-3600)
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    assert "retried" in rendered_text(card(world))


async def fails_silently(world: World, job: str) -> Looked:
    world.jobs.world.fail(job, None)
    return await world.good_look()


async def test_an_alert_waits_for_its_reason_and_goes_out_as_soon_as_that_is_there(world: World) -> None:
    job = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    await fails_silently(world, job)
    await world.deliver()
    assert world.posts() == []
    await world.explainer.explain()
    await world.deliver()
    assert WHY in rendered_text(card(world))


async def test_an_alert_does_not_wait_less_because_the_questions_after_another_look_are_over(world: World) -> None:
    world.rules = [replace(rule(), group_window=timedelta())]
    jobs = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in ("press", "lathe")]
    await world.good_look()
    for look in [await fails_silently(world, job) for job in jobs]:
        before = len(world.posts())
        await world.store.looks.stop_waiting([verdict.change for verdict in look.verdicts])
        await world.deliver()
        await world.deliver()
        assert len(world.posts()) == before + 1


async def test_an_alert_waits_two_seconds_at_most_and_a_late_reason_edits_it(world: World) -> None:
    job = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    await fails_silently(world, job)
    await seconds(world, 1)
    assert world.posts() == []
    await seconds(world, 1)
    assert WHY not in rendered_text(card(world))
    await world.explainer.explain()
    await seconds(world, 4)
    assert WHY in rendered_text(card(world))
    assert len(world.slack.state.edits()) == 1


async def test_a_reply_tells_the_reason_of_a_second_failure_and_not_that_of_the_first(world: World) -> None:
    job = await failed(world)
    world.jobs.world.retry(job)
    await look_and_tell(world)
    await fails_silently(world, job)
    await world.explainer.explain()
    await seconds(world, 5)
    assert WHY in thread(world)[-1]
    assert "out of memory" not in rendered_text(card(world))
    assert WHY in rendered_text(card(world))


async def test_an_error_that_came_up_before_is_said_to_have(world: World) -> None:
    await failed(world)
    world.clock.advance(3600)
    await world.fail("lathe", pipeline="another one")
    await seconds(world, 2)
    first, second = world.slack.state.top_level("ml-alerts")
    assert "seen" not in rendered_text(first)
    assert "An error like this was seen once before, on November 23." in rendered_text(second)


async def test_an_edit_that_is_refused_holds_up_no_alert_and_the_card_gets_right_in_the_end(world: World) -> None:
    job = await failed(world)
    refused = faults.refused("restricted_action")
    world.slack.fault(refused, method="chat.update", times=None)
    world.jobs.world.retry(job)
    await look_and_tell(world, 10)
    await world.fail("lathe", pipeline="another one")
    await seconds(world, 2)
    first, second = world.slack.state.top_level("ml-alerts")
    assert "lathe" in rendered_text(second)
    world.slack.clear_faults()
    await seconds(world, 60)
    assert "retried" in rendered_text(first)
    assert (await world.store.archive.health()).parked == ()


async def test_edits_that_slack_refuses_in_form_stay_within_the_budget_and_get_right(world: World) -> None:
    jobs = [await failed(world, f"job {number}") for number in range(4)]
    world.slack.fault(faults.refused("invalid_blocks"), method="chat.update", times=None)
    for number in range(12):
        (world.jobs.world.fail if number % 2 else world.jobs.world.retry)(jobs[0])
        await look_and_tell(world)
    calls = [call for call in world.slack.state.calls if call.method == "chat.update"]
    assert len(calls) < 40
    world.slack.clear_faults()
    await seconds(world, 60)
    assert "failed" in rendered_text(world.slack.state.top_level("ml-alerts")[0])


async def test_an_alert_goes_out_before_what_goes_on_in_threads(world: World) -> None:
    world.rules = [replace(rule(), group_window=timedelta())]
    jobs = []
    for number in range(8):
        jobs.append(await failed(world, f"job {number}"))
        await seconds(world, 1)
    for job in jobs:
        world.jobs.world.retry(job)
    await world.good_look()
    await world.fail("lathe", pipeline="another one")
    await seconds(world, 2)
    assert any("lathe" in rendered_text(post) for post in world.slack.state.top_level("ml-alerts"))
    await seconds(world, 20)
    assert sum(post.is_reply and "retried" in post.text for post in world.posts()) == 8


async def test_what_the_card_shows_no_more_when_it_goes_out_its_thread_tells(world: World) -> None:
    job = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    world.slack.fault(faults.rate_limited(8), method="chat.postMessage")
    world.jobs.world.fail(job, "out of memory")
    await world.good_look()
    await seconds(world, 1)
    world.jobs.world.retry(job)
    await look_and_tell(world, 15)
    (told,) = thread(world)
    assert "failed" in told
    assert "out of memory" in told
    assert "retried" in told
