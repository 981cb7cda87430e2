"""The HTTP server: health, metrics and, in HTTP mode, Slack's requests. It only passes on what others know."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot import BotError

Reasons: TypeAlias = Callable[[], Sequence[str]]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
GRACE = 1.0  # seconds for requests under way when the server stops; aiohttp may take twice as long


def routes(stuck: Reasons, unready: Reasons, registry: CollectorRegistry, slack: Handler | None) -> web.Application:
    """`stuck` and `unready` give the reasons why not; `slack` takes Slack's requests, in HTTP mode."""
    app = web.Application(client_max_size=2**21)

    async def healthz(_: web.Request) -> web.Response:
        return _verdict(stuck())

    async def readyz(_: web.Request) -> web.Response:
        return _verdict(unready())

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    if slack is not None:
        app.router.add_post("/slack/events", slack)
    return app


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """The port that it listens on. BotError if that cannot be had."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise BotError(
                f"Cannot listen on {host}:{port}: {error.strerror or error}. Another program may use the port: set "
                '[server] listen in the configuration to a free one, or to "" to do without health and metrics.'
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def try_listening(host: str, port: int) -> None:
    """BotError if the address cannot be had."""
    async with serve(web.Application(), host, port):
        pass


def _verdict(reasons: Sequence[str]) -> web.Response:
    return web.Response(status=503 if reasons else 200, text="\n".join(reasons or ["ok"]) + "\n")
