"""HTTP mode: Slack's signed requests to /slack/events, handed to the same listeners."""

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp


async def handle(app: AsyncApp, request: web.Request) -> web.Response:
    """Bolt checks the signature; a timestamp that is no number would make it fail instead of refuse."""
    if not request.headers.get("X-Slack-Request-Timestamp", "0").isdecimal():
        return web.Response(status=401, text="the timestamp is no number")
    response = await app.async_dispatch(await to_bolt_request(request))
    return await to_aiohttp_response(response)
