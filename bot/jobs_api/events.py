"""From the API's JSON to the events of a job. Only the words of those that may tell why it failed are taken, never
their payload: it may hold parameters and signed addresses.
"""

from dataclasses import replace
from heapq import nlargest

import msgspec

from bot.core.instants import parse_instant
from bot.core.reasons import TELLING, Event, EventPage
from bot.core.texts import READ
from bot.core.traces import abridged
from bot.jobs_api.decoding import MAX_NAME, NOT_JSON
from bot.jobs_api.words import clean, read_error

AT_ONCE = 50  # events of a page; the documentation asks for no more
_NOTHING = msgspec.Raw(b"null")


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]
    total: object = None


class _Row(msgspec.Struct):
    level: object = None
    message: msgspec.Raw = _NOTHING
    created_at: object = None
    id: object = None


_PAGE = msgspec.json.Decoder(_Page)
_ROW = msgspec.json.Decoder(_Row)


def decode_events(body: bytes) -> EventPage:
    """The page in a body. One of NOT_JSON if the body is no page at all. Of a server that sends more than it was asked
    for, the words of as many are read, the newest: reading takes long.
    """
    page = _PAGE.decode(body)
    rows = [row for raw in page.events if (row := _row(raw)) is not None]
    events = [_event(row) for row in rows]
    telling = (number for number, event in enumerate(events) if event.level in TELLING)
    for number in nlargest(AT_ONCE, telling, key=lambda number: (events[number].at or 0, events[number].number)):
        events[number] = replace(events[number], message=_words(rows[number].message))
    return EventPage(tuple(events), len(page.events), page.total if isinstance(page.total, int) else None)


def _row(raw: msgspec.Raw) -> _Row | None:
    try:
        return _ROW.decode(raw)
    except NOT_JSON:
        return None


def _event(row: _Row) -> Event:
    """Without its words."""
    return Event(
        level=clean(str(row.level or ""), MAX_NAME).upper(),
        message="",
        at=parse_instant(row.created_at),
        number=row.id if isinstance(row.id, int) else 0,
    )


def _words(message: msgspec.Raw) -> str:
    try:
        words = msgspec.json.decode(message)
    except NOT_JSON:
        return ""
    return read_error(abridged(words, READ) if isinstance(words, str) else words)
