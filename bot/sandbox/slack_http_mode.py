"""HTTP mode, Slack's side: a gesture as a signed POST to the app's request URL.
Nothing is sent again; the signature is over the raw body, as it goes out.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_wire import Wire

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    body: bytes
    headers: dict[str, str]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def sign(secret: str, at: float, type_: str, payload: Wire) -> SignedRequest:
    """A command is a form, an interaction a form with one field `payload`, everything else JSON."""
    match type_:
        case "slash_commands":
            content_type, body = FORM, urlencode(payload).encode()
        case "interactive":
            content_type, body = FORM, urlencode({"payload": json.dumps(payload)}).encode()
        case _:
            content_type, body = "application/json", json.dumps(payload).encode()
    timestamp = str(int(at))
    headers = {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(secret, timestamp, body),
    }
    return SignedRequest(body, headers)


async def deliver(
    session: aiohttp.ClientSession, url: str, signed: SignedRequest, exchange: Exchange, deadline: float
) -> None:
    """Anything but a 200 within the deadline is no acknowledgement."""
    limit = aiohttp.ClientTimeout(total=deadline)
    try:
        async with session.post(url, data=signed.body, headers=signed.headers, timeout=limit) as response:
            text = await response.text()
            exchange.note_ack(acked=response.status == HTTPStatus.OK, body=_body(text), status=response.status)
    except (aiohttp.ClientError, TimeoutError):
        exchange.note_ack(acked=False)


def _body(text: str) -> Wire | str | None:
    if not text.startswith("{"):
        return text or None
    try:
        body: Wire = json.loads(text)
    except ValueError:
        return text
    return body
