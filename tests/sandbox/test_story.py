"""The story is told in one short, harmless line for each thing."""

from datetime import UTC

import pytest

from bot.sandbox import story
from bot.sandbox.jobs_sim import Happened, Happening

NOON = 1_795_435_200.0


@pytest.mark.parametrize(
    ("what", "detail", "told"),
    [
        (Happened.SUBMITTED, "", "press submitted"),
        (Happened.STARTED, "", "press started"),
        (Happened.FAILED, "OOMKilled (exit=137)", "press FAILED: OOMKilled (exit=137)"),
        (Happened.FAILED, "", "press FAILED"),
        (Happened.RETRIED, "", "press was retried"),
        (Happened.DELETED, "", "press was deleted"),
    ],
)
def test_what_happens_to_a_job_is_a_line(what: Happened, detail: str, told: str) -> None:
    line = story.job_line(Happening(NOON, what, "job_1", "press", detail), UTC)
    assert line == f"12:00:00  jobs   {told}"


def test_a_message_is_a_line_that_names_its_channel() -> None:
    line = story.slack_line(NOON, "#ml-alerts", "1 job failed", zone=UTC)
    assert line == "12:00:00  slack  #ml-alerts  1 job failed"


def test_an_edited_message_says_so() -> None:
    line = story.slack_line(NOON, "#ml-alerts", "2 jobs failed", edited=True, zone=UTC)
    assert line.endswith("#ml-alerts  (edited) 2 jobs failed")


def test_what_could_steer_a_terminal_is_left_out() -> None:
    assert story.harmless("a\x1b[2Jb\r\nc\u202ed\x07") == "a [2Jb c d"


def test_a_long_line_is_cut() -> None:
    assert len(story.harmless("x" * 1000)) == 150


def test_the_opening_says_what_runs_where_and_how_to_stop() -> None:
    lines = story.opening(page="http://p/", jobs_api="http://j", slack_api="http://s", mode="socket")
    assert "http://p/" in lines[0]
    assert "Ctrl-C" in lines[-1]
