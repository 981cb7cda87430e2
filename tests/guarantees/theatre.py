"""A bot as a process between the two simulated services, with a proxy before each of them; killed where it is told.
It waits for what happens on the wire, never for time to pass.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.clock import now
from bot.core.history import HistoryQuery
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_server import SlackServer
from bot.store.store import open_archive
from tests.acceptance.bot_process import STARTS_WITHIN, Bot
from tests.acceptance.stage import Stage
from tests.guarantees.http_wire import HttpMessage
from tests.guarantees.judging import Judgement, judge
from tests.guarantees.proxy import Exchange, Mischief, Phase, Proxy
from tests.guarantees.stories import LOOK, PAGE_SIZE, Story

SETTLES_WITHIN = 180.0  # seconds
_CONFIG = """\
[poll]
every = "1s"
page_size = {page_size}

[store]
url = "sqlite:///{state}"

[server]
listen = ""

{rules}"""


@dataclass(frozen=True, slots=True)
class Event:
    exchange: Exchange
    phase: Phase
    digest: str


class Fate(Enum):
    SETTLED = auto()
    DEAD = auto()
    RESTLESS = auto()
    """It lives, and still has something to say after so long a time."""


Moment = Callable[[Exchange, Phase], bool]


def never(_exchange: Exchange, _phase: Phase) -> bool:
    return False


@dataclass(slots=True)
class Theatre:
    """`moment` says when the bot is killed; it is asked once more after each life. `events` is all that was seen."""

    story: Story
    stage: Stage
    cast: Mapping[str, SimJob]
    moment: Moment = never
    spoil: Callable[[Exchange], Mischief | None] = lambda _: None
    events: list[Event] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell)
    jobs: Proxy = field(init=False)
    slack: Proxy = field(init=False)
    bot: Bot | None = None
    looks: int = 0  # since there is a baseline: what was before it is told to nobody
    looks_in_life: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Theatre"]:
        self.jobs = Proxy("jobs", self.stage.jobs.url, name_of_jobs_call, self._plan, self._watch)
        self.slack = Proxy("slack", self.stage.slack.api_url, self._name_of_slack_call, self._plan, self._watch)
        async with self.jobs, self.slack:
            yield self

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Bot]:
        env = self.stage.environment(ATAI_API_ENDPOINT=self.jobs.url, SLACK_API_URL=self.slack.url)
        self.looks_in_life = 0
        async with self.stage.bot("run", env=env) as self.bot:
            yield self.bot

    async def stirs(self) -> None:
        """Returns at its next request or answer."""
        seen = len(self.events)
        await self.bell.until(lambda: len(self.events) > seen, STARTS_WITHIN)

    async def fate(self) -> Fate:
        """What becomes of this life: settled is when nothing waits to be said, after the story's end and two looks."""
        assert self.bot is not None
        bot, checked = self.bot, 0
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLES_WITHIN):
                while True:
                    await self.bell.until(partial(self._is_dead_or_looked, bot, checked), SETTLES_WITHIN)
                    if self._is_dead(bot):
                        return Fate.DEAD
                    checked = self.looks
                    if await self._waiting() == 0:
                        return Fate.SETTLED
        return Fate.RESTLESS

    def judgement(self) -> Judgement:
        return judge(self.stage.slack.state, self.story.expected(self.cast))

    async def ledger_agrees(self) -> bool:
        """Whether the bot itself says that all that was to be told has been told."""
        async with open_archive(self.stage.state) as archive:
            entries = await archive.history(HistoryQuery(), now())
        tellings = [telling for entry in entries for telling in entry.tellings]
        return len(tellings) == len(self.story.tells) and all(telling.state == "delivered" for telling in tellings)

    async def _waiting(self) -> int:
        async with open_archive(self.stage.state) as archive:
            return (await archive.health()).waiting

    def _is_dead_or_looked(self, bot: Bot, checked: int) -> bool:
        looked = self.looks > max(checked, self.story.end + 1) and self.looks_in_life > 2
        return looked or self._is_dead(bot)

    def _is_dead(self, bot: Bot) -> bool:
        return bot.process.returncode is not None

    def _plan(self, exchange: Exchange) -> Mischief | None:
        return self.spoil(exchange) or self.story.spoils.get(exchange)

    async def _watch(self, exchange: Exchange, phase: Phase, digest: str) -> None:
        self.events.append(Event(exchange, phase, digest))
        if exchange.kind == LOOK and phase is Phase.ASKED:
            await self._begin_look()
        if self.bot is not None and not self._is_dead(self.bot) and self.moment(exchange, phase):
            await self.bot.killed()
        self.bell.ring()

    async def _begin_look(self) -> None:
        self.looks_in_life += 1
        self.looks += self.looks > 0 or await self._has_baseline()
        for chapter in self.story.chapters.get(self.looks, ()):
            chapter(self.stage.world, self.cast)

    async def _has_baseline(self) -> bool:
        async with open_archive(self.stage.state) as archive:
            return any(source.baseline is not None for source in await archive.sources())

    def _name_of_slack_call(self, request: HttpMessage) -> str:
        method = request.path.rpartition("/")[2]
        channel = self.stage.slack.state.channels.get(request.values.get("channel", ""))
        return f"{method} {channel.name or 'im'}" if channel else method


def name_of_jobs_call(request: HttpMessage) -> str:
    path = re.sub(r"/job_\w+", "/{id}", request.path.removeprefix("/v0.5"))
    offset = request.values.get("offset")
    return f"{request.method} {path}" + (f" from {offset}" if offset is not None else "")


@asynccontextmanager
async def theatre(story: Story, clock: Callable[[], float] = time.time) -> AsyncIterator[Theatre]:
    """In a folder of its own."""
    world = JobsWorld(seed=7, now=clock)
    with TemporaryDirectory(prefix="guarantees-") as folder:
        async with JobsServer(world) as jobs, SlackServer(now=clock) as slack:
            stage = Stage(Path(folder), world, jobs, slack, page_size=PAGE_SIZE, configured=True)
            text = _CONFIG.format(page_size=PAGE_SIZE, state=stage.state, rules=story.rules)
            stage.config.write_text(text, encoding="utf-8")
            async with Theatre(story, stage, story.begin(world, slack)).open() as opened:
                yield opened
