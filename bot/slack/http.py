"""HTTP mode: Slack's signed requests to /slack/events, handed to the same listeners."""

import re
from http import HTTPStatus

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

_TIMESTAMP = re.compile(r"[0-9]{1,12}")


async def handle(app: AsyncApp, request: web.Request) -> web.Response:
    """Bolt checks the signature; a timestamp or a body that is none would make it fail instead of refuse."""
    if not _TIMESTAMP.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "0")):
        return web.Response(status=HTTPStatus.UNAUTHORIZED, text="the timestamp is no number")
    try:
        asked = await to_bolt_request(request)
    except (UnicodeDecodeError, LookupError):
        return web.Response(status=HTTPStatus.BAD_REQUEST, text="the body is no text")
    return await to_aiohttp_response(await app.async_dispatch(asked))
