"""What an answer that is no page means. The HTTP status decides; the body, which may have one of three envelopes or
none, only supplies the words.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import assert_never

import httpx
import msgspec

from bot.core.faults import Fault, FaultKind
from bot.core.masking import masked
from bot.core.texts import READ, revealed
from bot.jobs_api.decoding import NOT_JSON
from bot.jobs_api.words import clean

MAX_DETAIL = 300  # characters of a foreign error text in a log line
MAX_RETRY_AFTER = 3_600.0  # seconds; what is longer is no serious wish


class ApiError(Exception):
    """A fault on its way out of a request. Never leaves this folder."""

    def __init__(self, fault: Fault, status: int | None = None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.status = status


def check(response: httpx.Response, now: datetime) -> None:
    """ApiError unless the answer is a success. `now` is by the clock that a date in Retry-After is told by."""
    if response.is_success:
        return
    kind = _kind(response.status_code)
    words = _words(response)
    detail = f"HTTP {response.status_code}" + (f", {words}" if words else "")
    raise ApiError(Fault(kind, f"{detail}{_remedy(kind)}", retry_after(response, now)), response.status_code)


def transport_error(error: httpx.TransportError) -> ApiError:
    where = error.request.url.netloc.decode()
    if isinstance(error, httpx.TimeoutException):
        return ApiError(Fault(FaultKind.TIMEOUT, f"no answer in time from {where} ({type(error).__name__})"))
    return ApiError(Fault(FaultKind.NETWORK, f"{where}, {type(error).__name__}: {_quoted(str(error), MAX_DETAIL)}"))


def endless(where: httpx.URL, seconds: float) -> ApiError:
    return ApiError(Fault(FaultKind.TIMEOUT, f"no whole answer within {seconds:g} s from {where.netloc.decode()}"))


def garbled(response: httpx.Response, what: str) -> ApiError:
    return ApiError(Fault(FaultKind.GARBLED, f"{what}; the body is: {_beginning(response) or 'empty'}"))


def _beginning(response: httpx.Response) -> str:
    return _quoted(response.text, 80)


def _quoted(text: str, limit: int) -> str:
    """Foreign words in one line, without what may be a secret: an API may repeat the key that it was shown."""
    return clean(masked(revealed(" ".join(text[:READ].split()))), limit)


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds to wait, from the header (seconds or an HTTP date) or from the older error envelope."""
    header = response.headers.get("Retry-After", "").strip()
    seconds = _seconds(header) if header else _body_seconds(response)
    if seconds is None and header:
        try:
            seconds = (parsedate_to_datetime(header) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if seconds is not None and 0 <= seconds <= MAX_RETRY_AFTER else None


def _kind(status: int) -> FaultKind:
    match status:
        case 401 | 403:
            return FaultKind.CREDENTIALS
        case 429:
            return FaultKind.RATE_LIMITED
        case 408:
            return FaultKind.TIMEOUT
        case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return FaultKind.SERVER
        case _:
            return FaultKind.REQUEST


def _remedy(kind: FaultKind) -> str:
    match kind:
        case FaultKind.CREDENTIALS:
            return "; check ATAI_API_KEY, and that it belongs to this deployment"
        case FaultKind.REQUEST:
            return "; check ATAI_API_ENDPOINT, its version prefix included"
        case (
            FaultKind.RATE_LIMITED
            | FaultKind.TIMEOUT
            | FaultKind.SERVER
            | FaultKind.NETWORK
            | FaultKind.GARBLED
            | FaultKind.SWAPPED_KEY
        ):
            return ""
        case _:
            assert_never(kind)


def _words(response: httpx.Response) -> str:
    body = _json(response)
    words = "; ".join(_envelope(body)) if isinstance(body, Mapping) else ""
    return _quoted(words, MAX_DETAIL) or _beginning(response)


def _envelope(body: Mapping[str, object]) -> Iterator[str]:
    """The words of `{"errors": […]}`, of `{"detail": …}` and of `{"error": {…}}`."""
    errors, detail, error = body.get("errors"), body.get("detail"), body.get("error")
    for entry in [*(errors if isinstance(errors, list) else []), *([error] if isinstance(error, Mapping) else [])]:
        if isinstance(entry, Mapping):
            yield ": ".join(
                str(entry[name]) for name in ("code", "message", "suggestion", "error_uid") if entry.get(name)
            )
    if isinstance(detail, list):
        yield from (str(entry.get("msg", entry)) if isinstance(entry, Mapping) else str(entry) for entry in detail)
    elif detail:
        yield str(detail)


def _body_seconds(response: httpx.Response) -> float | None:
    match _json(response):
        case {"error": {"details": {"retry_after": wait}}}:
            return _seconds(wait)
        case _:
            return None


def _json(response: httpx.Response) -> object:
    try:
        return msgspec.json.decode(response.content)
    except NOT_JSON:
        return None


def _seconds(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
