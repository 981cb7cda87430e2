"""The proxy passes on what it is not asked to spoil, and spoils what it is asked to as a network would."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from tests.guarantees.proxy import Exchange, Mischief, Phase, Proxy, nobody_watches, nothing_spoiled
from tests.guarantees.theatre import name_of_jobs_call

LIST = "GET /batch/jobs from 0"
PATIENCE = 0.3  # seconds


@dataclass(slots=True)
class Wire:
    jobs: JobsServer
    http: httpx.AsyncClient
    proxy: Proxy
    steps: list[tuple[Exchange, Phase]] = field(default_factory=list)

    async def note(self, exchange: Exchange, phase: Phase, _digest: str) -> None:
        self.steps.append((exchange, phase))

    async def ask(self) -> httpx.Response:
        return await self.http.get(f"{self.proxy.url}/batch/jobs", params={"offset": 0})


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with JobsServer(JobsWorld(seed=1, now=time.time)) as jobs:
        jobs.world.populate(50, failed=5)
        headers = {"Authorization": f"Bearer {jobs.key}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=5.0) as http:
            wire = Wire(jobs, http, Proxy("jobs", jobs.url, name_of_jobs_call, nothing_spoiled, nobody_watches))
            wire.proxy.watch = wire.note
            async with wire.proxy:
                yield wire


async def test_what_it_is_not_asked_to_spoil_passes_as_it_came(wire: Wire) -> None:
    through = await wire.ask()
    direct = await wire.http.get(f"{wire.jobs.url}/batch/jobs", params={"offset": 0})
    assert (through.status_code, through.content) == (200, direct.content)


async def test_it_tells_of_every_step_and_counts_each_kind_of_its_own(wire: Wire) -> None:
    await wire.ask()
    await wire.http.get(f"{wire.proxy.url}/batch/jobs/job_0nothere")
    await wire.ask()
    kinds = [(LIST, 1), ("GET /batch/jobs/{id}", 1), (LIST, 2)]
    assert wire.steps == [(Exchange("jobs", *kind), phase) for kind in kinds for phase in Phase]


@pytest.mark.parametrize(
    ("mischief", "error", "arrived"),
    [
        (Mischief.RESET_BEFORE, httpx.ReadError, 0),
        (Mischief.RESET_AFTER, httpx.ReadError, 1),
        (Mischief.STALL, httpx.ReadTimeout, 1),
        (Mischief.HALF_OPEN, httpx.ReadTimeout, 0),
        (Mischief.TRUNCATE, httpx.RemoteProtocolError, 1),
    ],
)
async def test_an_exchange_without_an_answer(
    wire: Wire, mischief: Mischief, error: type[Exception], arrived: int
) -> None:
    wire.proxy.plan = lambda _: mischief
    if error is httpx.ReadTimeout:
        wire.http.timeout = httpx.Timeout(PATIENCE)
    with pytest.raises(error):
        await wire.ask()
    assert len(wire.jobs.requests) == arrived


@pytest.mark.parametrize(("mischief", "status"), [(Mischief.ERROR_500, 500), (Mischief.RUBBISH, 200)])
async def test_an_answer_in_place_of_the_true_one(wire: Wire, mischief: Mischief, status: int) -> None:
    wire.proxy.plan = lambda _: mischief
    answer = await wire.ask()
    assert answer.status_code == status
    with pytest.raises(ValueError):  # noqa: PT011  no JSON, whatever else
        answer.json()
    assert len(wire.jobs.requests) == 1


async def test_what_stalls_comes_once_it_is_released(wire: Wire) -> None:
    wire.proxy.plan = lambda _: Mischief.STALL
    asking = asyncio.create_task(wire.ask())
    await wire.jobs.seen(1)
    assert not asking.done()
    wire.proxy.release.set()
    assert (await asking).status_code == 200


async def test_it_spoils_the_one_request_that_it_is_asked_to(wire: Wire) -> None:
    second = Exchange("jobs", LIST, 2)
    wire.proxy.plan = lambda exchange: Mischief.ERROR_500 if exchange == second else None
    assert [(await wire.ask()).status_code for _ in range(3)] == [200, 500, 200]
