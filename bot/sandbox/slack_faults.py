"""What can go wrong between Slack and its clients, as values that a test hands to the server.
A fault says what happens to a request and whether the work was done before; it must never do anything itself.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in place of the true one."""

    status: int
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The request is held until `release` is set or the client has gone; then all goes on as if nothing had been."""

    release: asyncio.Event = field(default_factory=asyncio.Event)


Effect = Reply | Drop | Stall


@dataclass(frozen=True, slots=True)
class Kind:
    effect: Effect
    after_work: bool = False


def http_error(status: int, body: str = "", content_type: str = "text/plain", *, after_work: bool = False) -> Kind:
    return Kind(Reply(status, body, content_type), after_work)


def rate_limited(seconds: int) -> Kind:
    body = json.dumps({"ok": False, "error": "ratelimited"})
    return Kind(Reply(429, body, headers={"Retry-After": str(seconds)}, error="ratelimited"))


def refused(error: str, *, after_work: bool = False, **extra: object) -> Kind:
    """HTTP 200 with Slack's own no."""
    return Kind(Reply(200, json.dumps({"ok": False, "error": error, **extra}), error=error), after_work)


def stall(*, after_work: bool = False) -> Kind:
    return Kind(Stall(), after_work)


HTML_502 = http_error(502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
EMPTY_429 = http_error(429)
DROPPED = Kind(Drop())
LOST_REPLY = Kind(Drop(), after_work=True)
ERROR_AFTER_WORK = http_error(500, after_work=True)
GARBAGE_AFTER_WORK = http_error(200, '{"ok": tru', "application/json", after_work=True)

KINDS = {
    "500": http_error(500),
    "502 with HTML": HTML_502,
    "503": http_error(503),
    "429 without a body": EMPTY_429,
    "429 with Retry-After": rate_limited(1),
    "internal_error": refused("internal_error"),
    "internal_error after the work": refused("internal_error", after_work=True),
    "connection dropped": DROPPED,
    "reply lost": LOST_REPLY,
    "500 after the work": ERROR_AFTER_WORK,
    "garbage after the work": GARBAGE_AFTER_WORK,
}
"""All that need no release, by name, for tests that try each."""


@dataclass(slots=True)
class Fault:
    """`method` None means any; `channel` is an id, a name or None for any; `times` None means until it is cleared."""

    kind: Kind
    method: str | None = None
    channel: str | None = None
    times: int | None = 1

    def concerns(self, method: str, channels: frozenset[str]) -> bool:
        return (self.method is None or self.method == method) and (
            self.channel is None or self.channel.removeprefix("#") in channels
        )


class Faults:
    """The faults that wait to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._stalls: list[Stall] = []

    def add(self, fault: Fault) -> Fault:
        self.waiting.append(fault)
        return fault

    def take(self, method: str, channels: frozenset[str]) -> Kind | None:
        for fault in self.waiting:
            if fault.concerns(method, channels):
                self._spend(fault)
                return fault.kind
        return None

    def _spend(self, fault: Fault) -> None:
        if isinstance(fault.kind.effect, Stall):
            self._stalls.append(fault.kind.effect)
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.waiting.remove(fault)

    def clear(self) -> None:
        """Nothing more goes wrong, and what is held goes on."""
        self.waiting.clear()
        for held in self._stalls:
            held.release.set()
        self._stalls.clear()
