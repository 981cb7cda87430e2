"""What people may ask of the store. Reads only, on a connection that cannot write."""

import sqlite3
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing

from bot.core.history import Entry, HistoryQuery, Telling
from bot.core.instants import Instant, length
from bot.core.jobs import JobQuery
from bot.core.likeness import Seen
from bot.core.memory import Memory
from bot.core.replies import Health, ParkedRoute, Queue, SourceHealth
from bot.sql.sqlite import Connection, Value
from bot.store.rows import memory_of, seen_of, source_health, to_json
from bot.store.selection import select_jobs

ENDLESS = -1  # the limit that SQLite takes for none


async def organisations(db: Connection) -> Mapping[str, str]:
    return {row["name"]: row["org_id"] for row in await db.rows("organisations")}


class Archive:
    """`ghosts` are sources that are configured no more: the ledger keeps what it holds of them, nobody else sees it."""

    def __init__(self, db: Connection, ghosts: Collection[str] = ()) -> None:
        self._db = db
        self.ghosts = tuple(ghosts)
        self._ghosts = to_json(self.ghosts)

    async def select(self, query: JobQuery, now: Instant) -> tuple[tuple[Memory, ...], int]:
        """The page of jobs, newest first by when they entered their status, and how many match on all pages."""
        page, count, values = select_jobs(query, now, self.ghosts)
        total = (await self._db.query(count, values))[0][0]
        rows = await self._db.query(page, values) if total else []
        return tuple(map(memory_of, rows)), total

    async def find(self, reference: str, limit: int) -> tuple[tuple[Memory, ...], int]:
        """The jobs with this id, else those whose id begins so, else those of this name, in upper or lower case;
        newest first, and how many there are.
        """
        for name in ("jobs_with_id", "jobs_whose_id_begins", "jobs_with_name"):
            beyond = reference + chr(0x10FFFF)
            rows = await self._db.rows(name, reference=reference, beyond=beyond, ghosts=self._ghosts, limit=limit)
            if rows:
                return tuple(map(memory_of, rows)), int(rows[0]["total"])
        return (), 0

    async def seen_before(self, likeness: str, before: Instant) -> Seen | None:
        """How often errors of this kind were seen before that time, if ever."""
        rows = await self._db.rows("seen_before", likenesses=to_json([likeness]), before=before)
        return seen_of(rows).get(likeness)

    async def counts(self) -> Mapping[str, int]:
        return {row["status"]: row["jobs"] for row in await self._db.rows("count_jobs", ghosts=self._ghosts)}

    async def sources(self) -> tuple[SourceHealth, ...]:
        return tuple(map(source_health, await self._db.rows("sources", ghosts=self._ghosts)))

    async def organisations(self) -> Mapping[str, str]:
        """The organisation that each source's key opened; empty where its jobs did not tell."""
        return await organisations(self._db)

    async def queue(self) -> Queue:
        row = await self._db.row("queue")
        return Queue(row["waiting"], row["oldest"], row["edits"], row["parked"]) if row else Queue()

    async def health(self) -> Health:
        refused = await self._db.row("refused_messages")
        parked = await self._db.rows("parked_routes")
        return Health(
            sources=await self.sources(),
            parked=tuple(
                ParkedRoute(row["destination"], row["parked"], row["parked_at"], row["not_before"], row["waiting"])
                for row in parked
            ),
            queue=await self.queue(),
            refused=refused["refused"] if refused else 0,
            refusal=refused["trouble"] or "" if refused else "",
        )

    async def history(self, query: HistoryQuery, now: Instant) -> tuple[Entry, ...]:
        """The ledger, newest change first."""
        return tuple([entry async for entries in self.ledger(query, now) for entry in entries])

    async def ledger(self, query: HistoryQuery, now: Instant) -> AsyncGenerator[tuple[Entry, ...], None]:
        """The same, some thousands at a time: the ledger may be larger than the memory."""
        since = now - length(query.since) if query.since is not None else 0
        limit = ENDLESS if query.limit is None else query.limit
        asked: dict[str, Value] = {"since": since, "source": query.source, "limit": limit}
        if query.job is None:
            found = self._db.chunks("history", **asked)
        else:
            found = self._db.chunks("history_of", **asked, job=query.job)
        async with aclosing(found) as chunks:
            async for rows in chunks:
                yield await self._entries(rows)

    async def _entries(self, rows: Sequence[sqlite3.Row]) -> tuple[Entry, ...]:
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
                detail=row["detail"],
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
