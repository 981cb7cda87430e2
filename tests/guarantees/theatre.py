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

from bot.config import Need, load
from bot.core.instants import SECOND
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer
from bot.store.store import open_archive
from tests.acceptance.bot_process import STARTS_WITHIN, Bot
from tests.acceptance.stage import Stage
from tests.guarantees.drawing import judge_cards
from tests.guarantees.http_wire import HttpMessage
from tests.guarantees.judging import Judgement, Said, judge, said
from tests.guarantees.ledger import ledger_of, statuses, waiting
from tests.guarantees.proxy import Exchange, Mischief, Phase, Proxy
from tests.guarantees.stories import IN_THREAD, LOOK, PAGE_SIZE, Pace, Scene, Story
from tests.guarantees.witness import Witness, witness

SETTLES_WITHIN = 900.0  # seconds
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
    witness: Witness
    moment: Moment = never
    spoil: Callable[[Exchange], Mischief | None] = lambda _: None
    events: list[Event] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)  # what people read in each message at first, by its ts
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
        forget = self.stage.slack.state.subscribe(self._read)
        async with self.jobs, self.slack:
            yield self
        forget()

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
                    if await waiting(self.stage.state) == 0:
                        return Fate.SETTLED
        return Fate.RESTLESS

    async def judgement(self) -> Judgement:
        carried = (await ledger_of(self.stage.state)).carried
        facts = judge(self.said(), carried, self.story.expected(self.cast))
        return facts + judge_cards(self.said(), await self.witness.drawn())

    async def ledger_agrees(self) -> bool:
        """Whether the bot says the same of itself."""
        return (await ledger_of(self.stage.state)).agrees(self.said(), self.story.expected(self.cast))

    def said(self) -> list[Said]:
        """All that was ever said."""
        places = {place for place, _, _ in self.story.tells}
        slack = self.stage.slack.state
        return [said(place, each, self.first[each.ts]) for place in places for each in slack.channel(place).messages]

    def _read(self, message: Message) -> None:
        self.first.setdefault(message.ts, rendered_text(message))

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
        if not await self._goes_on():
            return
        self.looks += 1
        for chapter in (chapters := self.story.chapters.get(self.looks, ())):
            chapter(Scene(self.stage.world, self.stage.slack.state, self.cast))
        if chapters:
            await self.witness.look()

    async def _goes_on(self) -> bool:
        if self.looks == 0:
            return await self._has_baseline()
        match self.story.pace:
            case Pace.STEADY:
                return True
            case Pace.SEEN:
                known = statuses(self.stage.state)
                return all(known[job.id] == job.status for job in self.stage.world.jobs.values())
            case Pace.QUIET:
                return await waiting(self.stage.state) == 0

    async def _has_baseline(self) -> bool:
        async with open_archive(self.stage.state) as archive:
            return any(source.baseline is not None for source in await archive.sources())

    def _name_of_slack_call(self, request: HttpMessage) -> str:
        method = request.path.rpartition("/")[2]
        channel = self.stage.slack.state.channels.get(request.values.get("channel", ""))
        thread = IN_THREAD if "thread_ts" in request.values else ""
        return f"{method} {channel.name or 'im'}{thread}" if channel else method


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
            cast, rules = story.begin(world, slack), load(stage.config, {}, Need.STORE).rules
            async with (
                witness(jobs, rules, lambda: int(clock() * SECOND)) as watching,
                Theatre(story, stage, cast, watching).open() as opened,
            ):
                yield opened
