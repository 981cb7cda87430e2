"""Jobs that are made up for a rule: it covers them, and they are always the same."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alerts import Rule, glob_matches
from bot.core.changes import Change, ChangeKind
from bot.core.deadlines import DEADLINES, Deadline
from bot.core.instants import SECOND, length, write_duration
from bot.core.jobs import Field, Job, Status
from bot.core.made_up import NOW, STAGES, STATES, Sort, filled, sorts
from bot.core.made_up import story as story_by
from bot.core.thrashing import Thrashing

EVERY = frozenset(ChangeKind)
GLOB = st.text(alphabet="abZ19*?-_ ./é", min_size=1, max_size=12).filter(str.strip)


def rule(on: frozenset[ChangeKind] = EVERY, **globs: tuple[str, ...]) -> Rule:
    return Rule(name="r", to=("#a",), on=on, globs={Field(name): patterns for name, patterns in globs.items()})


def sort_for(made_for: Rule, deadlines: Sequence[Deadline] = ()) -> Sort:
    return next(sorts(made_for, ("default",), 1, deadlines))


def story(made_for: Rule, kind: ChangeKind, sort: Sort, count: int) -> tuple[tuple[Change, ...], ...]:
    return story_by(made_for, kind, sort, count, DEADLINES, Thrashing())


def late(*deadlines: Deadline, sort: Sort | None = None) -> list[Change]:
    (changes,) = story_by(rule(), ChangeKind.OVERDUE, sort or sort_for(rule()), 2, deadlines, Thrashing())
    return list(changes)


def jobs(made_for: Rule, count: int = 3, sources: tuple[str, ...] = ("default",)) -> list[Job]:
    return [
        change.job for change in story(made_for, ChangeKind.FAILED, next(sorts(made_for, sources, count)), count)[0]
    ]


@pytest.mark.parametrize(
    ("glob", "made"),
    [
        ("nightly-*", "nightly-7"),
        ("*-nightly", "7-nightly"),
        ("*nightly*", "7-nightly"),
        ("line*run", "line-7-run"),
        ("plain", "plain"),
        ("v?.[0-3][!a]", "v1.11"),
        ("[xy]*", "x-7"),
        ("[]]*", "]7"),
        ("open[*", "open[7"),
        ("[]", "[]"),
    ],
)
def test_a_glob_is_filled_with_a_number_and_what_else_it_wants(glob: str, made: str) -> None:
    assert filled(glob, "7") == made


@given(GLOB)
def test_what_a_glob_is_filled_with_matches_it(glob: str) -> None:
    assert glob_matches(glob, filled(glob, "12"))


@given(GLOB, GLOB, GLOB, st.integers(1, 12))
def test_a_rule_covers_the_jobs_that_are_made_up_for_it(pipeline: str, type_: str, name: str, count: int) -> None:
    made_for = rule(pipeline=(pipeline,), type=("x", type_), name=(name, "other-*"))
    assert all(made_for.covers(job) for job in jobs(made_for, count))


def test_a_glob_that_usual_jobs_match_gets_these_with_what_belongs_to_them() -> None:
    assert {(job.pipeline_key, job.pipeline_type) for job in jobs(rule(pipeline=("fine-*",)))} == {
        ("fine-tuning-omega", "training")
    }
    assert [job.name for job in jobs(rule(name=("weekly", "monthly-*")))] == ["weekly", "monthly-2", "weekly"]


def test_jobs_are_of_a_source_that_there_is() -> None:
    assert {job.source for job in jobs(rule(source=("p*",)), sources=("lab", "prod"))} == {"prod"}
    assert list(sorts(rule(source=("p*",)), ("lab",), 1)) == []


@pytest.mark.parametrize("kind", ChangeKind)
def test_each_kind_happens_to_a_job_that_is_as_it_says(kind: ChangeKind) -> None:
    (look,) = story(rule(frozenset({kind})), kind, next(sorts(rule(), ("default",), 2)), 2)
    assert {change.kind for change in look} == {kind}
    assert kind not in STATES or {change.status for change in look} == {STATES[kind].status}
    assert len({change.key for change in look}) == 2
    assert all(change.at is None or change.at <= NOW for change in look)


@pytest.mark.parametrize(("kind", "looks"), [("retried", 2), ("recovered", 2), ("started", 1)])
def test_what_follows_a_failure_comes_after_one_where_the_rule_tells_of_failures(kind: str, looks: int) -> None:
    sort = next(sorts(rule(), ("default",), 1))
    assert len(story(rule(), ChangeKind(kind), sort, 1)) == looks
    assert len(story(rule(frozenset({ChangeKind(kind)})), ChangeKind(kind), sort, 1)) == 1


def test_a_job_that_is_overdue_has_been_as_it_is_for_as_long_as_it_says() -> None:
    (change, _) = late(*DEADLINES)
    assert change.at is not None
    assert change.detail == f"RUNNING for {write_duration((NOW - change.at) / SECOND)}"


@given(st.integers(1, 3650 * 86_400), st.sampled_from(STAGES))
def test_jobs_are_overdue_by_the_deadlines_there_are_and_not_by_much(seconds: int, status: Status) -> None:
    after = timedelta(seconds=seconds)
    changes = late(Deadline(statuses=frozenset({status}), after=after), Deadline(after=None))
    assert [change.status for change in changes] == [status, status]
    assert all(
        change.at is not None and 0 < NOW - change.at - length(after) <= length(after) // 72 + 3 * SECOND
        for change in changes
    )


def test_no_job_is_overdue_that_may_stay_as_it_is_for_ever() -> None:
    assert late(Deadline(after=None), *DEADLINES) == []
    assert late() == []


def test_jobs_may_be_made_up_for_a_deadline_too() -> None:
    deadline = Deadline(globs={Field.PIPELINE: ("weekly-*",), Field.TYPE: ("report",)}, after=timedelta(hours=1))
    found = {sort for sort in sorts(rule(), ("default",), 2, [deadline]) if late(deadline, sort=sort)}
    assert {(sort.pipeline, sort.type) for sort in found} == {("weekly-alpha", "report")}


@given(st.integers(2, 1000), st.integers(60, 86_400))
def test_jobs_thrash_as_often_and_as_fast_as_is_too_much(times: int, seconds: int) -> None:
    limit = Thrashing(times, timedelta(seconds=seconds))
    ((change,),) = story_by(rule(), ChangeKind.THRASHING, sort_for(rule()), 1, DEADLINES, limit)
    assert change.preemption_count == change.job.preemptions == times
    assert change.detail.startswith(f"{times} times in ")
