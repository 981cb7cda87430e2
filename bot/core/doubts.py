"""What becomes of a message that may have arrived: it is looked for where it should be before it is sent again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from bot.core.instants import SECOND, Instant
from bot.core.messages import Delivered, Doubt, Outcome, Receipt, Refused, Scope, TryLater, Unknown

SETTLING = 10 * SECOND  # not found for so long after the attempt ended means that it did not arrive
CLOCKS_DIFFER = 120 * SECOND  # so much before the attempt began it is looked for: clocks differ


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
            held = f"it may have arrived, and nobody can look: {reason}; [slack] on_doubt says to hold it"
            return Refused(held, Scope.MESSAGE) if on_doubt is OnDoubt.HOLD else None
        case _:
            assert_never(sight)


def doubt_after(outcome: Outcome, before: Doubt | None, began: Instant, now: Instant) -> Doubt | None:
    """The doubt that remains after an attempt that `began` so; `before` is the doubt that it could not clear up."""
    match outcome:
        case Delivered():
            return None
        case Unknown():
            return Doubt(began, now)
        case TryLater() | Refused():
            return before
        case _:
            assert_never(outcome)
