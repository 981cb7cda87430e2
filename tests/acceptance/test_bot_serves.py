"""What the bot says of itself over HTTP: alive, ready or why not, and its metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest

from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.slack_faults import DROPPED
from tests.acceptance.stage import Stage, free_port

Figure = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    http: httpx.AsyncClient

    async def get(self, path: str) -> tuple[int, str]:
        answer = await self.http.get(path)
        return answer.status_code, answer.text.strip()

    async def becomes(self, status: int, within: float = 10.0) -> str:
        """What /readyz says as soon as it has this status."""
        async with asyncio.timeout(within):
            while True:
                found, words = await self.get("/readyz")
                if found == status:
                    return words


@pytest.fixture
async def site(stage: Stage) -> AsyncIterator[Site]:
    stage.listen = f"127.0.0.1:{free_port()}"
    async with httpx.AsyncClient(base_url=f"http://{stage.listen}", trust_env=False) as http:
        yield Site(http)


async def test_it_is_ready_after_its_first_look_and_slack_and_says_why_when_it_is_not(
    stage: Stage, site: Site, figure: Figure
) -> None:
    stage.world.populate(30, failed=3)
    stage.jobs.hold_pages()
    async with stage.bot("run") as bot:
        await bot.logs("serving")
        unready = await site.becomes(503)
        assert "the first look is not done" in unready
        await stage.slack.wait_for_socket(10)
        stage.jobs.release_pages()
        await site.becomes(200)
        stage.jobs.fault(FAULTS["not_found"], times=None)
        failing = await site.becomes(503)
        stage.jobs.clear_faults()
        await site.becomes(200)
        stage.jobs.key = "another"
        refused = await site.becomes(503)
        assert (await site.get("/healthz"))[0] == 200
        await bot.stops()
    figure(f"readiness: at first 503 “{unready}”".replace("\n", "; "))
    figure(f"readiness: after failed looks 503 “{failing}”")
    figure(f"readiness: after a 401 503 “{refused}”")
    assert "3 failed looks in a row" in failing
    assert "1 failed look in a row" in refused
    assert "credentials" in refused


async def test_it_is_not_ready_while_slack_is_gone(stage: Stage, site: Site, figure: Figure) -> None:
    async with stage.running() as bot:
        await site.becomes(200)
        stage.slack.fault(DROPPED, method="apps.connections.open", times=None)
        stage.slack.drop_sockets()
        gone = await site.becomes(503)
        assert (await site.get("/healthz"))[0] == 200
        stage.slack.clear_faults()
        await site.becomes(200, within=20)
        await bot.stops()
    figure(f"readiness: without Slack 503 “{gone}”")
    assert "Slack" in gone


async def test_every_metric_begins_with_jobsbot(stage: Stage, site: Site, figure: Figure) -> None:
    stage.world.populate(30, failed=3)
    [job] = stage.add_running(1)
    async with stage.running() as bot:
        stage.world.fail(job.id)
        await stage.told(job)
        await bot.logs("told")
        await (await stage.slack.slash("failed")).answer()
        status, text = await site.get("/metrics")
        await bot.stops()
    names = {line.split("{")[0].split()[0] for line in text.splitlines() if not line.startswith("#")}
    figure(f"metrics: {len(names)} names, others than jobsbot_: {sorted(n for n in names if n[:8] != 'jobsbot_')}")
    assert status == 200
    assert all(name.startswith("jobsbot_") for name in names)
    assert 'jobsbot_messages_total{outcome="Delivered"} 1.0' in text
    assert "jobsbot_answer_seconds_count 1.0" in text
