"""A list that takes long to read: what follows from it is dated when it is written, not when the look began."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.instants import SECOND
from tests.samples import rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")


async def running(world: World, *names: str) -> list[str]:
    ids = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    return ids


def slow_down(world: World, seconds: float) -> None:
    """So long takes each request of a look from now on."""
    world.api.asking = lambda: world.clock.advance(seconds)


async def fail_one_by_one(world: World, ids: Sequence[str]) -> None:
    """A look after each, end to end."""
    for id_ in ids:
        world.jobs.world.fail(id_, "out of memory")
        await world.good_look()
        await world.deliver()


async def test_a_failure_waits_for_its_reason_from_when_it_is_written_down(world: World) -> None:
    (press,) = await running(world, "press")
    slow_down(world, 4)
    world.jobs.world.fail(press, None)
    await world.good_look()
    for posts in (0, 0, 1):
        await world.deliver()
        assert len(world.posts()) == posts
        world.clock.advance(1)


@pytest.mark.parametrize(("window", "cards"), [(60, 1), (1, 4), (0, 4)])
async def test_looks_that_follow_each_other_within_the_window_share_a_card(
    world: World, window: int, cards: int
) -> None:
    world.rules = [replace(rule(), group_window=timedelta(seconds=window))]
    ids = await running(world, *map(str, range(4)))
    slow_down(world, 65)
    await fail_one_by_one(world, ids)
    assert len(world.slack.state.top_level("ml-alerts")) == cards


async def test_the_last_good_look_is_when_its_list_was_read(world: World) -> None:
    slow_down(world, 30)
    began = world.clock()
    await world.good_look()
    (source,) = await world.store.archive.sources()
    assert source.looked_at == world.clock() >= began + 30 * SECOND
