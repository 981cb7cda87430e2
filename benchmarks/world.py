"""The simulated jobs API in a process of its own, with a history of finished jobs and a few that live."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection

from benchmarks.processes import beside, until_closed
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld

FAILED = 0.08  # of all jobs
_LIVE = 200  # at most; of few jobs a tenth
_STATUSES = ("RUNNING", "PENDING", "ADMITTED", "PREEMPTED")
_SEED = 7


@dataclass(frozen=True, slots=True)
class World:
    """Where the jobs can be read, and how many there are."""

    url: str
    key: str
    jobs: int


@contextmanager
def simulated(jobs: int) -> Iterator[World]:
    with beside(_serve, jobs) as pipe:
        url, key = pipe.recv()
        yield World(url, key, jobs)


def _serve(pipe: Connection, jobs: int) -> None:
    asyncio.run(_serving(pipe, jobs))


async def _serving(pipe: Connection, jobs: int) -> None:
    world = JobsWorld(seed=_SEED, now=time.time)
    live = min(_LIVE, jobs // 10)
    world.populate(jobs - live, failed=int(jobs * FAILED))
    for number, status in zip(range(live), cycle(_STATUSES), strict=False):
        world.add(status=status, age=60.0 + number)
    async with JobsServer(world) as server:
        pipe.send((server.url, server.key))
        await until_closed(pipe)
