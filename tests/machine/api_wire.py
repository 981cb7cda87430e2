"""The jobs API as far as a client can tell, at the wire: pages of what is true now, or was true some time ago, in an
order that changes, and requests that come to nothing. It remembers every row that it gave away.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum, auto
from random import Random
from typing import assert_never

import httpx

from bot.core.instants import SECOND, as_datetime
from bot.core.jobs import Job
from tests.core.moving_list import Order
from tests.machine.truth import Truth
from tests.samples import Clock

_TIMES = ("created_at", "updated_at", "started_at", "completed_at", "failed_at", "cancelled_at")


class Trouble(Enum):
    UNAVAILABLE = auto()
    REFUSED = auto()
    TIMEOUT = auto()
    RESET = auto()
    GARBAGE = auto()
    TRUNCATED = auto()


@dataclass(frozen=True, slots=True)
class Stale:
    """An answer as it was so many seconds ago."""

    seconds: float


@dataclass(slots=True)
class ApiWire:
    """`script` says what befalls the next requests; once it is empty, all is well."""

    truth: Truth
    clock: Clock
    order: Order = Order.CREATED_DESC
    seconds_per_request: float = 0.05
    script: deque[Stale | Trouble | None] = field(default_factory=deque)
    given: list[Job] = field(default_factory=list)
    answers: int = 0
    stale: int = 0
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311  an order to read in, not a secret

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.clock.advance(self.seconds_per_request)
        self.answers += 1
        match self.script.popleft() if self.script else None:
            case Trouble() as trouble:
                return self._suffer(trouble, request)
            case Stale(seconds=seconds):
                self.stale += 1
                return self._answer(request, self.truth.at(self.clock() - int(seconds * SECOND)))
            case None:
                return self._answer(request, self.truth.at(self.clock()))

    def _answer(self, request: httpx.Request, jobs: Sequence[Job]) -> httpx.Response:
        _, _, id_ = request.url.path.partition("/batch/jobs/")
        if not id_:
            return self._page(request, jobs)
        found = [job for job in jobs if job.id == id_]
        self.given += found
        return self._json(200, as_json(found[0])) if found else self._json(404, {"detail": "no such job"})

    def _page(self, request: httpx.Request, jobs: Sequence[Job]) -> httpx.Response:
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        rows = self._in_order(jobs)[offset : offset + limit]
        self.given += rows
        return self._json(200, {"jobs": [*map(as_json, rows)], "total": len(jobs), "limit": limit, "offset": offset})

    def _suffer(self, trouble: Trouble, request: httpx.Request) -> httpx.Response:
        match trouble:
            case Trouble.UNAVAILABLE:
                return self._json(503, {"detail": "overloaded"})
            case Trouble.REFUSED:
                return self._json(401, {"detail": "no such key"})
            case Trouble.TIMEOUT:
                raise httpx.ReadTimeout("too late", request=request)
            case Trouble.RESET:
                raise httpx.ReadError("reset", request=request)
            case Trouble.GARBAGE:
                return httpx.Response(200, content=b"<html>hello</html>")
            case Trouble.TRUNCATED:
                return httpx.Response(200, content=b'{"jobs": [{"id": "job_0')
            case _:
                assert_never(trouble)

    def _json(self, status: int, body: object) -> httpx.Response:
        return httpx.Response(status, json=body, headers={"Date": formatdate(self.clock.in_seconds(), usegmt=True)})

    def _in_order(self, jobs: Sequence[Job]) -> Sequence[Job]:
        if self.order is Order.RANDOM:
            return self.chance.sample(jobs, len(jobs))
        return sorted(jobs, key=_KEYS[self.order], reverse=self.order is not Order.CREATED_ASC)


_KEYS: dict[Order, Callable[[Job], tuple[int, str]]] = {
    Order.CREATED_DESC: lambda job: (job.created_at or 0, job.id),
    Order.CREATED_ASC: lambda job: (job.created_at or 0, job.id),
    Order.UPDATED_DESC: lambda job: (job.updated_at or 0, job.id),
}


def as_json(job: Job) -> dict[str, object]:
    times = {name: getattr(job, name) for name in _TIMES}
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "pipeline_key": job.pipeline_key or "machine-state",
        "error": job.error,
        "retry_count": job.retries,
        "preemption_count": job.preemptions,
        **{name: None if at is None else as_datetime(at).isoformat() for name, at in times.items()},
    }
