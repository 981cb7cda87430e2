"""Opens what the bot remembers. What can be wrong with a state file is said in words that an operator can act on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot import BotError
from bot.core.instants import Instant, length
from bot.sql.sqlite import Connection, Database, NewerSchemaError, open_database, open_reader, pending
from bot.store.archive import Archive
from bot.store.looks import PATIENCE, Looks
from bot.store.outbox import Outbox

CERTIFICATES_KEPT = timedelta(hours=24)  # of complete listings


@dataclass(frozen=True, slots=True)
class Store:
    """`looks` is for the poll, `outbox` for the delivery, `archive` for the answers."""

    looks: Looks
    outbox: Outbox
    archive: Archive
    db: Database
    keep: timedelta

    async def prune(self, now: Instant) -> None:
        """Forgets what is older than the store keeps, but nothing that waits to be said, and no job that is there."""
        before = now - length(self.keep)
        async with self.db.transaction() as db:
            await db.run("prune_looks", day_ago=now - length(CERTIFICATES_KEPT), before=before, latest=PATIENCE - 1)
            for name in ("prune_changes", "prune_tellings", "prune_messages", "prune_jobs"):
                await db.run(name, before=before)


@asynccontextmanager
async def open_store(path: Path, keep: timedelta) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        with _explained(path):
            db = await stack.enter_async_context(open_database(path))
        yield Store(Looks(db, keep), Outbox(db), Archive(db.reader), db, keep)


@asynccontextmanager
async def open_archive(path: Path) -> AsyncIterator[Archive]:
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
        yield Archive(Connection(reader))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except NewerSchemaError as error:
        raise BotError(
            f"The state file {path} was written by a newer jobsbot (it has {error}). Install that version again, or "
            "set [store] url to a new file."
        ) from error
    except sqlite3.OperationalError as error:
        raise BotError(
            f"Cannot use the state file {path}: {error}. Its folder must exist, be writable for this user and have "
            "space left; [store] url in the configuration says where it is."
        ) from error
    except sqlite3.DatabaseError as error:
        raise BotError(
            f"The state file {path} is damaged or no state file at all: {error}. Move it away and start again: the bot "
            "then takes a new baseline and tells what happens from then on; or put a backup in its place."
        ) from error
