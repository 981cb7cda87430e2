"""The HTTP server passes on what others know: well or not and why, and the metrics."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot import BotError
from bot.server import routes, serve
from bot.telemetry import Metrics

PAGES = ("/healthz", "/readyz")


class Site:
    """A running server, and the reasons that it is given."""

    def __init__(self, port: int, reasons: dict[str, list[str]], *, hears_slack: bool) -> None:
        self.port = port
        self.reasons = reasons
        self.hears_slack = hears_slack

    async def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
            return answer.status, await answer.text()


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=f"Slack said {await request.text()}")


@pytest.fixture(params=[None, echo], ids=["socket", "http"])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    reasons: dict[str, list[str]] = {page: [] for page in PAGES}
    app = routes(lambda: reasons["/healthz"], lambda: reasons["/readyz"], Metrics().registry, request.param)
    async with serve(app, "127.0.0.1", 0) as port:
        yield Site(port, reasons, hears_slack=request.param is not None)


@pytest.mark.parametrize("page", PAGES)
async def test_well_is_200_and_not_well_is_503_with_every_reason(site: Site, page: str) -> None:
    assert await site.get(page) == (200, "ok\n")
    site.reasons[page] += ["Slack: not connected", "source prod: the first look is not done"]
    assert await site.get(page) == (503, "Slack: not connected\nsource prod: the first look is not done\n")


async def test_metrics_are_the_bot_s_own_and_the_process_s(site: Site) -> None:
    status, text = await site.get("/metrics")
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert status == 200
    assert "jobsbot_looks_total" in names
    assert {name for name in names if not name.startswith(("jobsbot_", "process_"))} == set()


async def test_slack_s_requests_are_taken_in_http_mode_alone(site: Site) -> None:
    status, _ = await site.get("/slack/events", "POST")
    assert status == (200 if site.hears_slack else 404)


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    app = routes(list, list, Metrics().registry, None)
    async with serve(app, "127.0.0.1", 0) as port:
        other = routes(list, list, Metrics().registry, None)
        with pytest.raises(BotError, match=rf"Cannot listen on 127\.0\.0\.1:{port}.*\[server\] listen"):
            async with serve(other, "127.0.0.1", port):
                pass


async def test_it_ends_in_good_time_although_a_request_hangs() -> None:
    inside = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        inside.set()
        await asyncio.Event().wait()
        return web.Response()

    app = routes(list, list, Metrics().registry, hang)
    async with asyncio.timeout(8), aiohttp.ClientSession() as session:
        async with serve(app, "127.0.0.1", 0) as port:
            hanging = asyncio.create_task(session.post(f"http://127.0.0.1:{port}/slack/events"))
            await inside.wait()
        with pytest.raises(aiohttp.ClientError):
            await hanging
