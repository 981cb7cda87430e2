"""Socket Mode, Slack's side: tickets, hello, envelopes to one open socket after the other, acks from any of them.
What an envelope means is not its business; nothing is sent again, as Slack does not send gestures again.
"""

import asyncio
import json
from itertools import count

from aiohttp import WSMsgType, web

from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_model import APP_ID
from bot.sandbox.slack_wire import Wire

HEARTBEAT_SECONDS = 30.0
CONNECTION_SECONDS = 18_060
TAKES_PAYLOAD = frozenset({"slash_commands", "interactive"})


class Sockets:
    def __init__(self) -> None:
        self.bell = Bell()
        self._tickets: set[str] = set()
        self._open: list[tuple[web.WebSocketResponse, web.Request]] = []
        self._closing: set[web.WebSocketResponse] = set()
        self._acks: dict[str, asyncio.Future[Wire | None]] = {}
        self._numbers = count(1)

    @property
    def live(self) -> list[web.WebSocketResponse]:
        """The sockets that envelopes may go to: open, and not told to go."""
        return [socket for socket, _ in self._open if socket not in self._closing and not socket.closed]

    def issue_ticket(self) -> str:
        ticket = f"ticket{next(self._numbers)}"
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A ticket is good for one connection."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        await socket.prepare(request)
        self._open.append((socket, request))
        try:
            await socket.send_json(self._hello())
            self.bell.ring()
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(frame.data)
        finally:
            self._open.remove((socket, request))
            self._closing.discard(socket)
            self.bell.ring()
        return socket

    def _hello(self) -> Wire:
        debug = {"host": "sandbox", "build_number": 1, "approximate_connection_time": CONNECTION_SECONDS}
        return {
            "type": "hello",
            "num_connections": len(self.live),
            "debug_info": debug,
            "connection_info": {"app_id": APP_ID},
        }

    def _receive(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return
        ack = self._acks.get(str(frame.get("envelope_id"))) if isinstance(frame, dict) else None
        if ack is not None and not ack.done():
            ack.set_result(frame.get("payload"))

    async def deliver(self, exchange: Exchange, type_: str, payload: Wire, deadline: float) -> None:
        """Returns with the ack, or without it after the deadline; at once if there is nobody to send to."""
        live = self.live
        if not live:
            exchange.note_ack(acked=False)
            return
        number = next(self._numbers)
        envelope_id = f"envelope-{number}"
        envelope = {
            "envelope_id": envelope_id,
            "type": type_,
            "payload": payload,
            "accepts_response_payload": type_ in TAKES_PAYLOAD,
        }
        if type_ == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        ack = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await live[number % len(live)].send_json(envelope)
            async with asyncio.timeout(deadline):
                exchange.note_ack(acked=True, body=await ack)
        except (TimeoutError, ConnectionError):
            exchange.note_ack(acked=False)
        finally:
            del self._acks[envelope_id]

    async def disconnect(self, reason: str) -> None:
        """Each socket is told to go and gets nothing more; closing it is the client's to do."""
        for socket in self.live:
            self._closing.add(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})

    def drop(self) -> None:
        """Every connection is cut without a closing frame."""
        for socket, request in list(self._open):
            self._closing.add(socket)
            if request.transport is not None:
                request.transport.abort()

    async def close(self) -> None:
        for socket, _ in list(self._open):
            await socket.close()
