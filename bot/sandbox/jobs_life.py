"""What a simulated job will do next, and when: the one place that knows the odds.
Nothing happens here; the world asks what is due and carries it out. Times in seconds, chance by seed.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from bot.sandbox.jobs_fates import Fate, Step, burst, story
from bot.sandbox.jobs_samples import PIPELINES, Pipeline
from bot.sandbox.jobs_sim import MOVES, Happened, SimJob, Status


@dataclass(frozen=True, slots=True, order=True)
class Plan:
    """One thing that will happen at `at`, if the job is by then still as it was when it was planned."""

    at: float
    number: int
    what: Happened
    job_id: str = ""
    status: str = ""
    updated_at: float = 0.0
    fate: Fate | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class _Odds:
    weight: float
    what: Happened | None
    shortest: float
    longest: float


_NEXT: dict[str, tuple[_Odds, ...]] = {
    Status.PENDING: (
        _Odds(88, Happened.ADMITTED, 1, 4),
        _Odds(6, Happened.FAILED, 1, 3),
        _Odds(6, Happened.CANCELLED, 2, 6),
    ),
    Status.ADMITTED: (_Odds(94, Happened.STARTED, 1, 4), _Odds(6, Happened.FAILED, 1, 3)),
    Status.RUNNING: (
        _Odds(62, Happened.COMPLETED, 5, 40),
        _Odds(20, Happened.FAILED, 4, 25),
        _Odds(10, Happened.PREEMPTED, 4, 15),
        _Odds(8, Happened.CANCELLED, 4, 20),
    ),
    Status.PREEMPTED: (_Odds(100, Happened.ADMITTED, 3, 10),),
    Status.FAILED: (
        _Odds(35, Happened.RETRIED, 8, 25),
        _Odds(3, Happened.DELETED, 60, 300),
        _Odds(62, None, 0, 0),
    ),
    Status.CANCELLED: (_Odds(10, Happened.RETRIED, 8, 25), _Odds(90, None, 0, 0)),
    Status.COMPLETED: (_Odds(3, Happened.DELETED, 60, 300), _Odds(97, None, 0, 0)),
}

_FIRST_FAILURE = (2.0, 4.0)
"""The first job that runs fails within seconds: whoever starts the sandbox wants to see something."""

_BETWEEN_SUBMISSIONS = (3.0, 7.0)
_FIRST_BURST = 2
"""The second submission: it too comes early."""
_STORIES = 0.2
"""How many of the submissions begin a story; the others are left to the odds."""


class Agenda:
    """`speed` divides every delay; the clock itself is never bent."""

    def __init__(self, seed: int, speed: float) -> None:
        self.chance = Random(f"{seed}/life")  # noqa: S311  drawn apart: jobs that a test adds do not change it
        self.moment: float | None = None
        """The instant of what was last due; life starts at the first look at the agenda."""
        self._speed = speed
        self._plans: list[Plan] = []
        self._made = 0
        self._failure_shown = False
        self._arrivals = 0
        self._fates: dict[str, tuple[Fate, int]] = {}
        """Of each job whose fate is sealed, and how many steps of it have been planned."""

    def begin(self, now: float) -> None:
        if self.moment is None:
            self.moment = now
            self._plan(now + 1.0 / self._speed, Happened.SUBMITTED)

    def due(self, until: float) -> Plan | None:
        if not self._plans or self._plans[0].at > until:
            return None
        plan = heappop(self._plans)
        self.moment = plan.at
        if plan.what is Happened.SUBMITTED:
            self._plan(plan.at + self._delay(*_BETWEEN_SUBMISSIONS), Happened.SUBMITTED)
        return plan

    def arrivals(self) -> list[tuple[Pipeline, Fate | None]]:
        """What is submitted now, and what is sealed about it."""
        self._arrivals += 1
        if self._arrivals == _FIRST_BURST:
            return [*burst(self.chance)]
        if self.chance.random() < _STORIES:
            return [*story(self.chance)]
        return [(self.chance.choice(PIPELINES), None)]

    def seal(self, job_id: str, fate: Fate) -> None:
        self._fates[job_id] = (fate, 0)

    def plan_next(self, job: SimJob) -> None:
        """What comes next for a job that has just changed, if anything."""
        base = max(job.updated_at, self.moment or 0.0)
        if job.id in self._fates:
            self._plan_fate(job, base)
        elif job.status == Status.RUNNING and not self._failure_shown:
            self._failure_shown = True
            self._plan(base + self._delay(*_FIRST_FAILURE), Happened.FAILED, job)
        elif (odds := _NEXT.get(job.status)) is not None:
            drawn = self.chance.choices(odds, weights=[each.weight for each in odds])[0]
            if drawn.what is not None:
                self._plan(base + self._delay(drawn.shortest, drawn.longest), drawn.what, job)

    def _plan_fate(self, job: SimJob, base: float) -> None:
        fate, planned = self._fates.pop(job.id)
        step: Step | None = next(iter(fate.steps[planned:]), None)
        if step is not None and job.status in MOVES[step.what].sources:
            self._fates[job.id] = (fate, planned + 1)
            self._plan(base + self._delay(step.shortest, step.longest), step.what, job, fate)

    def _delay(self, shortest: float, longest: float) -> float:
        return self.chance.uniform(shortest, longest) / self._speed

    def _plan(self, at: float, what: Happened, job: SimJob | None = None, fate: Fate | None = None) -> None:
        self._made += 1
        if job is None:
            heappush(self._plans, Plan(at, self._made, what))
        else:
            heappush(self._plans, Plan(at, self._made, what, job.id, job.status, job.updated_at, fate))
