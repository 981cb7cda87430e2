"""What the operator can mend ends the bot with 2 and one paragraph that says how: no traceback, nothing half begun."""

import asyncio
import socket
from collections.abc import Callable, Mapping

import pytest

from tests.acceptance.stage import Ended, Stage

Figure = Callable[[str], None]


@pytest.fixture
def mended(figure: Figure) -> Callable[[Ended, str, str], None]:
    """Judges what a bot that needs mending has said: what is wrong, and what to do."""

    def judge(ended: Ended, wrong: str, remedy: str) -> None:
        said = [line for line in ended.err.splitlines() if not line.startswith("{")]
        figure(f"to be mended: {ended.status}, “{said[0][:140] if said else ended.err[-200:]}…”")
        assert ended.status == 2, ended.err
        assert wrong in ended.err
        assert remedy in ended.err
        assert "Traceback" not in ended.err
        assert "" not in said, "one paragraph"
        assert said[0].startswith("jobsbot: ")

    return judge


Judge = Callable[[Ended, str, str], None]


async def test_a_wrong_configuration(stage: Stage, mended: Judge) -> None:
    stage.configure()
    text = stage.config.read_text().replace('every = "1s"', 'every = "soon"').replace("#ml-alerts", "ml alerts")
    stage.config.write_text(text)
    stage.configured = True
    ended = await stage.command("run")
    mended(ended, "soon", "15s")
    assert "ml alerts" in ended.err, "every mistake at once"


async def test_no_configuration_at_all(stage: Stage, mended: Judge) -> None:
    stage.configured = True
    mended(await stage.command("run"), "bot.toml", "--config")


REFUSED: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "xoxb-not-this-one",
    "SLACK_APP_TOKEN": "xapp-not-this-one",
    "ATAI_API_KEY": "sk_not_this_one",
}
REMEDIES = {"SLACK_BOT_TOKEN": "Put in", "SLACK_APP_TOKEN": "Put in", "ATAI_API_KEY": "check"}


async def test_secrets_that_are_not_set(stage: Stage, mended: Judge) -> None:
    given = stage.environment()
    without = [{name: given[name] for name in given if name != variable} for variable in REFUSED]
    ended = await asyncio.gather(*(stage.command("run", env=env) for env in without))
    for variable, one in zip(REFUSED, ended, strict=True):
        mended(one, variable, "put in")


@pytest.mark.parametrize(("variable", "remedy"), REMEDIES.items())
async def test_a_secret_that_is_refused(stage: Stage, mended: Judge, variable: str, remedy: str) -> None:
    env = stage.environment(**{variable: REFUSED[variable]})
    ended = await stage.command("run", env=env)
    mended(ended, variable, remedy)
    assert REFUSED[variable] not in ended.err


async def test_a_folder_that_is_not_there(stage: Stage, mended: Judge) -> None:
    env = stage.environment(JOBSBOT_STORE__URL=f"sqlite:///{stage.folder}/missing/state.db")
    mended(await stage.command("run", env=env), "missing", "[store] url")


async def test_a_folder_that_cannot_be_written_to(stage: Stage, mended: Judge) -> None:
    stage.configure()
    env = stage.environment(JOBSBOT_STORE__URL=f"sqlite:///{stage.config}/state.db")
    mended(await stage.command("run", env=env), "bot.toml/state.db", "[store] url")


async def test_a_state_file_that_is_damaged(stage: Stage, mended: Judge) -> None:
    stage.state.write_bytes(b"SQLite format 3\0" + b"\xff" * 8_000)
    mended(await stage.command("run"), str(stage.state), "Move it away")


async def test_a_state_file_that_is_something_else(stage: Stage, mended: Judge) -> None:
    stage.state.write_text("dear diary " * 1_000)
    mended(await stage.command("run"), str(stage.state), "Move it away")


async def test_a_state_file_that_is_a_folder(stage: Stage, mended: Judge) -> None:
    stage.state.mkdir()
    mended(await stage.command("run"), str(stage.state), "[store] url")


async def test_a_port_in_use(stage: Stage, mended: Judge) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stage.listen = f"127.0.0.1:{taken.getsockname()[1]}"
        mended(await stage.command("run"), stage.listen, "[server] listen")


async def test_a_second_run_on_the_same_state_file(stage: Stage, mended: Judge) -> None:
    async with stage.running() as first:
        mended(await stage.command("run"), "already runs", "Stop it first")
        assert first.process.returncode is None


async def test_a_key_of_another_organisation(stage: Stage, mended: Judge) -> None:
    stage.world.populate(30, failed=3)
    async with stage.running() as bot:
        await bot.stops()
    for job in list(stage.world.jobs):
        stage.world.delete(job)
    stage.world.org_id = "org_another"
    stage.world.populate(30, failed=3)
    mended(await stage.command("run"), "opens another organisation", "give back the old key")
