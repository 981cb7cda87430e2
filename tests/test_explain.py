"""Why a job failed is asked after the look, and remembered with the job; no answer is no harm."""

import asyncio

import pytest

from bot.core.instants import SECOND
from bot.core.jobs import JobQuery, View
from bot.core.likeness import Seen, likeness
from bot.explain import Explained, explain
from bot.jobs_api.events import AT_ONCE
from bot.poll import Looked
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_sim import rfc3339
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")

WHY = "Job failed: BackoffLimitExceeded"


async def failed(world: World, *names: str, error: object = None) -> tuple[list[str], Looked]:
    """Jobs that ran and have failed since, and the look that found that."""
    ids = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    for id_ in ids:
        world.clock.advance(1)
        world.jobs.world.fail(id_, error)
    return ids, await world.good_look()


async def asked(world: World, look: Looked, seconds: float = 5.0) -> Explained:
    return await explain(world.api, world.store.looks, look.verdicts, seconds)


async def error_of(world: World, job_id: str) -> str:
    (memory,), _ = await world.store.archive.find(job_id, 1)
    return memory.job.error


def questions(world: World) -> list[str]:
    return [seen.path.split("/")[3] for seen in world.jobs.requests if seen.path.endswith("/events")]


async def test_a_failure_that_does_not_say_why_gets_its_reason_from_its_events(world: World) -> None:
    (press,), look = await failed(world, "press")
    assert await asked(world, look) == Explained(asked=1, answered=1)
    assert await error_of(world, press) == WHY
    rows, _ = await world.store.archive.select(JobQuery(view=View.FAILED, words=("backofflimit",)), world.clock())
    assert [memory.job.id for memory in rows] == [press]


async def test_a_failure_that_says_why_is_not_asked(world: World) -> None:
    _, look = await failed(world, "press", error={"code": "OOM", "message": "out of memory"})
    assert await asked(world, look) == Explained(asked=0, answered=0)


async def test_the_reason_stays_with_the_job_while_its_row_goes_on_without_one(world: World) -> None:
    (press,), look = await failed(world, "press")
    await asked(world, look)
    world.clock.advance(15)
    world.jobs.world.edit(press, name="press, renamed", updated_at=world.clock.in_seconds())
    await world.good_look()
    assert await error_of(world, press) == WHY
    world.jobs.world.edit(press, error="OOMKilled (exit=137)", updated_at=world.clock.in_seconds())
    await world.good_look()
    assert await error_of(world, press) == "OOMKilled (exit=137)"


async def test_the_reason_goes_when_the_job_is_retried_and_is_not_that_of_the_next_failure(world: World) -> None:
    (press,), look = await failed(world, "press")
    await asked(world, look)
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
    (press,), look = await failed(world, "press")
    await asked(world, look)
    world.jobs.world.retry(press)
    world.clock.advance(15)
    world.jobs.world.fail(press, None)
    await world.good_look()
    assert await error_of(world, press) == ""


async def test_a_reason_that_comes_when_the_job_has_moved_on_is_not_remembered(world: World) -> None:
    (press,), look = await failed(world, "press")
    world.jobs.world.retry(press)
    await world.good_look()
    assert await asked(world, look) == Explained(asked=1, answered=0)
    assert await error_of(world, press) == ""


async def test_of_a_burst_only_a_few_are_asked_and_the_newest_of_them(world: World) -> None:
    ids, look = await failed(world, *map(str, range(30)))
    assert await asked(world, look) == Explained(asked=20, answered=20)
    assert sorted(questions(world)) == sorted(ids[10:])


@pytest.mark.parametrize(("oldest_first", "questions"), [(True, 2), (False, 1)])
async def test_the_newest_event_of_a_long_log_is_found_at_either_end(
    world: World, *, oldest_first: bool, questions: int
) -> None:
    (press,), look = await failed(world, "press")
    last = {
        "id": 0,
        "level": "ERROR",
        "message": "CUDA out of memory",
        "created_at": rfc3339(world.jobs.world.now() + 1),
    }
    quiet = {**last, "level": "INFO", "created_at": rfc3339(world.jobs.world.now())}
    world.jobs.more_events[press] = [last, *[quiet] * 3 * AT_ONCE]
    world.jobs.oldest_events_first = oldest_first
    assert await asked(world, look) == Explained(asked=questions, answered=1)
    assert await error_of(world, press) == "CUDA out of memory"


@pytest.mark.parametrize("fault", ["not_found", "empty_object", "html_page"])
async def test_a_fault_of_one_log_is_no_reason_not_to_ask_for_the_next(world: World, fault: str) -> None:
    ids, look = await failed(world, "press", "mill")
    world.jobs.fault(FAULTS[fault], times=None, path=f"*/{ids[0]}/events")
    assert await asked(world, look) == Explained(asked=2, answered=1)
    assert [await error_of(world, id_) for id_ in ids] == ["", WHY]


@pytest.mark.parametrize("fault", ["rate_limited_seconds", "unavailable", "dropped", "forbidden"])
async def test_an_api_that_is_in_trouble_is_not_asked_on(world: World, fault: str) -> None:
    _, look = await failed(world, *map(str, range(20)))
    world.jobs.fault(FAULTS[fault], times=None, path="*/events")
    assert (await asked(world, look)).asked <= 3


async def test_an_answer_that_does_not_come_holds_nobody_up(world: World) -> None:
    ids, look = await failed(world, "press", "mill")
    world.jobs.fault(FAULTS["stall"], times=None, path=f"*/{ids[0]}/events")
    async with asyncio.timeout(5):
        assert await asked(world, look, seconds=0.3) == Explained(asked=2, answered=1)
    assert await error_of(world, ids[1]) == WHY


async def test_what_kind_of_error_it_was_counts_once_it_is_known(world: World) -> None:
    _, look = await failed(world, "press", "mill")
    await asked(world, look)
    world.clock.advance(1)
    seen = await world.store.archive.seen_before(likeness(WHY), world.clock())
    assert seen == Seen(times=2, pipelines=1, since=world.clock() - SECOND)
