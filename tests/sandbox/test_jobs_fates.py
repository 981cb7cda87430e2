"""Stories that whoever plays with the sandbox is sure to see: their jobs do what was sealed, and nothing else."""

from collections import Counter

import pytest

from bot.sandbox.jobs_fates import EVICTED_OFTEN, FAILS_TWICE, RECOVERS, WAITS_LONG, Fate, Step
from bot.sandbox.jobs_sim import Happened, SimJob, error_line
from bot.sandbox.jobs_world import JobsWorld

NOON = 1_795_435_200.0


class Life:
    """A world with one job whose fate is sealed."""

    def __init__(self, fate: Fate, seed: int = 0) -> None:
        self.at = NOON
        self.world = JobsWorld(seed=seed, now=lambda: self.at)
        self.job: SimJob = self.world.add("press")
        self.world.seal(self.job.id, fate)
        self.world.step()

    def after(self, seconds: float) -> SimJob:
        self.at += seconds
        self.world.step()
        return self.job


def test_a_job_of_a_burst_fails_is_retried_and_recovers() -> None:
    life = Life(Fate(RECOVERS, "out of memory"))
    failed = life.after(12)
    assert (failed.status, failed.error, failed.retry_count) == ("FAILED", "out of memory", 0)
    recovered = life.after(60)
    assert (recovered.status, recovered.error, recovered.retry_count) == ("COMPLETED", None, 1)


@pytest.mark.parametrize(
    ("steps", "retries", "preemptions"), [(FAILS_TWICE, 2, 0), (EVICTED_OFTEN, 0, 3), (WAITS_LONG, 0, 0)]
)
@pytest.mark.parametrize("seed", range(5))
def test_every_fate_comes_to_its_end(steps: tuple[Step, ...], retries: int, preemptions: int, seed: int) -> None:
    job = Life(Fate(steps), seed).after(3_600)
    assert (job.status, job.retry_count, job.preemption_count) == ("COMPLETED", retries, preemptions)


def test_a_job_that_waits_long_is_pending_for_ten_minutes() -> None:
    assert Life(Fate(WAITS_LONG)).after(599).status == "PENDING"


def test_a_job_may_complete_with_inputs_that_failed() -> None:
    life = Life(Fate(WAITS_LONG, spoiled=1))
    progress = life.after(3_600).input_progress
    assert progress is not None
    assert progress["failed"] == 1


def test_a_fate_ends_when_somebody_else_moves_the_job() -> None:
    life = Life(Fate(RECOVERS))
    life.world.cancel(life.job.id)
    assert life.after(3_600).status != "PENDING"
    assert life.job.status == "CANCELLED" or life.job.retry_count > 0


@pytest.mark.parametrize("seed", range(20))
def test_the_first_burst_comes_within_half_a_minute_in_one_pipeline_with_one_error(seed: int) -> None:
    at = NOON
    world = JobsWorld(seed=seed, now=lambda: at)
    world.step()
    at += 30
    failed = [each for each in world.step() if each.what is Happened.FAILED]
    alike = Counter((world.jobs[each.job_id].pipeline_key, each.detail) for each in failed)
    assert max(alike.values()) >= 3


def test_an_hour_tells_every_story() -> None:
    at = NOON
    world = JobsWorld(seed=4, now=lambda: at)
    world.step()
    at += 3_600
    world.step()
    jobs = world.jobs.values()
    assert any(job.preemption_count >= 3 for job in jobs)
    assert any(job.retry_count >= 2 for job in jobs)
    assert any(job.status == "FAILED" and not error_line(job.error) for job in jobs)
    assert any(job.status == "COMPLETED" and (job.input_progress or {}).get("failed", 0) > 1 for job in jobs)
    untroubled = [job for job in jobs if job.retry_count == job.preemption_count == 0]
    assert any(job.started_at is not None and job.started_at - job.created_at > 600 for job in untroubled)
