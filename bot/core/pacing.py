"""How often something goes out, and how long it waits to be tried again."""

from typing import Final

from bot.core.instants import SECOND, Instant

MAX_BACKOFF: Final = 15.0  # seconds
BURST: Final = 3  # posts to a channel that may follow each other at once
EDIT_EVERY: Final = 3 * SECOND  # at most so often a card is edited
RARE_EDITS_EVERY: Final = 600 * SECOND  # and so often if it could not be edited so many times:
SUSPICIOUS: Final = 2
EDITS_EVERY: Final = 1_600_000  # microseconds between two edits in the workspace: less than forty a minute
PARK: Final = (60.0, 300.0, 900.0, 3600.0)  # seconds until a parked route is tried again


def edit_pace(uneditable: int) -> Instant:
    """Between two edits of a card at least; `uneditable` is how often it had to be posted again because Slack let
    nobody edit it: that may never be allowed there.
    """
    return EDIT_EVERY if uneditable < SUSPICIOUS else RARE_EDITS_EVERY


def backoff(attempts: int, chance: float) -> float:
    """Seconds until the next attempt: doubles from 1 to at most 15; `chance` in [0, 1) takes off up to half."""
    return min(MAX_BACKOFF, 2.0 ** min(attempts - 1, 10)) * (1 - chance / 2)


def park_time(refusals: int) -> float:
    """Seconds until a route that cannot work is tried again."""
    return PARK[min(refusals, len(PARK)) - 1]


def paced(allowed_from: Instant, now: Instant, *, every: Instant = SECOND, burst: int = BURST) -> tuple[bool, Instant]:
    """Whether a post may go out now, and the mark to keep if it does: one `every` so long, `burst` after a rest."""
    mark = max(allowed_from, now)
    return mark - now <= (burst - 1) * every, mark + every
