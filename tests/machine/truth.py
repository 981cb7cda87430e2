"""What truly happens to the jobs: plain lists of rows and of facts, from nothing but legal lives and the time.
It knows nothing of how the bot finds out, and shares no line with it but the words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from bot.core.instants import Instant, whole_seconds
from bot.core.jobs import Job, Status
from tests.core.lives import NOON, life, moved, row

SOURCE = "default"
NIGHTLY = "nightly-"
_TIMES = ("created_at", "updated_at", "started_at", "completed_at", "failed_at", "cancelled_at")


class Fact(NamedTuple):
    """`mark` tells facts of one kind apart: the second of an ending, the count of a retry. Starts and preemptions are
    left out: where nobody saw them, no row proves to which try they belong.
    """

    job: str
    kind: str
    mark: int


def facts_named_by(row: Job) -> Iterator[Fact]:
    """Every fact that this row, as it stands, is evidence of."""
    yield Fact(row.id, "appeared", 0)
    if row.retries:
        yield Fact(row.id, "retried", row.retries)
    ends = (("failed", row.failed_at), ("cancelled", row.cancelled_at), ("completed", row.completed_at))
    yield from (Fact(row.id, kind, whole_seconds(at)) for kind, at in ends if at is not None)


def fact_of(key: str) -> Fact:
    """The fact in the key of a change."""
    _, job, kind, retries, _, *seconds = key.split("/")
    return Fact(job, kind, int(retries) if kind == "retried" else int(seconds[0]) if seconds else 0)


@dataclass(slots=True)
class Truth:
    """`lives` are the rows of each job, oldest first; a row holds from its `updated_at` on."""

    lives: dict[str, tuple[Job, ...]] = field(default_factory=dict)
    deleted: dict[str, Instant] = field(default_factory=dict)
    frozen: Instant | None = None

    def bear(self, seed: int, now: Instant, slowest: int = 600) -> str:
        """A job that begins now, and all that will ever happen to it, step by step within so many seconds."""
        chance = Random(seed)  # noqa: S311  a life, not a secret
        id_ = f"job_{len(self.lives):03d}"
        name = f"{NIGHTLY if chance.random() < 0.5 else 'weekly-'}{id_}"
        clears, restamps, steps = chance.random() < 0.5, chance.random() < 0.5, chance.randrange(15)
        rows = life(chance, clears=clears, restamps=restamps, steps=steps, slowest=slowest)
        self.lives[id_] = tuple(replace(_shifted(row, now - NOON), id=id_, name=name, source=SOURCE) for row in rows)
        return id_

    def add(self, name: str, pipeline: str, now: Instant) -> str:
        """A job that begins now, and to which nothing happens until it is moved."""
        id_ = f"job_{len(self.lives):03d}"
        begun = replace(row(Status.PENDING, updated_at=now, created_at=now), name=name, pipeline_key=pipeline)
        self.lives[id_] = (replace(begun, id=id_, source=SOURCE),)
        return id_

    def move(self, job: str, status: Status, now: Instant, error: str = "") -> None:
        """The job is in this status from now on."""
        rows = self.lives[job]
        after = moved(rows[-1], status, now, clears=False, restamps=True)
        self.lives[job] = (*rows, replace(after, error=error))

    def at(self, now: Instant) -> list[Job]:
        """The jobs as they are at this time."""
        then = now if self.frozen is None else min(now, self.frozen)
        held = ([row for row in rows if (row.updated_at or 0) <= then] for rows in self.lives.values())
        return [rows[-1] for rows in held if rows and then < self.deleted.get(rows[0].id, then + 1)]

    def version(self, row: Job) -> int:
        """Which row of its life it is."""
        return [each.updated_at for each in self.lives[row.id]].index(row.updated_at)

    def story(self, job: str) -> Sequence[Fact]:
        """What happens to the job, oldest first."""
        return tuple(dict.fromkeys(fact for row in self.lives[job] for fact in facts_named_by(row)))


def _shifted(row: Job, by: Instant) -> Job:
    times = {name: at + by for name in _TIMES if (at := getattr(row, name)) is not None}
    return replace(row, **times)
