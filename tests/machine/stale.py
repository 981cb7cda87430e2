"""Looks of which any answer may come from the past, or not at all, and a delivery after each: what was lost, told
twice, or told although it never happened. The real look, store, sink and delivery; the lots are drawn here.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.core.moving_list import Order
from tests.machine.api_wire import Stale, Trouble
from tests.machine.model import Judgement
from tests.machine.stage import open_stage

JOBS = 40  # at most at the same time; then the oldest are deleted


@dataclass(frozen=True, slots=True)
class StaleLooks:
    looks: int
    answers: int
    stale: int
    judgement: Judgement


async def look_at_random(looks: int, folder: Path, seed: int = 1) -> StaleLooks:
    chance = Random(seed)  # noqa: S311  a drawing of lots, not a secret
    async with open_stage(folder, [chance.randrange(2**32) for _ in range(5)]) as stage:
        wire, truth = stage.wire, stage.truth
        while stage.looks < looks:
            if chance.random() < 0.2:
                truth.bear(chance.randrange(2**32), stage.clock())
                there = [job.id for job in truth.at(stage.clock())]
                truth.deleted.update((id_, stage.clock()) for id_ in there[:-JOBS])
            wire.order = chance.choice([*Order])
            wire.script.extend(_trick(chance) for _ in range(20))
            await stage.look()
            await stage.deliver()
            stage.clock.advance(15)
        return StaleLooks(stage.looks, wire.answers, wire.stale, await stage.settle())


def _trick(chance: Random) -> Stale | Trouble | None:
    lot = chance.randrange(20)
    if lot == 0:
        return chance.choice(list(Trouble))
    return Stale(chance.choice([1.0, 15.0, 60.0, 600.0, 3_600.0])) if lot < 8 else None
