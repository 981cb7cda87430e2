"""Opens what the bot remembers. What can be wrong with a state file is said in words that an operator can act on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from bot import BotError
from bot.core.cards import FOLLOWED
from bot.core.instants import Instant, length
from bot.core.memory import PATIENCE
from bot.sql.sqlite import (
    Connection,
    Database,
    NewerSchemaError,
    may_pass,
    open_database,
    open_reader,
    pending,
    try_writing,
)
from bot.store.archive import Archive, organisations
from bot.store.cards import Cards
from bot.store.lock import is_held
from bot.store.looks import Looks
from bot.store.outbox import Outbox
from bot.store.rows import to_json

CERTIFICATES_KEPT = timedelta(hours=24)  # of complete listings
FileId: TypeAlias = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Store:
    """`looks` is for the poll, `outbox` and `cards` for the delivery, `archive` for the answers."""

    looks: Looks
    outbox: Outbox
    cards: Cards
    archive: Archive
    db: Database
    keep: timedelta
    path: Path
    file: FileId

    def stand_by(self) -> None:
        """BotError if the path leads to another file by now, or to none: what is written is lost at the next start."""
        if _file_id(self.path) != self.file:
            raise BotError(
                f"The state file {self.path} was removed or replaced while the bot ran. Stop the bot before you move "
                "its state file or put a backup in its place; then start it again."
            )

    async def prune(self, now: Instant) -> None:
        """Forgets what is older than the store keeps, but nothing that waits to be said, and no job that is there."""
        before = now - length(self.keep)
        async with self.db.transaction() as db:
            await db.run("prune_looks", day_ago=now - length(CERTIFICATES_KEPT), before=before, latest=PATIENCE - 1)
            for name in ("prune_changes", "prune_tellings", "prune_messages", "prune_jobs"):
                await db.run(name, before=before)
            ghosts = to_json(self.archive.ghosts)
            for row in await db.rows("prune_cards", before=before, ended_after=now - FOLLOWED, ghosts=ghosts):
                await db.run("leave_card", key=row["key"])


@asynccontextmanager
async def open_store(path: Path, keep: timedelta, sources: Collection[str] | None = None) -> AsyncIterator[Store]:
    """The state file; of jobs, what is of these sources is shown."""
    async with AsyncExitStack() as stack:
        with _explained(path):
            db = await stack.enter_async_context(open_database(path))
        archive = Archive(db.reader, await _ghosts(db.reader, sources))
        yield Store(Looks(db, keep), Outbox(db), Cards(db), archive, db, keep, path, _file_id(path))


async def try_store(path: Path) -> None:
    """BotError if a bot could not run on the state file. Nothing in it changes."""
    running = is_held(path)
    try:
        await try_writing(path)
    except sqlite3.DatabaseError as error:
        if not (running and may_pass(error)):
            raise BotError(explained(path, error)) from error


@asynccontextmanager
async def open_archive(path: Path, sources: Collection[str] | None = None) -> AsyncIterator[Archive]:
    """The state file for reading alone, also beside a bot that runs on it."""
    if not await asyncio.to_thread(path.exists):
        raise BotError(
            f"There is no state file {path} yet. Start `jobsbot run` with this configuration first; it makes the file "
            "at its first look. If the bot runs elsewhere, set [store] url to its state file."
        )
    async with AsyncExitStack() as stack:
        with _explained(path):
            reader = await stack.enter_async_context(open_reader(path))
            behind = await pending(reader)
        if behind:
            raise BotError(f"The state file {path} is of an older jobsbot. Start `jobsbot run` once: it brings it up.")
        db = Connection(reader)
        yield Archive(db, await _ghosts(db, sources))


async def _ghosts(db: Connection, sources: Collection[str] | None) -> list[str]:
    return [] if sources is None else sorted(set(await organisations(db)) - set(sources))


def _file_id(path: Path) -> FileId:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except NewerSchemaError as error:
        raise BotError(
            f"The state file {path} was written by a newer jobsbot (it has {error}). Install that version again, or "
            "set [store] url to a new file."
        ) from error
    except sqlite3.DatabaseError as error:
        raise BotError(explained(path, error)) from error


def explained(path: Path, error: sqlite3.DatabaseError) -> str:
    """What is wrong with the state file, and what to do."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # no such table, no such column
        return (
            f"The state file {path} was made by another version of jobsbot, or by something else: {error}. Install "
            "that version again; or move the file away and start again: the bot then takes a new baseline and tells "
            "what happens from then on."
        )
    if isinstance(error, sqlite3.OperationalError):
        return (
            f"Cannot use the state file {path}: {error}. Its folder must exist, both be writable for this user "
            "and the disk have space left; [store] url in the configuration says where it is."
        )
    return (
        f"The state file {path} is damaged or no state file at all: {error}. Move it away and start again: the bot "
        "then takes a new baseline and tells what happens from then on; or put a backup in its place."
    )
