"""The bot's listeners and Bolt's barest, side by side in one process, each with a simulated Slack of its own to talk
to: Socket Mode and HTTP, both at once. What a gesture costs is measured by whoever makes it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from benchmarks.answers import EVERY
from benchmarks.processes import asked
from bot.answer import answer
from bot.clock import now
from bot.core.commands import Command
from bot.core.replies import Reply
from bot.server import routes, serve
from bot.slack import http, socket
from bot.slack.listeners import UnderWay, build_app
from bot.store.archive import Archive
from bot.store.store import open_archive

COMMAND = "/jobs"
ANSWERED = "/answered"  # bare Bolt acknowledges COMMAND and no more; this one it also answers, with a fixed line


@dataclass(frozen=True, slots=True)
class Workspace:
    """A simulated Slack, as an app needs to know it."""

    api_url: str
    bot_token: str
    app_token: str
    signing_secret: str


def listen(pipe: Connection, ours: Workspace, bare: Workspace, state: Path) -> None:
    """Tells the two URLs for HTTP mode, ours first; each app's socket is open as soon as its Slack says so."""
    asyncio.run(_listen(pipe, ours, bare, state))


async def _listen(pipe: Connection, ours: Workspace, bare: Workspace, state: Path) -> None:
    async with AsyncExitStack() as stack:
        archive = await stack.enter_async_context(open_archive(state))
        our_client, bare_client = [await stack.enter_async_context(_client(slack)) for slack in (ours, bare)]
        our_url = await stack.enter_async_context(_open(our_app(our_client, ours, archive), ours))
        bare_url = await stack.enter_async_context(_open(bare_app(bare_client, bare), bare))
        pipe.send((our_url, bare_url))
        await asked(pipe)


def our_app(client: AsyncWebClient, slack: Workspace, archive: Archive) -> AsyncApp:
    async def ask(command: Command) -> Reply:
        return await answer(command, archive, {}, EVERY, now())

    return build_app(client, slack.signing_secret, ask, UnderWay())


def bare_app(client: AsyncWebClient, slack: Workspace) -> AsyncApp:
    """Bolt with the settings that the bot gives it, and listeners of one line."""
    app = AsyncApp(
        client=client,
        signing_secret=slack.signing_secret,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("bolt"),
    )

    under_way: set[asyncio.Task[object]] = set()

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    async def say_it(ack: AsyncAck, body: dict[str, str]) -> None:
        await ack()
        answering = AsyncWebhookClient(body["response_url"], session=client.session).send(text="here")
        task: asyncio.Task[object] = asyncio.ensure_future(answering)
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    app.command(COMMAND)(acknowledge)
    app.command(ANSWERED)(say_it)
    return app


@asynccontextmanager
async def _client(slack: Workspace) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])


@asynccontextmanager
async def _open(app: AsyncApp, slack: Workspace) -> AsyncIterator[str]:
    """The app's URL for HTTP mode; its socket opens by itself."""
    hearing = asyncio.create_task(socket.listen(app, slack.app_token, lambda _connected: None))
    site = routes(list, list, CollectorRegistry(), partial(http.handle, app, SignatureVerifier(slack.signing_secret)))
    try:
        async with serve(site, "127.0.0.1", 0) as port:
            yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
