"""A network that is down is waited for, at the start and later; what happened meanwhile is told when it is back."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

from bot.loops import FOUND_WITHIN
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import stall
from bot.sandbox.slack_server import SlackServer
from tests.acceptance.stage import BASELINE, RULE, SLACK_OPEN, Stage, free_port

Figure = Callable[[str], None]


def unopened(folder: Path) -> Stage:
    """A stage whose servers do not listen yet, and a bot that already knows where they will."""
    world = JobsWorld(seed=7, now=time.time)
    jobs_port, slack_port = free_port(), free_port()
    stage = Stage(folder, world, JobsServer(world, port=jobs_port), SlackServer(port=slack_port))
    stage.jobs.url = f"http://127.0.0.1:{jobs_port}/v0.5"
    stage.slack.api_url = f"http://127.0.0.1:{slack_port}/api/"
    return stage


async def test_a_network_that_is_down_at_the_start_is_waited_for(tmp_path: Path, figure: Figure) -> None:
    stage = unopened(tmp_path)
    [job] = stage.add_running(1)
    async with stage.bot("run") as bot:
        await bot.logs("cannot see the jobs")
        await bot.logs("Slack cannot be reached yet")
        async with stage.jobs, stage.slack:
            began = perf_counter()
            await asyncio.gather(bot.logs(BASELINE), bot.logs(SLACK_OPEN), stage.slack.wait_for_socket(15))
            took = perf_counter() - began
            stage.world.fail(job.id)
            await stage.told(job)
            await bot.stops()
    figure(f"network down at the start: at work {took:.1f} s after it came up, then told")
    assert took < 10


async def test_no_look_waits_for_a_slack_that_cannot_be_reached(tmp_path: Path, figure: Figure) -> None:
    stage = unopened(tmp_path)
    async with stage.jobs, stage.bot("run") as bot:
        await bot.logs("Slack cannot be reached yet")
        began = perf_counter()
        await bot.logs(BASELINE)
        took = perf_counter() - began
    figure(f"Slack down at the start: the first look {took:.1f} s after that was seen")
    assert took < FOUND_WITHIN / 2


async def test_failures_while_slack_is_down_are_told_once_when_it_is_back(tmp_path: Path, figure: Figure) -> None:
    stage = unopened(tmp_path)
    jobs = stage.add_running(3)
    async with stage.jobs, AsyncExitStack() as slack_up:
        await slack_up.enter_async_context(stage.slack)
        async with stage.running() as bot:
            await slack_up.aclose()
            for number, job in enumerate(jobs):
                stage.world.fail(job.id)
                await bot.logs("change", times=number + 1)
            await bot.logs("the message is not said yet")
            port = int(stage.slack.api_url.split(":")[2].removesuffix("/api/"))
            async with SlackServer(port=port) as stage.slack:
                began = perf_counter()
                await stage.told(*jobs, within=20)
                told = perf_counter() - began
                await stage.slack.wait_for_socket(20)
                heard = perf_counter() - began
                answer = await (await stage.slack.slash("failed")).answer()
                await bot.stops()
    figure(f"Slack down: {len(jobs)} failures told {told:.1f} s after it was back, commands heard after {heard:.1f} s")
    assert "3 of 3 match" in rendered_text(answer)
    assert set(stage.posted_keys().values()) == {1}


async def test_a_person_who_cannot_be_looked_up_delays_no_channel(stage: Stage, figure: Figure) -> None:
    stage.rules = RULE.replace('"#ml-alerts"', '["@U0SANDBOX1", "#ml-alerts"]')
    stage.slack.fault(stall(), method="conversations.open")
    [job] = stage.add_running(1)
    async with stage.running() as bot:
        began = perf_counter()
        stage.world.fail(job.id)
        await stage.told(job, within=8)
        took = perf_counter() - began
        await bot.stops()
    figure(f"a direct message that hangs at the start: the channel is told {took:.1f} s after the failure")
    assert took < 8
