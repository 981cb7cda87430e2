"""A message goes out: one post, never parsed, found again by its key; if Slack refuses its form, one more as plain
text. A post that may have arrived is never repeated here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypedDict
from uuid import NAMESPACE_URL, uuid5

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.messages import Delivered, Outcome, Receipt
from bot.slack.answers import fields, text
from bot.slack.elements import Block, Rendered, digest
from bot.slack.errors import error_name, is_metadata, is_payload, outcome_of

EVENT_TYPE = "jobsbot_message"
PLAINLY = "sent as plain text, because Slack refused its form"
UNMARKED = "sent without its key, because Slack refused that"
NO_THREADS = frozenset({"restricted_action_non_threadable_channel", "restricted_action_thread_locked"})


def client_msg_id(key: str) -> str:
    """Undocumented: Slack may know by it what it has had."""
    return str(uuid5(NAMESPACE_URL, key))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message goes: into a channel, or under the message whose ts is `thread`; then the channel sees it too if
    it is `broadcast`.
    """

    channel: str
    thread: str | None = None
    broadcast: bool = False


class Payload(TypedDict):
    """What chat.postMessage is given. None is left out."""

    channel: str
    thread_ts: str | None
    reply_broadcast: bool | None
    text: str
    blocks: list[Block] | None
    metadata: dict[str, object] | None
    mrkdwn: bool
    parse: str
    unfurl_links: bool
    unfurl_media: bool
    client_msg_id: str


def payload(spot: Spot, key: str, rendered: Rendered, *, with_metadata: bool = True) -> Payload:
    return Payload(
        channel=spot.channel,
        thread_ts=spot.thread,
        reply_broadcast=spot.broadcast or None,
        text=rendered.text,
        blocks=rendered.blocks or None,
        metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}} if with_metadata else None,
        mrkdwn=bool(rendered.blocks),  # plain text shows as written
        parse="none",
        unfurl_links=False,
        unfurl_media=False,
        client_msg_id=client_msg_id(key),
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """How a message is sent; `why` it is not sent as it was meant."""

    spot: Spot
    rendered: Rendered
    with_metadata: bool = True
    why: str = ""


async def post(client: AsyncWebClient, spot: Spot, key: str, rendered: Rendered, plain: Callable[[], str]) -> Outcome:
    """`plain` gives the words for want of blocks."""
    return await _in_some_form(_Form(spot, rendered), plain, partial(_post, client, key))


async def change(client: AsyncWebClient, there: Receipt, rendered: Rendered, plain: Callable[[], str]) -> Outcome:
    """A message that is there shows this from now on. To change it twice does no harm."""
    form = _Form(Spot(there.channel), rendered, with_metadata=False)
    return await _in_some_form(form, plain, partial(_change, client, there))


async def _in_some_form(
    form: _Form, plain: Callable[[], str], send: Callable[[_Form], Awaitable[Delivered]]
) -> Outcome:
    """As it was meant; each time that Slack refuses what can be left out, once more without it."""
    shown = digest(form.rendered)
    while True:
        try:
            return replace(await send(form), degraded=form.why, shown=shown)
        except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
            plainer = _plainer(form, error, plain)
            if plainer is None:
                return outcome_of(error)
            form = plainer


def _plainer(form: _Form, error: Exception, plain: Callable[[], str]) -> _Form | None:
    """The form to try next, if Slack refused this one for what can be left out."""
    if not isinstance(error, SlackApiError):
        return None
    why = f"{PLAINLY}: {error_name(error)}"
    if is_metadata(error) and form.with_metadata:
        return replace(form, with_metadata=False, why=f"{UNMARKED}: {error_name(error)}")
    if is_payload(error) and form.rendered.blocks:
        return replace(form, rendered=Rendered(plain(), []), why=why)
    if error_name(error) in NO_THREADS and form.spot.thread:
        return replace(form, spot=Spot(form.spot.channel), why="told in the channel itself: the thread takes no reply")
    return None


async def _post(client: AsyncWebClient, key: str, form: _Form) -> Delivered:
    answer = await client.chat_postMessage(**payload(form.spot, key, form.rendered, with_metadata=form.with_metadata))
    told = fields(answer)
    posted = told.get("message")
    astray = form.spot.thread is not None and isinstance(posted, Mapping) and "thread_ts" not in posted
    return Delivered(Receipt(text(told, "channel"), text(told, "ts")), astray=astray)


async def _change(client: AsyncWebClient, there: Receipt, form: _Form) -> Delivered:
    told, blocks = form.rendered.text, form.rendered.blocks
    await client.chat_update(
        channel=there.channel, ts=there.ts, text=told, blocks=blocks, parse="none", link_names=False
    )
    return Delivered(there)
