"""Edits of many cards: none is left out, and Slack is not asked more often than it allows, whatever it answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.jobs import Field
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import Kind
from tests.samples import rule
from tests.world import World

PLACE = "#ml-alerts"

pytestmark = pytest.mark.usefixtures("at_once")


async def cards(world: World, count: int, last: str = PLACE) -> list[str]:
    """So many jobs have failed, each on a card of its own; the last one is told in a place of its own."""
    pipelines = [f"pipeline {number}" for number in range(count)]
    places = [*[PLACE] * (count - 1), last]
    world.rules = [
        replace(rule(place), name=each, globs={Field.PIPELINE: (each,)})
        for each, place in zip(pipelines, places, strict=True)
    ]
    jobs = [world.jobs.world.add(each, status="RUNNING", pipeline_key=each, age=60).id for each in pipelines]
    await world.good_look()
    for job in jobs:
        world.jobs.world.fail(job, "out of memory")
    await world.good_look()
    await passes(world, 90, step=1)
    assert len(world.posts()) + (len(world.posts("general")) if last != PLACE else 0) == count
    return jobs


async def passes(world: World, seconds: float, step: float) -> None:
    for _ in range(round(seconds / step)):
        world.clock.advance(step)
        await world.deliver()


async def all_change(world: World, jobs: Sequence[str]) -> None:
    for job in jobs:
        world.jobs.world.retry(job)
    await world.good_look()


@pytest.mark.parametrize("deleted", [0, 1])
async def test_what_gets_worse_waits_for_what_its_own_card_has_to_tell_and_for_no_other(
    world: World, deleted: int
) -> None:
    jobs = await cards(world, 15)
    for post in [post for post in world.posts() if jobs[-1] in rendered_text(post)][:deleted]:
        world.slack.state.delete(post)
    await all_change(world, jobs)
    world.jobs.world.fail(jobs[-1], "out of memory")
    await world.good_look()
    await passes(world, 6, step=1)
    (reply,) = [post for post in world.slack.state.broadcasts("ml-alerts") if jobs[-1] in post.text]
    assert "failed on try 2" in reply.text


def updates(world: World) -> list[float]:
    return [call.at for call in world.slack.state.calls if call.method == "chat.update"]


async def test_of_cards_that_all_change_all_the_time_each_is_edited_as_often(world: World) -> None:
    jobs = await cards(world, 12)
    for change in range(10):
        for job in jobs:
            (world.jobs.world.fail if change % 2 else world.jobs.world.retry)(job)
        await world.good_look()
        await passes(world, 15, step=0.5)
    times = Counter(post.ts for post, _ in world.slack.state.edits())
    assert len(times) == 12
    assert max(times.values()) - min(times.values()) <= 1


async def test_cards_whose_edits_fail_hold_up_no_other_card(world: World) -> None:
    *failing, healthy = await cards(world, 30, "#general")
    world.slack.fault(faults.refused("update_failed"), method="chat.update", channel="ml-alerts", times=None)
    await all_change(world, failing)
    await passes(world, 60, step=1)
    await all_change(world, [healthy])
    await passes(world, 60, step=1)
    assert [post.channel for post, _ in world.slack.state.edits()] == [world.posts("general")[0].channel]


@pytest.mark.parametrize(
    "fault",
    [faults.refused("invalid_blocks"), faults.refused("not_in_channel"), faults.rate_limited(5), faults.DROPPED],
)
async def test_slack_gets_no_more_than_forty_edits_a_minute_whatever_it_answers(world: World, fault: Kind) -> None:
    jobs = await cards(world, 30)
    began = len(updates(world))
    world.slack.fault(fault, method="chat.update", times=None)
    await all_change(world, jobs)
    await passes(world, 60, step=0.05)
    moments = updates(world)[began:]
    assert 1 <= max(sum(0 <= later - first < 60 for later in moments) for first in moments) <= 40
