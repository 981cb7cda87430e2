"""One bad row costs itself alone, one bad field only that field."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.instants import instant, parse_instant
from bot.core.jobs import Job, Progress
from bot.core.listing import Listing, Page, Row
from bot.core.sweep import Known
from bot.jobs_api.client import JobsApi
from bot.jobs_api.decoding import NOT_JSON, decode_page, decode_row
from bot.sandbox.jobs_server import JobsServer

WHOLE: dict[str, object] = {
    "id": "job_7rnem944r68aptbed5j3nwkhz7",
    "org_id": "org_2vdnp31s6q8cgs2vc37a01w6jb",
    "name": "gateway-flows",
    "pipeline_type": "batch",
    "pipeline_key": "activity-detection",
    "pipeline_version": "1.1.1-409-e749ac0",
    "status": "FAILED",
    "parameters": {"worker": {"parallelism": 1}},
    "retry_count": 1,
    "preemption_count": 2,
    "queue_position": None,
    "queue_depth": None,
    "input_progress": {"pending": 0, "processing": 0, "completed": 3, "failed": 1},
    "created_at": "2026-11-20T01:24:52.903117Z",
    "updated_at": "2026-11-20T01:29:40Z",
    "started_at": "2026-11-20T01:25:39.44Z",
    "completed_at": None,
    "failed_at": "2026-11-20T01:29:40.118204Z",
    "cancelled_at": None,
    "error": {"code": "BackoffLimitExceeded", "message": "Worker ran out of memory"},
}
READ = Job(
    source="prod",
    id="job_7rnem944r68aptbed5j3nwkhz7",
    org_id="org_2vdnp31s6q8cgs2vc37a01w6jb",
    name="gateway-flows",
    pipeline_type="batch",
    pipeline_key="activity-detection",
    pipeline_version="1.1.1-409-e749ac0",
    status="FAILED",
    retry_count=1,
    preemption_count=2,
    progress=Progress(pending=0, processing=0, completed=3, failed=1),
    created_at=parse_instant(WHOLE["created_at"]),
    updated_at=parse_instant(WHOLE["updated_at"]),
    started_at=parse_instant(WHOLE["started_at"]),
    failed_at=parse_instant(WHOLE["failed_at"]),
    error="BackoffLimitExceeded: Worker ran out of memory",
)
FIELDS = {name: "progress" if name == "input_progress" else name for name in WHOLE}
UNREAD = {"parameters", "queue_position", "queue_depth"}
BAD = ["null", "7", "-1", "1e999", "9" * 400, "NaN", "true", '""', '"\\ud800"', '"a\\u0000b"', "[]", '{"a": [1]}']


def row_of(text: str) -> Row | None:
    return decode_row(msgspec.Raw(text.encode()), "prod", {})


def page_of(*rows: str, total: str = "2") -> Page:
    return decode_page(f'{{"total": {total}, "limit": 100, "jobs": [{",".join(rows)}]}}'.encode(), "prod", {}, 0)


def text_of(fields: Mapping[str, object], **raw: str) -> str:
    """The row as JSON, with some fields as they are written."""
    told = {name: msgspec.json.encode(value).decode() for name, value in fields.items()} | raw
    return "{" + ",".join(f'"{name}": {value}' for name, value in told.items()) + "}"


def differing(job: Job, other: Job) -> set[str]:
    return {name for name in Job.__dataclass_fields__ if getattr(job, name) != getattr(other, name)}


def test_a_whole_row_is_read_whole() -> None:
    row = row_of(text_of(WHOLE))
    assert row is not None
    assert (row.job, row.fault, row.id) == (READ, "", READ.id)
    assert row.created is not None
    assert instant(row.created) == READ.created_at


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"id", "status"}))
def test_a_field_that_is_missing_leaves_the_others_as_they_are(name: str) -> None:
    row = row_of(text_of({key: value for key, value in WHOLE.items() if key != name}))
    assert row is not None
    assert row.job is not None
    assert row.fault == ""
    assert differing(row.job, READ) <= {FIELDS[name]}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"id", "status"}))
def test_a_field_that_is_wrong_leaves_the_others_and_the_next_row_as_they_are(name: str, bad: str) -> None:
    page = page_of(text_of(WHOLE, **{name: bad}), text_of(WHOLE | {"id": "job_next"}))
    first, second = page.rows
    assert first.job is not None
    assert differing(first.job, READ) <= {FIELDS[name]}
    assert second.job is not None
    assert differing(second.job, READ) == {"id"}
    assert (page.nameless, page.total) == ((), 2)
    if name in UNREAD:
        assert first.fault == ""


@pytest.mark.parametrize(
    ("name", "bad"),
    [("retry_count", "-1"), ("retry_count", "true"), ("preemption_count", '"2"'), ("retry_count", "9" * 400),
     ("failed_at", "7"), ("failed_at", '"soon"'), ("name", "7"), ("pipeline_key", "[]")],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(name: str, bad: str) -> None:
    row = row_of(text_of(WHOLE, **{name: bad}))
    assert row is not None
    assert row.fault.startswith(f"{name} is no ")


@pytest.mark.parametrize("bad", ["null", "7", '""', '" "', "[]", "{}"])
def test_a_row_without_a_status_is_present_but_unreadable(bad: str) -> None:
    row = row_of(text_of(WHOLE, status=bad))
    assert row is not None
    assert (row.id, row.job, row.fault) == (READ.id, None, "status is missing or no text")


@pytest.mark.parametrize("bad", ["null", "7", '""', '"\\ud800"', '"a\\u0000"', "[]", "{}", '"' + "x" * 9999 + '"'])
def test_a_row_whose_id_is_no_name_is_nameless(bad: str) -> None:
    page = page_of(text_of(WHOLE, id=bad), text_of(WHOLE))
    assert [row.id for row in page.rows] == [READ.id]
    assert len(page.nameless) == 1


@pytest.mark.parametrize("bad", ["null", "7", '"text"', "[]", "{}", "NaN", '["id"]'])
def test_a_row_that_is_no_object_is_nameless(bad: str) -> None:
    page = page_of(bad, text_of(WHOLE))
    assert (len(page.rows), len(page.nameless), page.received) == (1, 1, 2)


@pytest.mark.parametrize(
    ("told", "read"), [("failed", "FAILED"), (" Failed ", "FAILED"), ("QUEUED_V2", "QUEUED_V2"), ("odd one", "odd one")]
)
def test_a_status_is_known_in_any_case_and_an_unknown_one_is_carried_as_it_came(told: str, read: str) -> None:
    row = row_of(text_of(WHOLE | {"status": told}))
    assert row is not None
    assert row.job is not None
    assert row.job.status == read


@pytest.mark.parametrize("total", ["-1", '"many"', "null", "1e999", "2.5", "true", "9" * 30])
def test_a_total_that_is_no_count_is_none(total: str) -> None:
    page = page_of(text_of(WHOLE), total=total)
    assert (page.total, len(page.rows)) == (None, 1)


def test_a_row_that_equals_what_is_stored_is_not_decoded() -> None:
    first = row_of(text_of(WHOLE))
    assert first is not None
    again = decode_row(msgspec.Raw(text_of(WHOLE).encode()), "prod", {first.id: first.fingerprint})
    assert again == first._replace(job=None)


@pytest.mark.parametrize("created", ['"2026-11-20T01:24:52"', '"soon"', "7", "null"])
def test_a_creation_that_is_no_instant_is_none(created: str) -> None:
    row = row_of(text_of(WHOLE, created_at=created))
    assert row is not None
    assert row.created is None


def test_a_secret_in_an_error_is_left_out() -> None:
    told = {"message": "403 for https://b.example/in.csv?X-Amz-Signature=0123456789abcdef: denied"}
    row = row_of(text_of(WHOLE | {"error": told}))
    assert row is not None
    assert row.job is not None
    assert row.job.error == "403 for https://b.example/in.csv?…: denied"


def test_an_error_nested_without_end_is_text_too() -> None:
    row = row_of(text_of(WHOLE, error='{"message": [' * 300 + "1" + "]}" * 300))
    assert row is not None
    assert row.job is not None
    assert row.job.error


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_says_nothing(number: str) -> None:
    row = row_of(text_of(WHOLE, error=number))
    assert row is not None
    assert row.job is not None
    assert row.job.error == ""


def test_long_texts_are_cut() -> None:
    row = row_of(text_of(WHOLE | {"error": "x" * 100_000, "name": "y" * 100_000}))
    assert row is not None
    assert row.job is not None
    assert (len(row.job.error), len(row.job.name)) == (2_000, 500)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE]), inner, max_size=4),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*WHOLE]), _JSON))
def test_no_row_upsets_its_page(fields: dict[str, object]) -> None:
    page = page_of(text_of(WHOLE | fields), text_of(WHOLE | {"id": "job_next"}))
    assert page.received == 2
    assert page.rows[-1].job is not None
    for row in page.rows:
        assert row.job is None or msgspec.json.encode(row.job)


@given(st.binary(max_size=60))
def test_no_body_upsets_the_decoder(body: bytes) -> None:
    try:
        page = decode_page(body, "prod", {}, 0)
    except NOT_JSON:
        return
    assert page.received >= 0


async def test_bad_rows_of_a_real_answer_are_reported_and_the_others_are_read(server: JobsServer, api: JobsApi) -> None:
    jobs = [server.world.add(f"bad-{number}", age=number) for number in range(4)]
    for job, instead in zip(jobs, [None, {"status": None}, {"name": 7}, {"id": 7}], strict=True):
        server.bad_rows[job.id] = instead
    listing = await api.list_jobs(Known())
    assert isinstance(listing, Listing)
    assert sorted(job.name for job in listing.jobs) == ["", "10", "20", "30"]
    assert listing.certificate.complete
    assert [str(fault) for fault in listing.faults] == [
        f"{jobs[1].id}: status is missing or no text",
        f"{jobs[2].id}: name is no text",
        *["a row does not tell its id"] * 2,
    ]
