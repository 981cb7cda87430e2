"""What can be wrong with a state file is said in words that an operator can act on; one bot runs on it at a time."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeAlias

import pytest

from bot import BotError
from bot.store.lock import only_one
from bot.store.store import open_archive, open_store
from tests.samples import KEEP, job, listing, take_in

HOLD = """
import sys
from pathlib import Path
from bot.store.lock import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def damage(path: Path) -> None:
    whole = path.read_bytes()
    fill(path, whole[:8192] + b"\xff" * 32768 + whole[40960:])


async def open_as_bot(path: Path) -> None:
    async with open_store(path, KEEP):
        pass


async def open_as_reader(path: Path) -> None:
    async with open_archive(path):
        pass


Opened: TypeAlias = Callable[[Path], Awaitable[None]]
OPEN = pytest.mark.parametrize("opened", [open_as_bot, open_as_reader])


def write_migration(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO migrations (name) VALUES (?)", (name,))


@OPEN
async def test_a_file_that_is_no_database_is_named_with_what_to_do(path: Path, opened: Opened) -> None:
    fill(path, b"this is a shopping list, not a database" * 40)
    with pytest.raises(BotError, match="damaged or no state file") as error:
        await opened(path)
    assert str(path) in str(error.value)
    assert "Move it away" in str(error.value)


async def test_a_file_with_damaged_pages_is_found_at_the_start(path: Path) -> None:
    async with open_store(path, KEEP) as store:
        await take_in(store, listing(job(number) for number in range(400)))
    damage(path)
    with pytest.raises(BotError, match="damaged"):
        await open_as_bot(path)


@OPEN
async def test_a_folder_in_its_place_is_named_with_what_to_do(tmp_path: Path, opened: Opened) -> None:
    with pytest.raises(BotError, match=r"Cannot use the state file .*store. url"):
        await opened(tmp_path)


async def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="Its folder must exist"):
        await open_as_bot(tmp_path / "nowhere" / "state.db")


async def test_without_a_file_a_reader_is_told_who_makes_it(path: Path) -> None:
    with pytest.raises(BotError, match=r"no state file .* yet\. Start `jobsbot run`"):
        await open_as_reader(path)
    with pytest.raises(BotError):  # and did not make one by looking
        await open_as_reader(path)


@OPEN
async def test_a_file_of_a_newer_version_is_left_alone(path: Path, opened: Opened) -> None:
    await open_as_bot(path)
    write_migration(path, "9999_later.sql")
    with pytest.raises(BotError, match="written by a newer jobsbot"):
        await opened(path)


@OPEN
async def test_a_file_whose_tables_are_not_ours_is_of_another_version(path: Path, opened: Opened) -> None:
    await open_as_bot(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE migrations RENAME COLUMN name TO title")
    with pytest.raises(
        BotError, match=r"another version of jobsbot.*no such column: name.*move the file away"
    ) as error:
        await opened(path)
    assert "disk" not in str(error.value)


async def test_a_reader_asks_for_a_run_where_the_file_is_of_an_older_version(path: Path) -> None:
    fill(path, b"")
    with pytest.raises(BotError, match="older jobsbot"):
        await open_as_reader(path)


async def test_a_reader_sees_what_a_running_bot_stores(path: Path) -> None:
    async with open_store(path, KEEP) as store, open_archive(path) as archive:
        await take_in(store, listing([job()]))
        assert await archive.counts() == {"FAILED": 1}


@asynccontextmanager
async def holder(path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the state file."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(path), stdin=pipe, stdout=pipe, env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 10) == b"held\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_second_bot_on_the_same_file_is_refused(path: Path) -> None:
    async with holder(path):
        with pytest.raises(BotError, match="Another jobsbot already runs on the state file") as error, only_one(path):
            pass
    assert str(path) in str(error.value)


async def test_a_killed_bot_leaves_the_file_free(path: Path) -> None:
    async with holder(path) as process:
        process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.wait(), 10)
        with only_one(path):
            pass


def test_a_bot_that_has_ended_leaves_the_file_free(path: Path) -> None:
    for _ in range(2):
        with only_one(path):
            pass


def test_a_folder_that_cannot_be_written_to_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cannot = pytest.raises(BotError, match=r"Cannot write beside the state file .*\[store\] url")
    with cannot, only_one(tmp_path / "file" / "state.db"):
        pass
