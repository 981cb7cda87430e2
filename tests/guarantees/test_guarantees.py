"""The short form of the command that proves the guarantees: nothing is lost and nothing comes twice."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AT_MOST = 180  # seconds, on a busy machine
ROWS = (
    "SIGKILL at 12 of ",
    "crash before ",
    "SIGKILL at a random moment under load",
    "lost reply: the post is stored, then the connection is reset",
    "lost reply: the post is stored, the answer is a 500",
    "lost reply: the post is stored, the answer comes after the client's timeout",
    "lost reply: the post is stored, the answer is rubbish",
    "state file of an hour ago put back, history readable: ",
    "state file of an hour ago put back, history hidden: ",
)


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    """The cells of each row."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.guarantees", "--markdown"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AT_MOST, check=False)  # noqa: S603
    lines = [line for line in ran.stdout.splitlines() if line.startswith("| ")]
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@pytest.mark.parametrize(("number", "what"), [*enumerate(ROWS)], ids=ROWS)
def test_nobody_is_told_too_little_or_twice(table: list[list[str]], number: int, what: str) -> None:
    row = table[number]
    assert row[0].startswith(what)
    assert row[5] in {"0 lost, 0 repeated: met", "measured"}


def test_a_restored_state_file_loses_nothing_and_tells_again_what_it_no_longer_knows(table: list[list[str]]) -> None:
    assert [(row[3], row[4]) for row in table[-2:]] == [("0", "61"), ("0", "62")]
