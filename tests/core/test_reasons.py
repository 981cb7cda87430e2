"""Which failures are asked why, and which of a job's events says it."""

from dataclasses import replace

import pytest

from bot.core.alerts import Alert, Silence, Step, Verdict
from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant
from bot.core.reasons import QUESTIONS, Event, EventPage, reason_of, unexplained
from tests.samples import HOUR, MINUTE, NOW, job

OOM = Event("ERROR", "Container terminated: OOMKilled", NOW - 2 * MINUTE, 1)
BACKOFF = Event("FAILED", "Job failed: BackoffLimitExceeded", NOW - MINUTE, 2)


def failure(number: int = 1, **changes: object) -> Change:
    failed = job(number, **{"error": "", "failed_at": NOW - number, **changes})
    return Change(
        job=failed,
        kind=ChangeKind.FAILED,
        was="RUNNING",
        status="FAILED",
        retry_count=0,
        preemption_count=0,
        at=failed.failed_at,
    )


def asked(*verdicts: Verdict) -> list[str]:
    return [change.job.id for change in unexplained(verdicts)]


@pytest.mark.parametrize("error", ["", "{}", "null", '{"code":137}', "Unknown error"])
def test_a_failure_whose_error_says_nothing_is_asked_why(error: str) -> None:
    assert asked(Alert(failure(error=error), ())) == ["job_00001"]


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("it says why itself", failure(error="OOMKilled (exit=137)")),
        ("it runs again by now", replace(failure(status="RUNNING"), inferred=True)),
        ("it has not failed", replace(failure(status="CANCELLED"), kind=ChangeKind.CANCELLED)),
        ("it is old news", replace(failure(), old=True)),
    ],
)
def test_a_failure_is_not_asked_why(why: str, change: Change) -> None:
    assert asked(Alert(change, ())) == [], why


def test_a_few_are_asked_the_newest_first_and_those_that_nobody_is_told_of_last() -> None:
    told = [Alert(failure(number), ()) for number in range(2, QUESTIONS + 9)]
    newest = Silence(failure(1), "no rule matches")
    assert asked(newest, *reversed(told)) == [job(number).id for number in range(2, QUESTIONS + 2)]
    assert asked(newest, told[0]) == [job(2).id, job(1).id]


def test_a_failure_that_its_card_tells_of_is_asked_before_one_that_nobody_is_told_of() -> None:
    assert asked(Silence(failure(1), "no rule matches"), Step(failure(2), ())) == [job(2).id, job(1).id]


def reason(*events: Event, started: Instant | None = None) -> str:
    return reason_of(job(started_at=started), events)


def test_the_newest_event_that_tells_of_a_failure_is_the_reason_whatever_their_order() -> None:
    later = Event("INFO", "Cleaning up", NOW, 3)
    assert reason(OOM, later, BACKOFF) == reason(BACKOFF, later, OOM) == BACKOFF.message
    assert reason(replace(OOM, at=BACKOFF.at), BACKOFF) == BACKOFF.message
    assert reason(OOM, replace(BACKOFF, at=None)) == OOM.message


def test_an_event_that_says_nothing_is_no_reason() -> None:
    assert reason(OOM, replace(BACKOFF, message="Job failed")) == OOM.message
    assert reason(replace(OOM, message="")) == ""


def test_an_event_of_an_earlier_try_is_no_reason() -> None:
    assert reason(OOM, started=NOW - MINUTE) == ""
    assert reason(OOM, started=NOW - HOUR) == OOM.message


@pytest.mark.parametrize(
    ("why", "events", "total", "offset"),
    [
        ("that was all", (OOM, BACKOFF), 2, None),
        ("nobody says whether there are more", (OOM, BACKOFF), None, None),
        ("the newest come first", (BACKOFF, OOM), 90, None),
        ("the newest may be the last", (OOM, BACKOFF), 90, 88),
        ("nothing is read twice", (OOM, BACKOFF), 3, 2),
    ],
)
def test_the_newest_events_are_looked_for_at_the_end_of_the_log_that_has_them(
    why: str, events: tuple[Event, ...], total: int | None, offset: int | None
) -> None:
    assert EventPage(events, len(events), total).other_end == offset, why
