"""What a command prints may be read by another program, which may have enough of it at any time."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.alerts import Silence
from bot.core.changes import Change, ChangeKind
from bot.sql.sqlite import CHUNK
from bot.store.store import open_store
from tests.samples import KEEP, NOW, job, listing, take_in


@pytest.fixture
async def bot_toml(tmp_path: Path) -> Path:
    """With a state file that holds more changes than are read at once."""
    path = tmp_path / "bot.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/state.db"\n\n[[rules]]\nto = "#a"\n', "utf-8")
    failed = Change(job=job(), kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0)
    changes = [replace(failed, job=job(number)) for number in range(CHUNK + 1)]
    async with open_store(tmp_path / "state.db", KEEP) as store:
        await take_in(store, listing([job()]))
        async with store.looks.transaction() as ledger:
            await ledger.record([Silence(change, "no rule matches") for change in changes], NOW)
    return path


def ends_unread(*command: str) -> tuple[int, str]:
    """How the command ends, and what it complains about, if nobody reads what it prints."""
    nobody, pipe = os.pipe()
    os.close(nobody)
    try:
        ended = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "bot", *command], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(pipe)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "command", [["history", "--json"], ["history"], ["jobs", "all"], ["preview"], ["preview", "--json"]], ids=" ".join
)
async def test_a_reader_that_has_enough_is_no_error(bot_toml: Path, command: Sequence[str]) -> None:
    assert ends_unread(*command, "--config", str(bot_toml)) == (0, "")


def test_a_reader_of_the_schema_may_have_enough_too() -> None:
    assert ends_unread("schema") == (0, "")


def told_to_a_program(*command: str) -> list[str]:
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "bot", *command], capture_output=True, text=True, check=True, env=environ
    )
    return told.stdout.splitlines()


async def test_what_another_program_reads_has_each_job_in_a_line_as_long_as_needed(bot_toml: Path) -> None:
    told = told_to_a_program("history", "--config", str(bot_toml), "--job", job(7).id)
    (line,) = [line for line in told if job(7).id in line]
    assert all(word in line for word in (job(7).name, "failed", "not told: no rule matches"))
    assert len(line) < 200


async def test_a_preview_that_another_program_reads_is_no_wider_than_what_it_shows(bot_toml: Path) -> None:
    told = told_to_a_program("preview", "--config", str(bot_toml))
    assert max(map(len, told[: told.index("{")])) < 150


@pytest.mark.parametrize("letters", ["ascii", "latin-1"])
def test_what_a_terminal_has_no_letters_for_is_no_error(bot_toml: Path, letters: str) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": letters}
    command = [sys.executable, "-m", "bot", "preview", "--config", str(bot_toml)]
    told = subprocess.run(command, capture_output=True, check=True, env=environ)  # noqa: S603
    assert b"client_msg_id" in told.stdout
    assert told.stderr == b""
