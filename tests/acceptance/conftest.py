"""The stage, and the way in which a test says its figure."""

import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.slack_server import SlackServer
from tests.acceptance.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    world = JobsWorld(seed=7, now=time.time)
    async with JobsServer(world) as jobs, SlackServer() as slack:
        yield Stage(tmp_path, world, jobs, slack)


@pytest.fixture
def figure(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Says one line that can be quoted, past the capture."""

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say
