"""The simulated jobs API over real HTTP: its routes, its key, its clock, and the faults it was told to have.
Decides nothing about jobs; the world does. Imports nothing of the bot: a fake that shares our code shares our bugs.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Self, assert_never

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.jobs_events import Event, events_of
from bot.sandbox.jobs_faults import Fault, FaultKind, FaultPlan, envelope, refused_parameter
from bot.sandbox.jobs_listing import Filters, Listing, Order
from bot.sandbox.jobs_sim import NotAllowedError, SimJob, rfc3339
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.listening import listening
from bot.sandbox.slack_bell import Bell

_PREFIX = "/v0.5"
_LIST = "/batch/jobs"
_DEFAULT_LIMIT = 10
_DRIP_EVERY = 0.02  # seconds between two bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `path` without the version prefix, `at` by the world's clock."""

    method: str
    path: str
    query: Mapping[str, str]
    at: float


class _RefusedError(Exception):
    """The request is answered with this status and body instead of what it asked for."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class JobsServer:
    """Every attribute may be changed while it serves."""

    def __init__(self, world: JobsWorld, *, port: int = 0, key: str = "sk_sandbox") -> None:
        self.world = world
        self.key = key
        self.url = ""
        self.requests: list[Seen] = []
        self.order = Order.CREATED_DESC
        self.max_limit = 200
        """A larger limit is clamped in silence..."""
        self.refuse_over_limit: int | None = None
        """...or refused with 422, if larger than this."""
        self.between_pages: Callable[[], object] | None = None
        """Called before each list request with an offset; tests move jobs there."""
        self.total_shift = 0
        """The list lies about its total by so much."""
        self.clock_skew = 0.0
        """Seconds by which the Date header is ahead of the world's clock."""
        self.more_events: dict[str, list[Event]] = {}
        """Job id → events that its log tells before the job's own, as they are."""
        self.oldest_events_first = False
        self.events_lag = 0.0
        """Seconds before the log tells an event of the job's own."""
        self._listing = Listing(world)
        self._faults = FaultPlan()
        self._pages = asyncio.Event()
        self._pages.set()
        self._stalls = asyncio.Event()
        self._bell = Bell()
        self._port = port
        self._stack = AsyncExitStack()

    @property
    def bad_rows(self) -> dict[str, object]:
        """Job id → what stands in its place: a dict overrides fields, any other JSON value replaces the row."""
        return self._listing.bad_rows

    async def __aenter__(self) -> Self:
        port = await self._stack.enter_async_context(listening(self._app(), self._port))
        self.url = f"http://127.0.0.1:{port}{_PREFIX}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release_pages()
        self._stalls.set()
        await self._stack.aclose()

    def fault(self, fault: Fault, *, times: int | None = 1, path: str = _LIST, at_offset: int | None = None) -> None:
        """The next `times` requests to `path` (a glob) meet the fault; None means until cleared."""
        if self._stalls.is_set():
            self._stalls = asyncio.Event()
        self._faults.add(fault, times=times, path=path, at_offset=at_offset)

    def clear_faults(self) -> None:
        """Forgets the arranged faults and answers whoever was stalled."""
        self._faults.clear()
        self._stalls.set()

    def hold_pages(self) -> None:
        """List requests wait from now on: a look is under way."""
        self._pages.clear()

    def release_pages(self) -> None:
        self._pages.set()

    async def seen(self, count: int, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Returns once `count` requests have come in; TimeoutError if they have not within `timeout` seconds."""
        await self._bell.until(lambda: len(self.requests) >= count, timeout)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._front])
        app.on_response_prepare.append(self._date)
        app.add_routes(
            [
                web.get(_PREFIX + _LIST, self._list),
                web.get(f"{_PREFIX}{_LIST}/queue", self._queue),
                web.get(f"{_PREFIX}{_LIST}/{{id}}", self._get),
                web.delete(f"{_PREFIX}{_LIST}/{{id}}", self._delete),
                web.post(f"{_PREFIX}{_LIST}/{{id}}/cancel", self._cancel),
                web.post(f"{_PREFIX}{_LIST}/{{id}}/retry", self._retry),
                web.get(f"{_PREFIX}{_LIST}/{{id}}/events", self._events),
            ]
        )
        return app

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self.world.now() + self.clock_skew, usegmt=True)

    @web.middleware
    async def _front(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(_PREFIX)
        self.requests.append(Seen(request.method, path, dict(request.query), self.world.now()))
        self._bell.ring()
        if path == _LIST:
            await self._pages.wait()
        offset = request.query.get("offset", "0")
        fault = self._faults.take(path, int(offset) if offset.isdecimal() else 0)
        if fault is not None:
            return await self._suffer(fault, request, handler)
        return await self._answer(request, handler)

    async def _suffer(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        match fault.kind:
            case FaultKind.ANSWER:
                headers = dict(fault.headers)
                if fault.retry_date_in is not None:
                    again = self.world.now() + self.clock_skew + fault.retry_date_in
                    headers["Retry-After"] = formatdate(again, usegmt=True)
                headers["Content-Type"] = fault.content_type
                return web.Response(status=fault.status, body=fault.body, headers=headers)
            case FaultKind.STALL:
                await self._stalls.wait()
                return await self._answer(request, handler)
            case FaultKind.DROP:
                _hang_up(request)
                return web.Response()
            case FaultKind.CUT:
                response = web.StreamResponse(headers={"Content-Type": fault.content_type})
                response.content_length = len(fault.body) + 1000
                await response.prepare(request)
                await response.write(fault.body)
                _hang_up(request)
                return response
            case FaultKind.DRIP:
                return await self._drip(request)
            case _:
                assert_never(fault.kind)

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        released, response = self._stalls, web.StreamResponse()
        await response.prepare(request)
        while not released.is_set():
            await response.write(b" ")
            with suppress(TimeoutError):
                await asyncio.wait_for(released.wait(), _DRIP_EVERY)
        _hang_up(request)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _json(envelope("unauthorized", "The API key is missing or wrong"), 401)
        self.world.line_up()
        try:
            return await handler(request)
        except NotAllowedError as error:
            return _json(envelope("conflict", str(error)), 409)
        except _RefusedError as refused:
            return _json(refused.body, refused.status)
        except web.HTTPException as error:
            return _json(envelope("NOT_FOUND", error.reason), error.status)

    async def _list(self, request: web.Request) -> web.Response:
        offset, limit = self._window(request, self.max_limit)
        if offset > 0 and self.between_pages is not None:
            self.between_pages()
            self.world.line_up()
        query = request.query
        filters = Filters(query.get("pipeline_type"), query.get("status"), query.get("q"))
        jobs = self._listing.matching(filters, self.order)
        body = self._listing.page(jobs, total=len(jobs) + self.total_shift, offset=offset, limit=limit)
        return web.Response(body=body, content_type="application/json")

    async def _get(self, request: web.Request) -> web.Response:
        return web.Response(body=self._listing.row(self._job(request)), content_type="application/json")

    async def _cancel(self, request: web.Request) -> web.Response:
        job = self.world.cancel(self._job(request).id)
        return _json({"id": job.id, "status": job.status, "cancelled_at": rfc3339(job.updated_at)})

    async def _retry(self, request: web.Request) -> web.Response:
        job = self.world.retry(self._job(request).id)
        return _json({"id": job.id, "status": job.status, "retry_count": job.retry_count})

    async def _delete(self, request: web.Request) -> web.Response:
        job = self.world.delete(self._job(request).id)
        return _json({"id": job.id, "deleted": True})

    async def _events(self, request: web.Request) -> web.Response:
        job = self._job(request)
        offset, limit = self._window(request, 100)
        wanted = {key: request.query[key] for key in ("level", "event_type", "input_id") if key in request.query}
        told = events_of(job, self.world.now() - self.events_lag)
        log = [*self.more_events.get(job.id, []), *told][:: -1 if self.oldest_events_first else 1]
        events = [event for event in log if all(event[key] == wanted[key] for key in wanted)]
        shown = events[offset : offset + limit]
        head = {"job_id": job.id, "total": len(events), "offset": offset, "limit": limit}
        return _json({**head, "events": shown})

    async def _queue(self, _request: web.Request) -> web.Response:
        depths = {"batch": 0, "training": 0} | self.world.queues()
        return _json({"queues": [{"pipeline_type": kind, "depth": depth} for kind, depth in depths.items()]})

    def _job(self, request: web.Request) -> SimJob:
        job_id = request.match_info["id"]
        if job_id not in self.world.jobs:
            raise _RefusedError(404, envelope("not_found", f"Job {job_id} not found", error_uid="err-4c0f"))
        return self.world.jobs[job_id]

    def _window(self, request: web.Request, at_most: int) -> tuple[int, int]:
        offset, limit = _whole(request, "offset", 0), _whole(request, "limit", _DEFAULT_LIMIT)
        if self.refuse_over_limit is not None and limit > self.refuse_over_limit:
            why = f"ensure this value is less than or equal to {self.refuse_over_limit}"
            raise _RefusedError(422, refused_parameter("limit", why))
        return offset, min(limit, at_most)


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise _RefusedError(422, refused_parameter(name, "value is not a valid non-negative integer"))
    return int(text)


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
