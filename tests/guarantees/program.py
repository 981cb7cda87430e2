"""What is run, how much of it, and how much of it at once. What a run is, is said elsewhere."""

import asyncio
import sys
from collections.abc import Awaitable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random
from typing import TypeVar

from tests.guarantees import stories
from tests.guarantees.crashes import (
    Ended,
    Point,
    crash_row,
    killed_at,
    killed_at_random,
    recorded,
    sample_of,
)
from tests.guarantees.judging import total
from tests.guarantees.lost_answers import WAYS, with_lost_answers
from tests.guarantees.restored import restored
from tests.guarantees.rows import Row
from tests.guarantees.statements import at_statements
from tests.guarantees.stories import Story
from tests.machine import program as machine
from tests.machine.figures import Figure

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Size:
    """`points` are drawn for the crash matrix, all of them where it is 0; `statements` is one in so many; `places` by
    `cards` are the posts and the replies whose answers are lost in each way; `lanes` is how many bots run at once.
    """

    story: Story
    points: int
    statements: int
    kills: tuple[int, ...]
    places: int
    cards: int
    lanes: int


SHORT = Size(stories.SHORT, points=12, statements=24, kills=(5,), places=4, cards=1, lanes=6)
LONG = Size(stories.LONG, points=0, statements=1, kills=(20,) * 10, places=25, cards=4, lanes=12)
SIZES = (SHORT, LONG)
AT_RANDOM = (machine.SHORT, machine.LONG)


class Lanes:
    """So many at once, the rest in turn; says what is done, and at once what broke, because all takes long."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    async def take(self, name: str, work: Awaitable[T]) -> T:
        async with self._free:
            try:
                done = await work
            except Exception as fault:
                sys.stderr.write(f"broke: {name}: {fault!r}\n")
                raise
        sys.stderr.write(f"done: {name}\n")
        return done


@contextmanager
def at_random(number: int, seed: int) -> Iterator[Future[list[Figure]]]:
    """What is drawn at random runs in a process of its own, beside the block."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool.submit(_at_random, AT_RANDOM[number], seed)


def _at_random(size: machine.Size, seed: int) -> list[Figure]:
    return [*machine.figures(size, seed)]


async def disturbed(size: Size, seed: int) -> list[Row]:
    chance, lanes = Random(seed), Lanes(size.lanes)  # noqa: S311  a sample, no secret
    crashes, statements, kills, *lost = await asyncio.gather(
        _crashes(size, chance, lanes),
        asyncio.to_thread(_statements, size),
        _random_kills(size, chance.random(), lanes),
        *(lanes.take(way.name, with_lost_answers(way, size.places, size.cards)) for way in WAYS),
    )
    backups = [await restored(history=history) for history in (True, False)]
    return [crashes, statements, kills, *lost, *backups]


def _statements(size: Size) -> Row:
    """In a process of its own: every connection that is opened in it meanwhile is watched."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_at_statements, SIZES.index(size)).result()


def _at_statements(number: int) -> Row:
    size = SIZES[number]
    return asyncio.run(at_statements(size.story, size.statements))


async def _crashes(size: Size, chance: Random, lanes: Lanes) -> Row:
    first, again = await asyncio.gather(
        *(lanes.take("nobody disturbs", recorded(size.story)) for _ in range(2)),
    )
    if not (undisturbed := first.ended.judgement + again.ended.judgement).kept:
        return Row(what="runs that nobody disturbs", times=2, judgement=undisturbed)
    generated = [point for point in first.points if point in again.points]
    points = sample_of(generated, size.points, chance) if size.points else generated

    async def one(point: Point) -> Ended:
        name = f"{point.exchange.kind} {point.exchange.number} {point.death.name}"
        return await lanes.take(name, killed_at(point, size.story))

    return crash_row(points, await asyncio.gather(*map(one, points)), len(generated))


async def _random_kills(size: Size, seed: float, lanes: Lanes) -> Row:
    runs = [lanes.take(f"{kills} kills", killed_at_random(kills, f"{seed} {n}")) for n, kills in enumerate(size.kills)]
    ended = await asyncio.gather(*runs)
    return Row(
        what="SIGKILL at a random moment under load",
        times=sum(size.kills),
        judgement=total(each.judgement for each in ended),
        amiss="; ".join(each.amiss for each in ended if each.amiss),
    )
