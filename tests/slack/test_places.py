"""What `check` learns of a destination, and the test message that it sends there the way that alerts go."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import slack_faults as faults
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from bot.slack.places import Place, inspect, send_test
from tests.samples import Clock


def place(slack: SlackServer) -> Place:
    return Place("#ml-alerts", slack.state.channel("ml-alerts").id)


@pytest.mark.parametrize("body", ['{"ok": true}', '{"ok": true, "channel": null}', '{"ok": true, "channel": []}'])
async def test_an_answer_that_does_not_tell_of_the_channel_is_a_trouble(
    slack: SlackServer, client: AsyncWebClient, body: str
) -> None:
    slack.fault(faults.http_error(200, body, "application/json"), method="conversations.info")
    assert (await inspect(client, Channels(client, Clock()), "#ml-alerts")).trouble


async def test_a_test_message_is_parsed_as_little_as_an_alert_and_has_a_key(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    assert await send_test(client, place(slack), "test/1") == ""
    (post,) = slack.state.posts("ml-alerts")
    assert (post.args["unfurl_links"], post.args["unfurl_media"], post.args["parse"]) == (False, False, "none")
    assert post.metadata == {"event_type": "jobsbot_message", "event_payload": {"key": "test/1"}}


@pytest.mark.parametrize(
    "fault", [faults.refused("is_archived"), faults.http_error(200, '{"ok": true}', "application/json")]
)
async def test_a_test_message_that_is_not_known_to_have_arrived_says_why(
    slack: SlackServer, client: AsyncWebClient, fault: faults.Kind
) -> None:
    slack.fault(fault, method="chat.postMessage")
    assert await send_test(client, place(slack), "test/1") != ""
