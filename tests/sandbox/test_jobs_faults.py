"""Each fault of the simulated API reaches a real client as it would from the real one."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from bot.sandbox.jobs_faults import FAULTS, FaultKind
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld

NOON = 1_795_435_200.0
KEY = {"Authorization": "Bearer sk_sandbox"}
ANSWERS = sorted(name for name, fault in FAULTS.items() if fault.kind is FaultKind.ANSWER)


@pytest.fixture
async def server() -> AsyncIterator[JobsServer]:
    world = JobsWorld(seed=7, now=lambda: NOON)
    for age in (10, 20, 30):
        world.add(str(age), age=age)
    async with JobsServer(world) as running:
        yield running


@pytest.fixture
async def client(server: JobsServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, headers=KEY, trust_env=False) as opened:
        yield opened


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_wrong_answer_comes_once_and_then_the_right_one(
    server: JobsServer, client: httpx.AsyncClient, name: str
) -> None:
    server.fault(FAULTS[name])
    wrong = await client.get("/batch/jobs")
    assert (wrong.status_code, wrong.content) == (FAULTS[name].status, FAULTS[name].body)
    assert wrong.headers["Content-Type"] == FAULTS[name].content_type
    assert (await client.get("/batch/jobs")).json()["total"] == 3


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("rate_limited_seconds", "2"),
        ("rate_limited_unreadable", "soon"),
        ("rate_limited_body", None),
        ("rate_limited_bare", None),
    ],
)
async def test_a_rate_limit_names_its_wait_in_every_known_way(
    server: JobsServer, client: httpx.AsyncClient, name: str, header: str | None
) -> None:
    server.fault(FAULTS[name])
    assert (await client.get("/batch/jobs")).headers.get("Retry-After") == header


async def test_a_retry_date_is_ahead_of_the_clock_of_the_api(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.clock_skew = 300
    server.fault(FAULTS["rate_limited_date"])
    headers = (await client.get("/batch/jobs")).headers
    wait = parsedate_to_datetime(headers["Retry-After"]) - parsedate_to_datetime(headers["Date"])
    assert wait.total_seconds() == 2


async def test_a_dropped_connection_is_an_error_of_the_transport(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.fault(FAULTS["dropped"])
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/batch/jobs")
    assert (await client.get("/batch/jobs")).status_code == 200


async def test_an_answer_can_be_cut_in_the_middle(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.fault(FAULTS["cut"])
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await client.get("/batch/jobs")


async def test_an_answer_can_drip_until_faults_are_cleared(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.fault(FAULTS["drip"])
    async with client.stream("GET", "/batch/jobs") as answer:
        drops = answer.aiter_raw()
        assert [await anext(drops) for _ in range(3)] == [b" "] * 3
        server.clear_faults()
        with pytest.raises(httpx.RemoteProtocolError):
            [drop async for drop in drops]
    assert (await client.get("/batch/jobs")).status_code == 200


async def test_a_stalled_request_is_answered_when_faults_are_cleared(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    server.fault(FAULTS["stall"])
    asking = asyncio.create_task(client.get("/batch/jobs"))
    await server.seen(1)
    assert not asking.done()
    server.clear_faults()
    assert (await asking).json()["total"] == 3


async def test_a_stalled_request_ends_when_the_client_goes(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.fault(FAULTS["stall"])
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/batch/jobs", timeout=0.05)
    assert (await client.get("/batch/jobs")).status_code == 200


async def test_a_server_with_a_stalled_request_can_be_stopped(client: httpx.AsyncClient) -> None:
    async with JobsServer(JobsWorld(now=lambda: NOON)) as other:
        other.fault(FAULTS["stall"], times=None)
        asking = asyncio.create_task(client.get(f"{other.url}/batch/jobs"))
        await other.seen(1)
    assert (await asking).json()["total"] == 0


async def test_a_fault_lasts_until_it_is_cleared(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.fault(FAULTS["server_error"], times=None)
    assert [(await client.get("/batch/jobs")).status_code for _ in range(3)] == [500, 500, 500]
    server.clear_faults()
    assert (await client.get("/batch/jobs")).status_code == 200


async def test_a_fault_can_wait_for_a_page_in_the_middle_of_a_sweep(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    server.fault(FAULTS["bad_gateway"], at_offset=1)
    statuses = [(await client.get("/batch/jobs", params={"offset": offset})).status_code for offset in (0, 1, 1)]
    assert statuses == [200, 502, 200]


async def test_a_fault_can_be_for_single_jobs(server: JobsServer, client: httpx.AsyncClient) -> None:
    job_id = next(iter(server.world.jobs))
    server.fault(FAULTS["forbidden"], path="/batch/jobs/*")
    assert (await client.get("/batch/jobs")).status_code == 200
    assert (await client.get(f"/batch/jobs/{job_id}")).status_code == 403


async def test_faults_come_in_the_order_in_which_they_were_arranged(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    server.fault(FAULTS["unavailable"], times=2)
    server.fault(FAULTS["unauthorized"])
    statuses = [(await client.get("/batch/jobs")).status_code for _ in range(4)]
    assert statuses == [503, 503, 401, 200]


async def test_a_bad_row_overrides_fields(server: JobsServer, client: httpx.AsyncClient) -> None:
    job = server.world.add("whole", age=0)
    server.bad_rows[job.id] = {"status": 7, "created_at": None}
    row = (await client.get("/batch/jobs")).json()["jobs"][0]
    assert (row["id"], row["status"], row["created_at"]) == (job.id, 7, None)


@pytest.mark.parametrize("value", ["text", 7, None, ["a"]])
async def test_a_bad_row_can_be_anything_at_all(server: JobsServer, client: httpx.AsyncClient, value: object) -> None:
    server.bad_rows[server.world.add(age=0).id] = value
    assert (await client.get("/batch/jobs")).json()["jobs"][0] == value


async def test_the_total_can_lie(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.total_shift = -2
    body = (await client.get("/batch/jobs")).json()
    assert (body["total"], len(body["jobs"])) == (1, 3)
