"""Looks: the first one at a source, which becomes the baseline, and one at jobs of which none has changed.
The bot's own client, sweep and store, in a process that has loaded all that `jobsbot run` loads.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks import floors
from benchmarks.figures import Row, below, beside_floor, megabytes, seconds, whole_bytes
from benchmarks.processes import Cost, Stopwatch, alone, peak_memory
from benchmarks.world import World
from bot.clock import now
from bot.jobs_api.client import JobsApi, connect
from bot.poll import Looked, poll_once
from bot.store.store import Store, open_store

AT_MOST = 2.0  # times the floor's processor time
MEMORY = 150e6  # bytes
JOB_SIZE = 1_000  # bytes in the state file
_KEEP = timedelta(days=90)


class Pair(NamedTuple):
    ours: Cost
    floor: Cost


class First(NamedTuple):
    cost: Cost
    memory: int


def first_looks(world: World, folder: Path, times: int) -> tuple[list[Row], Path]:
    """The rows, and a state file that holds the jobs of the world."""
    pairs, sizes = [], []
    for number in range(times):
        state = folder / f"state{world.jobs}-{number}.db"
        first = alone(first_look, world, state)
        kept = alone(floors.keep_all, world.url, world.key, folder / f"floor{world.jobs}-{number}.db")
        pairs.append((first, kept))
        sizes.append(state.stat().st_size / world.jobs)
    what = f"first look at {world.jobs:,} jobs"
    size = beside_floor(f"{what}: bytes a job", tuple(sizes), tuple(kept.row_bytes for _, kept in pairs), whole_bytes)
    rows = [
        beside_floor(
            f"{what}: duration",
            tuple(first.cost.wall for first, _ in pairs),
            tuple(kept.cost.wall for _, kept in pairs),
            seconds,
        ),
        beside_floor(
            f"{what}: processor time",
            tuple(first.cost.cpu for first, _ in pairs),
            tuple(kept.cost.cpu for _, kept in pairs),
            seconds,
        ),
        Row(what=f"{what}: peak memory", ours=megabytes(max(first.memory for first, _ in pairs))),
        below(size, max(sizes), JOB_SIZE, whole_bytes),
    ]
    return rows, state


def idle_looks(world: World, state: Path, times: int) -> list[Row]:
    pairs = alone(look_and_read, world, state, times)
    memory = alone(look_memory, world, state, times)
    floor_memory = alone(floors.reading_memory, world.url, world.key)
    what = f"look at {world.jobs:,} jobs, none changed"
    ours, floor = tuple(pair.ours for pair in pairs), tuple(pair.floor for pair in pairs)
    beside = beside_floor(f"{what}: peak memory", (memory,), (floor_memory,), megabytes)
    return [
        beside_floor(
            f"{what}: processor time",
            tuple(cost.cpu for cost in ours),
            tuple(cost.cpu for cost in floor),
            seconds,
            at_most=AT_MOST,
        ),
        beside_floor(
            f"{what}: duration", tuple(cost.wall for cost in ours), tuple(cost.wall for cost in floor), seconds
        ),
        below(beside, memory, MEMORY, megabytes),
    ]


def first_look(world: World, state: Path) -> First:
    return First(asyncio.run(_first_look(world, state)), peak_memory())


def look_and_read(world: World, state: Path, times: int) -> list[Pair]:
    """In turn, so that what disturbs the machine disturbs both."""
    return asyncio.run(_look_and_read(world, state, times))


def look_memory(world: World, state: Path, times: int) -> int:
    """The peak of a process that looks again and again."""
    asyncio.run(_look_again(world, state, times))
    return peak_memory()


async def _first_look(world: World, state: Path) -> Cost:
    async with opened(world, state) as (api, store):
        watch = Stopwatch()
        looked = await _look(api, store, world)
        assert looked.first, "it became the baseline"  # noqa: S101
        return watch.cost()


async def _look_and_read(world: World, state: Path, times: int) -> list[Pair]:
    pairs = []
    async with opened(world, state) as (api, store), floors.client(world.url, world.key) as http:
        for _ in range(times):
            watch = Stopwatch()
            await _look(api, store, world)
            ours, watch = watch.cost(), Stopwatch()
            await floors.read_all(http)
            pairs.append(Pair(ours, watch.cost()))
    return pairs


async def _look_again(world: World, state: Path, times: int) -> None:
    async with opened(world, state) as (api, store):
        for _ in range(times):
            await _look(api, store, world)


@asynccontextmanager
async def opened(world: World, state: Path) -> AsyncIterator[tuple[JobsApi, Store]]:
    import_module("bot.app")
    import_module("bot.cli")
    gc.freeze()  # as it does
    async with (
        open_store(state, _KEEP) as store,
        connect("default", world.url, world.key, page_size=floors.PAGE_SIZE, clock=now) as api,
    ):
        yield api, store


async def _look(api: JobsApi, store: Store, world: World) -> Looked:
    """A look that measures what it should: it saw every job and found none changed."""
    look = await poll_once(api, store.looks, (), {}, now)
    whole = isinstance(look, Looked) and look.listing.certificate.seen == world.jobs
    if not isinstance(look, Looked) or not whole or (look.listing.rows and not look.first):
        raise AssertionError(look)
    return look
