"""How often posts and edits may go out, and how long something waits to be tried again."""

import pytest

from bot.core.instants import SECOND
from bot.core.pacing import EDITS_EVERY, backoff, paced, park_time
from tests.core.lives import at


@pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (10_000, 15)])
def test_a_backoff_doubles_to_fifteen_seconds_and_chance_takes_off_up_to_half(attempts: int, longest: float) -> None:
    assert backoff(attempts, 0.0) == longest
    assert longest / 2 < backoff(attempts, 0.999) < longest


@pytest.mark.parametrize(("refusals", "seconds"), [(1, 60), (2, 300), (3, 900), (4, 3600), (5, 3600), (99, 3600)])
def test_a_route_that_refuses_is_tried_ever_more_rarely(refusals: int, seconds: float) -> None:
    assert park_time(refusals) == seconds


def posted(moments: list[float]) -> list[bool]:
    """Whether a post may go out at each of these moments, in seconds."""
    mark, allowed = 0, []
    for moment in moments:
        may, later = paced(mark, at(moment))
        mark = later if may else mark
        allowed.append(may)
    return allowed


@pytest.mark.parametrize(
    ("why", "moments", "allowed"),
    [
        ("a burst of three after a rest", [0, 0, 0, 0], [True, True, True, False]),
        ("then one a second", [0, 0, 0, 0.9, 1, 1, 2], [True, True, True, False, True, False, True]),
        ("a rest earns a new burst", [0, 0, 0, 3, 3, 3, 3], [True, True, True, True, True, True, False]),
        ("steady posts are never held", [0, 1, 2, 3, 4], [True, True, True, True, True]),
    ],
)
def test_posts_to_a_channel_are_paced(why: str, moments: list[float], allowed: list[bool]) -> None:
    assert posted(moments) == allowed, why


def test_a_post_that_is_held_may_go_out_a_second_later() -> None:
    mark = at(0) + 3 * SECOND
    assert paced(mark, at(0))[0] is False
    assert paced(mark, at(1)) == (True, mark + SECOND)


def test_edits_stay_below_forty_a_minute() -> None:
    mark, edits = 0, 0
    for tick in range(0, 60 * SECOND, SECOND // 10):
        may, later = paced(mark, tick, every=EDITS_EVERY, burst=1)
        mark, edits = (later, edits + 1) if may else (mark, edits)
    assert 30 <= edits < 40
