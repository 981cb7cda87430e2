"""A message looked for in its channel or thread, by the key in its metadata, around the time of its attempt. Slack has
no other way to tell whether a post whose answer was lost has arrived.
"""

from collections.abc import AsyncIterator
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import CLOCKS_DIFFER, Absent, Sight, Unseeable
from bot.core.instants import SECOND, Instant
from bot.core.messages import Doubt, Failure, Gone, Receipt, Refused, Scope, TryLater, Unknown
from bot.slack.answers import Fields, fields, next_cursor, rows, text
from bot.slack.errors import outcome_of
from bot.slack.posting import client_msg_id

PAGE = 200  # messages; Slack recommends no more (conversations.history)


async def look_for(client: AsyncWebClient, channel: str, key: str, doubt: Doubt) -> Sight | Failure:
    """The receipt of the message with this key, posted by the attempt in doubt. A Failure here says nothing of the
    message: looking again does no harm, and costs no other message its turn. A reply may stand in the channel itself,
    if its card was gone.
    """
    for thread in (*doubt.threads, None):
        sight = await _look_in(thread, client, channel, key, doubt)
        if not isinstance(sight, Absent):
            return sight
    return Absent()


async def _look_in(thread: str | None, client: AsyncWebClient, channel: str, key: str, doubt: Doubt) -> Sight | Failure:
    try:
        async for message in _messages(thread, client, channel, doubt):
            if _is(message, key):
                return Receipt(channel, text(message, "ts"))
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        failure = outcome_of(error)
        return Absent() if isinstance(failure, Gone) else _failure(failure)
    return Absent()


async def _messages(thread: str | None, client: AsyncWebClient, channel: str, doubt: Doubt) -> AsyncIterator[Fields]:
    read = partial(client.conversations_replies, ts=thread) if thread else client.conversations_history
    cursor, more = "", True
    while more:
        page = fields(
            await read(
                channel=channel,
                oldest=_ts(doubt.began - CLOCKS_DIFFER),
                latest=_ts(doubt.ended + CLOCKS_DIFFER),
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
        )
        for message in rows(page, "messages"):
            yield message
        cursor = next_cursor(page, cursor)
        more = bool(cursor)


def _ts(at: Instant) -> str:
    return f"{at / SECOND:.6f}"


def _is(message: Fields, key: str) -> bool:
    match message:
        case {"metadata": {"event_payload": {"key": found}}}:
            return bool(found == key)
        case {"client_msg_id": found}:  # all there is if Slack refused the metadata; perhaps it does not show it
            return bool(found == client_msg_id(key))
        case _:
            return False


def _failure(failure: TryLater | Refused | Unknown) -> Unseeable | Failure:
    match failure:
        case Refused(scope=Scope.WORKSPACE):
            return failure
        case Refused(reason=reason):
            return Unseeable(reason)
        case Unknown(reason=reason):
            return TryLater(reason)
        case TryLater(reason=reason, after=after):
            return TryLater(reason, after)
