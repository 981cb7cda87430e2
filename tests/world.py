"""The bot's own clients, store and sink between the sandbox's two servers, all by one clock that stands until it is
moved. Nothing in it is a stand-in but the two worlds outside.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.alerts import Rule
from bot.core.doubts import OnDoubt
from bot.core.history import Entry, HistoryQuery
from bot.deliver import deliver_due, edit_due
from bot.explain import Explainer
from bot.jobs_api.client import JobsApi, connect
from bot.poll import USUAL, Limits, Look, Looked, poll_once
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from bot.slack.sink import SlackSink
from bot.store.cards import Edited
from bot.store.outbox import Settled
from bot.store.store import Store, open_store
from tests.samples import KEEP, Clock, rule

CHANCE = 0.0  # in [0, 1), so that waits are as long as can be


@dataclass(slots=True)
class World:
    clock: Clock
    jobs: JobsServer
    slack: SlackServer
    store: Store
    api: JobsApi
    client: AsyncWebClient
    sink: SlackSink
    rules: Sequence[Rule] = field(default_factory=lambda: [rule()])
    job_urls: Mapping[str, str] = field(default_factory=dict)
    on_doubt: OnDoubt = OnDoubt.REPEAT
    limits: Limits = USUAL
    explainer: Explainer = field(init=False)

    def __post_init__(self) -> None:
        self.explainer = Explainer(self.api, self.store.looks, self.clock)

    async def look(self) -> Look:
        return await poll_once(self.api, self.store.looks, self.rules, self.job_urls, self.clock, self.limits)

    async def good_look(self) -> Looked:
        look = await self.look()
        assert isinstance(look, Looked), look
        return look

    async def deliver(self) -> list[Settled]:
        """A round of what goes on all the time: posts and edits."""
        settled = await deliver_due(self.store.outbox, self.sink, self.on_doubt, self.clock, lambda: CHANCE)
        await self.edit()
        return settled

    async def edit(self) -> list[Edited]:
        """The one that may be made now, if any."""
        edited = await edit_due(self.store.cards, self.sink, self.clock, lambda: CHANCE)
        return [] if edited is None else [edited]

    async def fail(self, *names: str, pipeline: str = "machine-state-classification") -> list[str]:
        """Jobs that ran at the last look and have failed since; the next look has been at them."""
        ids = [self.jobs.world.add(name, status="RUNNING", pipeline_key=pipeline, age=60).id for name in names]
        await self.good_look()
        self.clock.advance(1)
        for id_ in ids:
            self.jobs.world.fail(id_, "out of memory")
        await self.good_look()
        return ids

    def posts(self, channel: str = "ml-alerts") -> list[Message]:
        return self.slack.state.posts(channel)

    def post_calls(self) -> int:
        return sum(call.method == "chat.postMessage" for call in self.slack.state.calls)

    async def history(self) -> tuple[Entry, ...]:
        return await self.store.archive.history(HistoryQuery(), self.clock())


def slack_client(slack: SlackServer, session: aiohttp.ClientSession, token: str | None = None) -> AsyncWebClient:
    """As the bot makes it."""
    return AsyncWebClient(token or slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    clock = Clock()
    async with AsyncExitStack() as stack:
        jobs = await stack.enter_async_context(JobsServer(JobsWorld(seed=1, now=clock.in_seconds)))
        slack = await stack.enter_async_context(SlackServer(now=clock.in_seconds))
        store = await stack.enter_async_context(open_store(folder / "state.db", KEEP))
        api = await stack.enter_async_context(connect("default", jobs.url, jobs.key, page_size=100, clock=clock))
        client = slack_client(slack, await stack.enter_async_context(aiohttp.ClientSession()))
        sink = SlackSink(client, Channels(client, clock))
        world = World(clock, jobs, slack, store, api, client, sink)
        jobs.world.add("an old failure", status="FAILED", age=3600)
        await world.good_look()
        clock.advance(15)
        yield world
