"""How destinations can be reached: paced, asked to wait, or parked until somebody mends what Slack refuses."""

from bot.core.instants import SECOND, Instant
from bot.core.messages import Refused, Scope, TryLater, Unknown
from bot.core.pacing import park_time
from bot.sql.sqlite import Connection

WORKSPACE = "*"  # the route that everything takes
EDITS = "*edits"  # the route that all edits take


async def delay(db: Connection, destination: str, outcome: TryLater | Unknown, until: Instant, now: Instant) -> None:
    """Nothing else goes there until then, if that is what it was told to wait for."""
    if isinstance(outcome, TryLater) and outcome.scope is not Scope.MESSAGE:
        route = WORKSPACE if outcome.scope is Scope.WORKSPACE else destination
        await db.run("delay_route", destination=route, not_before=until, now=now)


async def park(db: Connection, destination: str, refused: Refused, now: Instant) -> bool:
    """Whether this is news: a route is parked once for all that was under way on it."""
    destination = WORKSPACE if refused.scope is Scope.WORKSPACE else destination
    route = await db.row("route", destination=destination)
    if route and route["parked"] and route["not_before"] > now:
        return False
    again_at = now + int(park_time(route["refusals"] + 1 if route else 1) * SECOND)
    await db.run("park_route", destination=destination, not_before=again_at, parked=refused.reason, now=now)
    return route is None or route["parked"] != refused.reason
