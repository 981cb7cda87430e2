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
LONG = 1_900  # characters of an error
_MORE = (
    "GPU 0 has a total capacity of 79.15 GiB of which 10.94 MiB is free.\n"
    "Including non-PyTorch memory, this process has 79.14 GiB memory in use; see the config of the task. "
)


@dataclass(frozen=True, slots=True)
class World:
    """Where the jobs can be read, and how many there are."""

    url: str
    key: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A world of which so many jobs run until they all fail, with errors that are long or short."""

    world: World
    jobs: int
    long: bool
    fail: Callable[[], None]


@contextmanager
def simulated(jobs: int) -> Iterator[World]:
    with failing(jobs, 0) as unfailing:
        yield unfailing.world


@contextmanager
def failing(jobs: int, running: int, *, long: bool = False) -> Iterator[Failing]:
    with beside(_serve, jobs, running, long) as pipe:
        url, key = pipe.recv()

        def fail() -> None:
            pipe.send(None)
            pipe.recv()

        yield Failing(World(url, key, jobs), running, long, fail)


def _serve(pipe: Connection, jobs: int, running: int, long: bool) -> None:  # noqa: FBT001
    asyncio.run(_serving(pipe, jobs, running, long=long))


async def _serving(pipe: Connection, jobs: int, running: int, *, long: bool) -> None:
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
                world.fail(job.id, _error(number, job.id, long=long))
            pipe.send(None)


def _error(number: int, job_id: str, *, long: bool) -> str:
    error = f"CUDA out of memory. Tried to allocate {number} MiB at /data/runs/{job_id}/input.bin"
    return f"{error}\n{_MORE * LONG}"[:LONG] if long else error
