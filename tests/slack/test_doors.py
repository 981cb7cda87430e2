"""Whether Slack lets the bot in: a refusal names what to mend, a trouble is one that passes."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import slack_faults as faults
from bot.sandbox.slack_server import SlackServer
from bot.slack.doors import knock
from bot.slack.once import REMEMBERED, Once


async def test_an_open_door_tells_the_team_the_bot_its_scopes_and_the_time(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    door = await knock(client, slack.app_token)
    assert door.is_open
    assert (door.team, door.bot_user, door.scopes) == (
        "Sandbox",
        slack.state.bot_user_id,
        frozenset(slack.state.scopes),
    )
    assert door.date == "Mon, 23 Nov 2026 12:00:00 GMT"


async def test_in_http_mode_the_app_token_is_not_asked_for(slack: SlackServer, client: AsyncWebClient) -> None:
    assert (await knock(client, None)).is_open
    assert [call.method for call in slack.state.calls] == ["auth.test"]


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive", "not_allowed_token_type"])
async def test_a_refused_bot_token_is_named(slack: SlackServer, client: AsyncWebClient, error: str) -> None:
    slack.state.token_errors[slack.bot_token] = error
    door = await knock(client, slack.app_token)
    assert not door.is_open
    assert f"SLACK_BOT_TOKEN: {error}" in door.refusal
    assert slack.bot_token not in door.refusal


@pytest.mark.parametrize("error", ["invalid_auth", "missing_scope"])
async def test_a_refused_app_token_is_named(slack: SlackServer, client: AsyncWebClient, error: str) -> None:
    slack.fault(faults.refused(error), method="apps.connections.open")
    door = await knock(client, slack.app_token)
    assert f"SLACK_APP_TOKEN: {error}" in door.refusal
    assert "connections:write" in door.refusal


async def test_tokens_in_each_other_s_place_are_noticed(slack: SlackServer, client: AsyncWebClient) -> None:
    client.token = slack.app_token
    assert "SLACK_BOT_TOKEN: not_allowed_token_type" in (await knock(client, slack.bot_token)).refusal
    client.token = slack.bot_token
    assert "SLACK_APP_TOKEN: not_allowed_token_type" in (await knock(client, slack.bot_token)).refusal


@pytest.mark.parametrize(
    "fault", [faults.HTML_502, faults.DROPPED, faults.rate_limited(3), faults.refused("fatal_error")]
)
@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_what_passes_is_no_refusal(
    slack: SlackServer, client: AsyncWebClient, fault: faults.Kind, method: str
) -> None:
    slack.fault(fault, method=method)
    door = await knock(client, slack.app_token)
    assert (door.is_open, door.refusal, bool(door.trouble)) == (False, "", True)
    assert (await knock(client, slack.app_token)).is_open


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
@pytest.mark.parametrize("body", ['{"ok": true}', '{"ok": true, "team": 1, "user_id": "", "url": null}', '"ok"'])
async def test_an_answer_that_says_nothing_is_no_open_door(
    slack: SlackServer, client: AsyncWebClient, method: str, body: str
) -> None:
    slack.fault(faults.http_error(200, body, "application/json"), method=method)
    door = await knock(client, slack.app_token)
    assert (door.is_open, door.refusal, bool(door.trouble)) == (False, "", True)


async def test_nobody_there_is_a_trouble(client: AsyncWebClient) -> None:
    client.base_url = "http://127.0.0.1:9/api/"
    assert "cannot be reached" in (await knock(client, None)).trouble


def test_what_came_before_is_known_until_a_thousand_others_came() -> None:
    once = Once()
    assert [once.first("C1", "1.0"), once.first("C1", "1.0"), once.first("C2", "1.0")] == [True, False, True]
    for number in range(REMEMBERED):
        once.first("C3", str(number))
    assert once.first("C1", "1.0")
