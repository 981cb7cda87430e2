"""The paged list of jobs: which match, in what order, as bytes. Fast enough for 100,000 jobs.
Tells the world's truth or the lies it was given for single rows; never changes a job.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import assert_never

import msgspec

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld

_KEPT_ORDERS = 16


class Order(Enum):
    CREATED_DESC = auto()
    CREATED_ASC = auto()
    UPDATED_DESC = auto()
    RANDOM = auto()
    """Reshuffled at each request."""


@dataclass(frozen=True, slots=True)
class Filters:
    pipeline_type: str | None = None
    status: str | None = None
    q: str | None = None

    def fit(self, job: SimJob) -> bool:
        return (
            self.pipeline_type in {None, job.pipeline_type}
            and self.status in {None, job.status}
            and (self.q is None or self.q.casefold() in f"{job.name}\n{job.id}".casefold())
        )


ALL = Filters()


class Listing:
    """Sorted lists are kept until the world changes, encoded rows until their job does."""

    def __init__(self, world: JobsWorld) -> None:
        self.bad_rows: dict[str, object] = {}
        self._world = world
        self._chance = Random(0)  # noqa: S311  an order to read in, not a secret
        self._sorted: dict[tuple[Filters, Order], tuple[int, list[SimJob]]] = {}
        self._rows: dict[str, tuple[int, bytes]] = {}
        self._encode: Callable[[object], bytes] = msgspec.json.Encoder().encode

    def matching(self, filters: Filters, order: Order) -> list[SimJob]:
        """All that match, in order; not to be changed by the caller."""
        by_creation = order is not Order.UPDATED_DESC
        stamp = self._world.population if filters == ALL and by_creation else self._world.version
        kept = self._sorted.get((filters, order))
        if kept is None or kept[0] != stamp:
            if len(self._sorted) >= _KEPT_ORDERS:
                self._sorted.clear()
            jobs = _in_order(filter(filters.fit, self._world.jobs.values()), order)
            kept = self._sorted[filters, order] = (stamp, jobs)
        if order is Order.RANDOM:
            self._chance.shuffle(kept[1])
        return kept[1]

    def row(self, job: SimJob) -> bytes:
        if job.id in self.bad_rows:
            return self._bad_row(job, self.bad_rows[job.id])
        kept = self._rows.get(job.id)
        if kept is None or kept[0] != job.revision:
            kept = self._rows[job.id] = (job.revision, self._encode(job.wire()))
        return kept[1]

    def page(self, jobs: list[SimJob], *, total: int, offset: int, limit: int) -> bytes:
        rows = b",".join(map(self.row, jobs[offset : offset + limit]))
        return b'{"total":%d,"offset":%d,"limit":%d,"jobs":[%s]}' % (total, offset, limit, rows)

    def _bad_row(self, job: SimJob, replacement: object) -> bytes:
        """A dict overrides fields of the row; any other value stands in its place."""
        return self._encode({**job.wire(), **replacement} if isinstance(replacement, dict) else replacement)


def _in_order(jobs: Iterable[SimJob], order: Order) -> list[SimJob]:
    match order:
        case Order.CREATED_DESC:
            return sorted(jobs, key=lambda job: (job.created_at, job.id), reverse=True)
        case Order.CREATED_ASC | Order.RANDOM:
            return sorted(jobs, key=lambda job: (job.created_at, job.id))
        case Order.UPDATED_DESC:
            return sorted(jobs, key=lambda job: (job.updated_at, job.id), reverse=True)
        case _:
            assert_never(order)
