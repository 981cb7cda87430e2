"""The short form of the command that proves the guarantees: nothing is lost, nothing comes twice and every card is
right."""

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[2]
AT_MOST = 900  # seconds, on a busy machine
DISTURBED = (
    "SIGKILL at 12 of ",
    "crash before ",
    "SIGKILL at a random moment under load",
    "lost answer to 4 posts, 4 replies and 8 edits: the connection is reset",
    "lost answer to 4 posts, 4 replies and 8 edits: the answer is a 500",
    "lost answer to 4 posts, 4 replies and 8 edits: the answer comes after the client's timeout",
    "lost answer to 4 posts, 4 replies and 8 edits: the answer is rubbish",
    "state file of an hour ago put back, history readable: ",
    "state file of an hour ago put back, history hidden: ",
)
Cells: TypeAlias = list[list[str]]


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest) -> list[Cells]:
    """The cells of each row of each table; they are shown too."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.guarantees", "--markdown"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AT_MOST, check=False)  # noqa: S603
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(f"\n{ran.stdout}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = [[line for line in part.splitlines() if line.startswith("| ")][1:] for part in ran.stdout.split("\n\n")]
    return [[[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines] for lines in shown if lines]


@pytest.mark.parametrize(("number", "what"), [*enumerate(DISTURBED)], ids=DISTURBED)
def test_nobody_is_told_too_little_or_twice_and_every_card_is_right(
    tables: list[Cells], number: int, what: str
) -> None:
    row = tables[0][number]
    assert row[0].startswith(what)
    assert row[7] in {"all told once, every card right: met", "measured"}
    assert int(row[1]) > 0


def test_a_restored_state_file_loses_nothing_and_tells_again_what_it_no_longer_knows(tables: list[Cells]) -> None:
    assert [(row[3], row[4]) for row in tables[0][-2:]] == [("0", "61"), ("0", "62")]


def test_what_is_drawn_at_random_is_as_it_must_be(tables: list[Cells]) -> None:
    due = [(row[1], row[2]) for row in tables[1] if row[2] and not row[2].startswith("at least ")]
    assert len(due) == 11
    assert all(figure == bound for figure, bound in due)


def test_the_machine_had_doubts_enough_to_prove_anything(tables: list[Cells]) -> None:
    (figure,) = [row for row in tables[1] if row[2].startswith("at least ")]
    assert int(figure[1].replace(",", "")) >= int(figure[2].removeprefix("at least ")) > 0
