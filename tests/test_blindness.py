"""The bot says when it is blind or doubts what it sees: in a message, once, if it lasts; and when that is over."""

from dataclasses import replace

import pytest

from bot.core.alerts import destinations
from bot.core.jobs import Field
from bot.deliver import resolve_routes
from bot.sandbox.blocks import problems
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.reading import links, rendered_text, rings
from tests.samples import rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")


async def blind_for(world: World, minutes: int) -> None:
    """A look a minute, none of which succeeds."""
    world.jobs.fault(FAULTS["unavailable"], times=None)
    for _ in range(minutes + 1):
        await world.look()
        await world.deliver()
        world.clock.advance(60)


async def sees_again(world: World) -> None:
    world.jobs.clear_faults()
    await world.good_look()
    while await world.deliver():
        world.clock.advance(1)


async def test_a_short_blindness_is_told_to_nobody(world: World) -> None:
    await blind_for(world, 9)
    await sees_again(world)
    assert world.posts() == []


async def test_a_blindness_that_lasts_is_told_once_and_its_end_too(world: World) -> None:
    await blind_for(world, 30)
    [blind] = world.posts()
    assert "I cannot see the jobs of default" in rendered_text(blind)
    assert "503" in rendered_text(blind)
    await sees_again(world)
    assert "I see the jobs of default again" in rendered_text(world.posts()[-1])
    assert len(world.posts()) == 2


async def test_what_failed_meanwhile_is_told_with_the_first_good_look(world: World) -> None:
    running = world.jobs.world.add("press", status="RUNNING", age=60)
    await world.good_look()
    await blind_for(world, 12)
    world.jobs.world.fail(running.id, "out of memory")
    await sees_again(world)
    assert [running.id in rendered_text(post) for post in world.posts()] == [False, False, True]


async def test_a_second_blindness_is_told_like_the_first(world: World) -> None:
    for _ in range(2):
        await blind_for(world, 12)
        await sees_again(world)
    assert len(world.posts()) == 4


async def test_only_places_that_would_hear_of_the_source_are_told(world: World) -> None:
    world.rules = [rule("#ml-alerts"), replace(rule("#general"), globs={Field.SOURCE: ("other",)})]
    await blind_for(world, 12)
    assert (len(world.posts("ml-alerts")), world.posts("general")) == (1, [])


async def test_a_notice_has_a_form_that_slack_takes_and_rings_nobody(world: World) -> None:
    await blind_for(world, 12)
    [blind] = world.posts()
    assert problems(blind.blocks) == []
    assert (rings(blind), links(blind)) == (set(), set())
    assert blind.text.startswith("I cannot see the jobs of default since ")


async def doubts_for(world: World, minutes: int) -> None:
    """A look a minute, at a list that counts one job more than it shows."""
    world.jobs.total_shift = 1
    for _ in range(minutes + 1):
        await world.good_look()
        await world.deliver()
        world.clock.advance(60)


async def test_a_list_that_does_not_add_up_for_long_is_told_once_and_its_end_too(world: World) -> None:
    await doubts_for(world, 9)
    assert world.posts() == []
    await doubts_for(world, 20)
    [doubtful] = world.posts()
    assert "The job list of default does not add up since " in doubtful.text
    assert "saw 1 jobs where the API counts 2" in rendered_text(doubtful)
    world.jobs.total_shift = 0
    await sees_again(world)
    assert "The job list of default adds up again" in rendered_text(world.posts()[-1])
    assert len(world.posts()) == 2


async def test_what_a_list_in_doubt_shows_is_told_all_the_same(world: World) -> None:
    world.jobs.total_shift = 1
    (failed,) = await world.fail("press")
    await world.deliver()
    assert [failed in rendered_text(post) for post in world.posts()] == [True]


async def test_a_channel_of_two_names_is_told_once(world: World) -> None:
    channel = world.slack.state.lookup("ml-alerts")
    assert channel is not None
    world.rules = [rule("#ml-alerts", channel.id)]
    await resolve_routes(world.store.outbox, world.sink, destinations(world.rules), world.clock)
    await blind_for(world, 12)
    assert len(world.posts()) == 1
