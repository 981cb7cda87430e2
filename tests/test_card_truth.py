"""What a card says of its jobs is true of them as they stand: of their errors, and of those that went and came back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from bot.core.alerts import Broadcast
from bot.core.changes import ChangeKind
from bot.core.likeness import likeness
from bot.core.wording import utc
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import Kind
from tests.samples import MINUTE, rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")

OOM = "CUDA out of memory"
SEEN = "An error like this was seen"


async def moves(world: World, move: Callable[[], object], seconds: float = 5) -> None:
    """Something happens, a look finds it, and what is to be said of it is said."""
    world.clock.advance(5)
    move()
    await world.good_look()
    for _ in range(int(seconds)):
        await world.deliver()
        world.clock.advance(1)


async def failed(world: World, *names: str, error: object = OOM) -> list[str]:
    """Jobs that have failed together, later than any card takes newcomers."""
    world.clock.advance(3600)
    ids = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    await moves(world, lambda: [world.jobs.world.fail(id_, error) for id_ in ids])
    return ids


def shown(world: World) -> str:
    """The newest card."""
    return rendered_text(world.slack.state.top_level("ml-alerts")[-1])


def told(world: World) -> list[str]:
    return [post.text for post in world.slack.state.thread(world.slack.state.top_level("ml-alerts")[-1])]


async def test_how_often_an_error_was_seen_is_said_of_the_error_that_the_card_shows(world: World) -> None:
    await failed(world, "press")
    (mill,) = await failed(world, "mill")
    assert f"{SEEN} once" in shown(world)
    await moves(world, lambda: world.jobs.world.retry(mill))
    await moves(world, lambda: world.jobs.world.fail(mill, "the disk is full"))
    assert "the disk is full" in shown(world)
    assert SEEN not in shown(world)
    await moves(world, lambda: world.jobs.world.retry(mill))
    await moves(world, lambda: world.jobs.world.fail(mill, OOM))
    assert f"{SEEN} once" in shown(world)


async def test_a_reason_that_comes_from_the_events_is_one_that_was_seen_before_too(world: World) -> None:
    for name in ("press", "mill"):
        world.clock.advance(3600)
        job = world.jobs.world.add(name, status="RUNNING", age=60).id
        await world.good_look()
        world.jobs.world.fail(job, None)
        await world.good_look()
        await world.explainer.explain()
        await world.deliver()
    assert f"{SEEN} once" in shown(world)


async def test_so_is_one_that_comes_when_the_next_card_is_there_already(world: World) -> None:
    drill, mill = (
        world.jobs.world.add(name, status="RUNNING", age=60, pipeline_key=f"{name}ing").id for name in ("drill", "mill")
    )
    await world.good_look()
    await moves(world, lambda: world.jobs.world.fail(drill, None))
    await moves(world, lambda: world.jobs.world.fail(mill, "Job failed: BackoffLimitExceeded"))
    assert SEEN not in shown(world)
    await world.explainer.explain()
    await moves(world, lambda: None)
    assert f"{SEEN} once" in shown(world)


async def test_of_errors_of_several_kinds_each_says_how_often_it_was_seen(world: World) -> None:
    await failed(world, "press")
    ids = [world.jobs.world.add(f"mill {number}", status="RUNNING", age=60).id for number in range(4)]
    world.clock.advance(3600)
    await world.good_look()
    errors = (OOM, OOM, "the disk is full", "the disk is full")
    await moves(world, lambda: [world.jobs.world.fail(*each) for each in zip(ids, errors, strict=True)])
    assert f"2 like: {OOM} · seen once before, on November 23 · 2 like: the disk is full" in shown(world)
    assert SEEN not in shown(world)


WHY = "Job failed: BackoffLimitExceeded"
VALUE_ERROR = "ValueError: could not convert string to float"


async def explained(world: World, *names: str) -> list[str]:
    """Jobs that have failed without a word, and of which their events have told why."""
    ids = await failed(world, *names, error=None)
    await world.explainer.explain()
    await moves(world, lambda: None)
    assert WHY in shown(world)
    return ids


def comes_to_say(world: World, job: str, error: object) -> None:
    world.jobs.world.edit(job, error=error, updated_at=world.clock.in_seconds())


async def test_what_the_job_comes_to_say_of_its_failure_is_better_than_what_its_events_said(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    (press,) = await explained(world, "press")
    posts = len(world.posts())
    await moves(world, lambda: comes_to_say(world, press, VALUE_ERROR))
    assert VALUE_ERROR in shown(world)
    assert WHY not in shown(world)
    assert len(world.posts()) == posts
    seen = await world.store.archive.seen_before(likeness(VALUE_ERROR), world.clock())
    assert seen is not None
    assert seen.times == 1
    assert await world.store.archive.seen_before(likeness(WHY), world.clock()) is None


@pytest.mark.parametrize("error", [None, "Error", {"code": 137}])
async def test_a_row_that_says_less_takes_no_reason_away(world: World, error: object) -> None:
    (press,) = await explained(world, "press")
    await moves(world, lambda: comes_to_say(world, press, error))
    assert WHY in shown(world)


async def test_what_the_job_comes_to_say_is_not_overwritten_by_an_answer_that_comes_after_it(world: World) -> None:
    (press,) = await failed(world, "press", error=None)
    (failure,) = await world.store.looks.unexplained("default", {}, world.clock(), 1)
    await moves(world, lambda: comes_to_say(world, press, VALUE_ERROR))
    await world.store.looks.give_reason(failure.change, WHY)
    await moves(world, lambda: None)
    assert VALUE_ERROR in shown(world)
    assert WHY not in shown(world)


async def test_a_reply_that_still_waits_tells_what_the_job_has_come_to_say(world: World) -> None:
    (press,) = await failed(world, "press")
    await moves(world, lambda: (world.jobs.world.retry(press), world.jobs.world.start(press)))
    world.jobs.world.fail(press, None)
    await world.good_look()
    comes_to_say(world, press, VALUE_ERROR)
    await moves(world, lambda: None)
    assert VALUE_ERROR in told(world)[-1]


@pytest.mark.parametrize("stamps", [(None, 0.0), (0.0, None), (0.0, -5.0)])
async def test_so_it_is_however_the_failure_is_dated_then(world: World, stamps: tuple[float | None, ...]) -> None:
    press = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    world.jobs.world.fail(press, None)
    failed_at = world.jobs.world.jobs[press].failed_at or 0.0
    for stamp in stamps:
        at = None if stamp is None else failed_at + stamp
        await moves(world, lambda at=at: world.jobs.world.edit(press, failed_at=at))  # type: ignore[misc]
    await moves(world, lambda: comes_to_say(world, press, VALUE_ERROR))
    assert VALUE_ERROR in shown(world)


async def test_an_error_that_turns_out_to_be_another_counts_on_later_cards_as_that(world: World) -> None:
    (press,) = await failed(world, "press")
    await failed(world, "mill")
    assert f"{SEEN} once" in shown(world)
    await moves(world, lambda: comes_to_say(world, press, VALUE_ERROR))
    assert SEEN not in shown(world)


async def test_a_cancellation_is_not_told_with_the_error_of_a_failure_before_it(world: World) -> None:
    (press,) = await failed(world, "press")
    await moves(world, lambda: world.jobs.world.retry(press))
    assert f"last error: {OOM}" in shown(world)
    await moves(world, lambda: world.jobs.world.cancel(press))
    assert "was cancelled" in shown(world)
    assert OOM not in f"{shown(world)} {told(world)[-1]}"


async def leaves(world: World, job: str) -> Callable[[], None]:
    """The API knows the job no more; what brings it back as it was."""
    kept = world.jobs.world.jobs[job]
    await moves(world, lambda: world.jobs.world.delete(job))

    def comes_back() -> None:
        world.jobs.world.jobs[job] = kept
        world.jobs.world.population += 1
        world.jobs.world.version += 1

    return comes_back


async def test_a_job_is_gone_and_back_since_the_look_that_found_it(world: World) -> None:
    (press,) = await failed(world, "press")
    world.clock.advance(7200)
    comes_back = await leaves(world, press)
    left, gone = world.clock(), shown(world)
    await moves(world, comes_back)
    back, vanished = (entry.at for entry in (await world.history())[:2])
    assert vanished is not None
    assert back is not None
    assert utc(vanished) in gone
    assert left - MINUTE < vanished < left < back < world.clock()


async def test_a_job_may_leave_and_come_back_more_than_once(world: World) -> None:
    (press,) = await failed(world, "press")
    for _ in range(2):
        comes_back = await leaves(world, press)
        assert "is gone from the API" in shown(world)
        await moves(world, comes_back)
        assert "is gone from the API" not in shown(world)
    words = ("is gone from the API", "is listed again")
    assert [word in text for word, text in zip(words * 2, told(world), strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("status", "stands"), [("FAILED", "🔴 press failed"), ("RUNNING", "🔵 press is running again")]
)
async def test_a_job_that_is_listed_again_stands_on_its_card_as_its_status_says(
    world: World, status: str, stands: str
) -> None:
    (press,) = await failed(world, "press")
    if status == "RUNNING":
        await moves(world, lambda: (world.jobs.world.retry(press), world.jobs.world.start(press)))
    before = shown(world)
    await moves(world, await leaves(world, press))
    assert shown(world).startswith(stands)
    assert shown(world) == before
    assert "is listed again" in told(world)[-1]


async def test_a_failure_that_is_listed_again_is_one_of_the_failures_of_its_card(world: World) -> None:
    world.rules = [rule(mention=["@U0SANDBOX1"])]
    (press,) = await failed(world, "press")
    await moves(world, await leaves(world, press))
    mill = world.jobs.world.add("mill", status="RUNNING", age=60).id
    await world.good_look()
    await moves(world, lambda: world.jobs.world.fail(mill, OOM))
    assert shown(world).startswith("🔴 2 jobs failed")
    assert not world.slack.state.broadcasts("ml-alerts")


async def test_a_reason_that_is_known_once_the_job_is_retried_is_its_last_error(world: World) -> None:
    world.clock.advance(3600)
    job = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    world.clock.advance(5)
    world.jobs.world.fail(job, None)
    await world.good_look()
    await moves(world, lambda: world.jobs.world.retry(job))
    await world.explainer.explain()
    await moves(world, lambda: None)
    assert "last error" in shown(world).casefold()
    assert "BackoffLimitExceeded" in shown(world)


async def test_the_newest_error_that_is_spoken_is_that_of_a_job_that_fails_now(world: World) -> None:
    press, mill = await failed(world, "press", "mill", error=OOM)
    await moves(world, lambda: world.jobs.world.retry(mill))
    await moves(world, lambda: world.jobs.world.fail(mill, "the disk is full"))
    await moves(world, lambda: world.jobs.world.retry(press))
    assert "Newest error: the disk is full" in world.slack.state.top_level("ml-alerts")[-1].text


async def test_a_completion_is_told_once_however_much_is_to_be_said_of_it(world: World) -> None:
    world.rules = [replace(rule(), on=frozenset({ChangeKind.COMPLETED}), broadcast=Broadcast.ALWAYS)]
    job = world.jobs.world.add("press", status="FAILED", age=60).id
    await world.good_look()
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.complete):
        await moves(world, partial(step, job))
    assert "recovered" in shown(world)
    assert told(world) == []


async def goes_and_returns(world: World, edit: Callable[[], Awaitable[object]]) -> None:
    """The card shows a job that runs; an edit is to show that it is gone, and before the next it is there as before."""
    world.rules = [replace(rule(), on=frozenset({ChangeKind.STARTED}))]
    job = world.jobs.world.add("press", status="PENDING", age=60).id
    await world.good_look()
    await moves(world, lambda: world.jobs.world.start(job))
    kept = world.jobs.world.jobs[job]
    world.jobs.world.delete(job)
    await world.good_look()
    await edit()
    world.jobs.world.jobs[job] = kept
    world.jobs.world.population += 1
    world.jobs.world.version += 1
    await world.good_look()


def updates(world: World) -> int:
    return sum(call.method == "chat.update" for call in world.slack.state.calls)


@pytest.mark.parametrize(("fault", "made"), [(faults.LOST_REPLY, 2), (faults.DROPPED, 2), (faults.rate_limited(1), 1)])
async def test_a_card_that_is_to_show_what_it_showed_before_is_edited_if_it_may_show_something_else(
    world: World, fault: Kind, made: int
) -> None:
    world.slack.fault(fault, method="chat.update")
    await goes_and_returns(world, world.edit)
    await moves(world, lambda: None, seconds=30)
    assert shown(world).startswith("🔵 press is running")
    assert updates(world) == made


async def test_so_is_one_whose_edit_was_made_as_the_bot_died(world: World) -> None:
    async def dies() -> None:
        edit = await world.store.cards.claim_edit(world.clock())
        assert edit is not None
        await world.sink.edit(edit)
        await world.store.outbox.requeue_unfinished(world.clock())

    await goes_and_returns(world, dies)
    assert "is gone" in shown(world)
    await moves(world, lambda: None, seconds=30)
    assert shown(world).startswith("🔵 press is running")
