"""An empty state file, opened as the bot opens it, and a clock that stands until it is moved."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store, open_store
from tests.samples import KEEP


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with open_store(path, KEEP) as opened:
        yield opened
