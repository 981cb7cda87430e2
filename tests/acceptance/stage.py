"""The stage of an acceptance test: the two simulated services in this process, a folder, a configuration, and the
unmodified bot as a process between them. Knows of the bot only its command line, its files and its environment.
"""

import asyncio
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.reading import rendered_text
from bot.sandbox.run import bot_environment
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer
from tests.acceptance.bot_process import STARTS_WITHIN, Bot

ALERTS = "ml-alerts"
TRAINING = "ml-training"
JOBS = "/batch/jobs"
BASELINE = "the baseline is taken"
SLACK_OPEN = "Slack lets the bot in"

_CONFIG = """\
[poll]
every = "1s"
page_size = {page_size}

[store]
url = "sqlite:///{state}"

[slack]
mode = "{mode}"

[server]
listen = "{listen}"

"""

RULE = """\
[[rules]]
name = "failures"
to = "#ml-alerts"
"""
CARD_A_LOOK = RULE + 'group_window = "0s"\n'


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command that ran to its end has left."""

    status: int
    out: str
    err: str


@dataclass(slots=True)
class Stage:
    folder: Path
    world: JobsWorld
    jobs: JobsServer
    slack: SlackServer
    page_size: int = 100
    mode: str = "socket"
    listen: str = ""
    rules: str = RULE
    configured: bool = False  # by hand: the file is left as it is

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    @property
    def config(self) -> Path:
        return self.folder / "bot.toml"

    def environment(self, **changes: str) -> dict[str, str]:
        return bot_environment(os.environ, self.jobs, self.slack) | {"COLUMNS": "200"} | changes

    def configure(self) -> None:
        text = _CONFIG.format(page_size=self.page_size, state=self.state, mode=self.mode, listen=self.listen)
        self.config.write_text(text + self.rules, encoding="utf-8")

    def bot(self, *words: str, env: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[Bot]:
        """The bot with these words on its command line, and the configuration of this stage."""
        if not self.configured:
            self.configure()
        command, *rest = words or ("run",)
        given = [command, *(() if command in {"schema", "sandbox"} else ("--config", str(self.config))), *rest]
        return Bot.started(
            [sys.executable, "-m", "bot", *given], self.environment() if env is None else env, self.folder
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bot]:
        """The bot at work: it has looked, and Slack lets it in."""
        async with self.bot("run") as bot:
            await bot.logs(SLACK_OPEN)
            if not self.slack.request_url:
                await self.slack.wait_for_socket(STARTS_WITHIN)
            await bot.logs(BASELINE)
            yield bot

    async def command(self, *words: str, env: Mapping[str, str] | None = None, within: float = STARTS_WITHIN) -> Ended:
        async with self.bot(*words, env=env) as bot:
            status = await bot.ends(within=within)
        return Ended(status, "\n".join(bot.out), "\n".join(bot.err))

    async def history(self, *words: str) -> list[dict[str, object]]:
        """The ledger as the bot tells it."""
        ended = await self.command("history", "--json", *words)
        assert ended.status == 0, ended.err
        return [json.loads(line) for line in ended.out.splitlines()]

    async def all_told(self, failures: int, *, within: float) -> list[dict[str, object]]:
        """The failures in the ledger, once there are so many and all are delivered."""
        async with asyncio.timeout(within):
            while True:
                ledger = [entry for entry in await self.history() if entry["kind"] == "failed"]
                if len(ledger) >= failures and all(map(delivered, ledger)):
                    return ledger

    async def looks(self, times: int) -> None:
        """Returns once so many looks more have begun."""
        wanted = self._begun() + times
        while self._begun() < wanted:
            await self.jobs.seen(len(self.jobs.requests) + 1)

    def _begun(self) -> int:
        return sum(asked.path == JOBS and asked.query.get("offset", "0") == "0" for asked in self.jobs.requests)

    def alerts(self) -> list[Message]:
        return self.slack.state.posts(ALERTS)

    def cards(self, place: str = ALERTS) -> list[Message]:
        return self.slack.state.top_level(place)

    def posted_keys(self, place: str = ALERTS) -> Counter[str]:
        """How often each message stands in the channel, by the key in its metadata."""
        posts = self.slack.state.posts(place)
        return Counter(str((message.metadata or {})["event_payload"]["key"]) for message in posts)

    def naming(self, job: SimJob, place: str = ALERTS) -> list[Message]:
        """The alerts that name the job."""
        return [message for message in self.slack.state.posts(place) if job.id in rendered_text(message)]

    async def told(self, *jobs: SimJob, within: float = 10.0, place: str = ALERTS) -> None:
        """Returns once each of the jobs is named in the channel."""
        await self.slack.state.bell.until(lambda: all(self.naming(job, place) for job in jobs), within)

    def add_running(self, count: int) -> list[SimJob]:
        return [self.world.add(f"run-{number}", status="RUNNING", age=900 + number) for number in range(count)]


def tellings(entry: Mapping[str, object]) -> list[dict[str, object]]:
    """Where a change of the ledger was told."""
    found = entry["tellings"]
    assert isinstance(found, list)
    return found


def delivered(entry: Mapping[str, object]) -> bool:
    """Whether the change was told, in one place, and once."""
    return [telling["state"] for telling in tellings(entry)] == ["delivered"]


def message_keys(entry: Mapping[str, object]) -> list[str]:
    return [str(telling["message_key"]) for telling in tellings(entry)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def share_button(answer: Mapping[str, object]) -> dict[str, object]:
    return next(button for button in buttons(answer) if str(button["value"]).startswith("share "))


def buttons(value: object) -> Iterator[dict[str, object]]:
    """The buttons at any depth."""
    if isinstance(value, Mapping):
        if value.get("type") == "button":
            yield dict(value)
        yield from buttons(list(value.values()))
    elif isinstance(value, list):
        for inner in value:
            yield from buttons(inner)
