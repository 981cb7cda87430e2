"""Jobs that are made up for a rule: it covers them, and they are always the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alerts import Rule, glob_matches
from bot.core.changes import ChangeKind
from bot.core.instants import SECOND, write_duration
from bot.core.jobs import Field, Job
from bot.core.made_up import NOW, STATES, filled, sorts, story

EVERY = frozenset(ChangeKind)
GLOB = st.text(alphabet="abZ19*?-_ ./é", min_size=1, max_size=12).filter(str.strip)


def rule(on: frozenset[ChangeKind] = EVERY, **globs: tuple[str, ...]) -> Rule:
    return Rule(name="r", to=("#a",), on=on, globs={Field(name): patterns for name, patterns in globs.items()})


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
    assert {change.status for change in look} == {STATES[kind].status}
    assert len({change.key for change in look}) == 2
    assert all(change.at is None or change.at <= NOW for change in look)


@pytest.mark.parametrize(("kind", "looks"), [("retried", 2), ("recovered", 2), ("started", 1)])
def test_what_follows_a_failure_comes_after_one_where_the_rule_tells_of_failures(kind: str, looks: int) -> None:
    sort = next(sorts(rule(), ("default",), 1))
    assert len(story(rule(), ChangeKind(kind), sort, 1)) == looks
    assert len(story(rule(frozenset({ChangeKind(kind)})), ChangeKind(kind), sort, 1)) == 1


def test_a_job_that_is_overdue_has_been_as_it_is_for_as_long_as_it_says() -> None:
    ((change,),) = story(rule(), ChangeKind.OVERDUE, next(sorts(rule(), ("default",), 1)), 1)
    assert change.at is not None
    assert change.detail == f"RUNNING for {write_duration((NOW - change.at) / SECOND)}"
