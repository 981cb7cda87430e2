"""Dead before every single statement of the store: what stands on the disk at that moment is all that the next life
has. The statements are counted in a run that nobody disturbs, so a new one joins by itself.
"""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Need, load
from bot.core.alerts import Rule, destinations
from bot.core.doubts import OnDoubt
from bot.deliver import deliver_due, edit_due, resolve_routes
from bot.explain import Explainer
from bot.jobs_api.client import JobsApi, connect
from bot.poll import Looked, poll_once
from bot.slack.channels import Channels
from bot.slack.sink import SlackSink
from bot.store.store import Store, open_store
from tests.guarantees.crashes import LEDGER_DIFFERS, too_many
from tests.guarantees.judging import Judgement, total
from tests.guarantees.ledger import waiting
from tests.guarantees.rows import Row
from tests.guarantees.stories import PAGE_SIZE, Story
from tests.guarantees.theatre import Theatre, theatre
from tests.samples import KEEP, Clock

HELD_AT_MOST = 10.0  # seconds that a statement waits for the death of its process
ROUNDS_AT_MOST = 100
DELIVERIES = 2  # between two looks


@dataclass(slots=True)
class Crash:
    """At the `at`th statement the files are copied to `grave` as they stand, and the process is to die; never, if it
    is 0. Called by the driver before each statement, in threads of its own.
    """

    at: int
    state: Path
    grave: Path
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    statements: list[str] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, sql: str) -> None:
        self.statements.append(sql)
        if next(self._numbers) == self.at:
            for file in self.state.parent.glob(f"{self.state.name}*"):
                if not file.name.endswith("-shm"):  # it does not outlive the processes that share it
                    shutil.copy(file, self.grave / file.name)
            self._loop.call_soon_threadsafe(self.happened.set)
            self._over.wait(HELD_AT_MOST)

    def let_go(self) -> None:
        """What is still under way goes on, in a file that nobody will read."""
        self._over.set()


@contextmanager
def traced(crash: Callable[[str], None]) -> Iterator[None]:
    """Every connection opened in here tells of its statements as long as it lives."""
    real = sqlite3.connect

    def opened(path: str, *, timeout: float, isolation_level: None = None) -> sqlite3.Connection:
        connection = real(path, timeout=timeout, isolation_level=isolation_level)
        connection.set_trace_callback(crash)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", opened)
        yield


@dataclass(frozen=True, slots=True)
class Crashed:
    """What was told in the end, the statements of the first life, whether it died, and what the bot says of it."""

    judgement: Judgement
    statements: Sequence[str]
    came: bool
    agrees: bool = True


async def crashed_at(at: int, story: Story) -> Crashed:
    async with AsyncExitStack() as stack:
        grave = Path(stack.enter_context(TemporaryDirectory(prefix="guarantees-")))
        clock = Clock()
        stage = await stack.enter_async_context(theatre(story, clock.in_seconds))
        life = Life(stage, clock, load(stage.stage.config, {}, Need.STORE).rules)
        crash = Crash(at, stage.stage.state, grave)
        if died := await _dies(life, crash):
            stage.stage.folder = grave
            clock.advance(1)
            await life.live(ignored)
        return Crashed(await stage.judgement(), crash.statements, died, await stage.ledger_agrees())


def ignored(_: str) -> None:
    return


async def _dies(life: "Life", crash: Crash) -> bool:
    living = asyncio.create_task(life.live(crash))
    end = asyncio.create_task(crash.happened.wait())
    await asyncio.wait({living, end}, return_when=asyncio.FIRST_COMPLETED)
    died = end.done()
    (living if died else end).cancel()
    crash.let_go()
    fate, _ = await asyncio.gather(living, end, return_exceptions=True)
    if isinstance(fate, Exception):
        raise fate
    return died


@dataclass(frozen=True, slots=True)
class Life:
    stage: Theatre
    clock: Clock
    rules: Sequence[Rule]

    async def live(self, crash: Callable[[str], None]) -> None:
        """As `run` does, but round by round, until all is told."""
        async with self._opened(crash) as (store, api, sink):
            await store.outbox.requeue_unfinished(self.clock())
            await store.outbox.abandon(destinations(self.rules))
            await resolve_routes(store.outbox, sink, destinations(self.rules), self.clock)
            for _ in range(ROUNDS_AT_MOST):
                look = await poll_once(api, store.looks, self.rules, {}, self.clock)
                if isinstance(look, Looked):
                    await Explainer(api, store.looks, self.clock).explain()
                for _ in range(DELIVERIES):
                    await deliver_due(store.outbox, sink, OnDoubt.REPEAT, self.clock, lambda: 0.0)
                    await edit_due(store.cards, sink, self.clock, lambda: 0.0)
                    self.clock.advance(2)
                if self.stage.looks > self.stage.story.end + 1 and await waiting(self.stage.stage.state) == 0:
                    break
            await store.prune(self.clock())

    @asynccontextmanager
    async def _opened(self, crash: Callable[[str], None]) -> AsyncIterator[tuple[Store, JobsApi, SlackSink]]:
        stage = self.stage.stage
        async with AsyncExitStack() as stack:
            with traced(crash):
                store = await stack.enter_async_context(open_store(stage.state, KEEP))
            api = await stack.enter_async_context(
                connect("default", self.stage.jobs.url, stage.jobs.key, page_size=PAGE_SIZE, clock=self.clock)
            )
            session = await stack.enter_async_context(aiohttp.ClientSession())
            token, url = stage.slack.bot_token, self.stage.slack.url
            client = AsyncWebClient(token, base_url=url, session=session, retry_handlers=[])
            yield store, api, SlackSink(client, Channels(client, self.clock))


async def at_statements(story: Story, every: int) -> Row:
    """Before every `every`th statement, one crash each. The job API answers well: the waits between repeated
    requests are by the real clock.
    """
    spoils = {exchange: mischief for exchange, mischief in story.spoils.items() if exchange.side == "slack"}
    story = replace(story.in_haste(), spoils=spoils)
    undisturbed = await crashed_at(0, story)
    if not undisturbed.judgement.kept:
        return Row(what="a run that nobody disturbs, within the tests", times=1, judgement=undisturbed.judgement)
    struck = range(1, len(undisturbed.statements) + 1, every)
    crashes = {at: await crashed_at(at, story) for at in struck}
    return statements_row(undisturbed.statements, crashes, every)


def statements_row(statements: Sequence[str], crashes: Mapping[int, Crashed], every: int) -> Row:
    missed = sum(not each.came for each in crashes.values())
    amiss = [
        f"before {statements[at - 1][:60]!r}: {each.judgement} {'' if each.agrees else LEDGER_DIFFERS}"
        for at, each in crashes.items()
        if not each.judgement.kept or not each.agrees
    ]
    share = "each" if every == 1 else f"{len(crashes)}"
    return Row(
        what=f"crash before {share} of the {len(statements)} statements of the store",
        times=len(crashes) - missed,
        judgement=total(each.judgement for each in crashes.values()),
        amiss="; ".join(filter(None, [too_many(missed, len(crashes)), *amiss])),
    )
