"""One writer, whole transactions, readers that cannot write; on real files."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiosqlite
import pytest

from bot.sql.sqlite import Connection, Database, NewerSchemaError, open_database, open_reader, pending

INSERT = "INSERT INTO sources (name) VALUES (:name)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    async with open_database(path) as opened:
        yield opened


async def names(db: Database) -> list[str]:
    return [row["name"] for row in await db.reader.query("SELECT name FROM sources ORDER BY rowid", {})]


async def schema(path: Path) -> list[tuple[str, str]]:
    async with aiosqlite.connect(path) as connection:
        rows = await connection.execute_fetchall("SELECT name, sql FROM sqlite_schema ORDER BY name")
        return [(row[0], row[1]) for row in rows]


async def test_a_fresh_file_lacks_no_migration(path: Path) -> None:
    async with open_database(path), open_reader(path) as reader:
        assert await pending(reader) == []


async def test_opened_again_a_file_stays_as_it_is(path: Path) -> None:
    async with open_database(path) as db, db.transaction() as writer:
        await writer.query(INSERT, {"name": "prod"})
    before = await schema(path)
    async with open_database(path) as db:
        assert await names(db) == ["prod"]
    assert await schema(path) == before


async def test_a_file_of_a_later_version_is_named_as_such(path: Path) -> None:
    async with open_database(path) as db, db.transaction() as writer:
        await writer.query("INSERT INTO migrations (name) VALUES ('9999_later.sql')", {})
    with pytest.raises(NewerSchemaError, match=r"9999_later\.sql"):
        async with open_database(path):
            pass


async def test_a_migration_that_breaks_off_leaves_nothing(path: Path) -> None:
    async with aiosqlite.connect(path) as connection:
        await connection.execute("CREATE TABLE routes (in_the_way TEXT)")
    with pytest.raises(sqlite3.OperationalError, match="routes"):
        async with open_database(path):
            pass
    assert [name for name, _ in await schema(path)] == ["routes"]


async def test_an_error_leaves_nothing_behind_and_the_writer_usable(db: Database) -> None:
    with suppress(ZeroDivisionError):
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "lost"})
            raise ZeroDivisionError
    async with db.transaction() as writer:
        await writer.query(INSERT, {"name": "kept"})
    assert await names(db) == ["kept"]


async def test_a_statement_that_fails_takes_the_whole_transaction_with_it(db: Database) -> None:
    with suppress(sqlite3.IntegrityError):
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "twice"})
            await writer.query(INSERT, {"name": "twice"})
    assert await names(db) == []


async def test_cancelled_it_leaves_nothing_behind_and_the_writer_usable(db: Database) -> None:
    written = asyncio.Event()

    async def write_and_wait() -> None:
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "lost"})
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_wait())
    await asyncio.wait_for(written.wait(), 5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    async with db.transaction() as writer:
        await writer.query(INSERT, {"name": "kept"})
    assert await names(db) == ["kept"]


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_at_any_moment_the_writer_stays_usable(db: Database, turns: int) -> None:
    async def write() -> None:
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "perhaps"})

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    async with db.transaction() as writer:
        await writer.query(INSERT, {"name": "kept"})
    assert "kept" in await names(db)


async def test_cancelled_while_another_process_writes_the_writer_stays_usable(db: Database, path: Path) -> None:
    async def write(name: str) -> None:
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": name})

    async with aiosqlite.connect(path, isolation_level=None) as other:
        await other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(write("lost"))
        await asyncio.sleep(0)
        task.cancel()
        await other.execute("ROLLBACK")
    with suppress(asyncio.CancelledError):
        await task
    await write("kept")
    assert await names(db) == ["kept"]


async def test_two_writers_do_not_mix(db: Database) -> None:
    inside, on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "first"})
            inside.set()
            await on.wait()
            raise ZeroDivisionError

    async def second() -> None:
        async with db.transaction() as writer:
            await writer.query(INSERT, {"name": "second"})

    tasks = [asyncio.create_task(first()), asyncio.create_task(second())]
    await asyncio.wait_for(inside.wait(), 5)
    on.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], ZeroDivisionError)
    assert await names(db) == ["second"]


async def test_readers_see_nothing_of_an_open_transaction(db: Database) -> None:
    async with db.transaction() as writer:
        await writer.query(INSERT, {"name": "soon"})
        assert await names(db) == []
    assert await names(db) == ["soon"]


async def test_readers_cannot_write(db: Database, path: Path) -> None:
    async with open_reader(path) as raw:
        for connection in (db.reader, db.looker, Connection(raw)):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                await connection.query(INSERT, {"name": "forbidden"})


async def test_rows_come_in_chunks_and_all_of_them(db: Database) -> None:
    async with db.transaction() as writer:
        many = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
        job = "SELECT 's', i, x'', '', 0, 0, NULL, '', '', '', '', '', 0, 0" + ", NULL" * 6 + ", 0, '', NULL FROM n"
        await writer.query(f"INSERT INTO jobs {many} {job}", {})
    sizes = [len(rows) async for rows in db.looker.chunks("known_jobs", source="s")]
    assert sizes == [5000, 5000, 2000]


async def test_a_large_transaction_leaves_no_large_log_behind(db: Database) -> None:
    async with db.transaction() as writer:
        [(limit,)] = await writer.query("PRAGMA journal_size_limit", {})
    assert 0 < limit <= 64 * 2**20
