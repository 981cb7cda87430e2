"""Every wrong answer that the jobs API, or a gateway before it, may give; by name, so tests can run through all.
Pure: which fault is due is decided here; how bytes, delays and broken connections go out is the server's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase

import msgspec


class FaultKind(Enum):
    ANSWER = auto()
    STALL = auto()
    """No answer until it is released; then the right one."""
    DROP = auto()
    """The connection is closed without an answer."""
    CUT = auto()
    """The connection is closed in the middle of the answer."""
    DRIP = auto()
    """An answer that goes on for ever, a byte at a time, until it is released; then the connection is closed."""


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind = FaultKind.ANSWER
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    retry_date_in: int | None = None
    """Retry-After as an HTTP date so many seconds ahead of the API's clock."""


def _json(status: int, body: object, **headers: str) -> Fault:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(status=status, body=msgspec.json.encode(body), headers=named)


def envelope(code: str, message: str, **more: str) -> dict[str, list[dict[str, str]]]:
    """The error body of most endpoints."""
    return {"errors": [{"code": code, "message": message, **more}]}


def _old_envelope(code: str, message: str, **details: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "details": details}}


def _text(status: int, body: str, content_type: str = "text/plain") -> Fault:
    return Fault(status=status, body=body.encode(), content_type=content_type)


def refused_parameter(name: str, why: str) -> dict[str, object]:
    """The error body of a request that failed validation (422)."""
    return {"detail": [{"loc": ["query", name], "msg": why, "type": "value_error"}]}


_HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1><hr>gateway</body></html>"
_TWO_ERRORS = {
    "errors": [
        {
            "code": "upstream_unavailable",
            "message": "The scheduler did not answer",
            "suggestion": "Try again in a minute",
            "error_uid": "err-5f0c2a9d",
        },
        {"code": "partial_result", "message": "Only some shards answered"},
    ]
}

FAULTS: Mapping[str, Fault] = {
    "bad_request": _json(400, envelope("invalid_parameter", "limit is too large")),
    "unauthorized": _json(401, {"detail": "Invalid API key"}),
    "unauthorized_envelope": _json(401, envelope("unauthorized", "The API key was revoked")),
    "forbidden": _json(403, envelope("forbidden", "This key may not read jobs")),
    "not_found": _json(404, envelope("NOT_FOUND", "No such route")),
    "conflict": _json(409, envelope("conflict", "The job is already final")),
    "unprocessable": _json(422, refused_parameter("limit", "ensure this value is less than or equal to 50")),
    "rate_limited_seconds": _json(429, envelope("rate_limited", "Slow down"), Retry_After="2"),
    "rate_limited_date": Fault(status=429, retry_date_in=2),
    "rate_limited_body": _json(429, _old_envelope("RATE_LIMITED", "Slow down", retry_after=2)),
    "rate_limited_bare": Fault(status=429),
    "rate_limited_absurd": _json(429, envelope("rate_limited", "Slow down"), Retry_After="31536000"),
    "rate_limited_unreadable": _json(429, envelope("rate_limited", "Slow down"), Retry_After="soon"),
    "server_error": _json(500, _TWO_ERRORS),
    "server_error_detail": _json(500, {"detail": "Internal Server Error"}),
    "bad_gateway": _text(502, _HTML.format("502 Bad Gateway"), "text/html"),
    "unavailable": _text(503, "upstream connect error or disconnect/reset before headers"),
    "unavailable_retry_after": _json(503, envelope("unavailable", "Maintenance"), Retry_After="1"),
    "gateway_timeout": Fault(status=504),
    "redirect": Fault(status=302, headers=(("Location", "/login"),)),
    "html_page": _text(200, _HTML.format("Sign in"), "text/html"),
    "truncated_json": Fault(body=b'{"total": 3, "offset": 0, "limit": 100, "jobs": [{"id": "job_0'),
    "empty_body": Fault(),
    "plain_text": _text(200, "ok"),
    "not_utf8": Fault(body=b'{"total": 1, "offset": 0, "limit": 1, "jobs": [{"id": "\xff\xfe"}]}'),
    "jobs_null": _json(200, {"total": 0, "offset": 0, "limit": 100, "jobs": None}),
    "jobs_missing": _json(200, {"total": 0, "offset": 0, "limit": 100}),
    "jobs_object": _json(200, {"total": 1, "offset": 0, "limit": 100, "jobs": {"id": "job_0"}}),
    "total_text": _json(200, {"total": "many", "offset": 0, "limit": 100, "jobs": []}),
    "total_negative": _json(200, {"total": -1, "offset": 0, "limit": 100, "jobs": []}),
    "bare_list": _json(200, []),
    "bare_null": _json(200, None),
    "empty_object": _json(200, {}),
    "stall": Fault(FaultKind.STALL),
    "dropped": Fault(FaultKind.DROP),
    "drip": Fault(FaultKind.DRIP),
    "cut": Fault(FaultKind.CUT, body=b'{"total": 3, "offset": 0, "limit": 100, "jobs": ['),
}


@dataclass(slots=True)
class _Arranged:
    fault: Fault
    times: int | None
    path: str
    at_offset: int | None

    def fits(self, path: str, offset: int) -> bool:
        return fnmatchcase(path, self.path) and self.at_offset in {None, offset}


class FaultPlan:
    """Faults that were arranged; each is used up in the order of arranging, `times` None until cleared."""

    def __init__(self) -> None:
        self._arranged: list[_Arranged] = []

    def add(self, fault: Fault, *, times: int | None, path: str, at_offset: int | None) -> None:
        self._arranged.append(_Arranged(fault, times, path, at_offset))

    def clear(self) -> None:
        self._arranged.clear()

    def take(self, path: str, offset: int) -> Fault | None:
        """The fault that this request meets, if any."""
        for each in self._arranged:
            if each.fits(path, offset):
                if each.times is not None:
                    each.times -= 1
                    self._arranged = [other for other in self._arranged if other.times != 0]
                return each.fault
        return None
