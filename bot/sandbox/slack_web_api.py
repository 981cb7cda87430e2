"""The Web API over HTTP: reads a call however it was sent, lets faults and limits have their say, runs the method.
Every request seen is written down, also those that were refused, held or dropped.
"""

import asyncio
import json
from collections.abc import Callable
from email.utils import formatdate
from typing import assert_never

from aiohttp import web

from bot.sandbox.slack_chat import find_destination
from bot.sandbox.slack_faults import Drop, Effect, Faults, Reply, Stall
from bot.sandbox.slack_limits import Limits, Tier
from bot.sandbox.slack_methods import METHODS, Method
from bot.sandbox.slack_model import Call
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Arguments, Refused, Wire

APP_METHOD = "apps.connections.open"
OPEN_METHODS = frozenset({"api.test"})


class RateLimited(Refused):
    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


class WebApi:
    def __init__(
        self, state: SlackState, *, bot_token: str, app_token: str, open_connection: Callable[[], Wire]
    ) -> None:
        self.state = state
        self.limits = Limits()
        self.faults = Faults()
        self._tokens = {bot_token: False, app_token: True}
        """Each token, and whether it is the app's."""
        self._methods = METHODS | {APP_METHOD: Method(lambda _state, _args: open_connection(), Tier.THREE)}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        values = await read_values(request)
        header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = header or str(values.get("token") or "")
        values.pop("token", None)
        call = Call(method, values, self.state.now())
        self.state.calls.append(call)
        self.state.bell.ring()
        try:
            return await self._with_faults(request, call, token)
        except asyncio.CancelledError:
            call.gone = True
            self.state.bell.ring()
            raise

    async def _with_faults(self, request: web.Request, call: Call, token: str) -> web.StreamResponse:
        args = Arguments(call.args)
        kind = self.faults.take(call.method, self._channel_words(args))
        if kind is not None and not kind.after_work:
            response = await suffer(kind.effect, request)
            if response is not None:
                return self._note(call, kind.effect, response)
        answer = self._answer(call, args, token)
        if kind is not None and kind.after_work:
            response = await suffer(kind.effect, request)
            if response is not None:
                return self._note(call, kind.effect, response)
        return answer

    def _channel_words(self, args: Arguments) -> frozenset[str]:
        """Everything by which a test may name the channel that the call is about."""
        address = args.text("channel")
        channel = find_destination(self.state, address) if address else None
        found = (channel.id, channel.name, channel.user or channel.id) if channel else ()
        return frozenset({address.removeprefix("#"), *found})

    def _note(self, call: Call, effect: Effect, response: web.Response) -> web.Response:
        call.status = None if isinstance(effect, Drop) else response.status
        call.error = effect.error if isinstance(effect, Reply) else None
        self.state.bell.ring()
        return response

    def _answer(self, call: Call, args: Arguments, token: str) -> web.Response:
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.state.scopes)), "Date": self._date()}
        call.status = 200
        try:
            body = {"ok": True, **self._run(call, args, token)}
        except RateLimited as limited:
            call.status = 429
            body = limited.body()
            headers["Retry-After"] = str(limited.seconds)
        except Refused as refused:
            body = refused.body()
        call.error = body.get("error")
        self.state.bell.ring()
        return web.json_response(body, status=call.status, headers=headers)

    def _date(self) -> str:
        return formatdate(self.state.now(), usegmt=True)

    def _run(self, call: Call, args: Arguments, token: str) -> Wire:
        if NOT_JSON in call.args:
            raise Refused("invalid_json")
        method = self._methods.get(call.method)
        if method is None:
            raise Refused("unknown_method", req_method=call.method)
        self._authenticate(call.method, token)
        channel = find_destination(self.state, args.text("channel")) if "channel" in args else None
        wait = self.limits.admit(call.method, method.tier, channel.id if channel else "", self.state.now())
        if wait is not None:
            raise RateLimited(wait)
        return method.run(self.state, args)

    def _authenticate(self, method: str, token: str) -> None:
        if method in OPEN_METHODS:
            return
        if not token:
            raise Refused("not_authed")
        if token in self.state.token_errors:
            raise Refused(self.state.token_errors[token])
        if token not in self._tokens:
            raise Refused("invalid_auth")
        if self._tokens[token] != (method == APP_METHOD):
            raise Refused("not_allowed_token_type")


NOT_JSON = "not JSON"
"""Stands among the values of a call whose body could not be read."""


async def read_values(request: web.Request) -> Wire:
    """Query, form and JSON together: Slack's own clients mix them."""
    values: Wire = dict(request.query)
    if request.content_type == "application/json":
        try:
            values |= json.loads(await request.text() or "{}")
        except (ValueError, TypeError):
            values[NOT_JSON] = True
    elif request.method == "POST":
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return values


async def suffer(effect: Effect, request: web.Request) -> web.Response | None:
    """Lets the fault happen to the request: an answer in place of the true one, or None if all goes on."""
    match effect:
        case Reply():
            kind = effect.content_type
            return web.Response(status=effect.status, text=effect.body, content_type=kind, headers=effect.headers)
        case Drop():
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Stall():
            await effect.release.wait()
            return None
        case _:
            assert_never(effect)
