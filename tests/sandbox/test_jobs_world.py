"""The simulated jobs keep their own books straight, whatever is done to them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.jobs_samples import ERRORS
from bot.sandbox.jobs_sim import (
    FINAL,
    QUEUED,
    Happened,
    Happening,
    NotAllowedError,
    SimJob,
    Status,
    error_line,
    rfc3339,
)
from bot.sandbox.jobs_world import JobsWorld

NOON = 1_795_435_200.0
STAMPS = {
    Status.COMPLETED: "completed_at",
    Status.FAILED: "failed_at",
    Status.CANCELLED: "cancelled_at",
    Status.RUNNING: "started_at",
}


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


def world_at_noon(seed: int = 0) -> tuple[JobsWorld, Clock]:
    clock = Clock()
    return JobsWorld(seed=seed, now=clock), clock


def live(seed: int, waits: list[float]) -> tuple[JobsWorld, list[Happening]]:
    world, clock = world_at_noon(seed)
    told: list[Happening] = world.step()
    for wait in waits:
        clock.at += wait
        told += world.step()
    return world, told


def assert_consistent(job: SimJob, now: float) -> None:
    assert job.created_at <= job.updated_at <= now
    stamps = [job.started_at, job.completed_at, job.failed_at, job.cancelled_at]
    assert all(job.created_at <= stamp <= job.updated_at for stamp in stamps if stamp is not None)
    if job.status in STAMPS:
        assert getattr(job, STAMPS[Status(job.status)]) is not None
    assert (job.status == Status.COMPLETED) == (job.completed_at is not None)
    assert job.error is None or job.status == Status.FAILED
    assert (job.queue_position is not None) == (job.status in QUEUED)


@given(st.integers(0, 2**32), st.lists(st.floats(0, 30), max_size=12))
def test_any_sequence_of_steps_keeps_timestamps_and_counts_consistent(seed: int, waits: list[float]) -> None:
    world, told = live(seed, waits)
    world.line_up()
    for job in world.jobs.values():
        mine = [each.what for each in told if each.job_id == job.id]
        assert_consistent(job, world.now())
        assert job.retry_count == mine.count(Happened.RETRIED)
        assert job.preemption_count == mine.count(Happened.PREEMPTED)
    assert all(before.at <= after.at for before, after in pairwise(told))


@given(st.integers(0, 2**32), st.lists(st.floats(0.1, 20), min_size=1, max_size=8))
def test_the_same_seed_tells_the_same_story_however_often_one_looks(seed: int, waits: list[float]) -> None:
    often, once = live(seed, waits), live(seed, [sum(waits)])
    cut = NOON + sum(waits) - 0.001
    assert [h for h in often[1] if h.at < cut] == [h for h in once[1] if h.at < cut]


@pytest.mark.parametrize("seed", range(20))
def test_a_job_that_runs_at_the_start_fails_within_four_seconds(seed: int) -> None:
    world, clock = world_at_noon(seed)
    job = world.add(status="RUNNING", age=60)
    world.step()
    clock.at += 4
    assert Happened.FAILED in {each.what for each in world.step() if each.job_id == job.id}


def test_an_hour_of_life_shows_every_kind_of_happening_and_every_shape_of_error() -> None:
    world, told = live(1, [3600])
    shapes = {type(job.error) for job in world.jobs.values() if job.status == Status.FAILED}
    assert {each.what for each in told} == set(Happened)
    assert shapes == {dict, str, list, type(None)}


def test_something_happens_every_few_seconds() -> None:
    _, told = live(2, [600])
    assert max(after.at - before.at for before, after in pairwise(told)) < 8


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("age", [0.0, 45.0, 86_400.0])
def test_a_job_is_added_with_the_past_that_its_status_needs(status: Status, age: float) -> None:
    world, _ = world_at_noon()
    job = world.add(status=status, age=age)
    world.line_up()
    assert_consistent(job, NOON)
    assert job.created_at == NOON - age


def test_fields_given_to_add_override_what_was_invented() -> None:
    world, _ = world_at_noon()
    job = world.add("nightly", status="FAILED", age=3600, failed_at=NOON - 5, retry_count=2, error=None)
    assert (job.name, job.failed_at, job.updated_at, job.retry_count) == ("nightly", NOON - 5, NOON - 5, 2)


def test_a_status_that_nobody_knows_can_be_told() -> None:
    world, _ = world_at_noon()
    assert world.add(status="QUEUED_V2").wire()["status"] == "QUEUED_V2"


def test_a_retry_keeps_the_id_and_counts_up() -> None:
    world, clock = world_at_noon()
    job = world.add(status="FAILED", age=60)
    failed_at = job.failed_at
    clock.at += 10
    world.retry(job.id)
    assert (job.status, job.retry_count, job.updated_at, job.error) == ("PENDING", 1, NOON + 10, None)
    assert job.failed_at == failed_at


def test_a_retry_may_empty_the_old_timestamps() -> None:
    world, _ = world_at_noon()
    world.retry_clears = True
    job = world.retry(world.add(status="CANCELLED", age=60).id)
    assert (job.started_at, job.failed_at, job.cancelled_at) == (None, None, None)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_job_cannot_be_cancelled(status: str) -> None:
    world, _ = world_at_noon()
    job = world.add(status=status, age=60)
    with pytest.raises(NotAllowedError, match=f"is {status} cannot be cancelled"):
        world.cancel(job.id)


def test_waiting_jobs_stand_in_line_by_pipeline_type() -> None:
    world, _ = world_at_noon()
    first, second = world.add(), world.add()
    other = world.add(pipeline_type="training")
    world.admit(first.id)
    world.line_up()
    assert (first.queue_position, first.queue_depth) == (None, None)
    assert (second.queue_position, second.queue_depth) == (1, 1)
    assert (other.queue_position, other.queue_depth) == (1, 1)


def test_history_has_as_many_jobs_and_failures_as_asked_and_nothing_happens_to_it() -> None:
    world, clock = world_at_noon()
    world.populate(3_000, failed=90)
    statuses = [job.status for job in world.jobs.values()]
    assert (len(statuses), statuses.count(Status.FAILED)) == (3_000, 90)
    before = set(world.jobs)
    clock.at += 60
    assert before.isdisjoint(each.job_id for each in world.step())
    assert {error_line(job.error) for job in world.jobs.values()} >= {error_line(error) for error in ERRORS}


def test_an_edit_changes_the_fields_alone() -> None:
    world, _ = world_at_noon()
    job = world.add()
    version = world.version
    world.edit(job.id, name="renamed")
    assert (job.name, job.updated_at) == ("renamed", NOON)
    assert world.version > version


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (1_795_435_200.0, "2026-11-23T12:00:00Z"),
        (1_795_435_200.5, "2026-11-23T12:00:00.500000Z"),
    ],
)
def test_a_whole_second_is_told_without_a_fraction(at: float, told: str) -> None:
    assert rfc3339(at) == told


def test_ids_have_the_form_of_real_ones() -> None:
    world, _ = world_at_noon()
    job = world.add()
    assert job.id.startswith("job_")
    assert len(job.id) == 30
    assert not set(job.id[4:]) & set("ilou")


def test_a_key_may_be_left_out_of_the_row() -> None:
    world, _ = world_at_noon()
    job = world.add(left_out=frozenset({"input_progress"}))
    assert "input_progress" not in job.wire()
