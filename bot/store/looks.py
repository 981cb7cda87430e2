"""What a look needs of the store, and what it leaves there."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.core.changes import Change
from bot.core.instants import Instant
from bot.core.jobs import FINAL
from bot.core.memory import PATIENCE
from bot.core.reasons import Unexplained
from bot.core.sweep import Known
from bot.sql.sqlite import Connection, Database
from bot.store import cards
from bot.store.ledger import Ledger
from bot.store.rows import to_json, unexplained_of


class Looks:
    def __init__(self, db: Database, keep: timedelta) -> None:
        self._db = db
        self._keep = keep

    async def known(self, source: str) -> Known:
        """What is stored of the source's jobs. A listing is usually as long as the longest of the latest ones."""
        fingerprints: dict[str, bytes] = {}
        live: set[str] = set()
        async for rows in self._db.looker.chunks("known_jobs", source=source):
            fingerprints.update((row["id"], row["fingerprint"]) for row in rows)
            live.update(row["id"] for row in rows if row["status"] not in FINAL)
        lately = await self._db.looker.rows("lately_seen", source=source, looks=PATIENCE - 1)
        usual = min(len(fingerprints), max((row["seen"] for row in lately), default=len(fingerprints)))
        return Known(fingerprints, frozenset(live), usual)

    async def unexplained(
        self, source: str, in_vain: Mapping[str, Instant], now: Instant, limit: int
    ) -> list[Unexplained]:
        """Failures of which it is still to be asked why, the most urgent first; last what was asked `in_vain` then."""
        asked = to_json(in_vain)
        rows = await self._db.looker.rows("unexplained", source=source, in_vain=asked, now=now, limit=limit)
        return [unexplained_of(row) for row in rows]

    async def give_reason(self, change: Change, reason: str) -> None:
        """Remembers why a job failed: with the job, unless that has left this failure or said why itself, and where the
        failure was told. Empty: nobody can tell. It is asked for no more. What the job has said by itself while it was
        asked for stays.
        """
        async with self._db.transaction() as connection:
            if await connection.run("end_question", key=change.key) and reason:
                await _give_reason(connection, change, reason)
                await cards.explain(connection, change, reason)

    async def stop_waiting(self, changes: Iterable[Change]) -> None:
        """No message waits any more for the reasons of these failures."""
        keys = to_json([change.key for change in changes])
        async with self._db.transaction() as connection:
            await connection.run("wait_for_no_reason", keys=keys)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Ledger]:
        async with self._db.transaction() as connection:
            yield Ledger(connection, self._keep)


async def _give_reason(db: Connection, change: Change, reason: str) -> None:
    job = change.job
    await db.run(
        "give_reason",
        source=job.source,
        id=job.id,
        retry_count=change.retry_count,
        at=change.at,
        error=job.error,
        reason=reason,
    )
