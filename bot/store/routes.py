"""How destinations can be reached: paced, asked to wait, or parked until somebody mends what Slack refuses."""

from typing import assert_never

from bot.core.instants import SECOND, Instant
from bot.core.messages import Delivered, Gone, Outcome, Refused, Scope, TryLater, Unknown
from bot.core.pacing import park_time
from bot.sql.sqlite import Connection

WORKSPACE = "*"  # the route that everything takes
EDITS = "*edits"  # the route that all edits take


async def heed(db: Connection, destination: str, outcome: Outcome, until: Instant, now: Instant) -> bool:
    """What an outcome says of the route that was taken there: that it works; that nothing is to go until then; or that
    it cannot work until somebody mends it. Whether this changes how the route stands.
    """
    match outcome:
        case Delivered():
            return await db.run("open_route", destination=destination) > 0
        case TryLater(scope=Scope.MESSAGE) | Refused(scope=Scope.MESSAGE) | Unknown() | Gone():
            return False
        case TryLater(scope=scope):
            await db.run("delay_route", destination=_reached(destination, scope), not_before=until, now=now)
            return False
        case Refused(scope=scope, reason=reason):
            return await _park(db, _reached(destination, scope), reason, now)
        case _:
            assert_never(outcome)


def _reached(destination: str, scope: Scope) -> str:
    return WORKSPACE if scope is Scope.WORKSPACE else destination


async def _park(db: Connection, destination: str, reason: str, now: Instant) -> bool:
    """Whether this is news: a route is parked once for all that was under way on it."""
    route = await db.row("route", destination=destination)
    if route and route["parked"] and route["not_before"] > now:
        return False
    again_at = now + int(park_time(route["refusals"] + 1 if route else 1) * SECOND)
    await db.run("park_route", destination=destination, not_before=again_at, parked=reason, now=now)
    return route is None or route["parked"] != reason
