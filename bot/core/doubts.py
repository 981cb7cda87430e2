"""What becomes of a message that may have arrived: it is looked for where it should be before it is sent again."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from bot.core.instants import SECOND, Instant
from bot.core.messages import (
    Delivered,
    Doubt,
    Gone,
    Notice,
    Outcome,
    Parcel,
    Receipt,
    Refused,
    Scope,
    TryLater,
    Unknown,
)

SETTLING = 10 * SECOND  # not found for so long after the attempt ended means that it did not arrive
CLOCKS_DIFFER = 120 * SECOND  # so much before the attempt began, and after it ended, it is looked for: clocks differ
REPEATED = (15, 60, 300, 900, 3600)  # seconds after an attempt until it is repeated, where nobody can look for it
ATTEMPTS = 8  # of which nobody can tell whether one arrived; more would drown people


class OnDoubt(StrEnum):
    """What to do with a message that may have arrived, where nobody can look."""

    REPEAT = "repeat"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Absent:
    """Looked for, and not there."""


@dataclass(frozen=True, slots=True)
class Unseeable:
    """Nobody can look there, and why."""

    reason: str


Sight: TypeAlias = Receipt | Absent | Unseeable


def clear_up(sight: Sight, doubt: Doubt, on_doubt: OnDoubt, now: Instant) -> Outcome | None:
    """What came of the attempt in doubt; None if the message is to be sent (again)."""
    match sight:
        case Receipt():
            return Delivered(sight)
        case Absent():
            left = doubt.ended + SETTLING - now
            return TryLater("it may have arrived; not found yet", after=left / SECOND) if left > 0 else None
        case Unseeable(reason=reason):
            return _unseen(f"it may have arrived, and nobody can look: {reason}", doubt, on_doubt, now)
        case _:
            assert_never(sight)


def _unseen(why: str, doubt: Doubt, on_doubt: OnDoubt, now: Instant) -> Outcome | None:
    if on_doubt is OnDoubt.HOLD:
        return Refused(f"{why}; [slack] on_doubt says to hold it", Scope.MESSAGE)
    left = doubt.ended + REPEATED[min(max(doubt.times, 1), len(REPEATED)) - 1] * SECOND - now
    if left > 0:
        return TryLater(why, after=left / SECOND)
    given_up = Refused(f"{why}; sent {doubt.times} times without a clear answer", Scope.MESSAGE)
    return given_up if doubt.times >= ATTEMPTS else None


def to_send(parcel: Parcel, sight: Sight) -> Parcel:
    """The parcel as it goes out after it was looked for: no longer in doubt; or as a repetition, which rings nobody."""
    if isinstance(sight, Absent):
        return replace(parcel, doubt=None)
    message = parcel.message
    return parcel if isinstance(message, Notice) else replace(parcel, message=replace(message, mentions=()))


def doubt_after(outcome: Outcome, before: Doubt | None, began: Instant, now: Instant) -> Doubt | None:
    """The doubt that remains after an attempt that `began` so; `before` is the doubt that it could not clear up."""
    match outcome:
        case Delivered():
            return None
        case Unknown():
            return replace(before, ended=now, times=before.times + 1) if before else Doubt(min(began, now), now)
        case TryLater() | Refused() | Gone():
            return before
        case _:
            assert_never(outcome)
