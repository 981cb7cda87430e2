"""The wiring: opens everything, runs the loops, stops them in order. Only here are a clock and chance held; every
decision is made elsewhere.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import BotError
from bot.answer import answer
from bot.clock import now
from bot.config import Config, Mode, Secret
from bot.core.commands import Command
from bot.core.faults import Fault, look_wait
from bot.core.instants import SECOND
from bot.core.replies import Reply
from bot.deliver import deliver_due, resolve_routes
from bot.jobs_api.client import JobsApi, connect
from bot.poll import poll_once
from bot.report import Reporter
from bot.server import routes, serve
from bot.slack import http, socket
from bot.slack.channels import Channels
from bot.slack.doors import knock
from bot.slack.listeners import build_app
from bot.slack.sink import SlackSink
from bot.store.lock import only_one
from bot.store.store import Store, open_store
from bot.telemetry import Metrics
from bot.vitals import Sight, Vitals

GRACE = 7.0  # seconds for the loops to finish their round once they are asked to stop
SLACK_TIMEOUT = 15  # seconds for one request
DELIVER_EVERY = 5.0  # seconds, if nothing wakes the delivery before
DELIVER_PAUSE = 0.05  # seconds between two rounds at least
PRUNE_EVERY = 3_600.0  # seconds
KNOCK_EVERY = 5.0  # seconds between attempts to reach Slack at the start


def secret(value: Secret | None) -> str:
    return value.reveal() if value else ""


@dataclass(slots=True)
class App:
    """What the loops share."""

    config: Config
    store: Store
    apis: tuple[JobsApi, ...]
    slack: AsyncWebClient
    vitals: Vitals
    reporter: Reporter
    metrics: Metrics
    stop: asyncio.Event
    chance: random.Random
    outbox_filled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def job_urls(self) -> Mapping[str, str]:
        return {source.name: source.job_url for source in self.config.sources}

    async def look(self, api: JobsApi) -> None:
        """Looks at one source, again and again. BotError if the very first look shows that the key is no good."""
        every = self.config.poll.every.total_seconds()
        while not self.stop.is_set():
            began = time.monotonic()
            look = await poll_once(api, self.store.looks, self.config.rules, self.job_urls, now())
            took = time.monotonic() - began
            fault = look if isinstance(look, Fault) else None
            if fault and fault.needs_operator and not self.vitals.sights[api.source].looked:
                raise BotError(f"The job API of source {api.source!r} does not let the bot in: {fault}.")
            failures = self.reporter.looked(api.source, look, now(), took)
            self.outbox_filled.set()
            wait = look_wait(every, took, failures, fault)
            self.vitals.turned(f"look at {api.source}", now(), int(wait * SECOND))
            await rest(self.stop.wait(), wait)

    async def deliver(self, sink: SlackSink) -> None:
        """Empties the outbox; a round that hangs does not keep the next one from starting."""
        async with asyncio.TaskGroup() as rounds:
            while not self.stop.is_set():
                self.outbox_filled.clear()
                rounds.create_task(self._deliver_round(sink))
                due_at = await self.store.outbox.next_due()
                wait = DELIVER_EVERY if due_at is None else min(DELIVER_EVERY, (due_at - now()) / SECOND)
                self.vitals.turned("delivery", now(), int(DELIVER_EVERY * SECOND))
                await rest(self.stop.wait(), DELIVER_PAUSE)
                await rest(self._woken(), max(0.0, wait - DELIVER_PAUSE))

    async def prune(self) -> None:
        while not self.stop.is_set():
            await self.store.prune(now())
            await rest(self.stop.wait(), PRUNE_EVERY)

    async def ask(self, command: Command) -> Reply:
        with self.metrics.answers.time():
            return await answer(command, self.store.archive, self.job_urls, now())

    async def _deliver_round(self, sink: SlackSink) -> None:
        settled = await deliver_due(self.store.outbox, sink, self.config.slack.on_doubt, now, self.chance.random)
        self.reporter.delivered(settled, await self.store.archive.health(), now())
        if settled:
            self.outbox_filled.set()

    async def _woken(self) -> None:
        stop, filled = asyncio.create_task(self.stop.wait()), asyncio.create_task(self.outbox_filled.wait())
        try:
            await asyncio.wait({stop, filled}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            filled.cancel()


async def rest(until: Awaitable[object], seconds: float) -> None:
    """Waits so long, or until something happens."""
    with suppress(TimeoutError):
        await asyncio.wait_for(until, seconds)


async def run(config: Config) -> None:
    """Runs until it is told to stop. BotError if the operator must mend something first."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    with only_one(config.store.path):
        async with AsyncExitStack() as stack:
            app = await _open(config, stop, stack)
            await _run_loops(app, stack)


async def _open(config: Config, stop: asyncio.Event, stack: AsyncExitStack) -> App:
    store = await stack.enter_async_context(open_store(config.store.path, config.store.keep))
    session = await stack.enter_async_context(slack_session())
    metrics, vitals = Metrics(), Vitals({source.name: Sight() for source in config.sources})
    apis = [
        await stack.enter_async_context(
            connect(source.name, source.endpoint, secret(source.key), page_size=config.poll.page_size, clock=now)
        )
        for source in config.sources
    ]
    client = slack_client(config, session)
    reporter = Reporter(structlog.get_logger("jobsbot"), metrics, vitals)
    chance = random.Random()  # noqa: S311  spreads retries, guards no secret
    requeued = await store.outbox.requeue_unfinished(now())
    reporter.opened(requeued)
    return App(config, store, tuple(apis), client, vitals, reporter, metrics, stop, chance)


def slack_session() -> aiohttp.ClientSession:
    """With a time limit of its own: the SDK keeps its own one from a session that it is given."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIMEOUT))


def slack_client(config: Config, session: aiohttp.ClientSession) -> AsyncWebClient:
    """One shared session, and no repetition by the library: it would post twice."""
    return AsyncWebClient(
        token=secret(config.slack.bot_token),
        base_url=config.slack.api_url,
        session=session,
        retry_handlers=[],
    )


async def _run_loops(app: App, stack: AsyncExitStack) -> None:
    bolt = build_app(app.slack, secret(app.config.slack.signing_secret), app.ask)
    if (listen := app.config.server.listen) is not None:
        site = routes(
            lambda: app.vitals.stuck(now()), app.vitals.unready, app.metrics.registry, _slack_route(app.config, bolt)
        )
        port = await stack.enter_async_context(serve(site, listen.host, listen.port))
        app.reporter.serving(listen.host, port)
    loops = [*(app.look(api) for api in app.apis), app.prune(), _slack_side(app, bolt)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in loops]
            group.create_task(_end(app, tasks))
    except* BotError as mendable:
        raise first_of(mendable) from None


async def _end(app: App, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Once the bot is told to stop, the loops finish their round; those that take too long are cancelled."""
    await app.stop.wait()
    app.reporter.stopping()
    _, late = await asyncio.wait(tasks, timeout=GRACE)
    for task in late:
        task.cancel()


async def _slack_side(app: App, bolt: AsyncApp) -> None:
    """Reaches Slack, however long that takes; then hears and speaks."""
    app_token = secret(app.config.slack.app_token) if app.config.slack.mode is Mode.SOCKET else None
    while not app.stop.is_set():
        door = await knock(app.slack, app_token)
        if door.refusal:
            raise BotError(door.refusal)
        app.reporter.knocked(door)
        if door.is_open:
            break
        await rest(app.stop.wait(), KNOCK_EVERY)
    if not app_token:
        app.reporter.heard(connected=True)  # Slack's requests come by HTTP: there is no connection to wait for
    listening = asyncio.create_task(
        socket.listen(bolt, app_token, app.reporter.heard) if app_token else app.stop.wait()
    )
    try:
        sink = SlackSink(app.slack, Channels(app.slack, now))
        destinations = dict.fromkeys(destination for rule in app.config.rules for destination in rule.to)
        app.reporter.resolved(await resolve_routes(app.store.outbox, sink, destinations))
        await app.deliver(sink)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def first_of(group: BaseExceptionGroup[BotError]) -> BotError:
    """The first of the errors, however deep."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _slack_route(config: Config, bolt: AsyncApp) -> Callable[[web.Request], Awaitable[web.StreamResponse]] | None:
    return partial(http.handle, bolt) if config.slack.mode is Mode.HTTP else None


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal ends the loops politely; the second one ends the process at once. Nothing is lost by that:
    what is written is written, and what was under way is looked after at the next start.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        if stop.is_set():
            os._exit(0)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end)
