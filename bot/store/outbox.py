"""The messages not yet said, and the routes they take. A message is marked as under way, and that is committed,
before the network is touched.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import assert_never

from bot.core.doubts import doubt_after
from bot.core.instants import SECOND, Instant
from bot.core.messages import (
    Delivered,
    Gone,
    Opening,
    Outcome,
    Parcel,
    Refused,
    Scope,
    ThreadReply,
    TryLater,
    Twin,
    Unknown,
    again_in,
)
from bot.core.pacing import BURST, EDIT_EVERY, EDITS_EVERY, SUSPICIOUS, backoff, paced, park_time
from bot.core.threads import as_sent
from bot.sql.sqlite import Connection, Database
from bot.store.cards import anchor, draw, lose, open_anew
from bot.store.routes import heed
from bot.store.rows import card_of, parcel_of, to_json, twin_of

AHEAD = max(BURST * SECOND, 2 * EDITS_EVERY)  # no mark is further ahead, unless the clock has been set back
UNNAMED = "no rule names this place any more"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a parcel. `news` is set when this changed how its route stands: parked for a new reason, or open
    again.
    """

    parcel: Parcel
    outcome: Outcome
    news: bool


class Outbox:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def requeue_unfinished(self, now: Instant) -> int:
        """How many messages were under way when the last process died; they are due again. What was parked is tried at
        once: the operator may have mended it.
        """
        async with self._db.transaction() as db:
            await db.run("retry_parked")
            await db.run("redo_edits", now=now, every=EDIT_EVERY)
            return len(await db.rows("requeue_unfinished", now=now))

    async def abandon(self, named: Collection[str]) -> int:
        """How many messages waited for a place that is not named any more. They are given up, cards in such places
        tell nothing more, and routes that were parked there are forgotten. What may be in a place under a new name is
        kept until all of these are looked up.
        """
        names = to_json(list(named))
        async with self._db.transaction() as db:
            known = await db.row("unresolved", named=names) is None
            abandoned = await db.run("abandon_messages", named=names, all_known=known, why=UNNAMED)
            for row in await db.rows("abandon_cards", named=names, all_known=known):
                await db.run("leave_card", key=row["key"])
            await db.run("forget_routes", named=names)
        return abandoned

    async def claim_due(self, now: Instant) -> list[Parcel]:
        """The first due message of each place that is open, paced and idle; from now on under way. A clock that was
        set back holds nothing up.
        """
        parcels = []
        async with self._db.transaction() as db:
            await db.run("mistrust_routes", ahead=now + AHEAD)
            await db.run("mistrust_messages", now=now, ahead=now + AHEAD)
            for row in await db.rows("claimable", now=now):
                allowed, mark = paced(row["mark"], now)
                if allowed:
                    await db.run("pace", destination=row["destination"], mark=mark)
                    parcels += [
                        await _parcel(db, claimed) for claimed in await db.rows("claim", seq=row["seq"], now=now)
                    ]
        return parcels

    async def next_due(self) -> Instant | None:
        """When the next message can go out, as far as that is known."""
        row = await self._db.looker.row("next_due", slack=(BURST - 1) * SECOND)
        return row["due_at"] if row else None

    async def resolve(self, destination: str, channel: str) -> None:
        async with self._db.transaction() as db:
            await db.run("resolve_route", destination=destination, channel=channel)

    async def unresolved(self, named: Collection[str]) -> tuple[str, ...]:
        """Those of the names whose channel is not known."""
        return tuple(row["value"] for row in await self._db.reader.rows("unresolved", named=to_json(list(named))))

    async def twins(self, key: str, channel: str) -> list[Twin]:
        """Messages that tell changes of this one in the channel, which may have several names."""
        # Not by the looker, which sees the past for as long as it reads what is known.
        return [twin_of(row, channel) for row in await self._db.reader.rows("twins", key=key, channel=channel)]

    async def lose(self, destination: str, why: str, now: Instant) -> None:
        """The destination cannot be found. That is shown until it is."""
        async with self._db.transaction() as db:
            await db.run("lose_route", destination=destination, parked=why, now=now)

    async def settle(self, parcel: Parcel, outcome: Outcome, now: Instant, chance: float) -> Settled:
        """Writes down what became of the parcel, and when it or its route is tried again. `chance` in [0, 1)."""
        async with self._db.transaction() as db:
            match outcome:
                case Delivered():
                    news = await _arrived(db, parcel, outcome, now)
                case TryLater() | Unknown():
                    await _later(db, parcel, outcome, now, chance)
                    news = False
                case Gone():
                    await _astray(db, parcel, outcome, now, chance)
                    news = False
                case Refused():
                    news = await _refused(db, parcel, outcome, now)
                case _:
                    assert_never(outcome)
        return Settled(parcel, outcome, news)


async def _parcel(db: Connection, claimed: sqlite3.Row) -> Parcel:
    """With what its card shows or where it stands, at this moment."""
    parcel = parcel_of(claimed)
    card = await db.row("card", key=claimed["card"])
    if card is None:
        return parcel
    if isinstance(parcel.message, ThreadReply):
        return replace(parcel, message=as_sent(parcel.message), thread=card["ts"])
    if not isinstance(parcel.message, Opening):
        return parcel
    return replace(parcel, face=await draw(db, card_of(card), parcel.message.mentions), version=card["version"])


async def _arrived(db: Connection, parcel: Parcel, outcome: Delivered, now: Instant) -> bool:
    await _settle(db, parcel, outcome, "delivered", now)
    if isinstance(parcel.message, Opening):
        await anchor(db, parcel.message, outcome, parcel.version, now)
    elif outcome.astray:
        await _reopen(db, parcel, now)
    return await heed(db, parcel.message.destination, outcome, now, now)


async def _later(db: Connection, parcel: Parcel, outcome: TryLater | Unknown, now: Instant, chance: float) -> None:
    again_at = now + again_in(outcome, parcel.attempts, chance)
    await _settle(db, parcel, outcome, "queued", now, again_at)
    await heed(db, parcel.message.destination, outcome, again_at, now)


async def _astray(db: Connection, parcel: Parcel, outcome: Gone, now: Instant, chance: float) -> None:
    """The card of a reply is gone: the reply goes under the one that is posted in its place; ever later, if that is
    always gone too. What else the reply had to wait for says nothing about that.
    """
    (message,) = await db.rows("count_astray", key=parcel.message.key)
    times = message["astray"]
    wait = park_time(times - SUSPICIOUS) if times > SUSPICIOUS else backoff(times, chance)
    await _settle(db, parcel, outcome, "queued", now, now + int(wait * SECOND))
    await _reopen(db, parcel, now)


async def _reopen(db: Connection, parcel: Parcel, now: Instant) -> None:
    if isinstance(parcel.message, ThreadReply) and parcel.thread:
        await open_anew(db, parcel.message.card, parcel.thread, now)


async def _refused(db: Connection, parcel: Parcel, outcome: Refused, now: Instant) -> bool:
    if outcome.scope is not Scope.MESSAGE:
        await _settle(db, parcel, outcome, "queued", now)
        return await heed(db, parcel.message.destination, outcome, now, now)
    await _settle(db, parcel, outcome, "refused", now)
    if isinstance(parcel.message, Opening):
        await lose(db, parcel.message, now)
    return True


async def _settle(
    db: Connection, parcel: Parcel, outcome: Outcome, state: str, now: Instant, due_at: Instant | None = None
) -> None:
    receipt = outcome.receipt if isinstance(outcome, Delivered) else None
    doubt = doubt_after(outcome, parcel.doubt, parcel.claimed_at, now)
    await db.run(
        "settle_message",
        key=parcel.message.key,
        state=state,
        due_at=now if due_at is None else due_at,
        channel=receipt.channel if receipt else None,
        ts=receipt.ts if receipt else None,
        trouble=outcome.degraded if isinstance(outcome, Delivered) else outcome.reason,
        doubt_began=doubt.began if doubt else None,
        doubt_ended=doubt.ended if doubt else None,
        doubt_times=doubt.times if doubt else 0,
    )
