"""The whole sandbox: both simulated services, the page, and the unmodified bot between them as a child process.
Everything it starts ends with it; what it writes lies in a temporary folder.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox import story
from bot.sandbox.child import Child
from bot.sandbox.jobs_fates import WAITS_LONG, Fate
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.page import Page
from bot.sandbox.reading import read_mrkdwn, rendered_text
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer

BOT_COMMAND = (sys.executable, "-m", "bot", "run")

_OURS = ("JOBSBOT_", "SLACK_", "ATAI_")
_STEP_SECONDS = 0.1
_PATIENCE_SECONDS = 15.0

_BOT_TOML = """\
[poll]
every = "2s"

[store]
url = "sqlite:///{state}"

[server]
listen = "{listen}"

[slack]
mode = "{mode}"

[[rules]]
name = "training"
on = ["failed", "cancelled"]
type = "training"
to = "#ml-training"

[[rules]]
name = "failures"
to = ["#ml-alerts"]
"""


async def run_sandbox(  # noqa: PLR0913  the options of the command line, each by its name
    *,
    port: int,
    seed: int,
    speed: float,
    mode: str,
    jobs: int,
    out: Callable[[str], None],
    stop: asyncio.Event,
    bot_command: Sequence[str] = BOT_COMMAND,
    now: Callable[[], float] = time.time,
) -> int:
    """0 when `stop` ended it, 1 when the bot ended by itself. OSError if the page's port is taken.

    `speed` hastens what happens, not the clock; `mode` is "socket" or "http"; `jobs` how much history there is.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="jobsbot-sandbox-")))
        world = furnished_world(seed=seed, speed=speed, jobs=jobs, now=now)
        api = await stack.enter_async_context(JobsServer(world))
        slack = await stack.enter_async_context(SlackServer(now=now))
        bot = Child(
            [*bot_command, "--config", str(folder / "bot.toml")],
            env=bot_environment(os.environ, api, slack),
            folder=folder,
        )
        page = Page(world, slack, port=port, bot_alive=lambda: bot.alive)
        await stack.enter_async_context(page)
        listen = f"127.0.0.1:{_free_port()}"
        if mode == "http":
            slack.request_url = f"http://{listen}/slack/events"
        config = _BOT_TOML.format(state=folder / "state.db", listen=listen, mode=mode)
        (folder / "bot.toml").write_text(config, encoding="utf-8")
        for line in story.opening(page=page.url, jobs_api=api.url, slack_api=slack.api_url, mode=mode):
            out(line)
        stack.callback(slack.state.subscribe(_Teller(slack, out, now)))
        await stack.enter_async_context(bot)
        return await _watch(world, api, bot, out=out, stop=stop)


def furnished_world(*, seed: int, speed: float, jobs: int, now: Callable[[], float]) -> JobsWorld:
    """History, and a few jobs under way: the one that runs longest will fail soon, one has long been waiting."""
    world = JobsWorld(seed=seed, now=now, speed=speed)
    world.populate(jobs, failed=jobs // 5, days=3.0)
    world.add("press-line-7 vibration states", status="RUNNING", age=900)
    world.add("nightly-train-3", status="RUNNING", age=300, pipeline_key="fine-tuning-omega", pipeline_type="training")
    world.add("gateway-flows-11", status="PENDING", age=5, pipeline_key="activity-detection")
    waits = world.add("yard 9 backfill", status="PENDING", age=2_400, pipeline_key="activity-detection")
    world.seal(waits.id, Fate(WAITS_LONG))
    return world


def bot_environment(inherited: Mapping[str, str], api: JobsServer, slack: SlackServer) -> dict[str, str]:
    """What we have ourselves, but none of the bot's own settings beside those that lead it here."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_OURS)}
    package_root = str(Path(__file__).resolve().parents[2])
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, [package_root, inherited.get("PYTHONPATH", "")])),
        "ATAI_API_KEY": api.key,
        "ATAI_API_ENDPOINT": api.url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
    }


async def _watch(
    world: JobsWorld, api: JobsServer, bot: Child, *, out: Callable[[str], None], stop: asyncio.Event
) -> int:
    living = asyncio.create_task(_live(world, api, out))
    stopping = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(bot.ended())
    tasks: set[asyncio.Task[object]] = {living, stopping, ending}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            living.result()
        if stopping.done():
            return 0
        out(f"The bot ended by itself, with exit status {ending.result()}. Its last words:")
        for line in bot.last_lines:
            out(f"  {story.harmless(line)}")
        return 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _live(world: JobsWorld, api: JobsServer, out: Callable[[str], None]) -> None:
    """Life begins once the bot has looked: what fails before that is history to it, and told to nobody."""
    with suppress(TimeoutError):
        await api.seen(1, _PATIENCE_SECONDS)
    while True:
        for happening in world.step():
            out(story.job_line(happening))
        await asyncio.sleep(_STEP_SECONDS)


class _Teller:
    """Tells what is said in the simulated Slack."""

    def __init__(self, slack: SlackServer, out: Callable[[str], None], now: Callable[[], float]) -> None:
        self._slack = slack
        self._out = out
        self._now = now
        self._known: set[str] = set()

    def __call__(self, message: Message) -> None:
        channel = self._slack.state.channels[message.channel]
        place = f"#{channel.name}" if channel.name else f"@{channel.user}"
        reader = self._slack.state.users.get(message.ephemeral_for or "")
        if reader is not None:
            place += f" (for {reader.name} alone)"
        elif message.is_reply:
            place += " (thread, shown in the channel)" if message.reply_broadcast else " (thread)"
        edited, text = message.ts in self._known, read_mrkdwn(message.text) or rendered_text(message)
        self._known.add(message.ts)
        self._out(story.slack_line(self._now(), place, text, edited=edited))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
