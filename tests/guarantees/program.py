"""What is run, how much of it, and how much of it at once. What a run is, is said elsewhere."""

import asyncio
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.guarantees import stories
from tests.guarantees.crashes import Ended, Point, crash_row, killed_at, killed_at_random, points_of, recorded
from tests.guarantees.judging import total
from tests.guarantees.lost_replies import WAYS, with_lost_replies
from tests.guarantees.restored import restored
from tests.guarantees.rows import Row
from tests.guarantees.statements import at_statements
from tests.guarantees.stories import Story

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Size:
    """`points` are drawn for the crash matrix, all of them where it is 0; `statements` is one in so many; `places` by
    `failures` is the number of replies lost in each way; `lanes` is how many bots run at once.
    """

    story: Story
    points: int
    statements: int
    kills: tuple[int, ...]
    places: int
    failures: int
    lanes: int


SHORT = Size(stories.SHORT, points=12, statements=24, kills=(5,), places=4, failures=1, lanes=6)
LONG = Size(stories.LONG, points=0, statements=1, kills=(50,) * 4, places=25, failures=4, lanes=6)


class Lanes:
    """So many at once, the rest in turn; says what is done, because all takes long."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    async def take(self, name: str, work: Awaitable[T]) -> T:
        async with self._free:
            done = await work
        sys.stderr.write(f"done: {name}\n")
        return done


async def run(size: Size, seed: int) -> list[Row]:
    chance, lanes = Random(seed), Lanes(size.lanes)  # noqa: S311  a sample, no secret
    crashes, kills, *lost = await asyncio.gather(
        _crashes(size, chance, lanes),
        _random_kills(size, chance.random(), lanes),
        *(lanes.take(way.name, with_lost_replies(way, size.places, size.failures)) for way in WAYS),
    )
    statements = await at_statements(size.story, size.statements)
    backups = [await restored(history=history) for history in (True, False)]
    return [crashes, statements, kills, *lost, *backups]


async def _crashes(size: Size, chance: Random, lanes: Lanes) -> Row:
    events, undisturbed = await lanes.take("nobody disturbs", recorded(size.story))
    if not undisturbed.judgement.kept:
        return Row(what="a run that nobody disturbs", times=1, judgement=undisturbed.judgement)
    generated = points_of(events)
    points = chance.sample(generated, size.points) if size.points else generated

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
