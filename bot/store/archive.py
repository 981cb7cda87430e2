"""What people may ask of the store. Reads only, on a connection that cannot write."""

from collections.abc import Mapping

from bot.core.history import Entry, HistoryQuery, Telling
from bot.core.instants import Instant, length
from bot.core.jobs import JobQuery
from bot.core.memory import Memory
from bot.core.replies import Health, ParkedRoute, SourceHealth
from bot.sql.sqlite import Connection
from bot.store.rows import memory_of, source_health, to_json
from bot.store.selection import select_jobs


class Archive:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def select(self, query: JobQuery, now: Instant) -> tuple[tuple[Memory, ...], int]:
        """The page of jobs, newest first by when they entered their status, and how many match on all pages."""
        page, count, values = select_jobs(query, now)
        total = (await self._db.query(count, values))[0][0]
        rows = await self._db.query(page, values) if total else []
        return tuple(map(memory_of, rows)), total

    async def find(self, reference: str, limit: int) -> tuple[tuple[Memory, ...], int]:
        """The jobs with this id, else those whose id begins so, else those of this name, in upper or lower case;
        newest first, and how many there are.
        """
        for name in ("jobs_with_id", "jobs_whose_id_begins", "jobs_with_name"):
            rows = await self._db.rows(name, reference=reference, beyond=reference + chr(0x10FFFF), limit=limit)
            if rows:
                return tuple(map(memory_of, rows)), int(rows[0]["total"])
        return (), 0

    async def counts(self) -> Mapping[str, int]:
        return {row["status"]: row["jobs"] for row in await self._db.rows("count_jobs")}

    async def sources(self) -> tuple[SourceHealth, ...]:
        return tuple(map(source_health, await self._db.rows("sources")))

    async def health(self) -> Health:
        depth = await self._db.row("outbox_depth")
        refused = await self._db.row("refused_messages")
        parked = await self._db.rows("parked_routes")
        return Health(
            sources=await self.sources(),
            parked=tuple(
                ParkedRoute(row["destination"], row["parked"], row["parked_at"], row["not_before"], row["waiting"])
                for row in parked
            ),
            waiting=depth["waiting"] if depth else 0,
            oldest=depth["oldest"] if depth else None,
            refused=refused["refused"] if refused else 0,
        )

    async def history(self, query: HistoryQuery, now: Instant) -> tuple[Entry, ...]:
        """The ledger, newest change first."""
        since = now - length(query.since) if query.since is not None else 0
        rows = await self._db.rows("history", since=since, source=query.source, job=query.job, limit=query.limit)
        tellings = await self._tellings([row["key"] for row in rows])
        return tuple(
            Entry(
                key=row["key"],
                source=row["source"],
                job_id=row["job_id"],
                name=row["name"],
                kind=row["kind"],
                inferred=bool(row["inferred"]),
                was=row["was"],
                status=row["status"],
                at=row["at"],
                seen_at=row["seen_at"],
                verdict=row["verdict"],
                rule=row["rule"],
                reason=row["reason"],
                tellings=tuple(tellings.get(row["key"], ())),
            )
            for row in rows
        )

    async def _tellings(self, keys: list[str]) -> Mapping[str, list[Telling]]:
        tellings: dict[str, list[Telling]] = {}
        for row in await self._db.rows("tellings", keys=to_json(keys)):
            telling = Telling(
                destination=row["destination"],
                message_key=row["message_key"],
                state=row["state"],
                attempts=row["attempts"],
                channel=row["channel"],
                ts=row["ts"],
                trouble=row["trouble"],
            )
            tellings.setdefault(row["change_key"], []).append(telling)
        return tellings
