"""From what an operator writes to Slack's channel ids. Names are looked up in the workspace's list, of which no more is
read than is needed: Slack allows few such readings, and a large workspace's takes many pages.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.instants import SECOND, Instant
from bot.core.messages import Failure, Refused, Scope
from bot.slack.answers import Fields, fields, inner, next_cursor, rows, text
from bot.slack.errors import MAX_RETRY_AFTER, error_name, outcome_of

PAGE = 1_000  # channels; Slack allows so many at most (conversations.list)
FRESH = 60 * SECOND
PATIENCE = int(2 * MAX_RETRY_AFTER) * SECOND  # for how long a reading that broke off may be taken up again
KINDS = "public_channel,private_channel"
PUBLIC = "public_channel"  # where groups:read is not granted


@dataclass(slots=True)
class Reading:
    """How far the list was read, and when its last page was. `broken` tells that the next one could not be had, and
    `ended` that there is none. An archived channel counts only where no other has its name.
    """

    at: Instant
    kinds: str = KINDS
    cursor: str = ""
    broken: bool = False
    ended: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    archived: dict[str, str] = field(default_factory=dict)

    def serves(self, now: Instant) -> bool:
        return 0 <= now - self.at < (PATIENCE if self.broken else FRESH)

    def take(self, page: Fields, now: Instant) -> None:
        for channel in rows(page, "channels"):
            names = self.archived if channel.get("is_archived") else self.ids
            names[text(channel, "name")] = text(channel, "id")
        self.cursor = next_cursor(page, self.cursor)
        self.at, self.broken, self.ended = now, False, not self.cursor


class Channels:
    def __init__(self, client: AsyncWebClient, clock: Callable[[], Instant]) -> None:
        self._client = client
        self._clock = clock
        self._lock = asyncio.Lock()
        self._reading: Reading | None = None

    async def resolve(self, destination: str) -> str | Failure:
        """The id of `#name`, of the direct messages with `@U…`, or of an id itself; else why it cannot be had."""
        try:
            match destination[0]:
                case "@":
                    opened = await self._client.conversations_open(users=destination[1:])
                    return text(inner(fields(opened), "channel"), "id")
                case "#":
                    return await self._named(destination[1:])
                case _:
                    return destination
        except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
            return outcome_of(error)

    async def _named(self, name: str) -> str | Failure:
        async with self._lock:
            reading = await self._read(name)
        if channel := reading.ids.get(name) or reading.archived.get(name):
            return channel
        return Refused("channel_not_found: no such channel, or it is private and the bot is not in it", Scope.CHANNEL)

    async def _read(self, name: str) -> Reading:
        """The reading so far as it is needed to tell the name's id. One that Slack breaks off, as it does when it is
        asked too often, is taken up again where it was.
        """
        reading = self._reading
        if reading is None or not reading.serves(self._clock()):
            reading = self._reading = Reading(self._clock())
        while name not in reading.ids and not reading.ended:
            reading.broken = True
            try:
                reading.take(await self._page(reading), self._clock())
            except SlackApiError as error:
                match error_name(error):
                    case "missing_scope" if reading.kinds != PUBLIC:
                        reading = self._reading = Reading(self._clock(), PUBLIC)
                    case "invalid_cursor":
                        self._reading = None
                        raise
                    case _:
                        raise
        return reading

    async def _page(self, reading: Reading) -> Fields:
        return fields(await self._client.conversations_list(types=reading.kinds, limit=PAGE, cursor=reading.cursor))
