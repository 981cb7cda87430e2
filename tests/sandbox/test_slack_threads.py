"""Threads, as a card tells its story in one: who may reply below what, and how the replies are read back."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_model import Message, Orphans
from bot.sandbox.slack_server import SlackServer
from tests.sandbox.talk import METADATA, say


def delete(slack: SlackServer, ts: str) -> None:
    """As somebody does by hand."""
    card = slack.state.find_message(ts)
    assert isinstance(card, Message)
    slack.state.delete(card)


@pytest.mark.parametrize("replies", [[], ["reply"]])
async def test_nobody_replies_to_a_deleted_card_with_or_without_a_thread(
    slack: SlackServer, client: AsyncWebClient, replies: list[str]
) -> None:
    card = await say(client, "card")
    for text in replies:
        await say(client, text, card)
    delete(slack, card)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await say(client, "late reply", card)
    assert [message.text for message in slack.state.posts("ml-alerts")] == replies


@pytest.mark.parametrize("replies", [[], ["reply"]])
async def test_a_reply_to_a_deleted_card_may_also_stay_in_its_thread(
    slack: SlackServer, client: AsyncWebClient, replies: list[str]
) -> None:
    slack.state.orphans = Orphans.KEPT
    card = await say(client, "card")
    for text in replies:
        await say(client, text, card)
    delete(slack, card)
    await say(client, "late reply", card)
    thread = await client.conversations_replies(channel=slack.state.channel("ml-alerts").id, ts=card)
    told = ["This message was deleted.", *replies, "late reply"]
    assert [message["text"] for message in thread["messages"]] == told


async def test_a_reply_to_a_deleted_card_may_also_lose_its_thread_in_silence(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    slack.state.orphans = Orphans.UNTHREADED
    card = await say(client, "card")
    delete(slack, card)
    answer = await client.chat_postMessage(channel="ml-alerts", text="late", thread_ts=card, reply_broadcast=True)
    assert "thread_ts" not in answer["message"]
    shown = (await client.conversations_history(channel=answer["channel"]))["messages"]
    assert [(message["text"], message.get("subtype")) for message in shown] == [("late", None)]


async def test_a_locked_thread_takes_no_reply(slack: SlackServer, client: AsyncWebClient) -> None:
    card = await say(client, "card")
    slack.state.threads_locked = True
    with pytest.raises(SlackApiError, match="restricted_action_thread_locked"):
        await say(client, "reply", card)


async def test_the_thread_of_a_deleted_card_that_had_none_is_not_found(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    card = await say(client, "card")
    delete(slack, card)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.conversations_replies(channel=slack.state.channel("ml-alerts").id, ts=card)


async def test_a_thread_is_read_in_pages_and_a_broadcast_reply_stands_in_it_too(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    channel, card = slack.state.channel("ml-alerts").id, await say(client, "card")
    for number in range(3):
        await say(client, f"reply {number}", card, broadcast=number == 1)
    one = await client.conversations_replies(channel=channel, ts=card, limit=2, include_all_metadata=True)
    assert [message["text"] for message in one["messages"]] == ["card", "reply 0", "reply 1"]
    assert [message.get("subtype") for message in one["messages"]] == [None, None, "thread_broadcast"]
    assert all(message["metadata"] == METADATA for message in one["messages"])
    cursor = one["response_metadata"]["next_cursor"]
    two = await client.conversations_replies(channel=channel, ts=card, limit=2, cursor=cursor)
    assert [message["text"] for message in two["messages"]] == ["card", "reply 2"]
    assert (one["has_more"], two["has_more"]) == (True, False)
    assert two["messages"][1]["metadata"]["event_payload"] == {}


async def test_posts_are_told_apart_by_where_they_stand(slack: SlackServer, client: AsyncWebClient) -> None:
    card = await say(client, "card")
    await say(client, "quiet", card)
    await say(client, "loud", card, broadcast=True)
    await say(client, "another card")
    (first, second) = slack.state.top_level("ml-alerts")
    assert (first.text, second.text) == ("card", "another card")
    assert [message.text for message in slack.state.thread(first)] == ["quiet", "loud"]
    assert [message.text for message in slack.state.broadcasts("ml-alerts")] == ["loud"]
    assert len(slack.state.posts("ml-alerts")) == 4


async def test_a_reply_that_was_deleted_is_read_nowhere(slack: SlackServer, client: AsyncWebClient) -> None:
    channel, card = slack.state.channel("ml-alerts").id, await say(client, "card")
    delete(slack, await say(client, "reply", card, broadcast=True))
    for read in (
        await client.conversations_replies(channel=channel, ts=card),
        await client.conversations_history(channel=channel),
    ):
        assert [message["text"] for message in read["messages"]] == ["card"]
