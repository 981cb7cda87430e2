"""The job API over HTTP: drives a sweep and asks for single jobs. It only ever reads, and it decides nothing:
what to ask next is the sweep's, what an answer means is `answers` and `decoding`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TypeVar, assert_never
from urllib.parse import quote

import httpx
import msgspec
import stamina

from bot.core.faults import Fault, FaultKind
from bot.core.instants import Instant, as_datetime, instant
from bot.core.listing import Listing, Page
from bot.core.reasons import EventPage
from bot.core.sweep import JobWanted, Known, PageWanted, Sweep
from bot.jobs_api.answers import ApiError, check, endless, garbled, transport_error
from bot.jobs_api.decoding import NOT_JSON, decode_page, decode_row
from bot.jobs_api.events import AT_ONCE, decode_events

FEW = 10  # jobs, for a glance
ATTEMPTS = 3  # for one request
PATIENCE = 20.0  # seconds for one request with its repetitions; a server that names a longer wait ends the look
READ_TIMEOUT = 10.0  # seconds for a piece of an answer,
PIECES = 3  # and so many times this for the whole
TIMEOUT = httpx.Timeout(READ_TIMEOUT, connect=5.0)
_T = TypeVar("_T")
_PASSING = frozenset({FaultKind.RATE_LIMITED, FaultKind.SERVER, FaultKind.NETWORK, FaultKind.GARBLED})
_UNREACHED = frozenset({FaultKind.RATE_LIMITED, FaultKind.TIMEOUT, FaultKind.NETWORK})
_NO_NAMES = frozenset({".", ".."})  # whatever the encoding, an address loses them
_LIMIT_REFUSED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY})


class JobsApi:
    """One source. `clock` stands in where an answer has no Date header; `asking` is called before each request
    of a look.
    """

    def __init__(self, source: str, http: httpx.AsyncClient, page_size: int, clock: Callable[[], Instant]) -> None:
        self.source = source
        self._http = http
        self._page_size = page_size
        self._clock = clock
        self._patience = (http.timeout.read or READ_TIMEOUT) * PIECES
        self.asking: Callable[[], None] = lambda: None

    async def list_jobs(self, known: Known) -> Listing | Fault:
        """The jobs that differ from what is known, with a certificate of how they were read."""
        sweep = Sweep(self.source, known, self._page_size)
        try:
            while (wanted := sweep.wants) is not None:
                match wanted:
                    case PageWanted():
                        await self._read_page(sweep, wanted, known.fingerprints)
                    case JobWanted():
                        await self._ask(sweep, wanted, known.fingerprints)
                    case _:
                        assert_never(wanted)
        except ApiError as error:
            return error.fault
        self._page_size = sweep.limit
        return sweep.result()

    async def glance(self) -> Page | Fault:
        """The first few jobs with the API's clock and how many it counts; or why it would not tell."""
        try:
            return await self._get("/batch/jobs", {"offset": 0, "limit": FEW}, lambda answer: self._page(answer, {}))
        except ApiError as error:
            return error.fault

    async def events(self, job_id: str, offset: int) -> EventPage | Fault:
        """A page of the job's event log. Asked for once: nobody waits for it."""
        path = f"/batch/jobs/{quote(job_id, safe='')}/events"
        try:
            page = {"offset": offset, "limit": AT_ONCE}
            return await self._get_once(path, page, lambda answer: decode_events(answer.content))
        except ApiError as error:
            return error.fault

    async def _read_page(self, sweep: Sweep, wanted: PageWanted, known: Mapping[str, bytes]) -> None:
        params = {"offset": wanted.offset, "limit": wanted.limit}
        try:
            page = await self._get("/batch/jobs", params, lambda answer: self._page(answer, known))
        except ApiError as error:
            if error.status not in _LIMIT_REFUSED or not sweep.refuse_limit():
                raise
        else:
            sweep.give_page(page)

    async def _ask(self, sweep: Sweep, wanted: JobWanted, known: Mapping[str, bytes]) -> None:
        if wanted.id in _NO_NAMES:
            sweep.skip_job("it cannot be asked for by such an id")
            return
        path = f"/batch/jobs/{quote(wanted.id, safe='')}"
        try:
            row = await self._get(path, {}, lambda answer: decode_row(msgspec.Raw(answer.content), self.source, known))
        except ApiError as error:
            if error.status == httpx.codes.NOT_FOUND:
                sweep.give_job(None)
            elif error.fault.kind in _UNREACHED:
                sweep.stop_asking()
            else:
                sweep.skip_job(str(error.fault))
            return
        if row is None or row.id != wanted.id:
            sweep.skip_job("asked for singly, it came without its id")
        else:
            sweep.give_job(row)

    def _page(self, answer: httpx.Response, known: Mapping[str, bytes]) -> Page:
        return decode_page(answer.content, self.source, known, self._at(answer))

    async def _get(self, path: str, params: Mapping[str, int], decode: Callable[[httpx.Response], _T]) -> _T:
        """The decoded answer, asked for again while the trouble looks like a passing one."""
        async for attempt in stamina.retry_context(_wait, ATTEMPTS, PATIENCE, wait_initial=0.2, wait_max=5.0):
            with attempt:
                self.asking()
                return await self._get_once(path, params, decode)
        raise AssertionError

    async def _get_once(self, path: str, params: Mapping[str, int], decode: Callable[[httpx.Response], _T]) -> _T:
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._http.get(path, params=params)
        except TimeoutError as error:
            raise endless(self._http.base_url, self._patience) from error
        except httpx.TransportError as error:
            raise transport_error(error) from error
        except httpx.DecodingError as error:
            raise ApiError(Fault(FaultKind.GARBLED, str(error))) from error
        check(answer, as_datetime(self._at(answer)))
        try:
            return decode(answer)
        except NOT_JSON as error:
            raise garbled(answer, str(error)) from error

    def _at(self, answer: httpx.Response) -> Instant:
        try:
            return instant(parsedate_to_datetime(answer.headers["Date"]))
        except (KeyError, ValueError, TypeError):
            return self._clock()


def _wait(error: Exception) -> bool | float:
    """Whether a request is worth repeating within this look, and after how many seconds if the server says so."""
    if not isinstance(error, ApiError) or error.fault.kind not in _PASSING:
        return False
    after = error.fault.retry_after
    return True if after is None else after < PATIENCE and after


@asynccontextmanager
async def connect(
    source: str, endpoint: str, key: str, *, page_size: int, clock: Callable[[], Instant]
) -> AsyncIterator[JobsApi]:
    stamina.instrumentation.set_on_retry_hooks([])  # a look reports its outcome once, not each attempt
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "jobsbot"}
    async with httpx.AsyncClient(base_url=endpoint, headers=headers, timeout=TIMEOUT) as http:
        yield JobsApi(source, http, page_size, clock)
