"""HTTP mode: Slack's requests to /slack/events, handed to the same listeners. What Slack did not sign is not read."""

import logging
import re
from http import HTTPStatus

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
# What Bolt raises on a body that is none of Slack's.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
log = logging.getLogger(__name__)


async def handle(app: AsyncApp, verifier: SignatureVerifier, request: web.Request) -> web.Response:
    """Bolt checks the signature too, but reads the body before."""
    try:
        body = (await request.read()).decode()
    except UnicodeDecodeError:
        return web.Response(status=HTTPStatus.BAD_REQUEST, text="the body is no text")
    if not _is_signed(verifier, request, body):
        if "ssl_check=1" in body.split("&"):  # Slack's look at the certificate, which it does not sign
            return web.Response()
        log.info("a request to %s was not signed by Slack", request.path)
        return web.Response(status=HTTPStatus.UNAUTHORIZED, text="the signature is not Slack's")
    try:
        asked = await to_bolt_request(request)
    except UNREADABLE:
        return web.Response(status=HTTPStatus.BAD_REQUEST, text="the body cannot be read")
    return await to_aiohttp_response(await app.async_dispatch(asked))


def _is_signed(verifier: SignatureVerifier, request: web.Request, body: str) -> bool:
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
        return False
    return verifier.is_valid(body, timestamp, signature)
