"""What may happen to the state file under a bot that runs: trouble that passes is waited for and nothing is lost by it;
any other ends the bot with 2 and one paragraph.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from bot.sandbox.reading import rendered_text
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import Stage, delivered, free_port

Figure = Callable[[str], None]

FAILED = "the state file cannot be used"


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Another program writes into the state file, and is slow about it."""
    with closing(sqlite3.connect(state, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
async def bot(stage: Stage) -> AsyncIterator[Bot]:
    stage.listen = f"127.0.0.1:{free_port()}"
    async with stage.running() as running:
        yield running


async def test_a_state_file_that_is_locked_for_a_while_is_waited_for(stage: Stage, bot: Bot, figure: Figure) -> None:
    [job] = stage.add_running(1)
    with locked(stage.state):
        stage.world.fail(job.id)
        await bot.logs(FAILED)  # delivery, which waits for the look, may say so too
        async with httpx.AsyncClient(base_url=f"http://{stage.listen}", trust_env=False) as http:
            unready = (await http.get("/readyz")).text.strip()
        answer = await (await stage.slack.slash("all")).answer()
    await stage.told(job)
    await bot.stops()
    figure(f"state file locked: /readyz “{unready}”, {len(bot.logged(FAILED))} lines about it")
    assert "state file: database is locked" in unready
    assert "as of" in rendered_text(answer)
    assert "Traceback" not in "\n".join(bot.err)
    assert set(stage.posted_keys().values()) == {1}
    assert all(map(delivered, [entry for entry in await stage.history() if entry["kind"] == "failed"]))


def remove(state: Path) -> None:
    state.unlink()


def put_another_in_its_place(state: Path) -> None:
    state.rename(state.with_name("old.db"))
    state.write_bytes(b"")


def drop_a_table(state: Path) -> None:
    with closing(sqlite3.connect(state)) as other:
        other.execute("DROP TABLE looks")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (remove, "was removed or replaced while the bot ran"),
        (put_another_in_its_place, "was removed or replaced while the bot ran"),
        (drop_a_table, "made by another version of jobsbot, or by something else"),
    ],
)
async def test_a_state_file_that_is_spoilt_ends_the_bot(
    stage: Stage, bot: Bot, harm: Callable[[Path], None], said: str, figure: Figure
) -> None:
    harm(stage.state)
    status = await bot.ends(within=15)
    words = "\n".join(bot.err)
    figure(f"state file, {harm.__name__}: {status}, “{bot.err[-1][:100]}…”")
    assert status == 2, words
    assert said in words
    assert "Traceback" not in words
