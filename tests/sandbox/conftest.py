"""Slack's own client, which repeats nothing."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_server import SlackServer


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
