"""The simulated API answers as the real one is documented to, over real HTTP."""

from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from bot.sandbox.jobs_server import JobsServer, Seen
from bot.sandbox.jobs_world import JobsWorld

NOON = 1_795_435_200.0
KEY = {"Authorization": "Bearer sk_sandbox"}


@pytest.fixture
async def server() -> AsyncIterator[JobsServer]:
    async with JobsServer(JobsWorld(seed=7, now=lambda: NOON)) as running:
        yield running


@pytest.fixture
async def client(server: JobsServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, headers=KEY, trust_env=False) as opened:
        yield opened


async def test_the_list_tells_total_offset_limit_and_full_rows(server: JobsServer, client: httpx.AsyncClient) -> None:
    job = server.world.add(status="RUNNING", age=60)
    answer = await client.get("/batch/jobs")
    assert answer.json() == {"total": 1, "offset": 0, "limit": 10, "jobs": [job.wire()]}
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_row_is_renewed_when_its_job_changes(server: JobsServer, client: httpx.AsyncClient) -> None:
    job = server.world.add(status="RUNNING", age=60)
    await client.get("/batch/jobs")
    server.world.fail(job.id, "OOMKilled (exit=137)")
    row = (await client.get("/batch/jobs")).json()["jobs"][0]
    assert (row["status"], row["error"], row["failed_at"]) == (
        "FAILED",
        "OOMKilled (exit=137)",
        "2026-11-23T12:00:00Z",
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status": "FAILED"}, {"press"}),
        ({"pipeline_type": "training"}, {"omega"}),
        ({"q": "PRE"}, {"press"}),
        ({"status": "NEVER_HEARD"}, set()),
        ({"status": "RUNNING", "pipeline_type": "training", "q": "meg"}, {"omega"}),
    ],
)
async def test_filters_narrow_list_and_total(
    server: JobsServer, client: httpx.AsyncClient, query: dict[str, str], names: set[str]
) -> None:
    server.world.add("press", status="FAILED", age=60)
    server.world.add("omega", status="RUNNING", age=60, pipeline_type="training")
    body = (await client.get("/batch/jobs", params=query)).json()
    assert {row["name"] for row in body["jobs"]} == names
    assert body["total"] == len(names)


async def test_a_limit_over_the_maximum_is_clamped_in_silence(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.max_limit = 2
    for _ in range(3):
        server.world.add()
    body = (await client.get("/batch/jobs", params={"limit": 100})).json()
    assert (body["limit"], body["total"], len(body["jobs"])) == (2, 3, 2)


async def test_a_limit_over_the_maximum_can_be_refused(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.refuse_over_limit = 50
    assert (await client.get("/batch/jobs", params={"limit": 50})).status_code == 200
    refused = await client.get("/batch/jobs", params={"limit": 51})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "limit"]


@pytest.mark.parametrize("query", [{"offset": "-1"}, {"limit": "many"}])
async def test_a_parameter_that_is_no_number_is_refused(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await client.get("/batch/jobs", params=query)).status_code == 422


async def test_one_job_is_told_without_a_wrapper(server: JobsServer, client: httpx.AsyncClient) -> None:
    job = server.world.add()
    body = (await client.get(f"/batch/jobs/{job.id}")).json()
    assert body == job.wire()
    assert (body["queue_position"], body["queue_depth"]) == (1, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/batch/jobs/job_gone"),
        ("DELETE", "/batch/jobs/job_gone"),
        ("POST", "/batch/jobs/job_gone/cancel"),
        ("POST", "/batch/jobs/job_gone/retry"),
        ("GET", "/batch/jobs/job_gone/events"),
    ],
)
async def test_an_unknown_id_is_404_with_the_errors_envelope(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


async def test_an_unknown_path_is_404_with_the_errors_envelope(client: httpx.AsyncClient) -> None:
    answer = await client.get("/batch/nothing")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("header", ["", "Bearer sk_other", "sk_sandbox"])
async def test_a_missing_or_wrong_key_is_401(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/batch/jobs", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_cancel_answers_in_part_and_a_second_time_with_a_conflict(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    job = server.world.add(status="RUNNING", age=60)
    first = await client.post(f"/batch/jobs/{job.id}/cancel")
    assert first.json() == {"id": job.id, "status": "CANCELLED", "cancelled_at": "2026-11-23T12:00:00Z"}
    second = await client.post(f"/batch/jobs/{job.id}/cancel")
    assert (second.status_code, second.json()["errors"][0]["code"]) == (409, "conflict")


async def test_retry_answers_in_part_and_refuses_what_has_not_ended(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    job = server.world.add(status="FAILED", age=60)
    first = await client.post(f"/batch/jobs/{job.id}/retry")
    assert first.json() == {"id": job.id, "status": "PENDING", "retry_count": 1}
    assert (await client.post(f"/batch/jobs/{job.id}/retry")).status_code == 409


async def test_a_deleted_job_is_gone(server: JobsServer, client: httpx.AsyncClient) -> None:
    job = server.world.add(status="COMPLETED", age=60)
    assert (await client.delete(f"/batch/jobs/{job.id}")).json() == {"id": job.id, "deleted": True}
    assert (await client.get(f"/batch/jobs/{job.id}")).status_code == 404
    assert (await client.get("/batch/jobs")).json()["total"] == 0


async def test_events_tell_the_failure_and_can_be_filtered_by_level(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    job = server.world.add(status="FAILED", age=60, error=None)
    every = (await client.get(f"/batch/jobs/{job.id}/events", params={"limit": 50})).json()
    assert [event["event_type"] for event in every["events"]] == [
        "job.failed",
        "pod.terminated",
        "job.started",
    ]
    failed = (await client.get(f"/batch/jobs/{job.id}/events", params={"level": "FAILED"})).json()
    assert [event["message"] for event in failed["events"]] == ["Job failed: BackoffLimitExceeded"]


@pytest.mark.parametrize("error", [None, {}, ""])
async def test_why_a_job_without_an_error_failed_is_told_by_an_event(
    server: JobsServer, client: httpx.AsyncClient, error: object
) -> None:
    job = server.world.add(status="FAILED", age=60, error=error)
    (event,) = (await client.get(f"/batch/jobs/{job.id}/events", params={"level": "ERROR"})).json()["events"]
    assert event["message"].startswith("Container worker terminated: ")
    assert len(event["message"]) > len("Container worker terminated: ")


async def test_inputs_that_failed_in_a_completed_job_are_told_by_an_event(
    server: JobsServer, client: httpx.AsyncClient
) -> None:
    job = server.world.complete(server.world.add(status="RUNNING", age=60).id, failed_inputs=1)
    (event,) = (await client.get(f"/batch/jobs/{job.id}/events", params={"level": "ERROR"})).json()["events"]
    assert event["message"] == "Inputs that failed: 1"


async def test_the_queue_tells_its_depth_by_pipeline_type(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.world.add()
    server.world.add(status="PREEMPTED", age=60)
    assert (await client.get("/batch/jobs/queue")).json() == {
        "queues": [{"pipeline_type": "batch", "depth": 2}, {"pipeline_type": "training", "depth": 0}]
    }


async def test_every_answer_is_dated_by_the_clock_of_the_api(server: JobsServer, client: httpx.AsyncClient) -> None:
    server.clock_skew = -90
    for path in ("/batch/jobs", "/batch/jobs/job_gone", "/nothing"):
        answer = await client.get(path)
        assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == NOON - 90


async def test_requests_are_remembered(server: JobsServer, client: httpx.AsyncClient) -> None:
    await client.get("/batch/jobs", params={"offset": 0, "limit": 100})
    assert server.requests == [Seen("GET", "/batch/jobs", {"offset": "0", "limit": "100"}, NOON)]


async def test_a_port_that_is_taken_is_an_error_of_the_system(server: JobsServer) -> None:
    port = int(httpx.URL(server.url).port or 0)
    with pytest.raises(OSError, match=str(port)):
        async with JobsServer(server.world, port=port):
            pass
