"""A state file that fails for the moment, locked or full, costs nothing but time: what was found is found again, and
what was sent is not sent again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot import deliver
from bot.deliver import deliver_due
from bot.sql.sqlite import may_pass
from tests.world import World


@pytest.fixture
def other(world: World, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that uses the state file of the world."""
    assert world.store.path == tmp_path / "state.db"
    with closing(sqlite3.connect(world.store.path, isolation_level=None)) as connection:
        yield connection


@pytest.fixture(autouse=True)
async def _impatient(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "SETTLE_AGAIN", 0.0)
    await world.store.db._writer.execute("PRAGMA busy_timeout = 0")  # noqa: SLF001  so that no test waits


async def test_a_message_that_went_out_is_settled_once_the_state_file_can_be_written_to(
    world: World, other: sqlite3.Connection
) -> None:
    steps = iter(["BEGIN IMMEDIATE", "SELECT 1", "ROLLBACK"])

    def chance() -> float:
        """Asked for before each attempt to settle."""
        other.execute(next(steps))
        return 0.0

    await world.fail("press")
    settled = await deliver_due(world.store.outbox, world.sink, world.on_doubt, world.clock, chance)
    assert [type(one.outcome).__name__ for one in settled] == ["Delivered"]
    assert await world.deliver() == []
    assert len(world.posts()) == 1


async def test_a_full_disk_costs_a_look_and_the_next_one_finds_the_same(world: World) -> None:
    ids = [world.jobs.world.add(f"{number} " + "x" * 400, status="RUNNING", age=60).id for number in range(90)]
    await world.store.db._writer.execute("PRAGMA max_page_count = 1")  # noqa: SLF001  no more than there are
    with pytest.raises(sqlite3.OperationalError, match="full") as full:
        await world.look()
    assert may_pass(full.value)
    await world.store.db._writer.execute("PRAGMA max_page_count = 1000000")  # noqa: SLF001
    look = await world.good_look()
    assert {verdict.change.job.id for verdict in look.verdicts} == set(ids)


async def test_what_time_does_not_mend_is_no_trouble_that_passes(world: World) -> None:
    with pytest.raises(sqlite3.OperationalError) as wrong:
        await world.store.db.reader.query("SELECT * FROM nowhere", {})
    assert not may_pass(wrong.value)
    assert not may_pass(sqlite3.DatabaseError("file is not a database"))
