"""Moments and lengths of time. An instant is whole microseconds since 1970 in UTC, so that it compares exactly;
a timestamp of the job API is never compared as text, because its fraction has zero to nine digits.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int  # microseconds since 1970-01-01T00:00:00Z

SECOND: Instant = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw])", re.IGNORECASE)


def instant(moment: datetime) -> Instant:
    return (moment - _EPOCH) // _MICROSECOND


def parse_instant(text: object) -> Instant | None:
    """The instant of an RFC 3339 timestamp with `Z` or an offset; None for anything else, and for what is beyond the
    calendar in UTC.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text.strip().upper()))
        return instant(moment.astimezone(UTC)) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def as_datetime(at: Instant) -> datetime:
    return _EPOCH + at * _MICROSECOND


def whole_seconds(at: Instant) -> int:
    return at // SECOND


def length(duration: timedelta) -> Instant:
    """The duration in microseconds."""
    return duration // _MICROSECOND


def parse_duration(text: str) -> timedelta:
    """The length of `15s`, `10m`, `24h`, `7d`, `2w` or a run of these such as `1h30m`; ValueError for anything else."""
    parts: list[tuple[str, str]] = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"{text!r} is no duration: write for example 15s, 10m, 24h or 7d")
    try:
        return timedelta(seconds=sum(int(count) * _UNITS[unit.lower()] for count, unit in parts))
    except OverflowError:
        raise ValueError(f"{text!r} is too long a duration: write for example 24h or 90d") from None


def exact_duration(duration: timedelta) -> str:
    """The length in whole seconds as `parse_duration` reads it: `45s`, `15m`, `1h30m`."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((duration.days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def write_duration(seconds: float) -> str:
    """The two largest units of a length, for people: `45s`, `3m 20s`, `2h 5m`, `3d 4h`."""
    rest = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}" if count or unit == "s" else "")
    return " ".join(part for part in parts[:2] if part) or "0s"
