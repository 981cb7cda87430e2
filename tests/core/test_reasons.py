"""Which failures are asked why, for how long, and which of a job's events says it."""

from dataclasses import replace

import pytest

from bot.core.changes import Change, ChangeKind
from bot.core.faults import Fault, FaultKind
from bot.core.instants import Instant
from bot.core.reasons import (
    ASKED_FOR,
    IN_VAIN,
    LATE,
    PAGES,
    QUESTIONS,
    Allowance,
    Event,
    EventPage,
    Inquiry,
    Unexplained,
    asked_until,
    asks_why,
)
from tests.samples import HOUR, MINUTE, NOW, job

OOM = Event("ERROR", "Container terminated: OOMKilled", NOW - 2 * MINUTE, 1)
BACKOFF = Event("FAILED", "Job failed: BackoffLimitExceeded", NOW - MINUTE, 2)
PAGE = EventPage((OOM, BACKOFF), 2, 90)
DOWN = Fault(FaultKind.SERVER, "HTTP 503")


def failure(**changes: object) -> Change:
    failed = replace(job(error="", failed_at=NOW), **changes)  # type: ignore[arg-type]  # each test names fields of a job
    return Change(
        job=failed,
        kind=ChangeKind.FAILED,
        was="RUNNING",
        status="FAILED",
        retry_count=0,
        preemption_count=0,
        at=failed.failed_at,
    )


@pytest.mark.parametrize("error", ["", "{}", "null", '{"code":137}', "Unknown error"])
def test_a_failure_whose_error_says_nothing_is_asked_why(error: str) -> None:
    assert asks_why(failure(error=error))


def test_a_failure_that_is_over_is_asked_why_too() -> None:
    assert asks_why(replace(failure(status="RUNNING"), inferred=True))


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("it says why itself", failure(error="OOMKilled (exit=137)")),
        ("it has not failed", replace(failure(status="CANCELLED"), kind=ChangeKind.CANCELLED)),
        ("it is old news", replace(failure(), old=True)),
    ],
)
def test_a_failure_is_not_asked_why(why: str, change: Change) -> None:
    assert not asks_why(change), why
    assert asked_until(change, NOW) is None, why


def test_a_failure_is_not_asked_about_for_ever() -> None:
    assert asked_until(failure(), NOW) == NOW + ASKED_FOR


def reason(*events: Event, ended: Instant | None = None, retried: Instant | None = None, **changes: object) -> str:
    return Unexplained(failure(**changes), ended=ended, retried=retried).reason(events)


def test_the_newest_event_that_tells_of_a_failure_is_the_reason_whatever_their_order() -> None:
    later = Event("INFO", "Cleaning up", NOW, 3)
    assert reason(OOM, later, BACKOFF) == reason(BACKOFF, later, OOM) == BACKOFF.message
    assert reason(replace(OOM, at=BACKOFF.at), BACKOFF) == BACKOFF.message
    assert reason(OOM, replace(BACKOFF, at=None)) == OOM.message


def test_an_event_that_says_nothing_is_no_reason() -> None:
    assert reason(OOM, replace(BACKOFF, message="Job failed")) == OOM.message
    assert reason(replace(OOM, message="")) == ""


def test_an_event_from_before_the_job_was_last_started_is_no_reason() -> None:
    assert reason(OOM, started_at=NOW - MINUTE) == ""
    assert reason(OOM, started_at=NOW - HOUR) == OOM.message


def test_an_event_of_a_try_that_ended_before_is_no_reason_whenever_the_job_is_said_to_have_started() -> None:
    ended = NOW - 2 * MINUTE
    assert reason(OOM, ended=ended, started_at=NOW - HOUR) == ""
    assert reason(replace(OOM, at=ended + LATE - 1), ended=ended) == ""
    assert reason(replace(OOM, at=ended + LATE), ended=ended) == OOM.message
    assert reason(replace(OOM, at=NOW), ended=NOW - 1) == OOM.message


def test_where_no_end_is_known_an_event_from_before_the_retry_was_seen_is_of_an_earlier_try() -> None:
    assert reason(OOM, retried=NOW - MINUTE) == ""
    assert reason(OOM, retried=NOW - HOUR) == OOM.message
    assert reason(OOM, ended=NOW - HOUR, retried=NOW - MINUTE) == OOM.message


def test_an_event_without_a_time_is_a_reason_only_if_there_was_no_other_try() -> None:
    undated = replace(OOM, at=None)
    assert reason(undated) == OOM.message
    assert reason(undated, ended=NOW - HOUR) == reason(undated, retried=NOW - HOUR) == ""
    assert reason(undated, status="PENDING") == ""


def test_of_a_failure_that_is_over_only_what_was_told_until_then_is_a_reason() -> None:
    later = replace(BACKOFF, at=NOW + LATE + 1)
    assert reason(OOM, later) == BACKOFF.message
    over = Unexplained(replace(failure(), job=job(status="RUNNING", failed_at=NOW, started_at=NOW + MINUTE, error="")))
    assert over.reason([OOM, later]) == OOM.message
    assert over.reason([replace(BACKOFF, at=NOW + LATE)]) == BACKOFF.message


@pytest.mark.parametrize(
    ("why", "now"),
    [
        ("it runs again", job(status="RUNNING", failed_at=NOW)),
        ("it failed at the next try", job(status="FAILED", failed_at=NOW, retry_count=1)),
        ("it failed again", job(status="FAILED", failed_at=NOW + MINUTE)),
    ],
)
def test_a_failure_is_over(why: str, now: object) -> None:
    assert isinstance(now, type(job()))
    assert Unexplained(replace(failure(), job=now)).is_over, why


def test_a_failure_whose_time_is_told_later_is_not_over() -> None:
    assert not Unexplained(replace(failure(failed_at=None), job=job(failed_at=NOW))).is_over


def inquiry(*pages: EventPage) -> Inquiry:
    return Inquiry(Unexplained(failure()), pages)


def quiet(number: int, of: int = 2, total: int = 90, *, newest_first: bool = False) -> EventPage:
    """The page that is so many from the beginning; there is no word of why on it."""
    events = tuple(Event("INFO", "working", NOW - HOUR + (number * of + place) * MINUTE) for place in range(of))
    return EventPage(events[::-1] if newest_first else events, of, total)


@pytest.mark.parametrize(
    ("why", "pages", "offset"),
    [
        ("nothing was read", (), 0),
        ("that was all", (quiet(0, total=2),), None),
        ("nobody says whether there are more", (replace(quiet(0), total=None),), None),
        ("there is nothing to be had", (EventPage((), 0, 90),), None),
        ("the newest events come last", (quiet(0),), 88),
        ("nothing is read twice", (quiet(0, total=3),), 2),
        ("older ones are before those", (quiet(0), quiet(44)), 86),
        ("the early one is not the newest", (PAGE, quiet(44)), 86),
        ("the newest page tells it", (quiet(0), PAGE), None),
        ("all was read", (quiet(0, total=4), quiet(1, total=4)), None),
        ("the newest come first and tell it", (EventPage((BACKOFF, OOM), 2, 90),), None),
        ("older ones come next", (quiet(44, newest_first=True),), 2),
        ("and after them still older ones", (quiet(44, newest_first=True), quiet(43, newest_first=True)), 4),
        ("it is nowhere near the end", (quiet(0), quiet(44), quiet(43), quiet(42))[:PAGES], None),
    ],
)
def test_a_log_is_read_from_its_newest_end_on_until_an_event_tells_it(
    why: str, pages: tuple[EventPage, ...], offset: int | None
) -> None:
    assert inquiry(*pages).wants == offset, why


def test_an_early_event_is_no_reason_while_newer_ones_were_not_read() -> None:
    assert inquiry(PAGE).reason == inquiry(PAGE, quiet(44), quiet(43), quiet(42)).reason == ""
    assert inquiry(replace(PAGE, total=4), quiet(1, total=4)).reason == BACKOFF.message


def taken(allowance: Allowance, *answers: EventPage | Fault) -> int:
    """How many of these could be asked for, one after the other."""
    for times, answer in enumerate(answers):
        if not allowance.take():
            return times
        allowance.heard(answer)
    return len(answers)


def test_only_so_many_requests_are_made_after_a_look() -> None:
    assert taken(Allowance(), *[PAGE] * 99) == QUESTIONS


def test_an_api_that_fails_a_few_times_in_a_row_is_not_asked_on() -> None:
    assert taken(Allowance(), *[DOWN] * 99) == IN_VAIN
    assert taken(Allowance(), *(DOWN, DOWN, PAGE) * 5) == 15


def test_a_log_that_there_is_not_is_an_answer() -> None:
    assert taken(Allowance(), *[Fault(FaultKind.REQUEST, "HTTP 404")] * 99) == QUESTIONS


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Fault(FaultKind.RATE_LIMITED, "HTTP 429"), 0.0),
        (Fault(FaultKind.RATE_LIMITED, "HTTP 429", retry_after=30.0), 30.0),
        (replace(DOWN, retry_after=2.0), 2.0),
        (Fault(FaultKind.CREDENTIALS, "HTTP 403"), 0.0),
    ],
)
def test_an_api_that_asks_to_wait_or_lets_nobody_in_is_not_asked_on(fault: Fault, wait: float) -> None:
    allowance = Allowance()
    assert taken(allowance, PAGE, fault, PAGE) == 2
    assert allowance.wait == wait
