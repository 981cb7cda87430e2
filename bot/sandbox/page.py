"""The sandbox's own page: what the simulated workspace shows, and one line to talk to the bot. Scripts use its JSON.
It goes through the simulated Slack like any person, and never touches the bot itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

import msgspec
from aiohttp import web

from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.listening import listening
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_model import TOMBSTONE, Channel, Message
from bot.sandbox.slack_server import Exchange, SlackServer

PERSON = "U0SANDBOX1"
_ASKED_IN = "general"
_SHOWN = 60
"""How many messages of a channel, each with its thread."""


class _Command(msgspec.Struct):
    text: str
    channel: str = _ASKED_IN


class _Click(msgspec.Struct):
    channel: str
    ts: str
    action_id: str
    value: str | None = None


class _Delete(msgspec.Struct):
    channel: str
    ts: str


class Page:
    """`url` is where it is found once entered; a port that is taken raises OSError."""

    def __init__(
        self,
        world: JobsWorld,
        slack: SlackServer,
        *,
        port: int,
        bot_alive: Callable[[], bool],
        patience_seconds: float = 3.0,
    ) -> None:
        self.url = ""
        self._world = world
        self._slack = slack
        self._port = port
        self._bot_alive = bot_alive
        self._patience_seconds = patience_seconds
        self._html = Path(__file__).with_name("page.html").read_bytes()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/state", self._state),
                web.post("/command", self._command),
                web.post("/click", self._click),
                web.post("/delete", self._delete),
            ]
        )
        port = await self._stack.enter_async_context(listening(app, self._port))
        self.url = f"http://127.0.0.1:{port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _index(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._html, content_type="text/html", charset="utf-8")

    async def _state(self, _request: web.Request) -> web.Response:
        channels = [self._told_channel(channel) for channel in self._slack.state.channels.values()]
        jobs = Counter(job.status for job in self._world.jobs.values())
        return _json({"bot_alive": self._bot_alive(), "jobs": dict(sorted(jobs.items())), "channels": channels})

    async def _command(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=_Command)
            channel = self._slack.state.channel(asked.channel)
        except (msgspec.DecodeError, KeyError) as mistake:
            return _json({"error": f"not a command: {mistake}"}, 400)
        exchange = await self._slack.slash(asked.text, user=PERSON, channel=channel.id)
        return await self._told_exchange(exchange, channel)

    async def _click(self, request: web.Request) -> web.Response:
        try:
            click = msgspec.json.decode(await request.read(), type=_Click)
            channel = self._slack.state.channel(click.channel)
        except (msgspec.DecodeError, KeyError) as mistake:
            return _json({"error": f"not a click: {mistake}"}, 400)
        message = channel.find(click.ts)
        action = next(_buttons(message.blocks if message else [], click), None)
        if message is None or action is None:
            return _json({"error": "there is no such button"}, 404)
        exchange = await self._slack.click(message=message, action=action, user=PERSON, channel=channel.id)
        return await self._told_exchange(exchange, channel)

    async def _delete(self, request: web.Request) -> web.Response:
        """By hand, as any admin may; for the bot it is simply gone."""
        try:
            wish = msgspec.json.decode(await request.read(), type=_Delete)
            message = self._slack.state.channel(wish.channel).find(wish.ts)
        except (msgspec.DecodeError, KeyError) as mistake:
            return _json({"error": f"nothing to delete: {mistake}"}, 400)
        if message is None or message.deleted:
            return _json({"error": "there is no such message"}, 404)
        self._slack.state.delete(message)
        return _json({"deleted": message.ts})

    async def _told_exchange(self, exchange: Exchange, channel: Channel) -> web.Response:
        answer: dict[str, object] = {}
        if exchange.acked:
            with suppress(TimeoutError):
                answer = await exchange.answer(timeout=self._patience_seconds)
        return _json(
            {
                "acked": exchange.acked,
                "ack_ms": _milliseconds(exchange.ack_seconds),
                "answer_ms": _milliseconds(exchange.first_answer_seconds),
                "text": rendered_text(answer),
                "blocks": answer.get("blocks", []),
                "channel": channel.id,
                "ts": answer.get("ts"),
            }
        )

    def _told_channel(self, channel: Channel) -> dict[str, object]:
        return {
            "id": channel.id,
            "name": channel.name,
            "title": self._title(channel),
            "messages": [self._told_message(message) for message in _by_thread(channel)],
        }

    def _told_message(self, message: Message) -> dict[str, object]:
        writer = self._slack.state.users.get(message.user)
        return {
            "ts": message.ts,
            "channel": message.channel,
            "by": writer.name if writer else message.user,
            "bot": bool(writer and writer.is_bot),
            "text": TOMBSTONE if message.deleted else rendered_text(message),
            "mrkdwn": TOMBSTONE if message.deleted else message.text,
            "blocks": [] if message.deleted else message.blocks,
            "thread_ts": message.thread_ts,
            "reply": message.is_reply,
            "broadcast": message.reply_broadcast,
            "edits": len(message.edits),
            "deleted": message.deleted,
            "ephemeral_for": message.ephemeral_for,
        }

    def _title(self, channel: Channel) -> str:
        if not channel.is_im:
            return f"#{channel.name}"
        user = self._slack.state.users.get(channel.user or "")
        return f"@{user.name if user else channel.user}"


def _by_thread(channel: Channel) -> list[Message]:
    """Replies stand below what they reply to, which may be a tombstone; else as they came."""
    threads: dict[str, list[Message]] = {}
    for message in channel.messages:
        threads.setdefault(message.thread_ts or message.ts, []).append(message)
    standing = ([m for m in threads[ts] if not m.deleted or channel.replies(m.ts)] for ts in sorted(threads))
    shown = [thread for thread in standing if thread][-_SHOWN:]
    return [message for thread in shown for message in thread]


def _buttons(value: object, click: _Click) -> Iterator[dict[str, object]]:
    """The buttons at any depth that this click can mean."""
    if isinstance(value, dict):
        if value.get("action_id") == click.action_id and value.get("value") == click.value:
            yield value
        for inner in value.values():
            yield from _buttons(inner, click)
    elif isinstance(value, list):
        for inner in value:
            yield from _buttons(inner, click)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
