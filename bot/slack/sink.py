"""Messages out to Slack: a destination becomes a channel id, a parcel becomes one post. Nothing here repeats a post
that may have arrived.
"""

from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import Sight
from bot.core.messages import Doubt, Failure, Outcome, Parcel
from bot.slack.channels import Channels
from bot.slack.lookup import look_for
from bot.slack.posting import post
from bot.slack.render import render_message, render_plain


class SlackSink:
    """`client` must not repeat requests by itself: its retry handlers are off."""

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client = client
        self._channels = channels

    async def resolve(self, destination: str) -> str | Failure:
        """The channel id of a destination, or why it cannot be had now."""
        return await self._channels.resolve(destination)

    async def find(self, key: str, channel: str, doubt: Doubt) -> Sight | Failure:
        """Whether the attempt in doubt posted a message with this key there."""
        return await look_for(self._client, channel, key, doubt)

    async def deliver(self, parcel: Parcel, channel: str) -> Outcome:
        """One post. If Slack refuses its form, one more as plain text."""
        message = parcel.message
        return await post(self._client, channel, message.key, render_message(message), partial(render_plain, message))
