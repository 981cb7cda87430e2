"""What a card says of its jobs is true of them as they stand: of their errors, and of those that went and came back."""

from collections.abc import Callable

import pytest

from bot.explain import explain
from bot.sandbox.reading import rendered_text
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")

OOM = "CUDA out of memory"
SEEN = "An error like this was seen"


async def moves(world: World, move: Callable[[], object], seconds: float = 5) -> None:
    """Something happens, a look finds it, and what is to be said of it is said."""
    world.clock.advance(5)
    move()
    await world.good_look()
    for _ in range(int(seconds)):
        await world.deliver()
        world.clock.advance(1)


async def failed(world: World, *names: str, error: object = OOM) -> list[str]:
    """Jobs that have failed together, later than any card takes newcomers."""
    world.clock.advance(3600)
    ids = [world.jobs.world.add(name, status="RUNNING", age=60).id for name in names]
    await world.good_look()
    await moves(world, lambda: [world.jobs.world.fail(id_, error) for id_ in ids])
    return ids


def shown(world: World) -> str:
    """The newest card."""
    return rendered_text(world.slack.state.top_level("ml-alerts")[-1])


def told(world: World) -> list[str]:
    return [post.text for post in world.slack.state.thread(world.slack.state.top_level("ml-alerts")[-1])]


async def test_how_often_an_error_was_seen_is_said_of_the_error_that_the_card_shows(world: World) -> None:
    await failed(world, "press")
    (mill,) = await failed(world, "mill")
    assert f"{SEEN} once" in shown(world)
    await moves(world, lambda: world.jobs.world.retry(mill))
    await moves(world, lambda: world.jobs.world.fail(mill, "the disk is full"))
    assert "the disk is full" in shown(world)
    assert SEEN not in shown(world)
    await moves(world, lambda: world.jobs.world.retry(mill))
    await moves(world, lambda: world.jobs.world.fail(mill, OOM))
    assert f"{SEEN} once" in shown(world)


async def test_a_reason_that_comes_from_the_events_is_one_that_was_seen_before_too(world: World) -> None:
    for name in ("press", "mill"):
        world.clock.advance(3600)
        job = world.jobs.world.add(name, status="RUNNING", age=60).id
        await world.good_look()
        world.jobs.world.fail(job, None)
        look = await world.good_look()
        await explain(world.api, world.store.looks, look.verdicts, 5.0)
        await world.deliver()
    assert f"{SEEN} once" in shown(world)


async def test_of_errors_of_several_kinds_each_says_how_often_it_was_seen(world: World) -> None:
    await failed(world, "press")
    ids = [world.jobs.world.add(f"mill {number}", status="RUNNING", age=60).id for number in range(4)]
    world.clock.advance(3600)
    await world.good_look()
    errors = (OOM, OOM, "the disk is full", "the disk is full")
    await moves(world, lambda: [world.jobs.world.fail(*each) for each in zip(ids, errors, strict=True)])
    assert f"2 like: {OOM} · seen once since November 23 · 2 like: the disk is full" in shown(world)
    assert SEEN not in shown(world)


async def test_a_cancellation_is_not_told_with_the_error_of_a_failure_before_it(world: World) -> None:
    (press,) = await failed(world, "press")
    await moves(world, lambda: world.jobs.world.retry(press))
    assert f"last error: {OOM}" in shown(world)
    await moves(world, lambda: world.jobs.world.cancel(press))
    assert "was cancelled" in shown(world)
    assert OOM not in f"{shown(world)} {told(world)[-1]}"
