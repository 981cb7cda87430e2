"""A TCP proxy that knows an HTTP exchange when it sees one, tells of its every step, and can spoil it. What it is not
asked to spoil passes as it came.
"""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import blake2b
from typing import Self
from urllib.parse import urlsplit

from tests.guarantees.http_wire import HttpMessage, read_answer, read_request

HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops"
_RUBBISH = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"ok": tru'


class Mischief(Enum):
    RESET_BEFORE = auto()
    """The request is read, never passed on, and the connection is reset."""
    RESET_AFTER = auto()
    """The work is done; the connection is reset instead of an answer."""
    STALL = auto()
    """The work is done; the answer is kept back until it is released."""
    HALF_OPEN = auto()
    """The request is read and never passed on; the connection stays open, and nothing ever comes."""
    TRUNCATE = auto()
    """The work is done; half of the answer comes, then the connection ends."""
    ERROR_500 = auto()
    """The work is done; an error comes instead of the answer."""
    RUBBISH = auto()
    """The work is done; the answer is a success that cannot be read."""


class Phase(Enum):
    ASKED = auto()
    """The request is about to be passed on."""
    ANSWERED = auto()
    """The work is done, the answer has come, and has not been passed on."""
    PASSED = auto()
    """The answer has been passed on."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The `number`th request of its kind on this side, from 1."""

    side: str
    kind: str
    number: int


Namer = Callable[[HttpMessage], str]
Plan = Callable[[Exchange], Mischief | None]
Watcher = Callable[[Exchange, Phase, str], Awaitable[None]]
"""Told of every step, with a digest of the answer's body where there is one; the step waits for it."""


@dataclass(slots=True)
class Proxy:
    """`plan` and `watch` may be replaced while it serves."""

    side: str
    upstream: str  # URL of the server behind
    name: Namer
    plan: Plan
    watch: Watcher
    counts: Counter[str] = field(default_factory=Counter)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Takes the place of the upstream's."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return urlsplit(self.upstream)._replace(netloc=f"{HOST}:{port}").geturl()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, HOST, 0, limit=1 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        address = urlsplit(self.upstream)
        far_reader, far_writer = await asyncio.open_connection(address.hostname, address.port, limit=1 << 20)
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._exchange(request, writer, far_reader, far_writer):
                    return
        except ConnectionError:
            return  # whoever is gone needs no answer
        finally:
            await _close(far_writer)
            await _close(writer)

    async def _exchange(
        self, request: HttpMessage, writer: StreamWriter, far_reader: StreamReader, far_writer: StreamWriter
    ) -> bool:
        """Whether the connection can serve another one."""
        exchange = self._count(request)
        await self.watch(exchange, Phase.ASKED, "")
        mischief = self.plan(exchange)
        if mischief is Mischief.RESET_BEFORE:
            _reset(writer)
            return False
        if mischief is Mischief.HALF_OPEN:
            await asyncio.Event().wait()
        far_writer.write(request.whole)
        await far_writer.drain()
        answer = await read_answer(far_reader)
        if answer is None:
            _reset(writer)
            return False
        digest = blake2b(answer.body, digest_size=8).hexdigest()
        await self.watch(exchange, Phase.ANSWERED, digest)
        whole = await self._answer(mischief, answer, writer)
        await self.watch(exchange, Phase.PASSED, digest)
        return whole

    async def _answer(self, mischief: Mischief | None, answer: HttpMessage, writer: StreamWriter) -> bool:
        match mischief:
            case Mischief.RESET_AFTER:
                _reset(writer)
                return False
            case Mischief.TRUNCATE:
                writer.write(answer.head + answer.body[: len(answer.body) // 2])
                await writer.drain()
                return False
            case Mischief.ERROR_500:
                writer.write(_BROKEN)
            case Mischief.RUBBISH:
                writer.write(_RUBBISH)
            case Mischief.STALL:
                await self.release.wait()
                writer.write(answer.whole)
            case _:
                writer.write(answer.whole)
        await writer.drain()
        return True

    def _count(self, request: HttpMessage) -> Exchange:
        kind = self.name(request)
        self.counts[kind] += 1
        return Exchange(self.side, kind, self.counts[kind])


def nothing_spoiled(_: Exchange) -> None:
    return None


async def nobody_watches(_exchange: Exchange, _phase: Phase, _digest: str) -> None:
    return


def _reset(writer: StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _close(writer: StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
