"""One transaction of a look: the new memory, its changes, the verdicts on them and the messages they cause are
written together or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import assert_never

from bot.core.alerts import Alert, Destination, Silence, Told, Verdict
from bot.core.changes import Change
from bot.core.faults import Fault
from bot.core.instants import Instant, length
from bot.core.listing import Listing
from bot.core.memory import Past, remembered
from bot.core.messages import VERSION, Message, Notice
from bot.core.notices import Blindness
from bot.sql.sqlite import Connection, Value
from bot.store.rows import change_values, job_values, memory_of, message_values, to_json

SHOWN_FAULTS = 20  # unreadable rows that are remembered by name


class Ledger:
    def __init__(self, db: Connection, keep: timedelta) -> None:
        self._db = db
        self._keep = keep

    async def past_of(self, listing: Listing) -> Past:
        """What is known of the source, and of the jobs that the listing speaks of."""
        source = await self._db.row("source", source=listing.source)
        ids = [*(row.id for row in listing.rows), *listing.gone]
        rows = await self._db.rows("memories", source=listing.source, ids=to_json(ids))
        return Past(
            memories={row["id"]: memory_of(row) for row in rows},
            baseline=source["baseline_at"] if source else None,
            oldest=listing.started - length(self._keep),
            org_id=source["org_id"] if source else "",
        )

    async def told(self, changes: Iterable[Change]) -> Told:
        """Where each of the changes has been told already."""
        rows = await self._db.rows("told", keys=to_json([change.key for change in changes]))
        return frozenset((row["change_key"], row["destination"]) for row in rows)

    async def channels(self) -> Mapping[Destination, str]:
        """The channel ids of the destinations that were resolved so far."""
        return {row["destination"]: row["channel"] for row in await self._db.rows("resolved")}

    async def remember(self, past: Past, listing: Listing, now: Instant) -> None:
        """The listing, as far as anything follows from it: a first one only if it is complete."""
        certificate = listing.certificate
        first = past.baseline is None
        if not first or certificate.complete:
            memories = remembered(past, listing, now)
            await self._db.run_many("remember_job", (job_values(memory, print_) for memory, print_ in memories))
        for id_ in listing.gone:
            await self._db.run("forget_job", source=listing.source, id=id_, now=now)
        await self._db.run(
            "record_look",
            source=listing.source,
            org_id=next((job.org_id for job in listing.jobs if job.org_id), ""),
            baseline_at=listing.started if certificate.complete else None,
            now=now,
            doubts=to_json(certificate.reasons),
            faults=to_json(listing.faults[:SHOWN_FAULTS]),
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

    async def record_fault(self, source: str, fault: Fault, now: Instant) -> Blindness:
        """A look that failed."""
        [row] = await self._db.rows("record_fault", source=source, now=now, trouble=str(fault))
        return Blindness(row["failing_since"], is_told=bool(row["blind_told"]))

    async def blindness_of(self, source: str) -> Blindness | None:
        """Since when looks at the source fail; None if the last one succeeded."""
        row = await self._db.row("source", source=source)
        failing = row is not None and row["failing_since"] is not None
        return Blindness(row["failing_since"], is_told=bool(row["blind_told"])) if row and failing else None

    async def record_blind_told(self, source: str) -> None:
        await self._db.run("record_blind_told", source=source)

    async def enqueue(self, messages: Sequence[Message | Notice], now: Instant) -> None:
        for message in messages:
            await self._db.run("enqueue_message", **message_values(message), version=VERSION, now=now)
            tells = message.tells if isinstance(message, Message) else ()
            tellings = (
                {"change_key": key, "destination": message.destination, "message_key": message.key} for key in tells
            )
            await self._db.run_many("record_telling", tellings)


def _verdict_values(verdict: Verdict) -> Mapping[str, Value]:
    match verdict:
        case Alert():
            rules = ", ".join(dict.fromkeys(route.rule for route in verdict.routes))
            return {"verdict": "alert", "rule": verdict.routes[0].rule, "reason": f"rule {rules}"}
        case Silence():
            return {"verdict": "silence", "rule": None, "reason": verdict.reason}
        case _:
            assert_never(verdict)
