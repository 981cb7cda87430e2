"""From what an operator writes to Slack's channel ids. Names are looked up in the workspace's list, which is read as
a whole and kept for a minute, because Slack allows few such readings.
"""

import asyncio
from collections.abc import Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.instants import SECOND, Instant
from bot.core.messages import Failure, Refused, Scope
from bot.slack.errors import error_name, outcome_of

PAGE = 1_000  # channels; Slack allows so many at most (conversations.list)
FRESH = 60 * SECOND
KINDS = ("public_channel,private_channel", "public_channel")  # the second where groups:read is not granted


class Channels:
    def __init__(self, client: AsyncWebClient, clock: Callable[[], Instant]) -> None:
        self._client = client
        self._clock = clock
        self._lock = asyncio.Lock()
        self._ids: dict[str, str] = {}
        self._read_at: Instant | None = None

    async def resolve(self, destination: str) -> str | Failure:
        """The id of `#name`, of the direct messages with `@U…`, or of an id itself; else why it cannot be had."""
        try:
            match destination[0]:
                case "@":
                    opened = await self._client.conversations_open(users=destination[1:])
                    return str(opened["channel"]["id"])
                case "#":
                    return await self._named(destination[1:])
                case _:
                    return destination
        except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
            return outcome_of(error)

    async def _named(self, name: str) -> str | Failure:
        async with self._lock:
            if not self._is_fresh():
                self._ids = await self._read()
                self._read_at = self._clock()
        if name in self._ids:
            return self._ids[name]
        return Refused("channel_not_found: no such channel, or it is private and the bot is not in it", Scope.CHANNEL)

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock() - self._read_at < FRESH

    async def _read(self) -> dict[str, str]:
        for kinds in KINDS[:-1]:
            try:
                return await self._list(kinds)
            except SlackApiError as error:
                if error_name(error) != "missing_scope":
                    raise
        return await self._list(KINDS[-1])

    async def _list(self, kinds: str) -> dict[str, str]:
        ids: dict[str, str] = {}
        cursor = ""
        while True:
            page = await self._client.conversations_list(types=kinds, limit=PAGE, cursor=cursor)
            ids.update((str(channel.get("name", "")), str(channel["id"])) for channel in page["channels"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return ids
