"""Channels and what was said in them, as they are read back page by page."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_server import SlackServer
from tests.sandbox.talk import METADATA, say


async def test_channels_are_listed_page_by_page_without_what_is_hidden(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    slack.state.add_channel("mine", private=True)
    slack.state.add_channel("theirs", private=True, member=False)
    slack.state.add_channel("attic", archived=True)
    names, cursor = [], ""
    while True:
        page = await client.conversations_list(
            types="public_channel,private_channel", limit=2, exclude_archived=True, cursor=cursor
        )
        names += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert names == ["general", "ml-alerts", "ml-training", "mine"]


async def test_history_is_newest_first_in_pages_without_replies(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.state.channel("ml-alerts").id
    first = await say(client, "one")
    await say(client, "reply", first)
    await say(client, "shown reply", first, broadcast=True)
    await say(client, "two")
    page = await client.conversations_history(channel=channel, limit=2)
    assert [message["text"] for message in page["messages"]] == ["two", "shown reply"]
    assert [message.get("subtype") for message in page["messages"]] == [None, "thread_broadcast"]
    assert page["has_more"]
    rest = await client.conversations_history(channel=channel, limit=2, cursor=page["response_metadata"]["next_cursor"])
    assert [(message["text"], message["reply_count"]) for message in rest["messages"]] == [("one", 2)]


async def test_metadata_is_shown_whole_only_when_asked_for(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.state.channel("ml-alerts").id
    await say(client, "one")
    (plain,) = (await client.conversations_history(channel=channel))["messages"]
    (whole,) = (await client.conversations_history(channel=channel, include_all_metadata=True))["messages"]
    assert plain["metadata"]["event_payload"] == {}
    assert whole["metadata"] == METADATA


async def test_oldest_and_latest_leave_out_their_edges_unless_inclusive(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    channel = slack.state.channel("ml-alerts").id
    one, _, three = [await say(client, text) for text in ("one", "two", "three")]
    inner = await client.conversations_history(channel=channel, oldest=one, latest=three)
    outer = await client.conversations_history(channel=channel, oldest=one, latest=three, inclusive=True)
    assert [message["text"] for message in inner["messages"]] == ["two"]
    assert [message["text"] for message in outer["messages"]] == ["three", "two", "one"]


async def test_a_thread_is_read_oldest_first_and_starts_with_its_parent(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    channel, parent = slack.state.channel("ml-alerts").id, await say(client, "one")
    first = await say(client, "reply 1", parent)
    await say(client, "reply 2", parent)
    thread = await client.conversations_replies(channel=channel, ts=parent, oldest=first, include_all_metadata=True)
    assert [message["text"] for message in thread["messages"]] == ["one", "reply 2"]
    assert thread["messages"][1]["metadata"] == METADATA
    with pytest.raises(SlackApiError, match="cannot_reply_to_message"):
        await say(client, "reply to a reply", first)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await client.conversations_replies(channel=channel, ts="1.000001")


async def test_a_deleted_parent_leaves_a_tombstone_above_its_replies(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    channel, parent = slack.state.channel("ml-alerts").id, await say(client, "one")
    await say(client, "reply", parent)
    await client.chat_delete(channel=channel, ts=parent)
    (shown,) = (await client.conversations_history(channel=channel))["messages"]
    assert (shown["subtype"], shown["reply_count"]) == ("tombstone", 1)
    thread = await client.conversations_replies(channel=channel, ts=parent)
    assert [message.get("subtype") for message in thread["messages"]] == ["tombstone", None]


async def test_history_needs_membership_and_the_scope_of_its_kind(slack: SlackServer, client: AsyncWebClient) -> None:
    outside = slack.state.add_channel("outside", member=False).id
    secret = slack.state.add_channel("secret", private=True, member=False).id
    im = (await client.conversations_open(users="U0SANDBOX1"))["channel"]["id"]
    slack.state.scopes.discard("im:history")
    for channel, error in ((outside, "not_in_channel"), (secret, "channel_not_found"), (im, "missing_scope")):
        with pytest.raises(SlackApiError, match=error):
            await client.conversations_history(channel=channel)


async def test_a_channel_can_be_looked_at_and_joined(slack: SlackServer, client: AsyncWebClient) -> None:
    outside = slack.state.add_channel("outside", member=False).id
    assert not (await client.conversations_info(channel=outside))["channel"]["is_member"]
    with pytest.raises(SlackApiError, match="channels:join"):
        await client.conversations_join(channel=outside)
    slack.state.scopes.add("channels:join")
    await client.conversations_join(channel=outside)
    assert slack.state.bot_user_id in (await client.conversations_members(channel=outside))["members"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"limit": 5000}, "invalid_limit"), ({"cursor": "xyz"}, "invalid_cursor"), ({"types": "public"}, "invalid_types")],
)
async def test_a_list_refuses_what_it_does_not_understand(
    client: AsyncWebClient, arguments: dict[str, str | int], error: str
) -> None:
    with pytest.raises(SlackApiError, match=error):
        await client.api_call("conversations.list", http_verb="GET", params=arguments)


async def test_who_waits_for_a_message_gets_it_when_it_comes(slack: SlackServer, client: AsyncWebClient) -> None:
    heard: list[str] = []
    end = slack.state.subscribe(lambda message: heard.append(message.text))
    ts = await say(client, "one")
    found = await slack.state.wait_for(lambda message: message.text == "one", 1)
    end()
    await say(client, "two")
    assert (found.ts, heard) == (ts, ["one"])
    with pytest.raises(TimeoutError):
        await slack.state.wait_for(lambda message: message.text == "three", 0.01)
