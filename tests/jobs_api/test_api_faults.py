"""Every wrong answer ends a look with a fault of the right kind and one useful line, or passes when asked again."""

import httpx
import pytest
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from bot.core.faults import Fault, FaultKind
from bot.core.listing import Listing
from bot.core.sweep import Known
from bot.jobs_api.client import JobsApi
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_faults import Fault as Wrong
from bot.sandbox.jobs_server import JobsServer
from tests.samples import Clock

KINDS = {
    "bad_request": (FaultKind.REQUEST, "HTTP 400, invalid_parameter: limit is too large"),
    "unauthorized": (FaultKind.CREDENTIALS, "HTTP 401, Invalid API key; check ATAI_API_KEY"),
    "unauthorized_envelope": (FaultKind.CREDENTIALS, "HTTP 401, unauthorized: The API key was revoked"),
    "forbidden": (FaultKind.CREDENTIALS, "HTTP 403, forbidden: This key may not read jobs"),
    "not_found": (FaultKind.REQUEST, "HTTP 404, NOT_FOUND: No such route; check ATAI_API_ENDPOINT"),
    "conflict": (FaultKind.REQUEST, "HTTP 409, conflict: The job is already final"),
    "unprocessable": (FaultKind.REQUEST, "HTTP 422, ensure this value is less than or equal to 50"),
    "rate_limited_seconds": (FaultKind.RATE_LIMITED, "HTTP 429, rate_limited: Slow down"),
    "rate_limited_date": (FaultKind.RATE_LIMITED, "HTTP 429"),
    "rate_limited_body": (FaultKind.RATE_LIMITED, "HTTP 429, RATE_LIMITED: Slow down"),
    "rate_limited_bare": (FaultKind.RATE_LIMITED, "HTTP 429"),
    "rate_limited_absurd": (FaultKind.RATE_LIMITED, "HTTP 429, rate_limited: Slow down"),
    "rate_limited_unreadable": (FaultKind.RATE_LIMITED, "HTTP 429, rate_limited: Slow down"),
    "server_error": (
        FaultKind.SERVER,
        "Try again in a minute: err-5f0c2a9d; partial_result: Only some shards answered",
    ),
    "server_error_detail": (FaultKind.SERVER, "HTTP 500, Internal Server Error"),
    "bad_gateway": (FaultKind.SERVER, "502 Bad Gateway"),
    "unavailable": (FaultKind.SERVER, "HTTP 503, upstream connect error"),
    "unavailable_retry_after": (FaultKind.SERVER, "HTTP 503, unavailable: Maintenance"),
    "gateway_timeout": (FaultKind.SERVER, "HTTP 504"),
    "redirect": (FaultKind.REQUEST, "HTTP 302"),
    "html_page": (FaultKind.GARBLED, "<title>Sign in"),
    "truncated_json": (FaultKind.GARBLED, '{"total": 3, "offset": 0'),
    "empty_body": (FaultKind.GARBLED, "empty"),
    "plain_text": (FaultKind.GARBLED, "the body is: ok"),
    "jobs_null": (FaultKind.GARBLED, "jobs"),
    "jobs_missing": (FaultKind.GARBLED, "jobs"),
    "jobs_object": (FaultKind.GARBLED, "jobs"),
    "bare_list": (FaultKind.GARBLED, "the body is: []"),
    "bare_null": (FaultKind.GARBLED, "the body is: null"),
    "empty_object": (FaultKind.GARBLED, "the body is: {}"),
    "stall": (FaultKind.TIMEOUT, "no answer in time from 127.0.0.1"),
    "drip": (FaultKind.TIMEOUT, "no whole answer within 0.9 s from 127.0.0.1"),
    "dropped": (FaultKind.NETWORK, "RemoteProtocolError: Server disconnected"),
    "cut": (FaultKind.NETWORK, "RemoteProtocolError: peer closed connection"),
}
LISTED = {"not_utf8", "total_text", "total_negative"}  # one field is wrong: the rest of the answer is read
PASSING = sorted(
    name
    for name, (kind, _) in KINDS.items()
    if kind in {FaultKind.RATE_LIMITED, FaultKind.SERVER, FaultKind.NETWORK, FaultKind.GARBLED}
)


def patience(name: str) -> float:
    """Seconds; little only with an answer that does not come."""
    return 0.3 if KINDS[name][0] is FaultKind.TIMEOUT else 10.0


async def look(server: JobsServer, clock: Clock, patient: float = 10.0) -> Listing | Fault:
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=patient) as http:
        return await JobsApi("prod", http, 100, clock).list_jobs(Known())


def test_the_table_names_every_fault() -> None:
    assert KINDS.keys() | LISTED == FAULTS.keys()


@pytest.mark.parametrize("name", KINDS)
async def test_a_wrong_answer_that_stays_is_a_fault_with_one_useful_line(
    server: JobsServer, clock: Clock, name: str
) -> None:
    server.fault(FAULTS[name], times=None)
    kind, words = KINDS[name]
    fault = await look(server, clock, patience(name))
    assert isinstance(fault, Fault)
    assert (fault.kind, words in fault.detail) == (kind, True), fault.detail
    assert "\n" not in fault.detail
    assert len(fault.detail) < 500
    assert server.key not in fault.detail


@pytest.mark.parametrize("name", PASSING)
async def test_a_wrong_answer_that_passes_is_not_noticed(server: JobsServer, clock: Clock, name: str) -> None:
    server.fault(FAULTS[name], times=2)
    listing = await look(server, clock)
    assert isinstance(listing, Listing)
    assert (listing.certificate.complete, len(listing.rows)) == (True, 3)


@pytest.mark.parametrize("name", ["unauthorized", "forbidden", "not_found", "conflict", "redirect", "stall", "drip"])
async def test_an_answer_that_will_not_change_is_not_asked_for_again(
    server: JobsServer, clock: Clock, name: str
) -> None:
    server.fault(FAULTS[name], times=None)
    await look(server, clock, patience(name))
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["total_text", "total_negative"])
async def test_an_answer_without_a_total_proves_nothing(server: JobsServer, clock: Clock, name: str) -> None:
    server.fault(FAULTS[name], times=None)
    listing = await look(server, clock)
    assert isinstance(listing, Listing)
    assert not listing.certificate.complete


async def test_an_id_that_is_no_text_costs_its_row_alone(server: JobsServer, clock: Clock) -> None:
    server.fault(FAULTS["not_utf8"], times=None)
    listing = await look(server, clock)
    assert isinstance(listing, Listing)
    assert (listing.rows, [fault.id for fault in listing.faults]) == ((), [""])


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("rate_limited_seconds", 2),
        ("rate_limited_date", 2),
        ("rate_limited_body", 2),
        ("rate_limited_bare", None),
        ("rate_limited_absurd", None),
        ("rate_limited_unreadable", None),
        ("unavailable_retry_after", 1),
    ],
)
@pytest.mark.parametrize("skew", [0, 300, -300])
async def test_the_wait_that_a_server_names_is_known_in_every_form(
    server: JobsServer, clock: Clock, name: str, seconds: float | None, skew: float
) -> None:
    server.clock_skew = skew
    server.fault(FAULTS[name], times=None)
    fault = await look(server, clock)
    assert isinstance(fault, Fault)
    assert fault.retry_after == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("120", 120), ("3600", 3600), ("3601", None), ("-1", None), ("nan", None), ("1e9", None), ("", None)],
)
async def test_an_absurd_wait_is_no_wish(server: JobsServer, clock: Clock, header: str, seconds: float | None) -> None:
    server.fault(Wrong(status=429, headers=(("Retry-After", header),)), times=None)
    fault = await look(server, clock)
    assert isinstance(fault, Fault)
    assert fault.retry_after == seconds


async def test_a_long_wait_ends_the_look_at_once(server: JobsServer, clock: Clock) -> None:
    server.fault(Wrong(status=429, headers=(("Retry-After", "30"),)), times=None)
    fault = await look(server, clock)
    assert isinstance(fault, Fault)
    assert (fault.retry_after, len(server.requests)) == (30, 1)


async def test_a_short_wait_is_kept_before_the_request_is_repeated(server: JobsServer, clock: Clock) -> None:
    waits: list[float] = []

    def note(details: RetryDetails) -> None:
        waits.append(details.wait_for)

    set_on_retry_hooks([note])
    server.fault(Wrong(status=503, headers=(("Retry-After", "0.01"),)))
    try:
        with stamina.set_testing(False):
            assert isinstance(await look(server, clock), Listing)
    finally:
        set_on_retry_hooks(None)
    assert waits == [0.01]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors": [{"code": "a", "message": "b"}, {"code": "c"}]}', "a: b; c"),
        (b'{"errors": ["x", null, 7]}', '{"errors": ["x", null, 7]}'),
        (b'{"errors": null, "detail": null}', '{"errors": null'),
        (b'{"detail": "no"}', "no"),
        (b'{"detail": [{"msg": "one"}, {"loc": 2}, "three"]}', "one; {'loc': 2}; three"),
        (b'{"error": {"code": "A", "message": "b", "details": {}}}', "A: b"),
        (b'{"error": "nope"}', '{"error": "nope"}'),
        (b'{"message": "two\\nlines"}', "two"),
        (b"\xff\xfe\x00", "HTTP 500"),
        (b"[" * 5000, "[[["),
    ],
)
async def test_an_error_body_of_any_shape_gives_one_line(
    server: JobsServer, clock: Clock, body: bytes, words: str
) -> None:
    server.fault(Wrong(status=500, body=body), times=None)
    fault = await look(server, clock)
    assert isinstance(fault, Fault)
    assert words in fault.detail
    assert "\n" not in fault.detail
    assert "\0" not in fault.detail


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("body", ['{{"errors": [{{"code": "{0}", "message": "Bearer {0}"}}]}}', "no: {0}"])
async def test_a_key_that_an_answer_repeats_is_not_repeated_by_the_bot(
    server: JobsServer, clock: Clock, body: str, status: int
) -> None:
    server.key = "sk_live_0123456789abcdef"
    server.fault(Wrong(status=status, body=body.format(server.key).encode()), times=None)
    fault = await look(server, clock)
    assert isinstance(fault, Fault)
    assert "0123456789abcdef" not in str(fault)
    assert "sk_…" in str(fault)


async def test_a_fault_in_the_middle_of_a_sweep_concludes_nothing(server: JobsServer, api: JobsApi) -> None:
    server.max_limit = 2
    server.fault(FAULTS["forbidden"], at_offset=1)
    assert isinstance(await api.list_jobs(Known()), Fault)


async def test_a_refusal_in_the_middle_of_a_sweep_is_not_about_the_limit(server: JobsServer, api: JobsApi) -> None:
    server.max_limit = 2
    server.fault(FAULTS["bad_request"], at_offset=1)
    assert isinstance(await api.list_jobs(Known()), Fault)
    await api.list_jobs(Known())
    assert {seen.query["limit"] for seen in server.requests} == {"100"}


async def test_a_port_where_nobody_listens_is_a_network_fault(clock: Clock) -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as http:
        fault = await JobsApi("prod", http, 100, clock).list_jobs(Known())
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.NETWORK


@pytest.mark.parametrize("name", ["unauthorized", "empty_body", "rate_limited_seconds"])
async def test_the_question_for_the_clock_meets_the_same_faults(server: JobsServer, api: JobsApi, name: str) -> None:
    server.fault(FAULTS[name], times=None)
    fault = await api.glance()
    assert isinstance(fault, Fault)
    assert fault.kind is KINDS[name][0]


async def test_the_clock_and_the_total_are_the_servers(server: JobsServer, api: JobsApi, clock: Clock) -> None:
    server.clock_skew = 42
    page = await api.glance()
    assert not isinstance(page, Fault)
    assert (page.at, page.total) == (clock.now + 42_000_000, 3)
