"""What many tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina

from tests.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot's parts between the two simulated worlds, after their baseline."""
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def at_once() -> Iterator[None]:
    """Requests to the job API are made once and not repeated, so that no test waits."""
    with stamina.set_testing(True, attempts=1):
        yield
