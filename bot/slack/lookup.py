"""A message looked for in its channel by the key in its metadata. Slack has no other way to tell whether a post whose
answer was lost has arrived.
"""

from collections.abc import AsyncIterator, Mapping

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import CLOCKS_DIFFER, Absent, Sight, Unseeable
from bot.core.instants import SECOND, Instant
from bot.core.messages import Failure, Receipt, Refused, Scope, TryLater, Unknown
from bot.slack.errors import outcome_of

PAGE = 200  # messages; Slack recommends no more (conversations.history)


async def look_for(client: AsyncWebClient, channel: str, key: str, since: Instant) -> Sight | Failure:
    """The receipt of the message with this key, posted by us since then. A Failure is never Unknown: looking again
    does no harm.
    """
    try:
        async for message in _history(client, channel, since - CLOCKS_DIFFER):
            if _key(message) == key:
                return Receipt(channel, str(message["ts"]))
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        return _failure(outcome_of(error))
    return Absent()


async def _history(client: AsyncWebClient, channel: str, oldest: Instant) -> AsyncIterator[Mapping[str, object]]:
    cursor: str | None = None
    while True:
        page = await client.conversations_history(
            channel=channel, oldest=f"{oldest / SECOND:.6f}", include_all_metadata=True, limit=PAGE, cursor=cursor
        )
        for message in page.get("messages") or []:
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return


def _key(message: Mapping[str, object]) -> object:
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
