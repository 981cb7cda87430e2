"""Socket Mode: Slack's gestures over a WebSocket that the SDK keeps open. A connection that stays deaf although the
SDK tries is given up for a new one, built from scratch.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

PING_EVERY = 5.0  # seconds; a silent peer is noticed after one and a half of these
WATCH_EVERY = 1.0  # seconds
DEAF = 30  # watches without a connection, after which a new one is built

log = logging.getLogger(__name__)


async def listen(app: AsyncApp, app_token: str, connected: Callable[[bool], None]) -> None:
    """Listens until it is cancelled; `connected` is told how the connection stands, again and again."""
    while True:
        async with _connection(app, app_token) as handler:
            deaf = 0
            while deaf < DEAF:
                hears = await handler.client.is_connected()
                deaf = 0 if hears else deaf + 1
                if deaf != 1:  # one deaf watch is a socket that is just being opened or changed
                    connected(hears)
                await asyncio.sleep(WATCH_EVERY)
        log.warning("Slack's connection stayed deaf, building a new one")


@asynccontextmanager
async def _connection(app: AsyncApp, app_token: str) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, app_token, logger=logging.getLogger("socket"), ping_interval=PING_EVERY)
    opening = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]  # it never gives up by itself
    try:
        yield handler
    finally:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call]
