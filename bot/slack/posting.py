"""A message goes out: one post, never parsed, found again by its key; if Slack refuses its form, one more as plain
text. A post that may have arrived is never repeated here.
"""

from collections.abc import Callable, Mapping
from uuid import NAMESPACE_URL, uuid5

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.messages import Delivered, Outcome, Receipt
from bot.slack.answers import fields, text
from bot.slack.elements import Rendered
from bot.slack.errors import error_name, is_metadata, is_payload, outcome_of

EVENT_TYPE = "jobsbot_message"


def client_msg_id(key: str) -> str:
    """Undocumented: Slack may know by it what it has had."""
    return str(uuid5(NAMESPACE_URL, key))


async def post(client: AsyncWebClient, channel: str, key: str, rendered: Rendered, plain: Callable[[], str]) -> Outcome:
    """`plain` gives the words for want of blocks."""
    metadata: Mapping[str, object] = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
    try:
        return Delivered(await _post(client, channel, key, rendered, metadata))
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        if not isinstance(error, SlackApiError) or not is_payload(error):
            return outcome_of(error)
        refused = error
    degraded = Rendered(plain(), [])
    try:
        receipt = await _post(client, channel, key, degraded, {} if is_metadata(refused) else metadata)
    except Exception as error:  # noqa: BLE001  as above
        return outcome_of(error)
    return Delivered(receipt, degraded=f"sent as plain text, because Slack refused its form: {error_name(refused)}")


async def _post(
    client: AsyncWebClient, channel: str, key: str, rendered: Rendered, metadata: Mapping[str, object]
) -> Receipt:
    answer = await client.chat_postMessage(
        channel=channel,
        text=rendered.text,
        blocks=rendered.blocks or None,
        metadata=dict(metadata) or None,
        mrkdwn=bool(rendered.blocks),  # plain text shows as written
        parse="none",
        unfurl_links=False,
        unfurl_media=False,
        client_msg_id=client_msg_id(key),
    )
    told = fields(answer)
    return Receipt(text(told, "channel"), text(told, "ts"))
