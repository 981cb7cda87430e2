"""A message looked for in its channel by the key in its metadata. Slack has no other way to tell whether a post whose
answer was lost has arrived.
"""

from collections.abc import AsyncIterator

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import CLOCKS_DIFFER, Absent, Sight, Unseeable
from bot.core.instants import SECOND, Instant
from bot.core.messages import Failure, Receipt, Refused, Scope, TryLater, Unknown
from bot.slack.answers import Fields, fields, next_cursor, rows, text
from bot.slack.errors import outcome_of

PAGE = 200  # messages; Slack recommends no more (conversations.history)


async def look_for(client: AsyncWebClient, channel: str, key: str, since: Instant) -> Sight | Failure:
    """The receipt of the message with this key, posted by us since then. A Failure is never Unknown: looking again
    does no harm.
    """
    try:
        async for message in _history(client, channel, since - CLOCKS_DIFFER):
            if _key(message) == key:
                return Receipt(channel, text(message, "ts"))
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        return _failure(outcome_of(error))
    return Absent()


async def _history(client: AsyncWebClient, channel: str, oldest: Instant) -> AsyncIterator[Fields]:
    cursor, more = "", True
    while more:
        page = fields(
            await client.conversations_history(
                channel=channel,
                oldest=f"{oldest / SECOND:.6f}",
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
        )
        for message in rows(page, "messages"):
            yield message
        cursor = next_cursor(page, cursor)
        more = bool(cursor)


def _key(message: Fields) -> object:
    match message:
        case {"metadata": {"event_payload": {"key": key}}}:
            return key
        case _:
            return None


def _failure(failure: Failure) -> Unseeable | Failure:
    match failure:
        case Refused(reason=reason, scope=Scope.CHANNEL):
            return Unseeable(reason)
        case Unknown(reason=reason):
            return TryLater(reason)
        case _:
            return failure
