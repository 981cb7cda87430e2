"""The loop of the looks shows that it turns: from before the first look on, and with each request of a long one. The
first look waits for what Slack has to say, within bounds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import structlog

from bot.config import Need, load
from bot.core.commands import ShowHealth
from bot.core.faults import Fault
from bot.core.reasons import EventPage
from bot.core.replies import HealthReport
from bot.jobs_api.client import JobsApi
from bot.loops import Loops
from bot.report import Reporter
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.slack_faults import DROPPED, stall
from bot.telemetry import Metrics
from bot.vitals import Sight, Vitals
from tests.samples import PLACE
from tests.world import World

LEAST = Path(__file__).parent / "configs" / "right" / "least.toml"
LOOP = "look at default"
LIST = "conversations.list"

pytestmark = pytest.mark.usefixtures("at_once")


def loops_of(world: World) -> Loops:
    metrics, vitals, stop = Metrics(), Vitals({"default": Sight()}), asyncio.Event()
    reporter = Reporter(structlog.get_logger(), metrics, vitals)
    config = load(LEAST, {}, Need.STORE)
    return Loops(config, world.store, (world.api,), world.client, vitals, reporter, metrics, stop, lambda: 0.0)


@asynccontextmanager
async def looking(world: World, every: timedelta = timedelta(seconds=15)) -> AsyncIterator[Vitals]:
    """The loop, until the look that is under way is done."""
    loops = loops_of(world)
    loops.may_look.set()
    loops.config = replace(loops.config, poll=replace(loops.config.poll, every=every))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(loops.look(world.api))
        yield loops.vitals
        loops.stop.set()
        world.jobs.release_pages()


async def asked(world: World, times: int) -> None:
    await world.jobs.seen(len(world.jobs.requests) + times)


async def test_a_first_look_that_hangs_will_be_noticed(world: World) -> None:
    world.jobs.hold_pages()
    async with looking(world) as vitals:
        await asked(world, 1)
        assert LOOP in vitals.turns


async def test_a_long_look_is_not_taken_for_a_stuck_one(world: World) -> None:
    for number in range(30):
        world.jobs.world.add(str(number), age=60 + number)
    world.jobs.max_limit = 10
    due: list[int] = []
    async with looking(world) as vitals:
        world.jobs.between_pages = lambda: due.append(vitals.turns.pop(LOOP))
        await asked(world, 3)
    assert due == sorted(due)
    assert len(due) > 1


async def test_a_failure_that_does_not_say_why_is_asked_after_the_look_that_found_it(world: World) -> None:
    press = world.jobs.world.add("press", status="FAILED", age=5, failed_at=world.jobs.world.now(), error=None)
    async with looking(world):
        await explained(world, press.id)


async def explained(world: World, job_id: str) -> None:
    """Returns once it is known why the job failed."""
    async with asyncio.timeout(5):
        while await errors_of(world, job_id) != ["Job failed: BackoffLimitExceeded"]:
            pass


async def errors_of(world: World, job_id: str) -> list[str]:
    memories, _ = await world.store.archive.find(job_id, 1)
    return [memory.job.error for memory in memories]


def is_question(path: str) -> bool:
    return path.endswith("/events")


async def test_a_question_that_is_answered_late_holds_up_no_look_and_its_answer_is_not_lost(world: World) -> None:
    press = world.jobs.world.add("press", status="FAILED", age=5, failed_at=world.jobs.world.now(), error=None)
    world.jobs.fault(FAULTS["stall"], path="*/events")
    async with looking(world, timedelta(milliseconds=1)):
        await asked(world, 10)
        world.jobs.clear_faults()
        await explained(world, press.id)
    paths = [seen.path for seen in world.jobs.requests]
    assert sum(map(is_question, paths)) == 1
    assert not is_question(paths[-1])


async def test_a_bot_that_is_told_to_stop_waits_for_no_answer_and_the_next_one_asks(world: World) -> None:
    press = world.jobs.world.add("press", status="FAILED", age=5, failed_at=world.jobs.world.now(), error=None)
    world.jobs.fault(FAULTS["stall"], path="*/events")
    async with looking(world):
        await asked(world, 2)
    async with looking(world):
        await explained(world, press.id)


class Broken(JobsApi):
    async def events(self, job_id: str, offset: int) -> EventPage | Fault:
        raise ZeroDivisionError(job_id, offset)


async def test_a_mistake_in_the_questions_ends_the_bot(world: World) -> None:
    world.jobs.world.add("press", status="FAILED", age=5, failed_at=world.jobs.world.now(), error=None)
    headers = {"Authorization": f"Bearer {world.jobs.key}"}
    loops = loops_of(world)
    loops.may_look.set()
    async with httpx.AsyncClient(base_url=world.jobs.url, headers=headers) as http, asyncio.timeout(10):
        with pytest.raises(ExceptionGroup) as raised:
            await loops.look(Broken("default", http, 100, world.clock))
    assert raised.group_contains(ZeroDivisionError)


async def test_who_asks_for_health_is_told_that_the_state_file_cannot_be_written(world: World) -> None:
    loops = loops_of(world)
    loops.vitals.stored("pruning", "database or disk is full")
    reply = await loops.ask(ShowHealth())
    assert isinstance(reply, HealthReport)
    assert reply.health.store_troubles == ("database or disk is full",)


async def first_look(world: World, loops: Loops) -> None:
    """Returns once it has begun."""
    seen = len(world.jobs.requests)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(loops.look(world.api))
        await world.jobs.seen(seen + 1)
        loops.stop.set()


async def test_the_first_look_waits_until_the_names_of_channels_have_been_looked_up(world: World) -> None:
    loops, seen = loops_of(world), len(world.jobs.requests)
    world.slack.fault(stall(), method=LIST)
    async with asyncio.TaskGroup() as group:
        group.create_task(first_look(world, loops))
        group.create_task(loops.find(world.sink))
        await world.slack.state.bell.until(lambda: [call.method for call in world.slack.state.calls] == [LIST], 5)
        for _ in range(20):
            await world.client.auth_test()
        assert len(world.jobs.requests) == seen
        world.slack.clear_faults()
    assert await world.store.outbox.unresolved([PLACE]) == ()


async def test_a_name_that_cannot_be_found_holds_up_the_first_look_no_longer(world: World) -> None:
    world.slack.fault(DROPPED, method=LIST, times=None)
    loops = loops_of(world)
    async with asyncio.TaskGroup() as group:
        group.create_task(loops.find(world.sink))
        await first_look(world, loops)
    assert await world.store.outbox.unresolved([PLACE]) == (PLACE,)


async def test_nothing_is_waited_for_if_every_channel_is_known(world: World) -> None:
    await world.store.outbox.resolve(PLACE, "C1")
    await first_look(world, loops_of(world))


async def test_a_slack_that_never_answers_is_waited_for_within_bounds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.loops.FOUND_WITHIN", 0.0)
    await first_look(world, loops_of(world))
