"""The simulated jobs API in a process of its own, with a history of finished jobs and a few that live."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection

from benchmarks.processes import asked, beside
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_world import JobsWorld

FAILED = 0.08  # of all jobs
_LIVE = 200  # at most; of few jobs a tenth
_STATUSES = ("RUNNING", "PENDING", "ADMITTED", "PREEMPTED")
_PIPELINES = 20  # of those that fail
_SEED = 7


@dataclass(frozen=True, slots=True)
class World:
    """Where the jobs can be read, and how many there are."""

    url: str
    key: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A world of which so many jobs run until they all fail."""

    world: World
    jobs: int
    fail: Callable[[], None]


@contextmanager
def simulated(jobs: int) -> Iterator[World]:
    with failing(jobs, 0) as unfailing:
        yield unfailing.world


@contextmanager
def failing(jobs: int, running: int) -> Iterator[Failing]:
    with beside(_serve, jobs, running) as pipe:
        url, key = pipe.recv()

        def fail() -> None:
            pipe.send(None)
            pipe.recv()

        yield Failing(World(url, key, jobs), running, fail)


def _serve(pipe: Connection, jobs: int, running: int) -> None:
    asyncio.run(_serving(pipe, jobs, running))


async def _serving(pipe: Connection, jobs: int, running: int) -> None:
    world = JobsWorld(seed=_SEED, now=time.time)
    live = min(_LIVE, jobs // 10)
    world.populate(jobs - live - running, failed=int(jobs * FAILED))
    for number, status in zip(range(live), cycle(_STATUSES), strict=False):
        world.add(status=status, age=60.0 + number)
    doomed = [
        world.add(f"run {number}", status="RUNNING", age=900.0, pipeline_key=f"line-{number % _PIPELINES}")
        for number in range(running)
    ]
    async with JobsServer(world) as server:
        pipe.send((server.url, server.key))
        while await asked(pipe):
            for number, job in enumerate(doomed):
                world.fail(
                    job.id, f"CUDA out of memory. Tried to allocate {number} MiB at /data/runs/{job.id}/input.bin"
                )
            pipe.send(None)
