"""The whole sandbox around a stand-in for the bot, a real child process."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable

import httpx
import pytest

from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.run import bot_environment, furnished_world, run_sandbox
from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_server import SlackServer

NOON = 1_795_435_200.0

LOOKS = """
import json, os, sys, signal, urllib.request, tomllib
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
key = {"Authorization": "Bearer " + os.environ["ATAI_API_KEY"]}
api = os.environ["ATAI_API_ENDPOINT"] + "/batch/jobs"
urllib.request.urlopen(urllib.request.Request(api, headers=key), timeout=5).read()
config = tomllib.load(open(sys.argv[-1], "rb"))
to = "general" if config["rules"][1]["to"] == ["#ml-alerts"] else ""
post = os.environ["SLACK_API_URL"] + "chat.postMessage"
token = {"Authorization": "Bearer " + os.environ["SLACK_BOT_TOKEN"]}
words = f"mode={config['slack']['mode']}".replace("=", "%3D")
data = f"channel={to}&text={words}".encode()
posted = urllib.request.urlopen(urllib.request.Request(post, data, headers=token), timeout=5).read()
reply = f"channel={to}&text=more&thread_ts={json.loads(posted)['ts']}".encode()
for broadcast in (b"", b"&reply_broadcast=true"):
    urllib.request.urlopen(urllib.request.Request(post, reply + broadcast, headers=token), timeout=5).read()
"""
WAITS = "signal.pause()"


class Told:
    """The lines of the story, and the wait for one that has these words in it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bell = Bell()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.bell.ring()

    async def hears(self, *words: str) -> str:
        def fitting() -> list[str]:
            return [line for line in self.lines if all(word in line for word in words)]

        await self.bell.until(lambda: bool(fitting()), 10)
        return fitting()[0]


def running(script: str, told: Told, stop: asyncio.Event, *, mode: str = "socket", port: int = 0) -> asyncio.Task[int]:
    command = (sys.executable, "-I", "-c", script)
    sandbox = run_sandbox(port=port, seed=3, speed=50, mode=mode, jobs=60, out=told, stop=stop, bot_command=command)
    return asyncio.create_task(sandbox)


async def test_it_tells_the_story_of_jobs_and_messages_until_it_is_stopped() -> None:
    told, stop = Told(), asyncio.Event()
    task = running(LOOKS + WAITS, told, stop)
    await told.hears("slack", "#general", "mode=socket")
    await told.hears("slack", "#general (thread)  more")
    await told.hears("slack", "#general (thread, shown in the channel)  more")
    await told.hears("jobs", "FAILED")
    stop.set()
    assert await task == 0
    assert "Ctrl-C" in "".join(told.lines[:4])


async def test_the_page_is_up_while_it_runs_and_gone_when_it_ends() -> None:
    told, stop = Told(), asyncio.Event()
    task = running(LOOKS + WAITS, told, stop, mode="http")
    page = (await told.hears("The sandbox is open")).split()[-1]
    await told.hears("mode=http")
    async with httpx.AsyncClient(trust_env=False) as client:
        state = (await client.get(page + "state")).json()
        assert state["bot_alive"] is True
        assert sum(state["jobs"].values()) >= 60
        stop.set()
        await task
        with pytest.raises(httpx.ConnectError):
            await client.get(page)


async def test_a_bot_that_ends_by_itself_ends_the_sandbox_with_its_last_words() -> None:
    told = Told()
    dying = "import sys; print('no such token', file=sys.stderr); sys.exit(2)"
    assert await running(dying, told, asyncio.Event()) == 1
    assert told.lines[-2:] == ["The bot ended by itself, with exit status 2. Its last words:", "  no such token"]


async def test_a_stop_asked_for_before_the_start_is_not_lost() -> None:
    stop = asyncio.Event()
    stop.set()
    assert await running(LOOKS + WAITS, Told(), stop) == 0


async def test_a_port_in_use_passes_up_and_nothing_is_left_running() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            await running(LOOKS + WAITS, Told(), asyncio.Event(), port=port)


async def test_the_bot_inherits_none_of_its_own_settings() -> None:
    inherited = {"PATH": "/bin", "SLACK_WEBHOOK": "x", "JOBSBOT_CONFIG": "y", "ATAI_API_KEY": "secret"}
    api = JobsServer(JobsWorld(now=lambda: NOON))
    given = bot_environment(inherited, api, SlackServer())
    assert given["PATH"] == "/bin"
    assert given["ATAI_API_KEY"] == "sk_sandbox"
    assert not {"SLACK_WEBHOOK", "JOBSBOT_CONFIG"} & set(given)
    assert given["PYTHONPATH"].split(os.pathsep)[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_first_failure_comes_within_ten_seconds(seed: int) -> None:
    at = [NOON]
    now: Callable[[], float] = lambda: at[0]  # noqa: E731
    world = furnished_world(seed=seed, speed=1.0, jobs=60, now=now)
    world.step()
    at[0] += 6
    assert "failed" in {happening.what for happening in world.step()}
