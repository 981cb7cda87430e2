"""SQLite as this bot uses it: one writer behind a lock, every write in `BEGIN IMMEDIATE`, readers on connections of
their own that cannot write. Connections are only ever opened through the context managers here.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeAlias

import aiosqlite

from bot.sql import migrations, statements

Value: TypeAlias = str | int | float | bytes | None
Values: TypeAlias = Mapping[str, Value]

BUSY_TIMEOUT = 2.0  # seconds to wait for another process that writes
CHUNK = 5_000  # rows fetched at a time
LOG_LIMIT = 64 * 2**20  # bytes that the write-ahead log keeps after a large transaction
CHECK = "PRAGMA quick_check(1)"
PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


class NewerSchemaError(Exception):
    """The file was written by a later version of this program."""


def may_pass(error: sqlite3.Error) -> bool:
    """Whether the same may succeed later with nothing but patience, or room on the disk."""
    code: int | None = getattr(error, "sqlite_errorcode", None)  # not every error comes from SQLite itself
    return code is not None and code & 0xFF in PASSING


class Connection:
    """Runs statements by name."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def rows(self, name: str, /, **values: Value) -> list[sqlite3.Row]:
        return await self.query(statements()[name], values)

    async def row(self, name: str, /, **values: Value) -> sqlite3.Row | None:
        rows = await self.rows(name, **values)
        return rows[0] if rows else None

    async def query(self, sql: str, values: Values) -> list[sqlite3.Row]:
        return list(await self._raw.execute_fetchall(sql, values))

    async def chunks(self, name: str, /, **values: Value) -> AsyncGenerator[list[sqlite3.Row], None]:
        """The rows, some thousands at a time, so that a large result is never in memory twice."""
        async with self._raw.execute(statements()[name], values) as cursor:
            while rows := list(await cursor.fetchmany(CHUNK)):
                yield rows

    async def run(self, name: str, /, **values: Value) -> int:
        """How many rows the statement changed."""
        async with self._raw.execute(statements()[name], values) as cursor:
            return cursor.rowcount

    async def run_many(self, name: str, values: Iterable[Values]) -> None:
        await self._raw.executemany(statements()[name], values)


class Database:
    """One file. `reader` serves people, `looker` the looks, so that nobody waits for a large read."""

    def __init__(
        self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, looker: aiosqlite.Connection
    ) -> None:
        self._writer = writer
        self._lock = asyncio.Lock()
        self.reader = Connection(reader)
        self.looker = Connection(looker)

    @property
    def is_writing(self) -> bool:
        return self._lock.locked()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The writer, alone; what is done with it is done whole or not at all."""
        async with self._lock:
            try:  # a cancelled BEGIN has begun all the same, and a COMMIT that fails has not ended
                await self._writer.execute("BEGIN IMMEDIATE")
                yield Connection(self._writer)
                await asyncio.shield(self._writer.commit())
            except BaseException:
                await asyncio.shield(self._writer.rollback())
                raise


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The database in the file, made if it is not there, and brought up to date."""
    async with _connect(path) as writer:
        await writer.execute("PRAGMA journal_mode = WAL")
        await writer.execute("PRAGMA synchronous = FULL")
        await writer.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT}")
        await _check(writer)
        await _migrate(writer)
        async with open_reader(path) as reader, open_reader(path) as looker:
            yield Database(writer, reader, looker)


@asynccontextmanager
async def open_reader(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """A connection that cannot write, also beside a process that does."""
    async with _connect(path) as connection:
        await connection.execute("PRAGMA query_only = ON")
        yield connection


async def try_writing(path: Path) -> None:
    """Raises what writing to the file would raise. Nothing in it changes."""
    await asyncio.to_thread(_try_writing, path)


async def pending(connection: aiosqlite.Connection) -> list[tuple[str, str]]:
    """The migrations that the file still lacks."""
    rows = await connection.execute_fetchall(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"
    )
    done = {str(row[0]) for row in await connection.execute_fetchall("SELECT name FROM migrations")} if rows else set()
    known = migrations()
    if later := done - {name for name, _ in known}:
        raise NewerSchemaError(", ".join(sorted(later)))
    return [(name, script) for name, script in known if name not in done]


@asynccontextmanager
async def _connect(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    await asyncio.to_thread(_try, path)  # an aiosqlite that fails to open leaves a thread that prints a traceback
    async with aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT) as connection:
        connection.row_factory = sqlite3.Row
        # SQLite's own lower() knows no letters but those of ASCII.
        await connection.create_function("casefold", 1, str.casefold, deterministic=True)
        yield connection


def _try(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)):
        pass


def _try_writing(path: Path) -> None:
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        _judge(connection.execute(CHECK).fetchall())


async def _check(connection: aiosqlite.Connection) -> None:
    _judge(await connection.execute_fetchall(CHECK))


def _judge(rows: Iterable[Sequence[object]]) -> None:
    problems = [str(row[0]) for row in rows]
    if problems != ["ok"]:
        raise sqlite3.DatabaseError("; ".join(problems))


async def _migrate(connection: aiosqlite.Connection) -> None:
    """Each migration in one transaction with the record that it was applied."""
    for name, script in await pending(connection):
        record = f"CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT; {script}"
        await connection.executescript(f"BEGIN IMMEDIATE; {record}")
        await connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
        await connection.commit()
