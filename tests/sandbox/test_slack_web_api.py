"""The simulated Web API as Slack's own client sees it: what it does, and the word for everything it refuses."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_wire import Wire
from tests.sandbox.talk import METADATA

BLOCKS: list[Wire] = [{"type": "section", "text": {"type": "mrkdwn", "text": "*failed*"}}]


def user_message(slack: SlackServer, channel: str = "ml-alerts") -> Message:
    place = slack.state.channel(channel)
    return slack.state.post(place, Message(slack.state.next_ts(), place.id, "hello", "U0SANDBOX1"))


async def error_of(client: AsyncWebClient, method: str, **arguments: object) -> Wire:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=arguments)
    data: Wire = caught.value.response.data
    return data


async def test_auth_test_names_the_bot_and_the_headers_name_its_scopes(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["bot_id"] == "B0SANDBOX1"
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")
    assert answer.headers["Date"].endswith("GMT")


async def test_a_post_comes_back_with_its_channel_and_ts(slack: SlackServer, client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel="#ml-alerts", text="failed", blocks=BLOCKS, metadata=METADATA)
    (message,) = slack.state.posts("ml-alerts")
    assert (answer["channel"], answer["ts"]) == (message.channel, message.ts)
    assert answer["message"]["bot_id"] == "B0SANDBOX1"
    assert message.blocks[0]["block_id"]
    assert slack.state.calls[-1].args["channel"] == "#ml-alerts"


@pytest.mark.parametrize("address", ["ml-alerts", "#ml-alerts", "U0SANDBOX1"])
async def test_a_post_goes_to_a_name_or_a_user(slack: SlackServer, client: AsyncWebClient, address: str) -> None:
    answer = await client.chat_postMessage(channel=address, text="failed")
    assert answer["channel"] == slack.state.channel(address).id
    assert [message.text for message in slack.state.posts(address)] == ["failed"]


async def test_the_same_call_is_understood_as_form_json_and_query(slack: SlackServer) -> None:
    url, auth = f"{slack.api_url}chat.postMessage", {"Authorization": f"Bearer {slack.bot_token}"}
    said = {"channel": "ml-alerts", "text": "one"}
    async with aiohttp.ClientSession() as session:
        for answer in (
            await session.post(url, data={**said, "token": slack.bot_token}),
            await session.post(url, json=said, headers=auth),
            await session.get(url, params=said, headers=auth),
        ):
            assert (await answer.json())["ok"] is True
    assert len(slack.state.posts("ml-alerts")) == 3


async def test_timestamps_are_unique_and_rise_though_the_clock_stands_still() -> None:
    async with SlackServer(now=lambda: 1_790_000_000.5) as slack:
        stamps = [user_message(slack).ts for _ in range(3)]
    assert stamps == ["1790000000.500000", "1790000000.500001", "1790000000.500002"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "@ada", "text": "x"}, "channel_not_found"),
        ({"channel": "hidden", "text": "x"}, "channel_not_found"),
        ({"channel": "attic", "text": "x"}, "is_archived"),
        ({"channel": "ml-alerts"}, "no_text"),
        ({"channel": "ml-alerts", "text": "x", "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"channel": "ml-alerts", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "ml-alerts", "text": "x", "metadata": {"event_type": "a.b"}}, "invalid_metadata_format"),
        ({"channel": "ml-alerts", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "ml-alerts", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"channel": "ml-alerts", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
async def test_a_post_that_slack_would_refuse_is_refused(
    slack: SlackServer, client: AsyncWebClient, arguments: Wire, error: str
) -> None:
    slack.state.add_channel("hidden", private=True, member=False)
    slack.state.add_channel("attic", archived=True)
    assert (await error_of(client, "chat.postMessage", **arguments))["error"] == error
    assert slack.state.calls[-1].error == error


async def test_bad_blocks_are_told_with_pointers_and_too_much_text_apart(client: AsyncWebClient) -> None:
    header = {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}
    refused = await error_of(client, "chat.postMessage", channel="ml-alerts", text="x", blocks=[header])
    assert "/blocks/0/text/type" in refused["response_metadata"]["messages"][0]
    long = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 2_900}}] * 5
    refused = await error_of(client, "chat.postMessage", channel="ml-alerts", text="x", blocks=long)
    assert refused["error"] == "msg_blocks_too_long"


async def test_without_chat_write_public_only_members_post(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.state.add_channel("strangers", member=False)
    await client.chat_postMessage(channel="strangers", text="x")
    slack.state.scopes.discard("chat:write.public")
    assert (await error_of(client, "chat.postMessage", channel="strangers", text="x"))["error"] == "not_in_channel"


async def test_a_missing_scope_is_named(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.state.scopes.discard("groups:read")
    refused = await error_of(client, "conversations.list", types="public_channel,private_channel")
    assert (refused["error"], refused["needed"]) == ("missing_scope", "groups:read")
    assert "channels:read" in refused["provided"]
    assert (await client.conversations_list())["ok"]


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        (SlackServer.app_token, "auth.test", "not_allowed_token_type"),
        (SlackServer.bot_token, "apps.connections.open", "not_allowed_token_type"),
        ("xapp-wrong", "apps.connections.open", "invalid_auth"),
        ("xoxb-revoked", "auth.test", "token_revoked"),
        (SlackServer.bot_token, "chat.shout", "unknown_method"),
    ],
)
async def test_a_wrong_token_or_method_is_refused(
    slack: SlackServer, token: str | None, method: str, error: str
) -> None:
    slack.state.token_errors["xoxb-revoked"] = "token_revoked"
    client = AsyncWebClient(token, base_url=slack.api_url, retry_handlers=[])
    assert (await error_of(client, method))["error"] == error


async def test_text_over_40000_is_cut_with_a_warning(slack: SlackServer, client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel="ml-alerts", text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(slack.state.posts("ml-alerts")[0].text) == 40_000


async def test_an_update_with_text_alone_takes_the_blocks_away(slack: SlackServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="ml-alerts", text="x", blocks=BLOCKS, metadata=METADATA)
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    (message,) = slack.state.posts("ml-alerts")
    kept = await client.chat_update(**place, text="y", blocks=BLOCKS)
    assert (message.text, message.edited, message.metadata) == ("y", True, METADATA)
    assert "edited" not in kept["message"]
    bare = await client.chat_update(**place, text="z", metadata={})
    assert (message.blocks, message.metadata) == ([], None)
    assert "edited" in bare["message"]


async def test_only_a_standing_message_of_ones_own_is_updated(slack: SlackServer, client: AsyncWebClient) -> None:
    channel, foreign = slack.state.channel("ml-alerts").id, user_message(slack)
    for ts, text, error in (
        ("1.000001", "x", "message_not_found"),
        (foreign.ts, "x", "cant_update_message"),
        ((await client.chat_postMessage(channel=channel, text="x"))["ts"], "x" * 4_001, "msg_too_long"),
    ):
        assert (await error_of(client, "chat.update", channel=channel, ts=ts, text=text))["error"] == error
    by_name = await error_of(client, "chat.update", channel="ml-alerts", ts=foreign.ts, text="x")
    assert by_name["error"] == "channel_not_found"


async def test_a_deleted_message_is_gone_for_update_and_delete(slack: SlackServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="ml-alerts", text="x")
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    await client.chat_delete(**place)
    assert slack.state.posts("ml-alerts") == []
    for method in ("chat.delete", "chat.update"):
        assert (await error_of(client, method, text="y", **place))["error"] == "message_not_found"


async def test_an_ephemeral_post_is_no_public_message(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.state.channel("ml-alerts")
    answer = await client.chat_postEphemeral(channel=channel.id, user="U0SANDBOX1", text="psst")
    assert slack.state.posts("ml-alerts") == []
    assert [message.ephemeral_for for message in channel.messages] == ["U0SANDBOX1"]
    place = {"channel": channel.id, "message_ts": answer["message_ts"]}
    assert (await error_of(client, "chat.getPermalink", **place))["error"] == "message_not_found"


async def test_posts_are_limited_by_channel_and_the_wait_is_named(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.rates.post_burst = 2
    for channel in ("general", "general", "ml-alerts"):
        await client.chat_postMessage(channel=channel, text="x")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="#general", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response.data == {"ok": False, "error": "ratelimited"}
    slack.limits = False
    await client.chat_postMessage(channel="#general", text="x")


async def test_a_reaction_is_added_once(slack: SlackServer, client: AsyncWebClient) -> None:
    message, arguments = user_message(slack), {"name": "eyes"}
    place = {"channel": message.channel, "timestamp": message.ts}
    assert (await error_of(client, "reactions.add", **place, **arguments))["needed"] == "reactions:write"
    slack.state.scopes.add("reactions:write")
    await client.reactions_add(**place, name="eyes")
    assert (await error_of(client, "reactions.add", **place, **arguments))["error"] == "already_reacted"


async def test_people_groups_and_the_team_can_be_looked_up(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.state.scopes |= {"usergroups:read", "team:read"}
    assert (await client.users_info(user="U0SANDBOX1"))["user"]["name"] == "ada"
    assert len((await client.users_list(limit=2))["members"]) == 2
    assert (await client.usergroups_list())["usergroups"][0]["handle"] == "ml-oncall"
    assert (await client.bots_info(bot="B0SANDBOX1"))["bot"]["app_id"] == slack.state.app_id
    assert (await client.team_info())["team"]["id"] == slack.state.team_id
    assert (await error_of(client, "users.info", user="U0NOBODY"))["error"] == "user_not_found"


async def test_a_modal_is_opened_once_for_a_trigger_and_then_updated(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Retry"}, "blocks": BLOCKS}
    trigger = slack.state.new_trigger()
    opened = (await client.views_open(trigger_id=trigger, view=view))["view"]
    again = await error_of(client, "views.open", trigger_id=trigger, view=view)
    assert again["error"] == "exchanged_trigger_id"
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)
    stale = await error_of(client, "views.update", view_id=opened["id"], hash=opened["hash"], view=view)
    assert stale["error"] == "hash_conflict"
    home = {"type": "home", "blocks": BLOCKS}
    assert (await client.views_publish(user_id="U0SANDBOX1", view=home))["ok"]
