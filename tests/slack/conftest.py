"""A client as the bot makes it."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import slack_session
from bot.sandbox.slack_server import SlackServer
from tests.world import slack_client


@pytest.fixture
async def client(slack: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with slack_session() as session:
        yield slack_client(slack, session)
