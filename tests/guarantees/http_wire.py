"""HTTP/1.1 messages as bytes on a stream: where one ends and what its first line says. What is read is handed on as
it came; nothing here may change a byte.
"""

import json
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

HEAD_END = b"\r\n\r\n"
NO_BODY = (b"204", b"304")


@dataclass(frozen=True, slots=True)
class HttpMessage:
    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body

    @property
    def path(self) -> str:
        """Of a request: its target without the query."""
        return urlsplit(self._target).path

    @property
    def values(self) -> Mapping[str, str]:
        """Of a request: its query, and its form or JSON."""
        text = self.body.decode(errors="replace")
        if text.startswith("{"):
            return {name: str(value) for name, value in json.loads(text).items()}
        found = parse_qs(urlsplit(self._target).query) | parse_qs(text)
        return {name: values[0] for name, values in found.items()}

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def _target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()


async def read_request(stream: StreamReader) -> HttpMessage | None:
    """None once the client has hung up."""
    try:
        head = await stream.readuntil(HEAD_END)
        return HttpMessage(head, await _body(stream, head, unmarked=b""))
    except (IncompleteReadError, ConnectionError):
        return None


async def read_answer(stream: StreamReader) -> HttpMessage | None:
    """None if the server hangs up before the answer is whole."""
    try:
        head = await stream.readuntil(HEAD_END)
        if head.split(b" ", 2)[1] in NO_BODY:
            return HttpMessage(head, b"")
        return HttpMessage(head, await _body(stream, head, unmarked=None))
    except (IncompleteReadError, ConnectionError):
        return None


async def _body(stream: StreamReader, head: bytes, unmarked: bytes | None) -> bytes:
    """As the headers say; without a word of them `unmarked`, or all that comes if that is None."""
    headers = dict(_headers(head))
    if "chunked" in headers.get("transfer-encoding", ""):
        return await _chunks(stream)
    if "content-length" in headers:
        return await stream.readexactly(int(headers["content-length"]))
    return await stream.read() if unmarked is None else unmarked


async def _chunks(stream: StreamReader) -> bytes:
    body = b""
    while True:
        size = await stream.readuntil(b"\r\n")
        length = int(size.split(b";")[0], 16)
        body += size + await stream.readexactly(length + 2)
        if length == 0:
            return body


def _headers(head: bytes) -> list[tuple[str, str]]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines) if name]
