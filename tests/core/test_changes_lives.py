"""Whole lives, of which any rows may be missed: no fact has two tellings, and what the last row proves is told."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.changes import Change, ChangeKind, diff
from bot.core.instants import whole_seconds
from bot.core.jobs import Job, Progress, Status
from bot.core.memory import Past, remembered
from tests.core.lives import NOON, after, at, life, listing, past, row, short

often = settings(max_examples=150)


@st.composite
def lives(draw: st.DrawFn, *, skips: bool) -> list[Job]:
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311  a life, not a secret
    rows = [*life(chance, clears=draw(st.booleans()), restamps=draw(st.booleans()), steps=draw(st.integers(0, 14)))]
    if not skips:
        return rows
    return [each for each in rows[:-1] if draw(st.booleans())] + rows[-1:]


def watch(rows: list[Job], memory: Past) -> list[Change]:
    """Every change of a life that is seen in these rows, each of them twice."""
    seen: list[Change] = []
    for each in rows:
        for _ in range(2):
            seen += diff(memory, listing(each))
            memory = after(memory, listing(each))
    return seen


def failure(job: Job) -> int | None:
    """The second of the last failure that the row proves."""
    return None if job.failed_at is None else whole_seconds(job.failed_at)


@often
@given(lives(skips=True))
def test_no_key_is_yielded_twice(rows: list[Job]) -> None:
    keys = [change.key for change in watch(rows, past())]
    assert len(keys) == len(set(keys))


@often
@given(lives(skips=True))
def test_every_failure_that_the_last_row_proves_is_told_once(rows: list[Job]) -> None:
    failures = [change.at for change in watch(rows, past()) if change.kind is ChangeKind.FAILED]
    proven = failure(rows[-1])
    assert proven is None or [whole_seconds(each or 0) for each in failures].count(proven) == 1


@often
@given(lives(skips=False))
def test_whoever_sees_every_row_is_told_every_failure_as_it_is_seen(rows: list[Job]) -> None:
    failures = [change for change in watch(rows, past()) if change.kind is ChangeKind.FAILED]
    assert [each.at for each in failures] == [each.failed_at for each in rows if each.status == Status.FAILED]
    assert not any(each.inferred for each in failures)


@often
@given(lives(skips=True))
def test_the_status_of_every_row_that_is_seen_is_told(rows: list[Job]) -> None:
    memory = past()
    for each in rows:
        yielded, known = diff(memory, listing(each)), memory.memories.get(each.id)
        memory = after(memory, listing(each))
        assert yielded or (known is not None and known.job.status == each.status)
        assert not yielded or yielded[-1].status == each.status
        assert memory.memories[each.id].job == each


@often
@given(lives(skips=True))
def test_rows_of_the_past_that_come_back_are_not_believed(rows: list[Job]) -> None:
    memory = past()
    for each in rows:
        memory = after(memory, listing(each))
    for each in rows[:-1]:
        assert diff(memory, listing(each)) == ()
        assert not [*remembered(memory, listing(each), NOON)]


@often
@given(lives(skips=True))
def test_what_is_told_of_one_step_is_told_oldest_first(rows: list[Job]) -> None:
    memory = past()
    for each in rows:
        inferred = [change.at for change in diff(memory, listing(each)) if change.inferred and change.at is not None]
        assert inferred == sorted(inferred)
        memory = after(memory, listing(each))


@often
@given(lives(skips=True))
def test_a_completion_is_a_recovery_if_any_row_that_was_seen_shows_a_failure(rows: list[Job]) -> None:
    changes = watch(rows, past())
    completed = [change for change in changes if change.kind is ChangeKind.COMPLETED]
    recovered = [change for change in changes if change.kind is ChangeKind.RECOVERED]
    failed = any(each.status == Status.FAILED or each.failed_at is not None for each in rows)
    assert [each.at for each in recovered] == [each.at for each in completed if failed]
    assert all(changes[changes.index(each) - 1].kind is ChangeKind.COMPLETED for each in recovered)


@often
@given(lives(skips=True), st.lists(st.integers(0, 9), min_size=1, max_size=4).map(sorted))
def test_a_completion_is_incomplete_once_however_late_and_often_its_inputs_are_counted(
    rows: list[Job], counts: list[int]
) -> None:
    last = replace(rows[-1], status=Status.COMPLETED, completed_at=rows[-1].completed_at or at(10_000))
    counted = [replace(last, progress=Progress(0, 0, 20 - count, count)) for count in counts]
    changes = watch([*rows[:-1], last, *counted], past())
    assert [change.kind for change in changes].count(ChangeKind.INCOMPLETE) == (counts[-1] > 0)
    assert len({change.key for change in changes}) == len(changes)


def test_a_job_that_fails_is_retried_and_fails_again_is_told_twice() -> None:
    rows = [
        row("FAILED", 0, failed_at=at(60), updated_at=at(60)),
        row("PENDING", 1, failed_at=at(60), updated_at=at(70)),
        row("RUNNING", 1, failed_at=at(60), started_at=at(80), updated_at=at(80)),
        row("FAILED", 1, failed_at=at(90), started_at=at(80), updated_at=at(90)),
    ]
    failures = [short(change) for change in watch(rows, past()) if change.kind is ChangeKind.FAILED]
    assert failures == [f"failed/0/0/{whole_seconds(at(60))}", f"failed/1/0/{whole_seconds(at(90))}"]


def test_a_running_job_that_is_missed_and_seen_again_is_not_told() -> None:
    running = row("RUNNING", started_at=at(30), updated_at=at(30))
    memory = past(running)
    assert diff(memory, listing()) == ()
    assert diff(after(memory, listing()), listing(running)) == ()


def test_an_unknown_status_is_remembered_as_it_came() -> None:
    assert after(past(), listing(row("QUEUED_V2"))).memories["job_1"].job.status == "QUEUED_V2"
