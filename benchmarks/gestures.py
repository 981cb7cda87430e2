"""Slash commands: how soon they are acknowledged and answered, by the bot and by Bolt's barest listener. Once through
Bolt's dispatch alone, once all the way from a simulated Slack and back, over a WebSocket and as signed HTTP.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

import aiohttp
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.figures import Row, Sample, beside_floor, milliseconds
from benchmarks.listening import ANSWERED, COMMAND, Workspace, bare_app, listen, our_app
from benchmarks.processes import alone, beside
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_gestures import slash_payload
from bot.sandbox.slack_http_mode import sign
from bot.sandbox.slack_server import SlackServer
from bot.store.store import open_archive

AT_MOST = 3.0  # times the floor's acknowledgement
TEXT = "failed"
WARM_UP = 10  # gestures that do not count: the first one asks Slack who the bot is
_WITHIN = 10.0  # seconds for a socket to open, or an answer to come
_REST = 0.005  # seconds after each gesture, so that what it leaves behind does not burden the next one

Samples: TypeAlias = Mapping[str, Sample]


@dataclass(frozen=True, slots=True)
class Party:
    """An app, and the Slack in which the gestures to it are made."""

    slack: SlackServer
    app: AsyncApp


def gestures(state: Path, times: int) -> list[Row]:
    dispatched = alone(dispatch, state, times)
    travelled = asyncio.run(_travel(state, times))
    return [
        *_rows("dispatch, socket", dispatched, "socket"),
        *_rows("dispatch, HTTP", dispatched, "http"),
        *_rows("Slack and back, socket", travelled, "socket"),
        *_rows("Slack and back, HTTP", travelled, "http"),
    ]


def _rows(what: str, samples: Samples, mode: str) -> list[Row]:
    ours, bare = samples[f"{mode} ours"], samples[f"{mode} bare"]
    rows = [beside_floor(f"{what}: acknowledgement", ours, bare, milliseconds, tail=True, at_most=AT_MOST)]
    if (told := samples.get(f"{mode} ours told")) is not None:
        rows.append(beside_floor(f"{what}: answer", told, samples[f"{mode} bare told"], milliseconds, tail=True))
    return rows


def dispatch(state: Path, times: int) -> Samples:
    return asyncio.run(_dispatch(state, times))


async def _dispatch(state: Path, times: int) -> Samples:
    """Seconds in `async_dispatch`; each answer is waited for, so that it does not disturb the next gesture."""
    taken: dict[str, list[float]] = defaultdict(list)
    async with _parties(state) as (ours, bare):
        for number in range(times + WARM_UP):
            for name, party in (("ours", ours), ("bare", bare)):
                for mode in ("socket", "http"):
                    seconds = await _dispatched(party, mode, answered=party is ours)
                    if number >= WARM_UP:
                        taken[f"{mode} {name}"].append(seconds)
    return {name: tuple(seconds) for name, seconds in taken.items()}


async def _dispatched(party: Party, mode: str, *, answered: bool) -> float:
    slack, exchange = party.slack, Exchange()
    origin = (slack.state.users[slack.default_user], slack.state.channel(slack.default_channel))
    token = slack.responses.issue(exchange, origin, None)
    payload = slash_payload(slack.state, origin, COMMAND, TEXT, slack.api_url.replace("/api/", f"/response/{token}"))
    if mode == "socket":
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
    else:
        signed = sign(slack.signing_secret, time.time(), "slash_commands", payload)
        request = AsyncBoltRequest(body=signed.body.decode(), headers={**signed.headers})
    began = time.perf_counter()
    response = await party.app.async_dispatch(request)
    taken = time.perf_counter() - began
    if response.status != HTTPStatus.OK:
        raise AssertionError(response.body)
    if answered:
        await exchange.answer(timeout=_WITHIN)
    await asyncio.sleep(_REST)
    return taken


async def _travel(state: Path, times: int) -> Samples:
    taken: dict[str, list[float]] = defaultdict(list)
    async with SlackServer() as ours, SlackServer() as bare, _listeners(ours, bare, state) as urls:
        for mode in ("socket", "http"):
            ours.request_url, bare.request_url = urls if mode == "http" else (None, None)
            for number in range(times + WARM_UP):
                told = await _told(ours, COMMAND)
                acked = await bare.slash(TEXT, command=COMMAND)
                await asyncio.sleep(_REST)
                bare_told = await _told(bare, ANSWERED)
                if number >= WARM_UP:
                    taken[f"{mode} ours"].append(told.ack_seconds)
                    taken[f"{mode} bare"].append(acked.ack_seconds)
                    taken[f"{mode} ours told"].append(told.first_answer_seconds or 0.0)
                    taken[f"{mode} bare told"].append(bare_told.first_answer_seconds or 0.0)
    return {name: tuple(seconds) for name, seconds in taken.items()}


@asynccontextmanager
async def _listeners(ours: SlackServer, bare: SlackServer, state: Path) -> AsyncIterator[tuple[str, str]]:
    """Both apps in a process beside this one. It is started and ended in a thread: each Slack must go on meanwhile, or
    the sockets cannot say goodbye.
    """
    stack = ExitStack()
    process = beside(listen, workspace(ours), workspace(bare), state)
    pipe = await asyncio.to_thread(stack.enter_context, process)
    try:
        urls = await asyncio.to_thread(pipe.recv)
        for slack in (ours, bare):
            await slack.wait_for_socket(_WITHIN)
        yield urls
    finally:
        await asyncio.to_thread(stack.close)


async def _told(slack: SlackServer, command: str) -> Exchange:
    exchange = await slack.slash(TEXT, command=command)
    await exchange.answer(timeout=_WITHIN)
    await asyncio.sleep(_REST)
    return exchange


@asynccontextmanager
async def _parties(state: Path) -> AsyncIterator[tuple[Party, Party]]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        archive = await stack.enter_async_context(open_archive(state))
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        here = workspace(slack)
        yield Party(slack, our_app(client, here, archive)), Party(slack, bare_app(client, here))


def workspace(slack: SlackServer) -> Workspace:
    return Workspace(slack.api_url, slack.bot_token, slack.app_token, slack.signing_secret)
