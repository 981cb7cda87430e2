"""From the API's JSON to the events of a job. Only their words are taken, never their payload: it may hold parameters
and signed addresses.
"""

import msgspec

from bot.core.instants import parse_instant
from bot.core.reasons import Event, EventPage
from bot.jobs_api.decoding import MAX_NAME
from bot.jobs_api.words import clean, read_error

AT_ONCE = 50  # events of a page; the documentation asks for no more


class _Page(msgspec.Struct):
    events: list[object]
    total: object = None


def decode_events(body: bytes) -> EventPage:
    """The page in a body. One of NOT_JSON if the body is no page at all."""
    page = msgspec.json.decode(body, type=_Page)
    events = tuple(_event(row) for row in page.events if isinstance(row, dict))
    return EventPage(events, len(page.events), page.total if isinstance(page.total, int) else None)


def _event(row: dict[str, object]) -> Event:
    number = row.get("id")
    return Event(
        level=clean(str(row.get("level") or ""), MAX_NAME).upper(),
        message=read_error(row.get("message")),
        at=parse_instant(row.get("created_at")),
        number=number if isinstance(number, int) else 0,
    )
