"""Pages move while they are read, as they do on a live API, and a hundred thousand jobs are no burden."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.jobs_listing import ALL, Filters, Listing, Order
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld

NOON = 1_795_435_200.0
KEY = {"Authorization": "Bearer sk_sandbox"}


@pytest.fixture
async def server() -> AsyncIterator[JobsServer]:
    """Six jobs that are named by their age, so that newest-first reads 1 to 6."""
    world = JobsWorld(seed=7, now=lambda: NOON)
    for age in range(1, 7):
        world.add(str(age), status="RUNNING", age=age)
    async with JobsServer(world) as running:
        yield running


async def sweep(server: JobsServer, limit: int = 2) -> list[str]:
    names: list[str] = []
    async with httpx.AsyncClient(base_url=server.url, headers=KEY, trust_env=False) as client:
        while True:
            query = {"offset": len(names), "limit": limit}
            body = (await client.get("/batch/jobs", params=query)).json()
            names += [row["name"] for row in body["jobs"]]
            if not body["jobs"] or len(names) >= body["total"]:
                return names


def named(server: JobsServer, name: str) -> str:
    return next(job.id for job in server.world.jobs.values() if job.name == name)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (Order.CREATED_DESC, ["1", "2", "3", "4", "5", "6"]),
        (Order.CREATED_ASC, ["6", "5", "4", "3", "2", "1"]),
        (Order.UPDATED_DESC, ["4", "1", "2", "3", "5", "6"]),
    ],
)
async def test_a_quiet_list_is_read_in_its_order(server: JobsServer, order: Order, names: list[str]) -> None:
    server.order = order
    server.world.fail(named(server, "4"))
    assert await sweep(server) == names


async def test_a_random_order_is_another_at_each_request(server: JobsServer) -> None:
    server.order = Order.RANDOM
    readings = [await sweep(server, limit=6) for _ in range(4)]
    assert all(sorted(reading) == list("123456") for reading in readings)
    assert len({tuple(reading) for reading in readings}) > 1


async def test_a_job_created_between_pages_repeats_a_row(server: JobsServer) -> None:
    server.between_pages = lambda: len(server.world.jobs) > 6 or server.world.add("new", age=0)
    assert await sweep(server) == ["1", "2", "2", "3", "4", "5", "6"]


async def test_a_job_deleted_between_pages_hides_a_row(server: JobsServer) -> None:
    doomed = named(server, "1")
    server.between_pages = lambda: server.world.jobs.get(doomed) and server.world.delete(doomed)
    assert await sweep(server) == ["1", "2", "4", "5", "6"]


async def test_a_change_between_pages_moves_a_row_past_the_reader(server: JobsServer) -> None:
    server.order = Order.UPDATED_DESC
    moved = named(server, "6")
    server.between_pages = lambda: server.world.edit(moved, updated_at=NOON)
    names = await sweep(server)
    assert names == ["1", "2", "2", "3", "4", "5"]


async def test_nothing_moves_before_the_first_page(server: JobsServer) -> None:
    calls: list[int] = []
    server.between_pages = lambda: calls.append(len(server.requests))
    await sweep(server, limit=3)
    assert calls == [2]


async def test_a_look_can_be_held_and_released(server: JobsServer) -> None:
    server.hold_pages()
    reading = asyncio.create_task(sweep(server))
    await server.seen(1)
    server.world.add("late", age=0)
    assert not reading.done()
    server.release_pages()
    assert (await reading)[0] == "late"


def test_a_page_of_a_hundred_thousand_jobs_costs_far_less_than_a_millisecond() -> None:
    world = JobsWorld(seed=1, now=lambda: NOON)
    world.populate(100_000, failed=3_000)
    listing = Listing(world)
    failed = Filters(status="FAILED")
    for filters in (ALL, failed):
        listing.page(listing.matching(filters, Order.CREATED_DESC), total=0, offset=0, limit=3_000)
    started = time.process_time()
    for offset in range(0, 2_000, 100):
        for filters in (ALL, failed):
            jobs = listing.matching(filters, Order.CREATED_DESC)
            listing.page(jobs, total=len(jobs), offset=offset, limit=100)
    assert (time.process_time() - started) / 40 < 0.0005
