"""What Slack says of a destination, for `check`: where it is, and whether the bot may speak and read there."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.messages import Delivered
from bot.slack.answers import fields, inner
from bot.slack.channels import Channels
from bot.slack.elements import Rendered
from bot.slack.errors import outcome_of
from bot.slack.posting import Spot, post

TEST = "This is a test message of jobsbot: alerts for this place will come here."


@dataclass(frozen=True, slots=True)
class Place:
    """`trouble` says why it cannot be reached, `unseen` why no more is known of it than its id; else the rest is."""

    destination: str
    channel: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    is_direct: bool = False
    trouble: str = ""
    unseen: str = ""


async def inspect(client: AsyncWebClient, channels: Channels, destination: str) -> Place:
    channel = await channels.resolve(destination)
    if not isinstance(channel, str):
        return Place(destination, trouble=channel.reason)
    if destination.startswith("@"):
        return Place(destination, channel, is_direct=True)
    try:
        told = inner(fields(await client.conversations_info(channel=channel)), "channel")
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        reason = outcome_of(error).reason
        if reason.startswith("missing_scope"):
            return Place(destination, channel, unseen=reason)
        return Place(destination, channel, trouble=reason)
    return Place(
        destination,
        channel,
        is_private=bool(told.get("is_private")),
        is_archived=bool(told.get("is_archived")),
        is_member=bool(told.get("is_member")),
        is_direct=bool(told.get("is_im")),
    )


async def send_test(client: AsyncWebClient, place: Place, key: str) -> str:
    """Why a test message did not arrive the way that alerts go; empty if it did."""
    outcome = await post(client, Spot(place.channel), key, Rendered(TEST, []), lambda: TEST)
    return "" if isinstance(outcome, Delivered) else outcome.reason
