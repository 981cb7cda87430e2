"""A job's events as the API tells them: whatever is wrong with one of them costs the others nothing."""

import msgspec
import pytest

from bot.core.faults import Fault
from bot.core.instants import parse_instant
from bot.core.reasons import Event, EventPage
from bot.jobs_api.client import JobsApi
from bot.jobs_api.decoding import NOT_JSON
from bot.jobs_api.events import AT_ONCE, decode_events
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_server import JobsServer

AT = "2026-11-20T01:29:40.118204Z"


def decoded(*rows: object, **more: object) -> EventPage:
    return decode_events(msgspec.json.encode({"events": rows, **more}))


def test_an_event_is_its_level_its_words_its_time_and_its_number() -> None:
    row = {"id": 7, "level": "failed", "message": "OOMKilled", "created_at": AT, "payload": {"prompt": "secret"}}
    assert decoded(row, total=9) == EventPage((Event("FAILED", "OOMKilled", parse_instant(AT), 7),), 1, 9)


@pytest.mark.parametrize(
    ("row", "event"),
    [
        ({}, Event("", "")),
        ({"level": 3, "message": None, "created_at": "soon", "id": "x"}, Event("3", "")),
        ({"level": "ERROR", "message": {"reason": "no space"}}, Event("ERROR", "no space")),
        (
            {"level": "ERROR", "message": "GET https://b.example/o?X-Amz-Signature=abc123abc 403"},
            Event("ERROR", "GET https://b.example/o?… 403"),
        ),
    ],
)
def test_what_is_strange_or_secret_in_an_event_is_left_out(row: object, event: Event) -> None:
    assert decoded(row, None, "x") == EventPage((event,), 3, None)


def test_only_what_may_tell_of_a_failure_is_read() -> None:
    said = {
        level: decoded({"level": level, "message": "OOM"}).events[0].message for level in ("error", "FAILED", "WARN")
    }
    assert said == {"error": "OOM", "FAILED": "OOM", "WARN": ""}


def test_of_more_events_than_were_asked_for_the_words_of_the_newest_are_read() -> None:
    times = [f"2026-11-20T01:{minute:02}:00Z" for minute in range(60)]
    rows = [{"id": 1, "level": "ERROR", "message": at, "created_at": at} for at in times]
    page = decoded(*rows[30:], *rows[:30], {"level": "INFO", "message": "done", "created_at": AT})
    assert page.received == len(page.events) == 61
    assert sorted(event.message for event in page.events if event.message) == times[-AT_ONCE:]


def test_an_event_whose_words_are_no_text_costs_the_others_nothing() -> None:
    page = decode_events(b'{"events": [{"level": "ERROR", "message": "\xff"}, {"level": "ERROR", "message": "OOM"}]}')
    assert [event.message for event in page.events] == ["", "OOM"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": null}', b"<html>"])
def test_what_is_no_page_of_events_is_no_answer(body: bytes) -> None:
    with pytest.raises(NOT_JSON):
        decode_events(body)


async def test_a_job_s_events_are_asked_for_without_a_filter(api: JobsApi, server: JobsServer) -> None:
    job = server.world.add(status="FAILED", error=None, age=60)
    page = await api.events(job.id, 0)
    assert isinstance(page, EventPage)
    assert {event.level for event in page.events} == {"INFO", "ERROR", "FAILED"}
    assert dict(server.requests[-1].query) == {"offset": "0", "limit": str(AT_ONCE)}


async def test_a_question_is_no_sign_that_a_look_goes_on(api: JobsApi, server: JobsServer) -> None:
    asked: list[int] = []
    api.asking = lambda: asked.append(len(server.requests))
    await api.events("job_1", 0)
    assert asked == []


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - {"stall", "drip"}))
async def test_no_fault_of_the_event_log_is_more_than_a_fault(api: JobsApi, server: JobsServer, name: str) -> None:
    (job, *_) = server.world.jobs
    server.fault(FAULTS[name], times=None, path="*/events")
    assert isinstance(await api.events(job, 0), Fault)
    assert len(server.requests) == 1
