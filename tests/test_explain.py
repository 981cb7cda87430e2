"""Why a job failed is asked after the look, and after the next ones until there is an answer; no answer is no harm."""

import asyncio
from collections.abc import Iterable

import pytest

from bot.core.instants import SECOND
from bot.core.jobs import JobQuery, View
from bot.core.likeness import Seen, likeness
from bot.core.reasons import ASKED_FOR, IN_VAIN, QUESTIONS
from bot.explain import AT_ONCE, Explained, Explainer
from bot.jobs_api.events import AT_ONCE as PAGE
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_sim import rfc3339
from bot.sandbox.reading import rendered_text
from bot.store.store import open_store
from tests.samples import KEEP
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")

WHY = "Job failed: BackoffLimitExceeded"
OOM = "CUDA out of memory"
NOTHING = Explained(asked=0, answered=0)


async def failed(world: World, *names: str, error: object = None) -> list[str]:
    """Jobs that ran and have failed since, as the last look has found."""
    ids = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    for id_ in ids:
        world.clock.advance(1)
        world.jobs.world.fail(id_, error)
    await world.good_look()
    return ids


async def next_look(world: World) -> Explained:
    """It finds nothing new."""
    world.clock.advance(15)
    await world.good_look()
    return await world.explainer.explain()


async def error_of(world: World, job_id: str) -> str:
    (memory,), _ = await world.store.archive.find(job_id, 1)
    return memory.job.error


async def errors_of(world: World, ids: Iterable[str]) -> list[str]:
    return [await error_of(world, id_) for id_ in ids]


async def shown(world: World) -> str:
    """The newest card, as it is once nothing waits."""
    for _ in range(5):
        await world.deliver()
        world.clock.advance(2)
    return rendered_text(world.slack.state.top_level("ml-alerts")[-1])


def questions(world: World) -> list[str]:
    return [seen.path.split("/")[3] for seen in world.jobs.requests if seen.path.endswith("/events")]


def log(world: World, job_id: str, *levels: str, after: float = 1.0) -> None:
    """What is logged of the job so many seconds after it failed, and in this order; only what is no INFO has words."""
    at = (world.jobs.world.jobs[job_id].failed_at or 0.0) + after
    world.jobs.more_events[job_id] = [
        {
            "id": 100_000 - number,
            "level": level,
            "message": OOM if level != "INFO" else "at work",
            "created_at": rfc3339(at),
        }
        for number, level in enumerate(levels)
    ]


async def test_a_failure_that_does_not_say_why_gets_its_reason_from_its_events(world: World) -> None:
    (press,) = await failed(world, "press")
    assert await world.explainer.explain() == Explained(asked=1, answered=1)
    assert await error_of(world, press) == WHY
    rows, _ = await world.store.archive.select(JobQuery(view=View.FAILED, words=("backofflimit",)), world.clock())
    assert [memory.job.id for memory in rows] == [press]


async def test_a_failure_that_says_why_is_not_asked(world: World) -> None:
    await failed(world, "press", error={"code": "OOM", "message": "out of memory"})
    assert await world.explainer.explain() == NOTHING


async def test_what_is_answered_is_not_asked_again(world: World) -> None:
    press, mill = await failed(world, "press", "mill")
    world.jobs.fault(FAULTS["not_found"], times=None, path=f"*/{press}/events")
    assert await world.explainer.explain() == Explained(asked=2, answered=1)
    assert await next_look(world) == NOTHING
    assert await errors_of(world, (press, mill)) == ["", WHY]


@pytest.mark.parametrize(("seconds", "asked", "reason"), [(40, 4, WHY), (80, 5, "")])
async def test_a_log_that_tells_nothing_as_yet_is_asked_again_for_a_minute(
    world: World, seconds: int, asked: int, reason: str
) -> None:
    (press,) = await failed(world, "press")
    world.jobs.events_lag = seconds
    await world.explainer.explain()
    for _ in range(10):
        await next_look(world)
    assert (len(questions(world)), await error_of(world, press)) == (asked, reason)


async def test_the_reason_stays_with_the_job_while_its_row_goes_on_without_one(world: World) -> None:
    (press,) = await failed(world, "press")
    await world.explainer.explain()
    world.clock.advance(15)
    world.jobs.world.edit(press, name="press, renamed", updated_at=world.clock.in_seconds())
    await world.good_look()
    assert await error_of(world, press) == WHY
    world.jobs.world.edit(press, error="OOMKilled (exit=137)", updated_at=world.clock.in_seconds())
    await world.good_look()
    assert await error_of(world, press) == "OOMKilled (exit=137)"


async def test_what_the_job_comes_to_say_by_itself_is_its_reason_without_a_question(world: World) -> None:
    (press,) = await failed(world, "press")
    world.jobs.world.edit(press, error="the disk is full", updated_at=world.clock.in_seconds())
    assert await next_look(world) == NOTHING
    assert "the disk is full" in await shown(world)


async def test_the_reason_goes_when_the_job_is_retried_and_is_not_that_of_the_next_failure(world: World) -> None:
    (press,) = await failed(world, "press")
    await world.explainer.explain()
    world.jobs.world.retry(press)
    world.clock.advance(15)
    await world.good_look()
    assert await error_of(world, press) == ""
    world.jobs.world.fail(press, None)
    await world.good_look()
    assert await error_of(world, press) == ""


async def test_a_job_that_was_retried_and_failed_again_between_two_looks_loses_the_reason_of_before(
    world: World,
) -> None:
    (press,) = await failed(world, "press")
    await world.explainer.explain()
    world.jobs.world.retry(press)
    world.clock.advance(15)
    world.jobs.world.fail(press, None)
    await world.good_look()
    assert await error_of(world, press) == ""


async def test_an_event_of_an_earlier_try_is_no_reason_though_the_job_is_said_to_have_started_before(
    world: World,
) -> None:
    (press,) = await failed(world, "press", error="the disk is full")
    started_at = world.jobs.world.jobs[press].started_at
    log(world, press, "ERROR")
    world.clock.advance(60)
    world.jobs.world.retry(press)
    await world.good_look()
    world.clock.advance(60)
    world.jobs.world.fail(press, {"code": 1})
    world.jobs.world.edit(press, started_at=started_at)
    await world.good_look()
    await world.explainer.explain()
    assert OOM not in await error_of(world, press)


async def test_a_reason_that_comes_when_the_job_has_moved_on_is_told_where_it_failed_but_is_not_the_job_s(
    world: World,
) -> None:
    (press,) = await failed(world, "press")
    world.jobs.world.retry(press)
    await world.good_look()
    assert await world.explainer.explain() == Explained(asked=1, answered=1)
    assert await error_of(world, press) == ""
    assert WHY in await shown(world)


async def test_a_failure_that_was_retried_between_two_looks_is_asked_about_too(world: World) -> None:
    press = world.jobs.world.add("press", status="RUNNING", age=60).id
    await world.good_look()
    world.clock.advance(5)
    world.jobs.world.fail(press, None)
    world.clock.advance(5)
    world.jobs.world.retry(press)
    log(world, press, "ERROR", after=6.0)
    await world.good_look()
    assert await world.explainer.explain() == Explained(asked=1, answered=1)
    assert WHY in await shown(world)


async def test_of_a_burst_each_look_asks_about_the_newest_that_are_left(world: World) -> None:
    ids = await failed(world, *map(str, range(2 * QUESTIONS + 3)))
    assert await world.explainer.explain() == Explained(asked=QUESTIONS, answered=QUESTIONS)
    assert sorted(questions(world)) == sorted(ids[-QUESTIONS:])
    assert [(await next_look(world)).answered for _ in range(3)] == [QUESTIONS, 3, 0]
    assert set(await errors_of(world, ids)) == {WHY}


async def test_those_that_somebody_is_told_of_are_asked_first(world: World) -> None:
    told = await failed(world, *map(str, range(QUESTIONS)))
    world.rules = []
    untold = await failed(world, "press")
    await world.explainer.explain()
    assert sorted(questions(world)) == sorted(told)
    await next_look(world)
    assert questions(world)[QUESTIONS:] == untold


async def test_a_failure_is_not_asked_about_for_ever(world: World) -> None:
    await failed(world, "press")
    world.jobs.fault(FAULTS["unavailable"], times=None, path="*/events")
    world.clock.advance(ASKED_FOR / SECOND - 16)
    assert (await next_look(world)).asked == 1
    assert (await next_look(world)).asked == 0


@pytest.mark.parametrize(("oldest_first", "questions"), [(True, 2), (False, 1)])
async def test_the_newest_event_of_a_long_log_is_found_at_either_end(
    world: World, *, oldest_first: bool, questions: int
) -> None:
    (press,) = await failed(world, "press")
    log(world, press, "ERROR", *["INFO"] * 3 * PAGE)
    world.jobs.oldest_events_first = oldest_first
    assert await world.explainer.explain() == Explained(asked=questions, answered=1)
    assert await error_of(world, press) == OOM


@pytest.mark.parametrize(("oldest_first", "questions"), [(True, 3), (False, 2)])
async def test_the_newest_event_that_tells_is_found_behind_many_later_ones(
    world: World, *, oldest_first: bool, questions: int
) -> None:
    (press,) = await failed(world, "press")
    log(world, press, *["INFO"] * PAGE, "ERROR", *["INFO"] * 2 * PAGE)
    world.jobs.oldest_events_first = oldest_first
    assert await world.explainer.explain() == Explained(asked=questions, answered=1)
    assert await error_of(world, press) == OOM


async def test_nothing_is_concluded_from_a_log_of_which_a_page_did_not_come(world: World) -> None:
    (press,) = await failed(world, "press")
    log(world, press, "FAILED", *["INFO"] * 2 * PAGE)
    world.jobs.oldest_events_first = True  # so that the job's own events are on the first page
    world.jobs.fault(FAULTS["server_error"], path="*/events", at_offset=PAGE + 4)
    assert await world.explainer.explain() == Explained(asked=2, answered=0)
    assert await error_of(world, press) == ""
    assert await next_look(world) == Explained(asked=2, answered=1)
    assert await error_of(world, press) == OOM


async def test_nothing_is_concluded_from_a_log_that_was_not_read_because_no_more_may_be_asked(world: World) -> None:
    ids = await failed(world, *map(str, range(15)))
    for id_ in ids:
        log(world, id_, "FAILED", *["INFO"] * 2 * PAGE)
    world.jobs.oldest_events_first = True
    assert (await world.explainer.explain()).asked == QUESTIONS
    assert set(await errors_of(world, ids)) == {OOM, ""}
    await next_look(world)
    assert set(await errors_of(world, ids)) == {OOM}


@pytest.mark.parametrize("fault", ["not_found", "empty_object", "html_page", "server_error", "dropped"])
async def test_a_fault_of_one_log_is_no_reason_not_to_ask_for_the_others(world: World, fault: str) -> None:
    *ids, bad = await failed(world, *map(str, range(8)))
    world.jobs.fault(FAULTS[fault], times=None, path=f"*/{bad}/events")
    assert await world.explainer.explain() == Explained(asked=8, answered=7)
    assert await errors_of(world, [*ids, bad]) == [*[WHY] * 7, ""]


@pytest.mark.parametrize("fault", ["empty_object", "server_error", "dropped", "rate_limited_bare", "unauthorized"])
async def test_a_question_that_met_a_fault_is_asked_again_after_the_next_look(world: World, fault: str) -> None:
    ids = await failed(world, *map(str, range(8)))
    world.jobs.fault(FAULTS[fault], path="*/events")
    await world.explainer.explain()
    await next_look(world)
    assert set(await errors_of(world, ids)) == {WHY}


@pytest.mark.parametrize("bad", [QUESTIONS - 1, QUESTIONS, 2 * QUESTIONS])
async def test_however_many_logs_cannot_be_had_an_older_failure_is_asked_about_in_its_turn(
    world: World, bad: int
) -> None:
    (older,) = await failed(world, "press")
    for other in await failed(world, *map(str, range(bad))):
        world.jobs.fault(FAULTS["truncated_json"], times=None, path=f"*/{other}/events")
    for _ in range(bad // IN_VAIN + 2):
        await next_look(world)
    assert await error_of(world, older) == WHY


async def test_logs_that_cannot_be_had_cost_the_others_no_more_than_a_round(world: World) -> None:
    *ids, a, b, c = await failed(world, *map(str, range(12)))
    for bad in (a, b, c):
        world.jobs.fault(FAULTS["server_error"], times=None, path=f"*/{bad}/events")
    await world.explainer.explain()
    await next_look(world)
    assert set(await errors_of(world, ids)) == {WHY}


@pytest.mark.parametrize("fault", ["unavailable", "dropped", "html_page"])
async def test_an_api_that_is_down_is_asked_a_few_times_after_each_look(world: World, fault: str) -> None:
    ids = await failed(world, *map(str, range(20)))
    world.jobs.fault(FAULTS[fault], times=None, path="*/events")
    assert (await world.explainer.explain()).asked < IN_VAIN + AT_ONCE
    assert (await next_look(world)).asked < IN_VAIN + AT_ONCE
    world.jobs.clear_faults()
    assert await next_look(world) == Explained(asked=20, answered=20)
    assert set(await errors_of(world, ids)) == {WHY}


@pytest.mark.parametrize("fault", ["rate_limited_seconds", "rate_limited_date", "forbidden"])
async def test_an_api_that_asks_to_wait_or_lets_nobody_in_is_not_asked_on(world: World, fault: str) -> None:
    await failed(world, *map(str, range(20)))
    world.jobs.fault(FAULTS[fault], times=None, path="*/events")
    assert (await world.explainer.explain()).asked <= AT_ONCE


async def test_an_api_that_asks_to_wait_is_not_asked_sooner(world: World) -> None:
    await failed(world, "press")
    world.jobs.fault(FAULTS["rate_limited_seconds"], path="*/events")
    assert await world.explainer.explain() == Explained(asked=1, answered=0)
    world.clock.advance(1.5)
    await world.good_look()
    assert await world.explainer.explain() == NOTHING
    world.clock.advance(0.5)
    assert await world.explainer.explain() == Explained(asked=1, answered=1)


async def test_a_clock_that_is_set_back_makes_nobody_wait_longer(world: World) -> None:
    await failed(world, "press")
    world.jobs.fault(FAULTS["rate_limited_seconds"], path="*/events")
    await world.explainer.explain()
    world.clock.advance(-3600)
    assert (await world.explainer.explain()).asked == 1


async def test_an_answer_that_does_not_come_holds_up_no_other_and_is_not_lost(world: World) -> None:
    press, mill = await failed(world, "press", "mill")
    world.jobs.fault(FAULTS["stall"], path=f"*/{press}/events")
    asking = asyncio.create_task(world.explainer.explain())
    async with asyncio.timeout(5):
        while await error_of(world, mill) != WHY:
            pass
        world.jobs.clear_faults()
        assert await asking == Explained(asked=2, answered=2)
    assert await error_of(world, press) == WHY


async def test_what_a_process_had_not_asked_when_it_ended_the_next_one_asks(world: World) -> None:
    press, mill = await failed(world, "press", "mill")
    world.jobs.fault(FAULTS["stall"], path="*/events", times=2)
    asking = asyncio.create_task(world.explainer.explain())
    async with asyncio.timeout(5):
        await world.jobs.seen(len(world.jobs.requests) + 2)
    asking.cancel()
    await asyncio.wait({asking})
    async with open_store(world.store.path, KEEP) as store:
        world.clock.advance(15)
        assert await Explainer(world.api, store.looks, world.clock).explain() == Explained(asked=2, answered=2)
    assert await errors_of(world, (press, mill)) == [WHY, WHY]


async def test_a_reason_that_comes_after_the_next_look_edits_the_card(world: World) -> None:
    await failed(world, "press")
    world.jobs.fault(FAULTS["server_error"], path="*/events")
    await world.explainer.explain()
    assert WHY not in await shown(world)
    await next_look(world)
    assert WHY in await shown(world)


async def test_an_alert_does_not_wait_for_a_reason_that_was_put_off(world: World) -> None:
    await failed(world, "press")
    world.jobs.fault(FAULTS["server_error"], path="*/events")
    await world.explainer.explain()
    await world.deliver()
    assert len(world.posts()) == 1


async def test_what_kind_of_error_it_was_counts_once_it_is_known(world: World) -> None:
    await failed(world, "press", "mill")
    await world.explainer.explain()
    world.clock.advance(1)
    seen = await world.store.archive.seen_before(likeness(WHY), world.clock())
    assert seen == Seen(times=2, pipelines=1, since=world.clock() - SECOND)
