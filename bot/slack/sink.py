"""Messages out to Slack: a destination becomes a channel id, a parcel becomes one post. Nothing here repeats a post
that may have arrived.
"""

from uuid import NAMESPACE_URL, uuid5

from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import Sight
from bot.core.instants import Instant
from bot.core.messages import Delivered, Failure, Message, Notice, Outcome, Parcel, Receipt
from bot.slack.channels import Channels
from bot.slack.errors import error_name, is_payload, outcome_of
from bot.slack.lookup import look_for
from bot.slack.render import Rendered, render_message, render_plain

EVENT_TYPE = "jobsbot_message"


class SlackSink:
    """`client` must not repeat requests by itself: its retry handlers are off."""

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client = client
        self._channels = channels

    async def resolve(self, destination: str) -> str | Failure:
        """The channel id of a destination, or why it cannot be had now."""
        return await self._channels.resolve(destination)

    async def find(self, key: str, channel: str, since: Instant) -> Sight | Failure:
        """Whether a message with this key was posted there since then."""
        return await look_for(self._client, channel, key, since)

    async def deliver(self, parcel: Parcel, channel: str) -> Outcome:
        """One post. If Slack refuses its form, one more as plain text."""
        message = parcel.message
        try:
            return Delivered(await self._post(channel, message.key, render_message(message), _metadata(message)))
        except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
            if not isinstance(error, SlackApiError) or not is_payload(error):
                return outcome_of(error)
            refused = error_name(error)
        plain = Rendered(render_plain(message), [])
        try:
            metadata = {} if "metadata" in refused else _metadata(message)
            receipt = await self._post(channel, message.key, plain, metadata)
        except Exception as error:  # noqa: BLE001  as above
            return outcome_of(error)
        return Delivered(receipt, degraded=f"sent as plain text, because Slack refused its form: {refused}")

    async def _post(self, channel: str, key: str, rendered: Rendered, metadata: dict[str, object]) -> Receipt:
        answer = await self._client.chat_postMessage(
            channel=channel,
            text=rendered.text,
            blocks=rendered.blocks or None,
            metadata=metadata or None,
            mrkdwn=bool(rendered.blocks),  # plain text shows as written
            parse="none",
            unfurl_links=False,
            unfurl_media=False,
            client_msg_id=str(uuid5(NAMESPACE_URL, key)),  # undocumented: Slack may know by it what it has had
        )
        if not (answer.get("channel") and answer.get("ts")):
            raise SlackRequestError("the answer does not say where the message is")
        return Receipt(str(answer["channel"]), str(answer["ts"]))


def _metadata(message: Message | Notice) -> dict[str, object]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": message.key}}
