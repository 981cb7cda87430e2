"""What may be done with the response_url of a gesture, and how often."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox import slack_faults
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import RESPONSE_URL, SlackServer
from bot.sandbox.slack_wire import Wire
from tests.samples import Clock

BUTTON: Wire = {"type": "button", "text": {"type": "plain_text", "text": "Next"}, "action_id": "go", "value": "v"}


class Bot:
    """The barest of bots: it acknowledges, and posts to the response_url what a test tells it to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: aiohttp.ClientSession) -> None:
        self.socket = socket
        self.session = session
        self.url = ""

    async def take(self, gesture: asyncio.Future[Exchange]) -> Exchange:
        envelope = await self.socket.receive_json(timeout=2)
        self.url = envelope["payload"]["response_url"]
        await self.socket.send_json({"envelope_id": envelope["envelope_id"]})
        return await gesture

    async def respond(self, **body: Any) -> tuple[int, str]:  # noqa: ANN401 - a body may hold anything
        async with self.session.post(self.url, json=body) as response:
            return response.status, await response.text()


@pytest.fixture
async def bot(slack: SlackServer) -> AsyncIterator[Bot]:
    link = f"{slack.api_url.removesuffix('api/')}link/"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(link, params={"ticket": slack.sockets.issue_ticket()})
        await socket.receive_json()
        yield Bot(socket, session)
        await socket.close()


async def command(slack: SlackServer, bot: Bot) -> Exchange:
    return await bot.take(asyncio.ensure_future(slack.slash("failed")))


async def click(slack: SlackServer, bot: Bot) -> Message:
    """Somebody presses the button of a fresh card; the card is what comes back."""
    channel = slack.state.channel("general")
    blocks: list[Wire] = [{"type": "actions", "elements": [BUTTON]}]
    card = slack.state.post(channel, Message(slack.state.next_ts(), channel.id, "card", "U0SANDBOT1", blocks))
    await bot.take(asyncio.ensure_future(slack.click(message=card, action=BUTTON)))
    return card


async def test_a_response_url_takes_five_posts(slack: SlackServer, bot: Bot) -> None:
    exchange = await command(slack, bot)
    for _ in range(5):
        assert await bot.respond(text="x") == (200, "ok")
    status, body = await bot.respond(text="x")
    assert (status, "expired_url" in body, len(exchange.answers)) == (404, True, 5)


async def test_a_response_url_lives_half_an_hour(slack: SlackServer, bot: Bot, clock: Clock) -> None:
    await command(slack, bot)
    clock.advance(1_799)
    assert (await bot.respond(text="x"))[0] == 200
    clock.advance(2)
    assert (await bot.respond(text="x"))[0] == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [({"blocks": [{"type": "header"}]}, "invalid_blocks"), ({}, "no_text"), ({"text": ""}, "no_text")],
)
async def test_an_unfit_post_is_refused(slack: SlackServer, bot: Bot, body: Wire, error: str) -> None:
    exchange = await command(slack, bot)
    status, text = await bot.respond(**body)
    assert (status, error in text, exchange.answers) == (404, True, [])


async def test_an_answer_is_seen_by_the_asker_alone_or_by_all(slack: SlackServer, bot: Bot) -> None:
    await command(slack, bot)
    await bot.respond(text="to you")
    await bot.respond(text="to all", response_type="in_channel")
    assert [message.text for message in slack.state.posts("general")] == ["to all"]
    seen = [message.ephemeral_for for message in slack.state.channel("general").messages]
    assert seen == ["U0SANDBOX1", None]


async def test_the_original_is_replaced_in_place(slack: SlackServer, bot: Bot) -> None:
    card = await click(slack, bot)
    await bot.respond(text="page 2", replace_original=True)
    assert (card.text, card.blocks) == ("page 2", [])
    assert slack.state.posts("general") == [card]


async def test_the_original_is_deleted_alone_or_with_a_message_in_its_place(slack: SlackServer, bot: Bot) -> None:
    first = await click(slack, bot)
    await bot.respond(delete_original=True)
    second = await click(slack, bot)
    await bot.respond(delete_original=True, text="gone", response_type="in_channel")
    assert (first.deleted, second.deleted) == (True, True)
    assert [message.text for message in slack.state.posts("general")] == ["gone"]


async def test_a_command_has_no_original_to_replace(slack: SlackServer, bot: Bot) -> None:
    await command(slack, bot)
    await bot.respond(text="one", replace_original=True)
    await bot.respond(text="two", replace_original=True)
    assert len(slack.state.channel("general").messages) == 2


async def test_an_answer_may_go_to_a_thread(slack: SlackServer, bot: Bot) -> None:
    card = await click(slack, bot)
    await bot.respond(text="details", thread_ts=card.ts, replace_original=False)
    assert slack.state.channel("general").messages[-1].thread_ts == card.ts


async def test_a_fault_may_befall_a_response_url(slack: SlackServer, bot: Bot) -> None:
    exchange = await command(slack, bot)
    slack.fault(slack_faults.http_error(500), method=RESPONSE_URL)
    slack.fault(slack_faults.LOST_REPLY, method=RESPONSE_URL)
    assert (await bot.respond(text="x"))[0] == 500
    assert exchange.answers == []
    with pytest.raises(aiohttp.ClientError):
        await bot.respond(text="y")
    assert len(exchange.answers) == 1
