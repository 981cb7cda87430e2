"""An aiohttp application on a port of this machine, for the life of a `with` block.
Listens on 127.0.0.1 and nowhere else; an OSError (the port is taken) passes up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

_GRACE_SECONDS = 1.0


@asynccontextmanager
async def listening(app: web.Application, port: int) -> AsyncIterator[int]:
    """Yields the port, which was chosen by the system if 0 was asked for."""
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=_GRACE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
