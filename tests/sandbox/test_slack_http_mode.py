"""HTTP mode with Slack's own framework at the other end: it checks the signature of everything that is sent."""

import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_http_mode import sign
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_wire import Wire

BUTTON: Wire = {"type": "button", "text": {"type": "plain_text", "text": "Next"}, "action_id": "go", "value": "v"}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.ack_deadline = 1.0
        yield server


@pytest.fixture
async def heard(slack: SlackServer, client: AsyncWebClient) -> AsyncIterator[list[str]]:
    """An app that listens where the workspace will call; what it was told by commands, buttons and events."""
    heard: list[str] = []
    app = AsyncApp(
        client=client,
        signing_secret=slack.signing_secret,
        process_before_response=True,
        logger=logging.getLogger("bolt under test"),
    )

    async def on_command(ack: AsyncAck, respond: AsyncRespond, command: Wire) -> None:
        heard.append(command["text"])
        await ack("looking")
        await respond("found")

    async def on_button(ack: AsyncAck, action: Wire) -> None:
        heard.append(action["value"])
        await ack()

    async def on_mention(event: Wire) -> None:
        heard.append(event["text"])

    app.command("/jobs")(on_command)
    app.action("go")(on_button)
    app.event("app_mention")(on_mention)
    async for url in served(app):
        slack.request_url = url
        yield heard


async def served(app: AsyncApp) -> AsyncIterator[str]:
    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    site = web.Application()
    site.router.add_post("/slack/events", events)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


async def test_a_command_is_a_signed_form_and_its_body_an_answer(slack: SlackServer, heard: list[str]) -> None:
    exchange = await slack.slash("failed since:1h")
    await exchange.answer(2)
    assert (exchange.acked, exchange.status, exchange.ack_body) == (True, 200, "looking")
    assert {answer["text"] for answer in exchange.answers} == {"looking", "found"}
    assert heard == ["failed since:1h"]


async def test_a_button_is_a_form_with_a_payload(slack: SlackServer, heard: list[str]) -> None:
    channel = slack.state.channel("general")
    blocks: list[Wire] = [{"type": "actions", "elements": [BUTTON]}]
    card = slack.state.post(channel, Message(slack.state.next_ts(), channel.id, "card", "U0SANDBOT1", blocks))
    assert (await slack.click(message=card.wire(), action=BUTTON)).acked
    assert heard == ["v"]


async def test_a_mention_is_a_json_event(slack: SlackServer, heard: list[str]) -> None:
    assert (await slack.mention("failed")).acked
    assert heard == ["<@U0SANDBOT1> failed"]


@pytest.mark.usefixtures("heard")
async def test_the_url_is_verified_by_its_challenge(slack: SlackServer) -> None:
    assert (await slack.verify_url()).acked


async def test_a_wrong_secret_is_refused_by_the_app(slack: SlackServer, heard: list[str]) -> None:
    slack.signing_secret = "another secret"
    exchange = await slack.slash("failed")
    assert (exchange.acked, exchange.status, exchange.answers, heard) == (False, 401, [], [])


async def test_nobody_listening_is_no_acknowledgement(slack: SlackServer) -> None:
    slack.request_url = "http://127.0.0.1:9/slack/events"
    exchange = await slack.slash("failed")
    assert (exchange.acked, exchange.status) == (False, None)


@pytest.mark.parametrize("type_", ["slash_commands", "interactive", "events_api"])
def test_the_signature_is_the_one_that_slacks_verifier_wants(type_: str) -> None:
    signed = sign("secret", 1_790_000_000.9, type_, {"text": "ä & ö"})
    verifier = SignatureVerifier("secret")
    assert signed.headers["X-Slack-Request-Timestamp"] == "1790000000"
    expected = verifier.generate_signature(timestamp="1790000000", body=signed.body)
    assert signed.headers["X-Slack-Signature"] == expected
