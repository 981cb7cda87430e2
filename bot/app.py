"""The wiring: opens everything, runs the loops, stops them in order. Only here are a clock and chance held; every
decision is made elsewhere.
"""

import asyncio
import gc
import os
import random
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot import BotError
from bot.clock import now
from bot.config import Config, Mode, Secret
from bot.core.alerts import destinations
from bot.jobs_api.client import connect
from bot.loops import Loops, rest
from bot.report import Reporter
from bot.server import routes, serve
from bot.slack import http, socket
from bot.slack.channels import Channels
from bot.slack.doors import knock
from bot.slack.listeners import UnderWay, build_app
from bot.slack.sink import SlackSink
from bot.store.lock import only_one
from bot.store.store import explained, open_store
from bot.telemetry import Metrics
from bot.vitals import Sight, Vitals

GRACE = 7.0  # seconds for the loops to finish their round once they are asked to stop
LAST_ANSWERS = 0.5  # seconds for those to whom the server has said yes while it was closed
SLACK_TIMEOUT = 15  # seconds for one request
KNOCK_EVERY = 5.0  # seconds between attempts to reach Slack at the start


def secret(value: Secret | None) -> str:
    return value.reveal() if value else ""


async def run(config: Config) -> None:
    """Runs until it is told to stop. BotError if the operator must mend something first."""
    gc.freeze()  # what is loaded stays: a full collection that walks it keeps everybody waiting for 0.03 to 0.1 s
    stop = asyncio.Event()
    _stop_on_signals(stop)
    with only_one(config.store.path):
        async with AsyncExitStack() as stack:
            loops = await _open(config, stop, stack)
            await _run_loops(loops, stack)


async def _open(config: Config, stop: asyncio.Event, stack: AsyncExitStack) -> Loops:
    store = await stack.enter_async_context(open_store(config.store.path, config.store.keep, config.source_names))
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
    chance = random.Random().random  # noqa: S311  spreads retries, guards no secret
    requeued = await store.outbox.requeue_unfinished(now())
    reporter.opened(requeued)
    reporter.abandoned(await store.outbox.abandon(destinations(config.rules)))
    return Loops(config, store, tuple(apis), client, vitals, reporter, metrics, stop, chance)


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


async def _run_loops(loops: Loops, stack: AsyncExitStack) -> None:
    under_way = UnderWay()
    stack.push_async_callback(under_way.finish, LAST_ANSWERS)
    bolt = build_app(loops.slack, secret(loops.config.slack.signing_secret), loops.ask, under_way)
    if (listen := loops.config.server.listen) is not None:
        slack = _slack_route(loops.config, bolt)
        site = routes(lambda: loops.vitals.stuck(now()), loops.vitals.unready, loops.metrics.registry, slack)
        port = await stack.enter_async_context(serve(site, listen.host, listen.port))
        loops.reporter.serving(listen.host, port)
    all_day = [*(loops.look(api) for api in loops.apis), loops.prune(), _slack_side(loops, bolt)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in all_day]
            group.create_task(_end(loops, tasks, under_way))
    except BaseExceptionGroup as group:
        if (words := _mendable(loops.config.store.path, group)) is None:
            raise
        raise BotError(words) from group


async def _end(loops: Loops, tasks: Sequence[asyncio.Task[None]], under_way: UnderWay) -> None:
    """Once the bot is told to stop, the loops finish their round, and whoever asked before is answered; what takes too
    long is cancelled.
    """
    await loops.stop.wait()
    loops.reporter.stopping()
    ends_at = time.monotonic() + GRACE
    _, late = await asyncio.wait(tasks, timeout=GRACE)
    for task in late:
        task.cancel()
    await under_way.finish(ends_at - time.monotonic())


async def _slack_side(loops: Loops, bolt: AsyncApp) -> None:
    """Reaches Slack, however long that takes; then hears and speaks."""
    app_token = secret(loops.config.slack.app_token) if loops.config.slack.mode is Mode.SOCKET else None
    while not loops.stop.is_set():
        door = await knock(loops.slack, app_token)
        if door.refusal:
            raise BotError(door.refusal)
        loops.reporter.knocked(door)
        if door.is_open:
            break
        loops.may_look.set()
        await rest(loops.stop.wait(), KNOCK_EVERY)
    if not app_token:
        loops.reporter.heard(connected=True)  # Slack's requests come by HTTP: there is no connection to wait for
    listening = asyncio.create_task(
        socket.listen(bolt, app_token, loops.reporter.heard) if app_token else loops.stop.wait()
    )
    try:
        sink = SlackSink(loops.slack, Channels(loops.slack, now))
        async with asyncio.TaskGroup() as group:
            finding = group.create_task(loops.find(sink))
            await loops.deliver(sink)
            finding.cancel()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _mendable(state: Path, group: BaseExceptionGroup) -> str | None:
    """The first of the errors in words, if the operator can mend them all."""
    mendable, others = group.split((BotError, sqlite3.DatabaseError))
    if mendable is None or others is not None:
        return None
    first = next(leaves(mendable))
    return explained(state, first) if isinstance(first, sqlite3.DatabaseError) else str(first)


def leaves(group: BaseExceptionGroup) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def _slack_route(config: Config, bolt: AsyncApp) -> Callable[[web.Request], Awaitable[web.StreamResponse]] | None:
    if config.slack.mode is not Mode.HTTP:
        return None
    return partial(http.handle, bolt, SignatureVerifier(secret(config.slack.signing_secret)))


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
