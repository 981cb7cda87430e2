"""The simulated jobs of one organisation: what there is, what may be done to it, and how life goes on.
No I/O; time and seed are given, so the same seed tells the same story. Every change bumps `version`.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

from bot.sandbox.jobs_fates import Fate
from bot.sandbox.jobs_life import Agenda, Plan
from bot.sandbox.jobs_samples import ERRORS, ORGANISATION, PIPELINES, Pipeline, job_name, job_of_age, progress
from bot.sandbox.jobs_sim import MOVES, QUEUED, Happened, Happening, NotAllowedError, SimJob, Status, error_line

_ANY_ERROR = object()
_DAY = 86_400.0
_SPOILED = 0.1
"""How many of the jobs that complete do so with an input that failed."""


class JobsWorld:
    """`retry_clears` decides what nobody knows of the real API: whether a retry empties the old timestamps."""

    def __init__(
        self,
        *,
        seed: int = 0,
        now: Callable[[], float],
        org_id: str = ORGANISATION,
        speed: float = 1.0,
    ) -> None:
        self.now = now
        self.org_id = org_id
        self.retry_clears = False
        self.jobs: dict[str, SimJob] = {}
        self.version = 0
        """Counts every change."""
        self.population = 0
        """Counts what adds or removes a job, or moves it in order of creation."""
        self._chance = Random(seed)  # noqa: S311  a story, not a secret
        self._agenda = Agenda(seed, speed)
        self._touched: list[str] = []
        self._happenings: list[Happening] = []
        self._queue: dict[str, None] = {}
        self._queue_moved = False

    def add(
        self,
        name: str | None = None,
        *,
        status: str = "PENDING",
        pipeline_key: str = "machine-state-classification",
        pipeline_type: str = "batch",
        age: float = 0,
        **fields: object,
    ) -> SimJob:
        """A job created `age` seconds ago that has come to `status` since; `fields` override what was invented."""
        pipeline = Pipeline(pipeline_key, pipeline_type, ("1.1.1",))
        job = job_of_age(self._chance, pipeline, status, now=self.now(), age=age)
        job.name = job.name if name is None else name
        job.org_id = self.org_id
        _assign(job, fields)
        if "updated_at" not in fields:
            stamps = (job.created_at, job.started_at, job.completed_at, job.failed_at, job.cancelled_at)
            job.updated_at = max(stamp for stamp in stamps if stamp is not None)
        self._settle_in(job)
        self._touched.append(job.id)
        return job

    def populate(self, n: int, *, failed: int, days: float = 30.0) -> None:
        """History: `n` finished jobs of the last `days`, `failed` of them FAILED; nothing will happen to them."""
        outcomes = [Status.FAILED] * failed + [Status.COMPLETED] * (n - failed)
        for number in range(failed, n, 12):
            outcomes[number] = Status.CANCELLED
        self._chance.shuffle(outcomes)
        now = self.now()
        for outcome in outcomes:
            age = self._chance.uniform(0.02, 1) * days * _DAY
            job = job_of_age(self._chance, self._chance.choice(PIPELINES), outcome, now=now, age=age)
            job.org_id = self.org_id
            self._settle_in(job)

    def edit(self, job_id: str, **fields: object) -> SimJob:
        """Changes fields and nothing else, legal or not."""
        job = self.jobs[job_id]
        _assign(job, fields)
        self.population += "created_at" in fields
        self._changed(job)
        return job

    def admit(self, job_id: str, *, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.ADMITTED, at)

    def start(self, job_id: str, *, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.STARTED, at)

    def complete(self, job_id: str, *, failed_inputs: int = 0, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.COMPLETED, at, failed_inputs=failed_inputs)

    def fail(self, job_id: str, error: object = _ANY_ERROR, *, at: float | None = None) -> SimJob:
        told = self._chance.choice(ERRORS) if error is _ANY_ERROR else error
        return self._move(job_id, Happened.FAILED, at, failed_inputs=1, error=told)

    def cancel(self, job_id: str, *, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.CANCELLED, at)

    def preempt(self, job_id: str, *, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.PREEMPTED, at)

    def retry(self, job_id: str, *, at: float | None = None) -> SimJob:
        return self._move(job_id, Happened.RETRIED, at)

    def delete(self, job_id: str, *, at: float | None = None) -> SimJob:
        job = self.jobs.pop(job_id)
        self.version += 1
        self.population += 1
        self._queue_moved |= self._queue.pop(job_id, "absent") is None
        self._happenings.append(Happening(self.now() if at is None else at, Happened.DELETED, job.id, job.name))
        return job

    def seal(self, job_id: str, fate: Fate) -> None:
        """What becomes of a job is no longer left to chance."""
        self._agenda.seal(job_id, fate)

    def step(self) -> list[Happening]:
        """Life goes on up to now(); everything that has happened since the last step, oldest first."""
        until = self.now()
        self._agenda.begin(until)
        self._plan_touched()
        while (plan := self._agenda.due(until)) is not None:
            self._carry_out(plan)
            self._plan_touched()
        told, self._happenings = self._happenings, []
        return told

    def queues(self) -> dict[str, int]:
        """How many wait, by pipeline type."""
        return dict(Counter(self.jobs[job_id].pipeline_type for job_id in self._queue))

    def line_up(self) -> None:
        """Renews the queue positions; to be called before a job is told to anyone."""
        if not self._queue_moved:
            return
        self._queue_moved = False
        depths, ahead = self.queues(), Counter[str]()
        for job in (self.jobs[job_id] for job_id in self._queue):
            ahead[job.pipeline_type] += 1
            place = (ahead[job.pipeline_type], depths[job.pipeline_type])
            if place != (job.queue_position, job.queue_depth):
                job.queue_position, job.queue_depth = place
                job.revision += 1

    def _move(
        self, job_id: str, what: Happened, at: float | None, *, failed_inputs: int = 0, error: object = None
    ) -> SimJob:
        job, move = self.jobs[job_id], MOVES[what]
        if job.status not in move.sources:
            raise NotAllowedError(f"a job that is {job.status} cannot be {what}")
        moment = max(self.now() if at is None else at, job.updated_at)
        job.status, job.updated_at, job.error = move.target, moment, error
        if move.stamp is not None:
            setattr(job, move.stamp, moment)
        job.retry_count += what is Happened.RETRIED
        job.preemption_count += what is Happened.PREEMPTED
        if what is Happened.RETRIED and self.retry_clears:
            job.started_at = job.failed_at = job.cancelled_at = None
        if job.input_progress is not None:
            job.input_progress = progress(sum(job.input_progress.values()), what, failed_inputs)
        self._changed(job)
        self._touched.append(job.id)
        self._happenings.append(Happening(moment, what, job.id, job.name, error_line(error)))
        return job

    def _plan_touched(self) -> None:
        touched, self._touched = self._touched, []
        for job_id in touched:
            if job_id in self.jobs:
                self._agenda.plan_next(self.jobs[job_id])

    def _carry_out(self, plan: Plan) -> None:
        if plan.what is Happened.SUBMITTED:
            for pipeline, fate in self._agenda.arrivals():
                self._submit(pipeline, fate, plan.at)
            return
        job = self.jobs.get(plan.job_id)
        if job is None or (job.status, job.updated_at) != (plan.status, plan.updated_at):
            return
        if plan.what is Happened.DELETED:
            self.delete(job.id, at=plan.at)
        elif plan.what is Happened.FAILED:
            self.fail(job.id, plan.fate.error if plan.fate else self._agenda.chance.choice(ERRORS), at=plan.at)
        elif plan.what is Happened.COMPLETED:
            self.complete(job.id, failed_inputs=plan.fate.spoiled if plan.fate else self._spoiled(), at=plan.at)
        else:
            self._move(job.id, plan.what, plan.at)

    def _spoiled(self) -> int:
        return int(self._agenda.chance.random() < _SPOILED)

    def _submit(self, pipeline: Pipeline, fate: Fate | None, at: float) -> None:
        job = self.add(
            job_name(pipeline.key, self._agenda.chance),
            pipeline_key=pipeline.key,
            pipeline_type=pipeline.type,
            pipeline_version=self._agenda.chance.choice(pipeline.versions),
            created_at=at,
        )
        if fate is not None:
            self.seal(job.id, fate)
        self._happenings.append(Happening(at, Happened.SUBMITTED, job.id, job.name))

    def _settle_in(self, job: SimJob) -> None:
        self.jobs[job.id] = job
        self.population += 1
        self._changed(job)

    def _changed(self, job: SimJob) -> None:
        job.revision += 1
        self.version += 1
        if job.status in QUEUED:
            self._queue_moved |= job.id not in self._queue
            self._queue[job.id] = None
        elif self._queue.pop(job.id, "absent") is None:
            self._queue_moved = True
            job.queue_position = job.queue_depth = None


def _assign(job: SimJob, fields: dict[str, object]) -> None:
    for field, value in fields.items():
        setattr(job, field, value)
