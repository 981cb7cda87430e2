"""Which cards are right, held against those of a bot that nobody disturbs."""

from dataclasses import replace

from bot.core.alerts import Rule
from bot.core.changes import ChangeKind
from bot.sandbox.reading import rendered_text
from tests.guarantees.drawing import judge_cards
from tests.guarantees.judging import said
from tests.guarantees.witness import witness
from tests.samples import PLACE
from tests.world import World

RULE = Rule(name="all", to=(PLACE,), on=frozenset({ChangeKind.VANISHED}), globs={})


async def test_since_when_a_job_is_gone_can_only_say_who_looks(world: World) -> None:
    world.rules = [RULE]
    job = world.jobs.world.add("press", status="RUNNING", age=60)
    await world.good_look()
    async with witness(world.jobs, world.rules, world.clock) as watching:
        world.jobs.world.delete(job.id)
        await watching.look()
        world.clock.advance(70)
        await world.good_look()
        await world.deliver()
        [card] = [said("ml-alerts", post, rendered_text(post)) for post in world.posts()]
        world.clock.advance(600)
        drawn = await watching.drawn()
        assert judge_cards([card], drawn).kept
        too_late = replace(card, shows=card.shows.replace("12:01", "12:31"))
        assert too_late != card
        assert judge_cards([too_late], drawn).wrong == 1
