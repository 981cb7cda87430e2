"""The words of alerts and replies."""

from dataclasses import replace

import pytest

from bot.core.health_words import parked_line, queue_lines
from bot.core.history import Entry, Telling
from bot.core.instants import SECOND
from bot.core.jobs import JobQuery, View
from bot.core.likeness import Seen
from bot.core.replies import Health, ParkedRoute, Queue
from bot.core.wording import list_title, seen_words, since, told_words, what_happened
from tests.samples import DAY, NOW, PLACE

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
        ("parked", "not_in_channel", "waits until #ml-alerts can be reached: not_in_channel"),
        ("queued", "Slack cannot be reached", "queued for #ml-alerts: Slack cannot be reached"),
        ("queued", "", "queued for #ml-alerts"),
        ("refused", GIVEN_UP, f"refused in #ml-alerts: {GIVEN_UP}"),
    ],
)
def test_a_telling_says_why_it_waits_or_was_given_up(state: str, trouble: str, words: str) -> None:
    assert told(state, trouble) == words


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("failed", "", "failed"),
        ("cancelled", "", "was cancelled"),
        ("recovered", "", "recovered"),
        ("reappeared", "", "is listed again"),
        ("overdue", "RUNNING for 3d 2h", "has been RUNNING for 3d 2h"),
        ("thrashing", "3 times in 40m", "was preempted 3 times in 40m"),
        ("incomplete", "3 of 20 inputs", "completed with 3 of 20 inputs failed"),
    ],
)
def test_what_happened_is_said_with_how_much_and_how_long(kind: str, detail: str, words: str) -> None:
    assert what_happened(kind, inferred=False, detail=detail) == words


def test_health_says_why_the_last_message_was_given_up() -> None:
    health = Health(sources=(), parked=(), queue=Queue(), refused=2, refusal=GIVEN_UP)
    assert queue_lines(health, NOW) == ["no message is waiting", f"2 messages given up; the last: {GIVEN_UP}"]
    assert "3 cards waiting for an edit" in queue_lines(replace(health, queue=Queue(edits=3)), NOW)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        (JobQuery(view=View.ALL), "All jobs, newest first"),
        (JobQuery(view=View.ACTIVE), "Active jobs, newest first"),
        (JobQuery(view=View.ALL, card="3f2a"), "All jobs of this card, newest first"),
        (JobQuery(view=View.FAILED, card="3f2a"), "Failed jobs of this card, newest first"),
    ],
)
def test_a_list_says_what_it_holds(query: JobQuery, title: str) -> None:
    assert list_title(query) == title


def test_a_time_that_has_not_come_yet_was_just_now() -> None:
    assert since(NOW + 3600 * SECOND, NOW) == "0s"


@pytest.mark.parametrize(
    ("retry_at", "waiting", "again"),
    [(NOW + 60 * SECOND, 1, "in 1m 0s"), (NOW, 1, "now"), (0, 0, "with the next message")],
)
def test_a_place_out_of_reach_says_when_it_is_tried_again(retry_at: int, waiting: int, again: str) -> None:
    route = ParkedRoute(PLACE, "mercury_in_retrograde", NOW, retry_at, waiting)
    assert parked_line(route, NOW).endswith(f"waiting, tried again {again}")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(14, 3, NOW - 265 * DAY), "An error like this was seen 14 times in 3 pipelines since March 3."),
        (Seen(2, 1, NOW), "An error like this was seen 2 times in 1 pipeline since November 23."),
        (Seen(1, 1, NOW - 365 * DAY), "An error like this was seen once before, on November 23, 2025."),
    ],
)
def test_an_error_that_comes_again_is_told_as_such(seen: Seen, words: str) -> None:
    assert seen_words(seen, NOW) == words
