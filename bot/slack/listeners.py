"""Slack in. Every gesture is acknowledged at once and answered afterwards; a button's value is a command, so one way
leads from all of them to a reply. What a reply says is decided elsewhere: `ask` is given.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.commands import Command, Share
from bot.core.grammar import parse
from bot.core.replies import Note, Reply
from bot.core.tokens import addressed
from bot.slack.once import Once
from bot.slack.render import Rendered, render_reply
from bot.slack.responses import Asker, Responses

Ask: TypeAlias = Callable[[Command], Awaitable[Reply]]
Body: TypeAlias = Mapping[str, object]
Work: TypeAlias = Callable[[Body], Coroutine[None, None, None]]

ANY = re.compile(".*", re.DOTALL)
SORRY = Note("I could not answer this: something is wrong on my side, and the log tells what.", "/jobs health")
log = logging.getLogger(__name__)


class UnderWay:
    """The gestures that are acknowledged and not yet answered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, answer: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Waits until each is answered, but no longer than that."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=max(0.0, seconds))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def build_app(client: AsyncWebClient, signing_secret: str | None, ask: Ask, under_way: UnderWay) -> AsyncApp:
    """The listeners, for Socket Mode and for HTTP alike. Whoever stops the bot finishes what is under way."""
    app = AsyncApp(
        client=client,
        signing_secret=signing_secret or "",
        process_before_response=True,  # else each acknowledgement waits for a tick of 10 ms
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("bolt"),
    )
    gestures = Gestures(ask, Responses(client))
    app.command(ANY)(_later(gestures.command, under_way))
    app.action(ANY)(_later(gestures.button, under_way))
    app.event("app_mention")(_later(gestures.mention, under_way))
    app.error(_let_unknown_pass)
    return app


def _later(work: Work, under_way: UnderWay) -> Callable[[AsyncAck, Body], Awaitable[None]]:
    """Acknowledges at once, then works. Bolt's own lazy listeners copy the request with all that hangs on it, and the
    shared session cannot be copied.
    """

    async def acknowledge(ack: AsyncAck, body: Body) -> None:
        await ack()
        under_way.begin(work(body))

    return acknowledge


async def _let_unknown_pass(error: Exception) -> BoltResponse:
    """A gesture that nobody listens to is acknowledged all the same, so that nobody waits for a timeout."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200, body="")
    log.error("a gesture could not be handled", exc_info=error)
    return BoltResponse(status=500, body="")


class Gestures:
    """What people do in Slack, each answered where it was done."""

    def __init__(self, ask: Ask, responses: Responses) -> None:
        self._ask = ask
        self._responses = responses
        self._mentions = Once()

    async def command(self, body: Body) -> None:
        await self._answer(parse(_text(body, "text")), body, replace=False)

    async def button(self, body: Body) -> None:
        """A button edits the answer that it belongs to, unless everybody sees that."""
        action = _first(body.get("actions"))
        if _text(action, "type") == "button" and "value" in action:
            private = bool(_mapping(body.get("container")).get("is_ephemeral"))
            await self._answer(parse(_text(action, "value")), body, replace=private)

    async def mention(self, body: Body) -> None:
        """Answered in a thread, for everybody there. Slack may deliver the same event more than once."""
        event = _mapping(body.get("event"))
        if event.get("bot_id") or not self._mentions.first(_text(event, "channel"), _text(event, "ts")):
            return
        asked = addressed(_text(event, "text"), _text(_first(body.get("authorizations")), "user_id"))
        rendered = await self._rendered(parse(asked), shared_by=_text(event, "user"))
        thread = _text(event, "thread_ts") or _text(event, "ts")
        await self._responses.say_in_thread(_text(event, "channel"), thread, rendered)

    async def _answer(self, command: Command, body: Body, *, replace: bool) -> None:
        asker = Asker(
            user=_text(body, "user_id") or _text(_mapping(body.get("user")), "id"),
            channel=_text(body, "channel_id") or _text(_mapping(body.get("channel")), "id"),
            response_url=_text(body, "response_url"),
        )
        shared = isinstance(command, Share)
        rendered = await self._rendered(command, shared_by=asker.user if shared else None)
        await self._responses.respond(asker, rendered, shared=shared, replace=replace)

    async def _rendered(self, command: Command, shared_by: str | None) -> Rendered:
        """Never silence: what goes wrong here is told to the asker, and in full to the log."""
        try:
            return render_reply(await self._ask(command), shared_by=shared_by)
        except Exception:
            log.exception("a command could not be answered")
            return render_reply(SORRY)


def _mapping(value: object) -> Body:
    return value if isinstance(value, Mapping) else {}


def _first(value: object) -> Body:
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
