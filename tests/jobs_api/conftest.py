"""A jobs API over HTTP with a few jobs, and the bot's own client of it, which repeats without waiting."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.jobs_api.client import JobsApi, connect
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from tests.samples import Clock


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[JobsServer]:
    world = JobsWorld(seed=7, now=clock.in_seconds)
    for age in (10, 20, 30):
        world.add(str(age), age=age)
    async with JobsServer(world) as running:
        yield running


@pytest.fixture
async def api(server: JobsServer, clock: Clock) -> AsyncIterator[JobsApi]:
    async with connect("prod", server.url, server.key, page_size=100, clock=clock) as opened:
        yield opened


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield
