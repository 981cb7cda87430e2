"""What many tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina
from hypothesis import settings

from bot.sandbox.slack_server import SlackServer
from tests.samples import Clock
from tests.world import World, open_world

settings.register_profile("anew", deadline=None)  # a deadline would test the machine
settings.register_profile("the same each time", settings.get_profile("anew"), derandomize=True, database=None)
settings.load_profile("the same each time")  # what a commit is found to be, it is found to be again


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot's parts between the two simulated worlds, after their baseline."""
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackServer]:
    """A simulated workspace whose clock stands unless a test moves it."""
    async with SlackServer(now=clock.in_seconds) as server:
        yield server


@pytest.fixture
def at_once() -> Iterator[None]:
    """Requests to the job API are made once and not repeated, so that no test waits."""
    with stamina.set_testing(True, attempts=1):
        yield
