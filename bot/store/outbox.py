"""The messages not yet said, and the routes they take. A message is marked as under way, and that is committed,
before the network is touched.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

from bot.core.doubts import doubt_after
from bot.core.instants import SECOND, Instant
from bot.core.messages import (
    BURST,
    Delivered,
    Outcome,
    Parcel,
    Refused,
    Scope,
    TryLater,
    Twin,
    Unknown,
    backoff,
    paced,
    park_time,
)
from bot.sql.sqlite import Connection, Database
from bot.store.rows import parcel_of, to_json, twin_of

WORKSPACE = "*"  # the route that every message takes
AHEAD = BURST * SECOND  # no mark is further ahead, unless the clock has been set back
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
            return len(await db.rows("requeue_unfinished", now=now))

    async def abandon(self, named: Collection[str]) -> int:
        """How many messages waited for a place that is not named any more. They are given up, and routes that were
        parked there are forgotten.
        """
        async with self._db.transaction() as db:
            abandoned = await db.run("abandon_messages", named=to_json(list(named)), why=UNNAMED)
            await db.run("forget_routes", named=to_json(list(named)))
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
                    parcels += [parcel_of(claimed) for claimed in await db.rows("claim", seq=row["seq"], now=now)]
        return parcels

    async def next_due(self) -> Instant | None:
        """When the next message can go out, as far as that is known."""
        row = await self._db.looker.row("next_due", slack=(BURST - 1) * SECOND)
        return row["due_at"] if row else None

    async def resolve(self, destination: str, channel: str) -> None:
        async with self._db.transaction() as db:
            await db.run("resolve_route", destination=destination, channel=channel)

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
                case Refused():
                    news = await _refused(db, parcel, outcome, now)
                case _:
                    assert_never(outcome)
        return Settled(parcel, outcome, news)


async def _arrived(db: Connection, parcel: Parcel, outcome: Delivered, now: Instant) -> bool:
    await _settle(db, parcel, outcome, "delivered", now)
    return await db.run("open_route", destination=parcel.message.destination) > 0


async def _later(db: Connection, parcel: Parcel, outcome: TryLater | Unknown, now: Instant, chance: float) -> None:
    after = outcome.after if isinstance(outcome, TryLater) else None
    scope = outcome.scope if isinstance(outcome, TryLater) else Scope.MESSAGE
    again_at = now + int((backoff(parcel.attempts, chance) if after is None else after) * SECOND)
    await _settle(db, parcel, outcome, "queued", now, again_at)
    if scope is not Scope.MESSAGE:
        await db.run("delay_route", destination=_route(parcel, scope), not_before=again_at, now=now)


async def _refused(db: Connection, parcel: Parcel, outcome: Refused, now: Instant) -> bool:
    if outcome.scope is Scope.MESSAGE:
        await _settle(db, parcel, outcome, "refused", now)
        return True
    await _settle(db, parcel, outcome, "queued", now)
    destination = _route(parcel, outcome.scope)
    route = await db.row("route", destination=destination)
    if route and route["parked"] and route["not_before"] > now:
        return False  # refused together with the message for which it was parked
    again_at = now + int(park_time(route["refusals"] + 1 if route else 1) * SECOND)
    await db.run("park_route", destination=destination, not_before=again_at, parked=outcome.reason, now=now)
    return route is None or route["parked"] != outcome.reason


def _route(parcel: Parcel, scope: Scope) -> str:
    return WORKSPACE if scope is Scope.WORKSPACE else parcel.message.destination


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
