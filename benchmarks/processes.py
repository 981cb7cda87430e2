"""Processes of their own: what is measured shares neither its memory nor its processor time with what measures it.
A child ends with its parent: it waits on a pipe that closes then.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_SPAWN = get_context("spawn")
_STARTED_WITHIN = 120.0  # seconds


class Cost(NamedTuple):
    """Seconds by the clock, and seconds of processor time of the whole process."""

    wall: float
    cpu: float


class Stopwatch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def cost(self) -> Cost:
        return Cost(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def peak_memory() -> int:
    """The most bytes that this process has had resident. Not `ru_maxrss`: that one is inherited from the parent."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def alone(measure: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function yields in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
        return pool.submit(measure, *args, **kwargs).result()


@contextmanager
def beside(
    serve: Callable[Concatenate[Connection, P], None], *args: P.args, **kwargs: P.kwargs
) -> Iterator[Connection]:
    """The function in a process beside this one, for the life of the block; it is told to end by `until_closed`."""
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(there, *args), kwargs=kwargs, daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(_STARTED_WITHIN):
            raise TimeoutError("a process did not start in time")
        yield here
    finally:
        here.close()
        process.join()


async def asked(pipe: Connection) -> bool:
    """Whether the other process asks for something. False when it closes its end, or is gone."""
    try:
        await asyncio.to_thread(pipe.recv)
    except EOFError:
        return False
    return True
