"""A Slack workspace on 127.0.0.1: its Web API, Socket Mode and response_urls, and the people who use the bot.
It must never know what the bot is: it speaks to it as Slack does, and only that way.
"""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from bot.sandbox import slack_http_mode
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_faults import Fault, Kind
from bot.sandbox.slack_gestures import Origin, click_payload, mention_payload, mention_text, slash_payload
from bot.sandbox.slack_limits import Limits
from bot.sandbox.slack_model import Channel, Message
from bot.sandbox.slack_responses import ResponseUrls, answer_in
from bot.sandbox.slack_sockets import Sockets
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_web_api import WebApi, read_values, suffer
from bot.sandbox.slack_wire import Refused, Wire

__all__ = ["Exchange", "SlackServer"]

HOST = "127.0.0.1"
RESPONSE_URL = "response_url"
"""By this name a fault may befall the posts to a response_url."""


class SlackServer:
    bot_token = "xoxb-sandbox-bot"  # noqa: S105 - opens nothing but this sandbox
    app_token = "xapp-1-sandbox-app"  # noqa: S105 - as above
    signing_secret = "sandbox-signing-secret"  # noqa: S105 - as above
    default_user = "U0SANDBOX1"
    default_channel = "general"

    def __init__(self, *, now: Callable[[], float] = time.time, port: int = 0) -> None:
        self.state = SlackState(now)
        self.sockets = Sockets()
        self.responses = ResponseUrls(self.state)
        self.web_api = WebApi(
            self.state,
            bot_token=self.bot_token,
            app_token=self.app_token,
            open_connection=self._open_connection,
        )
        self.request_url: str | None = None
        """Where gestures go as signed POSTs; None sends them through Socket Mode."""
        self.ack_deadline = 3.0
        self.api_url = ""
        self._port = port
        self._base = ""
        self._mentions: dict[str, Exchange] = {}
        self._exit = AsyncExitStack()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_post("/response/{token}", self._receive_response)
        app.router.add_get("/link/", self.sockets.handle)
        # A client that hangs up ends what it was waiting for, as a stall must.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        self._exit.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, self._port).start()
        self._session = await self._exit.enter_async_context(aiohttp.ClientSession())
        self._exit.push_async_callback(self.sockets.close)
        self._exit.callback(self.clear_faults)
        self._exit.callback(self.state.subscribe(self._note_thread_answer))
        self._base = f"{HOST}:{runner.addresses[0][1]}"
        self.api_url = f"http://{self._base}/api/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    @property
    def rates(self) -> Limits:
        """The numbers of the rate limits."""
        return self.web_api.limits

    @property
    def limits(self) -> bool:
        return self.rates.enabled

    @limits.setter
    def limits(self, enabled: bool) -> None:
        self.rates.enabled = enabled

    def fault(
        self, kind: Kind, *, method: str | None = None, channel: str | None = None, times: int | None = 1
    ) -> Fault:
        """The next calls of the method (about the channel) suffer this; `times=None` until faults are cleared."""
        return self.web_api.faults.add(Fault(kind, method, channel, times))

    def clear_faults(self) -> None:
        self.web_api.faults.clear()

    async def slash(
        self, text: str, *, command: str = "/jobs", user: str = default_user, channel: str = default_channel
    ) -> Exchange:
        """Somebody types a command; returns once it is acknowledged, or was not in time."""
        exchange, origin = Exchange(), self._origin(user, channel)
        token = self.responses.issue(exchange, origin, None)
        payload = slash_payload(self.state, origin, command, text, self._response_url(token))
        await self._send(exchange, "slash_commands", payload)
        if exchange.acked:
            self.responses.receive_ack(token, answer_in(exchange.ack_body))
        return exchange

    async def click(
        self, *, message: Message | Wire, action: Wire, user: str = default_user, channel: str | None = None
    ) -> Exchange:
        """Somebody presses a button: `action` is the button as it stands in the message, which may be an answer."""
        known = message if isinstance(message, Message) else self.state.find_message(str(message.get("ts")))
        where = channel or (known.channel if known else self.default_channel)
        exchange, origin = Exchange(), self._origin(user, where)
        token = self.responses.issue(exchange, origin, known)
        payload = click_payload(self.state, origin, known or message, action, self._response_url(token))
        await self._send(exchange, "interactive", payload)
        return exchange

    async def mention(
        self,
        text: str,
        *,
        user: str = default_user,
        channel: str = default_channel,
        thread_ts: str | None = None,
    ) -> Exchange:
        """Somebody writes to the bot in a channel; what the bot then posts in that thread are the answers."""
        exchange, (person, place) = Exchange(), self._origin(user, channel)
        said = mention_text(text, self.state)
        message = Message(self.state.next_ts(), place.id, said, person.id, thread_ts=thread_ts)
        self.state.post(place, message)
        self._mentions[thread_ts or message.ts] = exchange
        await self._send(exchange, "events_api", mention_payload(self.state, message))
        return exchange

    async def send_envelope(self, type_: str, payload: Wire) -> Exchange:
        """Any gesture as it is: slash_commands, interactive, events_api, or what Slack may think of next."""
        exchange = Exchange()
        await self._send(exchange, type_, payload)
        return exchange

    async def verify_url(self) -> Exchange:
        """What Slack does when a request URL is entered; acknowledged only if the challenge came back."""
        challenge = self.state.new_id("challenge")
        payload = {"type": "url_verification", "token": "sandbox-verification", "challenge": challenge}
        exchange = await self.send_envelope("events_api", payload)
        body = exchange.ack_body
        exchange.acked = exchange.acked and body in (challenge, {"challenge": challenge})
        return exchange

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        await self.sockets.disconnect(reason)

    def drop_sockets(self) -> None:
        self.sockets.drop()

    async def wait_for_socket(self, timeout: float) -> None:  # noqa: ASYNC109
        """Until a client is connected and has been greeted."""
        await self.sockets.bell.until(lambda: bool(self.sockets.live), timeout)

    def _origin(self, user: str, channel: str) -> Origin:
        place: Channel = self.state.channel(channel)
        return self.state.users[user], place

    def _response_url(self, token: str) -> str:
        return f"http://{self._base}/response/{token}"

    async def _send(self, exchange: Exchange, type_: str, payload: Wire) -> None:
        if self.request_url is None:
            await self.sockets.deliver(exchange, type_, payload, self.ack_deadline)
        else:
            signed = slack_http_mode.sign(self.signing_secret, self.state.now(), type_, payload)
            await slack_http_mode.deliver(self._session, self.request_url, signed, exchange, self.ack_deadline)

    def _note_thread_answer(self, message: Message) -> None:
        exchange = self._mentions.get(message.thread_ts or "")
        if exchange is None or message.user != self.state.bot_user_id:
            return
        if all(answer["ts"] != message.ts for answer in exchange.answers):
            exchange.note_answer({**message.args, **message.wire(), "channel": message.channel})

    def _open_connection(self) -> Wire:
        ticket = self.sockets.issue_ticket()
        return {"url": f"ws://{self._base}/link/?ticket={ticket}&app_id={self.state.app_id}"}

    async def _receive_response(self, request: web.Request) -> web.StreamResponse:
        body = await read_values(request)
        kind = self.web_api.faults.take(RESPONSE_URL, frozenset())
        if kind is not None and not kind.after_work:
            response = await suffer(kind.effect, request)
            if response is not None:
                return response
        try:
            self.responses.receive(request.match_info["token"], body)
        except Refused as refused:
            return web.json_response(refused.body(), status=404)
        lost = await suffer(kind.effect, request) if kind is not None and kind.after_work else None
        return lost or web.Response(text="ok")
