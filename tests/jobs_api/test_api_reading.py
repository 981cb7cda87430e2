"""A look over HTTP at a list that moves: whatever the order and the limits, nothing that is known is missed."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from bot.core.faults import Fault, FaultKind
from bot.core.jobs import FINAL
from bot.core.listing import Listing, RowFault
from bot.core.sweep import Known
from bot.jobs_api.client import JobsApi, connect
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_faults import Fault as Wrong
from bot.sandbox.jobs_listing import Order
from bot.sandbox.jobs_server import JobsServer
from tests.samples import Clock


async def look(api: JobsApi, known: Known | None = None) -> Listing:
    listing = await api.list_jobs(known or Known())
    assert isinstance(listing, Listing), listing
    return listing


def known_of(listing: Listing) -> Known:
    prints = {row.id: row.fingerprint for row in listing.rows}
    live = frozenset(job.id for job in listing.jobs if job.status not in FINAL)
    return Known(prints, live, len(prints))


def crowd(server: JobsServer, count: int = 27) -> list[str]:
    return [server.world.add(status="RUNNING", age=100 + 10 * number).id for number in range(count)]


@pytest.fixture(params=[2, 5, 100])
async def paging(request: pytest.FixtureRequest, server: JobsServer, clock: Clock) -> AsyncIterator[JobsApi]:
    async with connect("prod", server.url, server.key, page_size=request.param, clock=clock) as opened:
        yield opened


def unrest(server: JobsServer, clock: Clock, doomed: list[str]) -> Callable[[], None]:
    """A job more and a job less between any two pages, as long as there are doomed ones."""

    def move() -> None:
        clock.advance(0.05)
        if doomed:
            server.world.add(age=0)
            server.world.delete(doomed.pop())

    return move


@pytest.mark.parametrize("order", list(Order))
async def test_what_failed_is_found_while_jobs_come_and_go(
    server: JobsServer, clock: Clock, paging: JobsApi, order: Order
) -> None:
    server.order = order
    ids = crowd(server)
    known = known_of(await look(paging))
    clock.advance(15)
    failed = set(ids[::4])
    for id_ in failed:
        server.world.fail(id_)
    server.between_pages = unrest(server, clock, [id_ for id_ in ids if id_ not in failed][:5])
    listing = await look(paging, known)
    assert failed <= {job.id for job in listing.jobs if job.status == "FAILED"}
    assert listing.gone.isdisjoint(server.world.jobs)


@pytest.mark.parametrize("order", [Order.CREATED_DESC, Order.CREATED_ASC])
async def test_a_quiet_list_is_read_whole_in_one_pass(server: JobsServer, paging: JobsApi, order: Order) -> None:
    server.order = order
    crowd(server)
    listing = await look(paging)
    assert {row.id for row in listing.rows} == server.world.jobs.keys()
    assert (listing.certificate.complete, listing.certificate.passes) == (True, 1)


async def test_a_second_look_at_a_quiet_list_brings_no_row(server: JobsServer, paging: JobsApi) -> None:
    crowd(server)
    listing = await look(paging, known_of(await look(paging)))
    assert (listing.rows, listing.gone, listing.certificate.unchanged) == ((), frozenset(), 30)


async def test_a_job_that_was_deleted_is_gone(server: JobsServer, paging: JobsApi) -> None:
    ids = crowd(server)
    known = known_of(await look(paging))
    server.world.delete(ids[3])
    assert (await look(paging, known)).gone == {ids[3]}


async def test_a_limit_that_is_clamped_loses_nothing(server: JobsServer, api: JobsApi) -> None:
    crowd(server)
    server.max_limit = 4
    listing = await look(api)
    assert (listing.certificate.seen, listing.certificate.complete) == (30, True)


async def test_a_limit_that_is_refused_is_halved_and_remembered(server: JobsServer, api: JobsApi) -> None:
    crowd(server)
    server.refuse_over_limit = 30
    await look(api)
    server.requests.clear()
    assert len((await look(api)).rows) == 30
    assert {seen.query["limit"] for seen in server.requests} == {"25"}


@pytest.mark.parametrize("lie", [-9, -1, 1])
async def test_a_total_that_lies_hides_no_row(server: JobsServer, paging: JobsApi, lie: int) -> None:
    crowd(server)
    server.total_shift = lie
    assert {row.id for row in (await look(paging)).rows} == server.world.jobs.keys()


async def test_a_job_that_cannot_be_asked_for_is_not_gone(server: JobsServer, api: JobsApi) -> None:
    ids = crowd(server)
    known = known_of(await look(api))
    for id_ in ids[:3]:
        server.world.delete(id_)
    server.fault(FAULTS["server_error"], path=f"/batch/jobs/{ids[0]}", times=None)
    listing = await look(api, known)
    assert listing.gone == set(ids[1:3])
    assert [fault.id for fault in listing.faults] == [ids[0]]


async def test_an_answer_that_is_about_another_job_says_nothing(server: JobsServer, api: JobsApi) -> None:
    ids = crowd(server)
    known = known_of(await look(api))
    server.world.delete(ids[0])
    server.fault(Wrong(body=b'{"id": "job_other", "status": "FAILED"}'), path=f"/batch/jobs/{ids[0]}")
    listing = await look(api, known)
    assert (listing.rows, listing.gone) == ((), frozenset())
    assert listing.faults == (RowFault(ids[0], "asked for singly, it came without its id"),)


@pytest.mark.parametrize("name", ["rate_limited_seconds", "dropped"])
async def test_an_api_that_will_not_answer_for_single_jobs_is_asked_at_the_next_look(
    server: JobsServer, api: JobsApi, name: str
) -> None:
    ids = crowd(server)
    known = known_of(await look(api))
    for id_ in ids[:9]:
        server.world.delete(id_)
    server.fault(FAULTS[name], path="/batch/jobs/*", times=None)
    server.requests.clear()
    assert (await look(api, known)).gone == frozenset()
    assert len(server.requests) <= 4
    server.clear_faults()
    assert (await look(api, known)).gone == set(ids[:9])


async def test_an_id_from_outside_stays_within_its_place_in_the_path(server: JobsServer, api: JobsApi) -> None:
    known = Known({"../jobs/queue?x=1": b""}, frozenset(), 3)
    await look(api, known)
    assert server.requests[-1].path.startswith("/batch/jobs/..")
    assert not server.requests[-1].query


@pytest.mark.parametrize("id_", ["a/b?c#d", "%2e%2e", "../..", "job 1;v=2", "jöb&x=1", "...", "a\\b"])
async def test_an_id_of_any_characters_is_asked_for_as_it_is(server: JobsServer, api: JobsApi, id_: str) -> None:
    await look(api, Known({id_: b""}, frozenset(), 3))
    assert (server.requests[-1].path, server.requests[-1].query) == (f"/batch/jobs/{id_}", {})


@pytest.mark.parametrize("id_", [".", ".."])
async def test_an_id_that_an_address_would_lose_is_not_asked_for(server: JobsServer, api: JobsApi, id_: str) -> None:
    listing = await look(api, Known({id_: b"", "job_gone": b""}, frozenset(), 3))
    assert {seen.path for seen in server.requests} == {"/batch/jobs", "/batch/jobs/job_gone"}
    assert listing.gone == {"job_gone"}
    assert listing.faults == (RowFault(id_, "it cannot be asked for by such an id"),)


async def test_each_request_is_told_before_it_is_made(server: JobsServer, api: JobsApi) -> None:
    """So that a look over many pages can be told from one that is stuck."""
    asked: list[int] = []
    api.asking = lambda: asked.append(len(server.requests))
    server.max_limit = 2
    server.fault(FAULTS["dropped"])
    await look(api, Known({"job_gone": b""}, frozenset(), 3))
    assert asked == list(range(len(server.requests)))
    assert len(asked) > 3


async def test_the_start_of_a_listing_is_by_the_clock_of_the_api(
    server: JobsServer, api: JobsApi, clock: Clock
) -> None:
    server.clock_skew = 300
    assert (await look(api)).started == clock.now + 300_000_000


async def test_without_a_date_the_own_clock_counts(clock: Clock) -> None:
    body = b'{"total": 0, "offset": 0, "limit": 100, "jobs": []}'
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body, headers={"Date": "yesterday"}))
    async with httpx.AsyncClient(transport=transport, base_url="http://jobs") as http:
        assert (await look(JobsApi("prod", http, 100, clock))).started == clock.now


async def test_an_answer_that_cannot_be_unpacked_is_garbled(clock: Clock) -> None:
    headers = {"Content-Encoding": "gzip"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"no gzip"), headers=headers))
    async with httpx.AsyncClient(transport=transport, base_url="http://jobs") as http:
        fault = await JobsApi("prod", http, 100, clock).list_jobs(Known())
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.GARBLED


async def test_the_bot_only_reads_and_shows_its_key(server: JobsServer, api: JobsApi) -> None:
    crowd(server)
    await look(api)
    assert {seen.method for seen in server.requests} == {"GET"}
    server.key = "sk_other"
    fault = await api.list_jobs(Known())
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.CREDENTIALS
