"""HTTP mode at the door: what Slack did not sign goes no further, and what it asks at the setup is answered."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from io import BytesIO
from time import time

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from slack_sdk.signature import SignatureVerifier

from bot.app import slack_session
from bot.core.commands import Command
from bot.core.replies import HelpText, Reply
from bot.sandbox.slack_http_mode import FORM, SignedRequest, sign, signature
from bot.sandbox.slack_server import SlackServer
from bot.server import routes, serve
from bot.slack import http
from bot.slack.listeners import UnderWay, build_app
from tests.world import slack_client

COMMAND = {"command": "/jobs", "text": "help", "user_id": "U0SANDBOX1", "channel_id": "C1", "response_url": ""}
TIMESTAMP = "X-Slack-Request-Timestamp"


async def ask(_: Command) -> Reply:
    return HelpText()


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SlackServer())
        session = await stack.enter_async_context(slack_session())
        app = build_app(slack_client(server, session), server.signing_secret, ask, UnderWay())
        site = routes(
            list, list, CollectorRegistry(), partial(http.handle, app, SignatureVerifier(server.signing_secret))
        )
        port = await stack.enter_async_context(serve(site, "127.0.0.1", 0))
        server.request_url = f"http://127.0.0.1:{port}/slack/events"
        yield server


async def post(slack: SlackServer, signed: SignedRequest) -> int:
    post = partial(
        aiohttp.ClientSession.post, url=str(slack.request_url), data=BytesIO(signed.body), headers=signed.headers
    )
    async with aiohttp.ClientSession() as session, post(session) as answer:
        return answer.status


def signed(slack: SlackServer, *, at: float | None = None) -> SignedRequest:
    return sign(slack.signing_secret, time() if at is None else at, "slash_commands", COMMAND)


async def test_a_signed_request_is_let_in(slack: SlackServer) -> None:
    assert await post(slack, signed(slack)) == 200


async def test_a_request_with_another_secret_s_signature_is_refused(slack: SlackServer) -> None:
    assert await post(slack, sign("another secret", time(), "slash_commands", COMMAND)) == 401


async def test_a_request_whose_body_was_changed_is_refused(slack: SlackServer) -> None:
    request = signed(slack)
    assert await post(slack, SignedRequest(request.body + b"&text=all", request.headers)) == 401


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_request_from_another_time_is_refused(slack: SlackServer, minutes: int) -> None:
    assert await post(slack, signed(slack, at=time() + 60 * minutes)) == 401


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "12.5", "9" * 400])
async def test_a_timestamp_that_is_none_is_refused_and_no_fault(slack: SlackServer, timestamp: str) -> None:
    request = signed(slack)
    assert await post(slack, SignedRequest(request.body, {**request.headers, TIMESTAMP: timestamp})) == 401


@pytest.mark.parametrize("header", [TIMESTAMP, "X-Slack-Signature"])
async def test_a_request_without_a_signature_is_refused(slack: SlackServer, header: str) -> None:
    request = signed(slack)
    headers = {name: value for name, value in request.headers.items() if name != header}
    assert await post(slack, SignedRequest(request.body, headers)) == 401


@pytest.mark.parametrize("kind", [FORM, "application/json", "text/plain; charset=klingon"])
async def test_bytes_that_are_no_text_are_refused_and_no_fault(slack: SlackServer, kind: str) -> None:
    headers = {**signed(slack).headers, "Content-Type": kind}
    assert 400 <= await post(slack, SignedRequest(b"\xff\xfe\x00", headers)) < 500


RUBBISH = [
    (FORM, b"payload=%7B"),
    (FORM, b"payload=null"),
    (FORM, b"payload=%5B1%5D"),
    (FORM, b"payload=1&payload=2"),
    ("application/json", b'{"type": '),
    ("application/json", b"[1]"),
    ("application/json", b"null"),
    ("application/json", b"[" * 100_000),
    ("text/plain", b""),
    ("text/plain; charset=klingon", b"\xc3\xa4"),
    ("multipart/form-data; boundary=x", b"--x"),
    (FORM, b"x" * 2**21 + b"y"),
]


@pytest.mark.parametrize(("kind", "body"), RUBBISH, ids=lambda value: str(value[:24]))
async def test_rubbish_that_nobody_signed_is_refused_with_one_quiet_line_at_most(
    slack: SlackServer, caplog: pytest.LogCaptureFixture, kind: str, body: bytes
) -> None:
    caplog.set_level(logging.INFO)
    assert 400 <= await post(slack, SignedRequest(body, {**signed(slack).headers, "Content-Type": kind})) < 500
    assert len(caplog.records) <= 1
    assert all(record.levelno <= logging.INFO and not record.exc_info for record in caplog.records)


@pytest.mark.parametrize("signature", ["v0=", "v0=é", "v0=" + "g" * 64, "v0=" + "0" * 64, "0" * 64])
async def test_a_signature_that_is_none_is_refused_and_no_fault(slack: SlackServer, signature: str) -> None:
    headers = {**signed(slack).headers, "X-Slack-Signature": signature}
    assert await post(slack, SignedRequest(signed(slack).body, headers)) == 401


@pytest.mark.parametrize(("kind", "body"), RUBBISH[:8], ids=lambda value: str(value[:24]))
async def test_rubbish_that_is_signed_is_no_fault_either(
    slack: SlackServer, caplog: pytest.LogCaptureFixture, kind: str, body: bytes
) -> None:
    at = str(int(time()))
    headers = {"Content-Type": kind, TIMESTAMP: at, "X-Slack-Signature": signature(slack.signing_secret, at, body)}
    assert await post(slack, SignedRequest(body, headers)) < 500
    assert not any(record.exc_info for record in caplog.records)


async def test_slack_s_check_of_the_certificate_is_answered(slack: SlackServer) -> None:
    assert await post(slack, SignedRequest(b"ssl_check=1", {"Content-Type": FORM})) == 200


async def test_the_challenge_for_the_request_url_is_answered(slack: SlackServer) -> None:
    assert (await slack.verify_url()).acked


async def test_an_unsigned_challenge_is_not_answered(slack: SlackServer) -> None:
    body = b'{"type": "url_verification", "challenge": "c"}'
    assert await post(slack, SignedRequest(body, {"Content-Type": "application/json"})) == 401
