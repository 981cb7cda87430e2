"""Socket Mode with Slack's own framework at the other end: what people do reaches it, and what it says comes back."""

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_wire import Wire

BUTTON: Wire = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Next"},
    "action_id": "go",
    "value": "failed 2",
}
ACTIONS: list[Wire] = [{"type": "actions", "elements": [BUTTON]}]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.ack_deadline = 0.5
        yield server


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    logger = logging.getLogger("bolt under test")
    app = AsyncApp(client=client, process_before_response=True, logger=logger)
    app.command("/jobs")(on_command)
    app.command("/quick")(on_quick_command)
    app.action("go")(on_button)
    app.event("app_mention")(on_mention)
    return app


async def on_command(ack: AsyncAck, respond: AsyncRespond, command: Wire) -> None:
    await ack()
    await respond(text=f"answer to {command['text']}", blocks=ACTIONS)
    await respond(text="second")


async def on_quick_command(ack: AsyncAck) -> None:
    await ack("at once")


async def on_button(ack: AsyncAck, respond: AsyncRespond, action: Wire, body: Wire) -> None:
    await ack()
    await respond(text=f"{action['value']} {body['container']['is_ephemeral']}", replace_original=True)


async def on_mention(event: Wire, say: AsyncSay) -> None:
    await say(text=f"heard {event['text']}", thread_ts=event.get("thread_ts") or event["ts"])


@pytest.fixture
async def handler(slack: SlackServer, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for_socket(2)
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.usefixtures("handler")
async def test_a_command_is_acknowledged_and_answered_with_times(slack: SlackServer) -> None:
    exchange = await slack.slash("failed <#5> & #ml-alerts")
    first = await exchange.answer()
    channel = slack.state.channel("ml-alerts").id
    assert exchange.acked
    assert first["text"] == f"answer to failed &lt;#5&gt; &amp; <#{channel}|ml-alerts>"
    assert (await exchange.answer(2))["text"] == "second"
    assert exchange.first_answer_seconds is not None
    assert 0 < exchange.ack_seconds < 0.5
    assert {message.ephemeral_for for message in slack.state.channel("general").messages} == {"U0SANDBOX1"}


@pytest.mark.usefixtures("handler")
async def test_an_acknowledgement_with_text_is_an_answer(slack: SlackServer) -> None:
    exchange = await slack.slash("", command="/quick")
    assert exchange.ack_body == {"text": "at once"}
    assert rendered_text(await exchange.answer()) == "at once"


@pytest.mark.usefixtures("handler")
async def test_a_button_of_an_ephemeral_answer_edits_it_in_place(slack: SlackServer) -> None:
    answer = await (await slack.slash("failed")).answer()
    button = answer["blocks"][0]["elements"][0]
    clicked = await slack.click(message=answer, action=button)
    edited = await clicked.answer()
    assert clicked.acked
    assert (edited["ts"], edited["text"]) == (answer["ts"], "failed 2 True")
    message = slack.state.find_message(answer["ts"])
    assert message is not None
    assert (message.text, message.ephemeral_for) == ("failed 2 True", "U0SANDBOX1")


@pytest.mark.usefixtures("handler")
async def test_a_button_of_a_post_edits_the_post(slack: SlackServer, app: AsyncApp) -> None:
    await app.client.chat_postMessage(channel="ml-alerts", text="card", blocks=ACTIONS)
    (card,) = slack.state.posts("ml-alerts")
    clicked = await slack.click(message=card, action=card.blocks[0]["elements"][0], user="U0SANDBOX2")
    await clicked.answer()
    assert (card.text, card.ephemeral_for) == ("failed 2 False", None)


@pytest.mark.usefixtures("handler")
async def test_a_mention_is_answered_in_its_thread(slack: SlackServer) -> None:
    exchange = await slack.mention("failed", user="U0SANDBOX1", channel="ml-alerts")
    answer = await exchange.answer()
    asked, told = slack.state.posts("ml-alerts")
    assert exchange.acked
    assert answer["text"] == f"heard <@{slack.state.bot_user_id}> failed"
    assert (told.thread_ts, told.user) == (asked.ts, slack.state.bot_user_id)


@pytest.mark.usefixtures("handler")
async def test_a_gesture_that_nobody_handles_is_not_acknowledged(slack: SlackServer) -> None:
    slack.ack_deadline = 0.05
    exchange = await slack.send_envelope("interactive", {"type": "shortcut", "callback_id": "unknown"})
    assert not exchange.acked


@pytest.mark.usefixtures("handler")
async def test_after_a_disconnect_the_client_comes_back(slack: SlackServer) -> None:
    await slack.disconnect_sockets("refresh_requested")
    assert not (await slack.slash("lost in the gap")).acked
    await slack.wait_for_socket(2)
    assert (await slack.slash("failed")).acked


@pytest.mark.usefixtures("handler")
async def test_after_a_cut_connection_the_client_comes_back(slack: SlackServer) -> None:
    slack.drop_sockets()
    await slack.wait_for_socket(3)
    assert (await slack.slash("failed")).acked


async def test_without_a_socket_a_gesture_is_lost_at_once(slack: SlackServer) -> None:
    exchange = await slack.slash("failed")
    assert not exchange.acked
    with pytest.raises(TimeoutError):
        await exchange.answer(timeout=0.01)


async def test_a_ticket_is_good_for_one_connection_and_hello_counts_them(slack: SlackServer) -> None:
    client = AsyncWebClient(slack.app_token, base_url=slack.api_url, retry_handlers=[])
    urls = [(await client.apps_connections_open(app_token=slack.app_token))["url"] for _ in range(2)]
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(url) for url in urls]
        hellos = [await socket.receive_json() for socket in sockets]
        assert [(hello["type"], hello["num_connections"]) for hello in hellos] == [("hello", 1), ("hello", 2)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(urls[0])


async def test_several_sockets_take_turns_and_any_of_them_may_acknowledge(slack: SlackServer) -> None:
    urls = [slack.sockets.issue_ticket() for _ in range(2)]
    async with aiohttp.ClientSession() as session:
        link = f"{slack.api_url.removesuffix('api/')}link/"
        sockets = [await session.ws_connect(link, params={"ticket": ticket}) for ticket in urls]
        for socket in sockets:
            await socket.receive_json()
        gestures = [asyncio.ensure_future(slack.slash(word)) for word in ("one", "two")]
        envelopes = [await socket.receive_json(timeout=2) for socket in sockets]
        assert {envelope["payload"]["text"] for envelope in envelopes} == {"one", "two"}
        assert all(envelope["accepts_response_payload"] for envelope in envelopes)
        for envelope in envelopes:
            await sockets[0].send_json({"envelope_id": envelope["envelope_id"]})
        assert [(await gesture).acked for gesture in gestures] == [True, True]


async def test_a_ping_is_answered_with_its_own_words(slack: SlackServer) -> None:
    link = f"{slack.api_url.removesuffix('api/')}link/"
    async with aiohttp.ClientSession() as session:
        ticket = {"ticket": slack.sockets.issue_ticket()}
        socket = await session.ws_connect(link, params=ticket, autoping=False)
        await socket.receive_json()
        await socket.ping(b"sdk-ping-pong:1")
        frame = await socket.receive(timeout=2)
        assert (frame.type, bytes(frame.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
