from dataclasses import replace
from datetime import timedelta, timezone
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.core.replies import Overview, Reply
from bot.terminal import print_history, print_reply
from tests.slack.render_samples import HOSTILE, REPLIES, TRACEBACK, job_list, memory, story

ZONE = timezone(timedelta(hours=1))


def console(width: int, *, colours: bool = False) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=colours, color_system="standard" if colours else None)


def printed(reply: Reply, width: int = 140) -> str:
    screen = console(width)
    print_reply(reply, screen, ZONE)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("width", [80, 119, 120, 140])
@pytest.mark.parametrize("reply", REPLIES.values(), ids=list(REPLIES))
def test_every_reply_keeps_to_the_width_of_the_terminal(reply: Reply, width: int) -> None:
    lines = printed(reply, width).splitlines()
    assert lines
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [80, 140])
def test_a_list_shows_every_job_by_name_and_full_id_at_any_width(width: int) -> None:
    shown = printed(job_list([memory(n) for n in range(1, 4)]), width)
    for number in range(1, 4):
        assert f"job_{number:026d}" in shown
        assert f"press-line-{number}" in shown
    assert "3 of 3 match · as of 12s ago" in shown


def ledger(width: int) -> str:
    screen = console(width)
    print_history([replace(entry, job_id=f"job_{1:026d}", name="press-line nightly") for entry in story()], screen)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("width", [30, 60, 80, 140, 1_000])
def test_no_id_is_ever_broken(width: int) -> None:
    assert ledger(width).count(f"job_{1:026d}") == len(story())
    assert f"job_{1:026d}" in printed(job_list([memory(1)]), width)


def test_where_there_is_room_all_that_is_said_of_a_job_stands_in_its_line() -> None:
    for shown, words in ((ledger(300), "told in #ml-alerts"), (printed(job_list([memory(1)]), 300), "CUDA out of")):
        (line, *_) = [line for line in shown.splitlines() if f"job_{1:026d}" in line]
        assert words in line


def test_the_source_is_named_where_there_are_several() -> None:
    assert "machine-state-classification (prod)" in printed(REPLIES["list_two_sources"])
    assert "default" not in printed(REPLIES["list"])


def test_a_job_s_error_is_shown_with_how_often_its_like_was_seen() -> None:
    assert "An error like this was seen 14 times in 3 pipelines since March 3." in printed(REPLIES["details"])


def test_of_a_traceback_a_list_shows_the_exception() -> None:
    overview = REPLIES["overview"]
    assert isinstance(overview, Overview)
    assert "RuntimeError: no active" in printed(job_list([memory(1, error=TRACEBACK)]))
    assert "RuntimeError: no active" in printed(replace(overview, failed=(memory(1, error=TRACEBACK),)))


def test_times_are_in_the_time_zone_of_the_terminal() -> None:
    assert "2026-11-23 11:41" in printed(job_list([memory(1)]))


def test_markup_in_a_name_shows_as_it_was_written() -> None:
    assert "[bold red]x[/] [link=http://evil]" in printed(
        job_list([memory(1, name="[bold red]x[/] [link=http://evil]")])
    )
    assert HOSTILE[:20] in printed(REPLIES["candidates"])


@given(st.text(alphabet=st.sampled_from("a\x1b[31m\x9b\x07\r\n\u202e\ud800 ]"), max_size=30))
def test_no_job_can_send_control_characters_to_the_terminal(text: str) -> None:
    odd = memory(1, name=text, error=text, pipeline_key=text, status=text or "ODD")
    shown = printed(job_list([odd])) + printed(replace(REPLIES["details"], memory=odd))  # type: ignore[arg-type]
    assert all(character.isprintable() for character in shown.replace("\n", ""))


def test_health_starts_with_whether_all_is_well() -> None:
    assert printed(REPLIES["health_fine"]).startswith("All is well")
    assert printed(REPLIES["health_sick"]).startswith("Not all is well")


def test_a_failed_job_is_red_where_there_are_colours() -> None:
    screen = console(140, colours=True)
    print_reply(job_list([memory(1)]), screen, ZONE)
    assert isinstance(screen.file, StringIO)
    assert "\x1b[31mFAILED" in screen.file.getvalue()


@pytest.mark.parametrize("width", [80, 140])
def test_the_ledger_says_what_happened_and_where_it_was_told(width: int) -> None:
    screen = console(width)
    print_history(story(), screen, ZONE)
    assert isinstance(screen.file, StringIO)
    shown = " ".join(screen.file.getvalue().split())
    for words in ("failed", "told in #ml-alerts", "no rule matches"):
        assert words in shown
    assert max(map(len, screen.file.getvalue().splitlines())) <= width


def test_an_empty_ledger_says_so() -> None:
    screen = console(80)
    print_history((), screen, ZONE)
    assert isinstance(screen.file, StringIO)
    assert screen.file.getvalue() == "Nothing has changed in this time.\n"
