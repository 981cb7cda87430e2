"""A message that is edited in place, as a card is: what is refused, how often, and what it showed on the way."""

from typing import NamedTuple

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.instants import SECOND
from bot.sandbox import slack_faults
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_wire import Wire
from tests.samples import NOW, Clock

NOON = NOW / SECOND


class Card(NamedTuple):
    channel: str
    ts: str


def section(text: str) -> list[Wire]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


async def post(client: AsyncWebClient, text: str = "one failed", channel: str = "ml-alerts") -> Card:
    answer = await client.chat_postMessage(channel=channel, text=text, blocks=section(text))
    return Card(answer["channel"], answer["ts"])


async def edit(client: AsyncWebClient, card: Card, text: str) -> None:
    blocks = section(f"*{text}*")
    assert (await client.chat_update(channel=card.channel, ts=card.ts, text=text, blocks=blocks))["ok"]


async def test_each_state_that_a_message_showed_is_kept_with_its_instant(
    slack: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    card = await post(client)
    for text in ("two failed", "one recovered"):
        clock.advance(30)
        await edit(client, card, text)
    (message,) = slack.state.posts("ml-alerts")
    assert [(edit.at - NOON, edit.text) for edit in message.edits] == [(30, "two failed"), (60, "one recovered")]
    assert message.edits[0].blocks[0]["text"]["text"] == "*two failed*"
    assert rendered_text(message) == "*one recovered*"


async def test_edits_are_told_in_order_over_the_workspace_whatever_became_of_the_message(
    slack: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    one, two = [await post(client, channel=channel) for channel in ("general", "ml-alerts")]
    for card, text in ((one, "a"), (two, "b"), (one, "c")):
        clock.advance(1)
        await edit(client, card, text)
    slack.state.delete(slack.state.posts("general")[0])
    assert [(card.ts, made.text) for card, made in slack.state.edits()] == [(one.ts, "a"), (two.ts, "b"), (one.ts, "c")]
    assert [made.at - NOON for _, made in slack.state.edits("general")] == [1, 3]


async def test_a_refused_edit_leaves_no_trace(slack: SlackServer, client: AsyncWebClient) -> None:
    card = await post(client)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await edit(client, card, "x" * 4_001)
    (message,) = slack.state.posts("ml-alerts")
    assert (message.text, message.edits) == ("one failed", [])


async def test_a_message_can_be_edited_for_ever_unless_a_window_closes(
    slack: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    card = await post(client)
    clock.advance(86_400)
    await edit(client, card, "a day later")
    slack.state.edit_window = 3_600
    with pytest.raises(SlackApiError, match="edit_window_closed"):
        await edit(client, card, "too late")
    young = await post(client)
    clock.advance(3_600)
    await edit(client, young, "in time")


async def test_one_edit_can_be_refused_by_a_fault_though_the_window_is_open(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    card = await post(client)
    slack.fault(slack_faults.refused("edit_window_closed"), method="chat.update", channel="#ml-alerts")
    with pytest.raises(SlackApiError, match="edit_window_closed"):
        await edit(client, card, "refused")
    await edit(client, card, "taken")


async def test_what_stands_in_an_archived_channel_is_edited_no_more(slack: SlackServer, client: AsyncWebClient) -> None:
    card = await post(client)
    slack.state.add_channel("ml-alerts", archived=True)
    with pytest.raises(SlackApiError, match="is_inactive"):
        await edit(client, card, "late")


async def test_edits_are_limited_over_the_whole_workspace_and_the_wait_is_named(
    client: AsyncWebClient, clock: Clock
) -> None:
    cards = [await post(client, channel=channel) for channel in ("general", "ml-alerts")]
    for number in range(50):
        await edit(client, cards[number % 2], "again")
    with pytest.raises(SlackApiError) as caught:
        await edit(client, cards[0], "once too often")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "2")
    assert (await client.chat_postMessage(channel="general", text="posts go on"))["ok"]
    clock.advance(2)
    await edit(client, cards[0], "after the wait")
