"""Messages out to Slack: a destination becomes a channel id, a parcel one post, an edit one change. Nothing here
repeats a post that may have arrived.
"""

from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.doubts import Sight
from bot.core.messages import Delivered, Doubt, Edit, Failure, Outcome, Parcel, Receipt, ThreadReply
from bot.slack.channels import Channels
from bot.slack.elements import digest
from bot.slack.faces import render_face, render_plain_face
from bot.slack.lookup import look_for
from bot.slack.posting import Spot, change, post
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
        message, face = parcel.message, parcel.face
        broadcast = isinstance(message, ThreadReply) and message.broadcast
        spot = Spot(channel, parcel.thread, broadcast)
        return await post(
            self._client, spot, message.key, render_message(message, face), partial(render_plain, message, face)
        )

    async def edit(self, edit: Edit) -> Outcome:
        """The card shows its face; Slack is asked only if it does not yet."""
        rendered, there = render_face(edit.face), Receipt(edit.channel, edit.ts)
        if digest(rendered) == edit.shown:
            return Delivered(there, shown=edit.shown)
        return await change(self._client, there, rendered, partial(render_plain_face, edit.face))
