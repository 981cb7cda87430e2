"""One transaction of a look: the new memory, its changes, the verdicts on them and the messages they cause are
written together or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from bot.core.alerts import OLD, Alert, Destination, Silence, Step, Told, Verdict
from bot.core.board import Board, Composed, moments
from bot.core.changes import Change, ChangeKind
from bot.core.faults import Fault
from bot.core.instants import Instant, length
from bot.core.listing import Listing
from bot.core.memory import CLOCKS_DIFFER, Memory, Past, becomes_baseline, remembered
from bot.core.messages import Message, Notice
from bot.core.notices import BLIND, Episode, Episodes
from bot.core.thrashing import Spell
from bot.sql.sqlite import Connection, Value
from bot.store import cards
from bot.store.rows import change_values, job_values, memory_of, message_values, to_json

SHOWN_FAULTS = 20  # unreadable rows that are remembered by name


class Ledger:
    def __init__(self, db: Connection, keep: timedelta) -> None:
        self._db = db
        self._keep = keep

    async def past_of(self, listing: Listing, now: Instant) -> Past:
        """What is known of the source, and of the jobs that the listing speaks of."""
        source = await self._db.row("source", source=listing.source)
        ids = [*(row.id for row in listing.rows), *listing.gone]
        memories: dict[str, Memory] = {}
        async for rows in self._db.chunks("memories", source=listing.source, ids=to_json(ids)):
            memories |= {row["id"]: memory_of(row) for row in rows}
        return Past(
            memories=memories,
            baseline=source["baseline_at"] if source else None,
            oldest=listing.started - length(self._keep),
            latest=listing.started + CLOCKS_DIFFER,
            org_id=source["org_id"] if source else "",
            before=source["looks"] if source else 0,
            gap=max(0, now - source["looked_at"]) if source and source["looked_at"] is not None else 0,
        )

    async def spells_of(self, source: str, changes: Iterable[Change], since: Instant) -> Mapping[str, Spell]:
        """Of the jobs that were preempted, those that had been since; by id."""
        ids = to_json([change.job.id for change in changes if change.kind is ChangeKind.PREEMPTED])
        rows = await self._db.rows("preempted_lately", source=source, ids=ids, since=since, old=OLD)
        return {row["job_id"]: Spell(row["since"], row["times"], bool(row["told"])) for row in rows}

    async def long_in_status(self, source: str, before: Mapping[str, Instant]) -> list[Memory]:
        """The live jobs that came to their status before what is said of it, and that were not found overdue in it."""
        return [memory_of(row) for row in await self._db.rows("long_in_status", source=source, before=to_json(before))]

    async def told(self, changes: Iterable[Change]) -> Told:
        """Where each of the changes has been told already."""
        rows = await self._db.rows("told", keys=to_json([change.key for change in changes]))
        return frozenset((row["change_key"], row["destination"]) for row in rows)

    async def channels(self) -> Mapping[Destination, str]:
        """The channel ids of the destinations that were resolved so far."""
        return {row["destination"]: row["channel"] for row in await self._db.rows("resolved")}

    async def board(self, changes: Iterable[Change], now: Instant, began: Instant) -> Board:
        """The cards that may take one of the changes."""
        jobs = moments(changes, now)
        return await cards.board_of(self._db, jobs, now, began) if jobs else Board()

    async def remember(self, past: Past, listing: Listing, now: Instant) -> None:
        """The listing, as far as anything follows from it: nothing does before there is a baseline."""
        certificate = listing.certificate
        first = becomes_baseline(past, listing)
        if first or past.baseline is not None:
            memories = remembered(past, listing, now)
            await self._db.run_many("remember_job", (job_values(memory, print_) for memory, print_ in memories))
        for id_ in listing.gone:
            await self._db.run("forget_job", source=listing.source, id=id_, now=now)
        await self._db.run(
            "record_look",
            source=listing.source,
            org_id=next((job.org_id for job in listing.jobs if job.org_id), ""),
            baseline_at=listing.started if first else None,
            now=now,
            doubts=to_json(certificate.reasons),
            faults=to_json([str(fault) for fault in listing.faults[:SHOWN_FAULTS]]),
            bad_rows=len(listing.faults),
        )
        await self._db.run(
            "record_certificate",
            source=listing.source,
            now=now,
            seen=certificate.seen,
            certificate=to_json(certificate),
        )

    async def record(self, verdicts: Iterable[Verdict], now: Instant) -> None:
        values = ({**change_values(verdict.change, now), **_verdict_values(verdict)} for verdict in verdicts)
        await self._db.run_many("record_change", values)

    async def record_fault(self, source: str, fault: Fault, now: Instant) -> None:
        """A look that failed."""
        await self._db.run("record_fault", source=source, now=now, trouble=str(fault))

    async def episodes_of(self, source: str) -> Episodes:
        """What was wrong with the source at its last look."""
        row = await self._db.row("source", source=source)
        if row is None:
            return Episodes()
        return Episodes(
            blind=_episode(row["failing_since"], row["blind_told"]),
            doubt=_episode(row["doubtful_since"], row["doubt_told"]),
        )

    async def give_notice(self, notices: Iterable[Notice], now: Instant) -> None:
        """What is wrong with a source, or no longer, is about to be told."""
        for notice in notices:
            await self.enqueue([notice], now)
            if notice.why:
                blind = notice.about == BLIND
                await self._db.run("record_told", source=notice.source, blind=int(blind), doubt=int(not blind))

    async def compose(self, composed: Composed, now: Instant) -> None:
        """The cards as they are from now on, and what is to be said of it."""
        await cards.put(self._db, composed, now)
        for key in composed.dropped:
            await self._db.run("leave_to_others", message_key=key, keys="[]")
            await self._db.run("drop_message", key=key)
        for reply in composed.amended:
            await self._db.run("leave_to_others", message_key=reply.key, keys=to_json(reply.tells))
        await self.enqueue(composed.messages, now)

    async def recount(self, changes: Iterable[Change]) -> None:
        """How much it is that was told already turns out to be more. The thread keeps what it said."""
        for change in changes:
            await self._db.run("recount_change", key=change.key, detail=change.detail)
            await cards.recount(self._db, change)

    async def reword(self, failures: Iterable[Change]) -> None:
        """Why jobs failed turns out to be something else, as they say themselves. The thread keeps what it said."""
        for failure in failures:
            found = await self._db.row(
                "failure_of",
                source=failure.job.source,
                job_id=failure.job.id,
                retry_count=failure.retry_count,
                preemption_count=failure.preemption_count,
            )
            if found:  # its key has the time that it was found with, which may be told otherwise by now
                await cards.explain(self._db, replace(failure, at=found["at"]), failure.job.error)

    async def enqueue(self, messages: Sequence[Message], now: Instant) -> None:
        for message in messages:
            await self._db.run("enqueue_message", **message_values(message), now=now)
            tells = () if isinstance(message, Notice) else message.tells
            tellings = (
                {"change_key": key, "destination": message.destination, "message_key": message.key} for key in tells
            )
            await self._db.run_many("record_telling", tellings)


def _episode(since: Instant | None, told: int) -> Episode | None:
    return None if since is None else Episode(since, is_told=bool(told))


def _verdict_values(verdict: Verdict) -> Mapping[str, Value]:
    match verdict:
        case Alert():
            rules = ", ".join(dict.fromkeys(route.rule for route in verdict.routes))
            return {"verdict": "alert", "rule": verdict.routes[0].rule, "reason": f"rule {rules}"}
        case Step():
            rules = ", ".join(dict.fromkeys(follow.rule for follow in verdict.follows))
            return {"verdict": "step", "rule": verdict.follows[0].rule, "reason": f"on a card of rule {rules}"}
        case Silence():
            return {"verdict": "silence", "rule": None, "reason": verdict.reason}
        case _:
            assert_never(verdict)
