"""The words of alerts and replies."""

import pytest

from bot.core.health_words import parked_line, queue_lines
from bot.core.history import Entry, Telling
from bot.core.instants import SECOND
from bot.core.replies import Health, ParkedRoute
from bot.core.wording import since, told_words
from tests.samples import NOW, PLACE

GIVEN_UP = "it may have arrived, and nobody can look: missing_scope; sent 8 times without a clear answer"


def told(state: str, trouble: str) -> str:
    telling = Telling(PLACE, "m1", state, 1, None, None, trouble)
    return told_words(
        Entry(
            key="c1",
            source="default",
            job_id="job_1",
            name="press",
            kind="failed",
            inferred=False,
            was=None,
            status="FAILED",
            at=NOW,
            seen_at=NOW,
            verdict="alert",
            rule="failures",
            reason="rule failures",
            tellings=(telling,),
        )
    )


@pytest.mark.parametrize(
    ("state", "trouble", "words"),
    [
        ("delivered", "", "told in #ml-alerts"),
        ("parked", "not_in_channel", "parked for #ml-alerts: not_in_channel"),
        ("queued", "Slack cannot be reached", "queued for #ml-alerts: Slack cannot be reached"),
        ("queued", "", "queued for #ml-alerts"),
        ("refused", GIVEN_UP, f"refused in #ml-alerts: {GIVEN_UP}"),
    ],
)
def test_a_telling_says_why_it_waits_or_was_given_up(state: str, trouble: str, words: str) -> None:
    assert told(state, trouble) == words


def test_health_says_why_the_last_message_was_given_up() -> None:
    health = Health(sources=(), parked=(), waiting=0, oldest=None, refused=2, refusal=GIVEN_UP)
    assert queue_lines(health, NOW) == ["no message is waiting", f"2 messages given up; the last: {GIVEN_UP}"]


def test_a_time_that_has_not_come_yet_was_just_now() -> None:
    assert since(NOW + 3600 * SECOND, NOW) == "0s"


@pytest.mark.parametrize(
    ("retry_at", "waiting", "again"),
    [(NOW + 60 * SECOND, 1, "in 1m 0s"), (NOW, 1, "now"), (0, 0, "with the next message")],
)
def test_a_place_out_of_reach_says_when_it_is_tried_again(retry_at: int, waiting: int, again: str) -> None:
    route = ParkedRoute(PLACE, "mercury_in_retrograde", NOW, retry_at, waiting)
    assert parked_line(route, NOW).endswith(f"waiting, tried again {again}")
