"""What a look needs of the store, and what it leaves there."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.core.cards import REASON_WITHIN
from bot.core.changes import Change
from bot.core.jobs import FINAL
from bot.core.likeness import likeness
from bot.core.memory import PATIENCE
from bot.core.sweep import Known
from bot.sql.sqlite import Database
from bot.store import cards
from bot.store.ledger import Ledger
from bot.store.rows import to_json


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

    async def give_reason(self, change: Change, reason: str) -> bool:
        """Remembers why a job failed: with the job, unless that has left this failure or said why itself, and where the
        failure was told. Whether the job had not said it.
        """
        job = change.job
        async with self._db.transaction() as connection:
            news = await connection.run(
                "give_reason",
                source=job.source,
                id=job.id,
                retry_count=job.retries,
                failed_at=job.failed_at,
                error=job.error,
                reason=reason,
            )
            await connection.run("liken_change", key=change.key, likeness=likeness(reason))
            await cards.explain(connection, change, reason)
        return bool(news)

    async def stop_asking(self, changes: Iterable[Change]) -> None:
        """No message waits any more for the reasons of these failures."""
        keys = to_json([change.key for change in changes])
        async with self._db.transaction() as connection:
            await connection.run("wait_for_no_reason", keys=keys, within=REASON_WITHIN)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Ledger]:
        async with self._db.transaction() as connection:
            yield Ledger(connection, self._keep)
