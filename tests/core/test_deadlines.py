"""A job that stays longer in its status than the first deadline that covers it is overdue."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.deadlines import DEADLINES, LIVE, Deadline, late_since, overdue
from bot.core.instants import SECOND, Instant, length, whole_seconds
from bot.core.jobs import Field, Job, Status
from bot.core.memory import Memory
from tests.core.lives import BASELINE, at, past, row, short

HOUR = 3600
PAST = past(baseline=at(-100 * 24 * HOUR))
GLOBS = st.sampled_from([{}, {Field.PIPELINE: ("press-*",)}, {Field.PIPELINE: ("mill-*",)}])
SPANS = st.none() | st.integers(1, 100).map(lambda hours: timedelta(hours=hours))
STATUSES = st.sets(st.sampled_from(LIVE), min_size=1).map(frozenset)
LIMITS = st.lists(st.builds(Deadline, statuses=STATUSES, globs=GLOBS, after=SPANS), max_size=4)
JOBS = st.builds(
    lambda status, pipeline: replace(row(status), pipeline_key=pipeline),
    st.sampled_from([*Status, "QUEUED_V2"]),
    st.sampled_from(["press-1", "mill-1"]),
)


def late(job: Job, hours: float, *deadlines: Deadline) -> list[str]:
    memory = Memory(job, at(-hours * HOUR), at(-hours * HOUR))
    return [short(change) for change in overdue([memory], deadlines or DEADLINES, PAST, at(0))]


@pytest.mark.parametrize(("status", "hours"), [("PENDING", 6), ("ADMITTED", 1), ("RUNNING", 72), ("PREEMPTED", 6)])
def test_each_live_status_has_its_deadline(status: str, hours: int) -> None:
    since = whole_seconds(at(-(hours + 0.01) * HOUR))
    assert late(row(status, 1, 2), hours) == []
    assert late(row(status, 1, 2), hours + 0.01) == [f"overdue/1/2/{since}"]


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED", "QUEUED_V2"])
def test_nothing_else_has_one(status: str) -> None:
    assert late(row(status), 10_000) == []


def test_the_first_deadline_that_covers_a_job_counts() -> None:
    never = Deadline(globs={Field.PIPELINE: ("press-*",)}, after=None)
    soon = Deadline(statuses=frozenset({Status.RUNNING}), after=timedelta(hours=1))
    press, mill = (replace(row("RUNNING"), pipeline_key=key) for key in ("press-1", "mill-1"))
    assert late(press, 2, never, soon) == []
    assert late(mill, 2, never, soon)
    assert late(press, 2, soon, never)


def test_it_says_in_what_for_how_long_and_is_dated_when_that_began() -> None:
    memory = Memory(row("RUNNING"), at(-74 * HOUR), at(0))
    [change] = overdue([memory], DEADLINES, PAST, at(0))
    assert (change.detail, change.at, change.was, change.status) == (
        "RUNNING for 3d 2h",
        memory.since,
        "RUNNING",
        "RUNNING",
    )


@pytest.mark.parametrize(("since", "old"), [(BASELINE - HOUR * SECOND - 1, True), (BASELINE - HOUR * SECOND, False)])
def test_a_deadline_that_had_passed_before_the_baseline_is_old(since: Instant, *, old: bool) -> None:
    [change] = overdue([Memory(row("ADMITTED"), since, since)], DEADLINES, past(), at(HOUR))
    assert change.old is old


def test_a_deadline_that_passed_longer_ago_than_the_store_keeps_is_old() -> None:
    kept = replace(PAST, oldest=at(-HOUR))
    [change] = overdue([Memory(row("ADMITTED"), at(-3 * HOUR), at(0))], DEADLINES, kept, at(0))
    assert change.old


def test_without_a_baseline_nothing_is_overdue() -> None:
    assert not [*overdue([Memory(row("RUNNING"), 0, 0)], DEADLINES, past(baseline=None), at(0))]


@given(LIMITS, JOBS, st.integers(0, 120))
def test_whatever_is_overdue_came_to_its_status_before_it_is_looked_for(
    deadlines: list[Deadline], job: Job, hours: int
) -> None:
    since = at(-hours * HOUR)
    found = [*overdue([Memory(job, since, since)], deadlines, PAST, at(0))]
    looked_for = late_since(deadlines, at(0))
    assert not found or since < looked_for[job.status]


@given(LIMITS, JOBS, st.integers(0, 120))
def test_a_job_is_overdue_if_the_first_deadline_for_its_status_and_pipeline_says_so(
    deadlines: list[Deadline], job: Job, hours: int
) -> None:
    spans = [
        each.after
        for each in deadlines
        if job.status in each.statuses
        and (not each.globs or each.globs[Field.PIPELINE][0].startswith(job.pipeline_key[:4]))
    ]
    due = bool(spans) and spans[0] is not None and hours * HOUR * SECOND > length(spans[0])
    assert bool([*overdue([Memory(job, at(-hours * HOUR), 0)], deadlines, PAST, at(0))]) is due
