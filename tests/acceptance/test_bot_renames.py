"""A channel that has another name than it had keeps its cards, though nobody knows the name yet when the bot starts."""

from bot.sandbox.reading import rendered_text, rings
from bot.sandbox.slack_faults import stall
from tests.acceptance.stage import ALERTS, RULE, Stage

RENAMED = "ml-alarms"
ADA = "U0SANDBOX1"
LIST = "conversations.list"


async def told_so_far(stage: Stage) -> None:
    """A failure has a card, and the bot has stopped."""
    stage.rules = f'{RULE}mention = "@{ADA}"\n'
    job, _ = stage.add_running(2)
    async with stage.running() as bot:
        stage.world.fail(job.id, "out of memory")
        await stage.told(job)
        await bot.logs("told")
        await bot.stops()


async def test_a_failure_in_a_renamed_channel_comes_to_the_card_that_stands_there(stage: Stage) -> None:
    await told_so_far(stage)
    before = await stage.history()
    job, other = stage.world.jobs.values()
    stage.slack.state.channel(ALERTS).name = RENAMED
    stage.rules = stage.rules.replace(ALERTS, RENAMED)
    for happens in (stage.world.retry, stage.world.start, stage.world.fail):
        happens(job.id)
    stage.world.fail(other.id)
    stage.slack.fault(stall(), method=LIST)
    seen = len(stage.slack.state.calls)
    async with stage.bot("run") as bot:
        await stage.slack.state.bell.until(lambda: LIST in [call.method for call in stage.slack.state.calls[seen:]], 15)
        assert await stage.history() == before, "no look concludes anything while the name is looked for"
        stage.slack.clear_faults()
        await stage.told(job, other, place=RENAMED)
        await stage.looks(2)
        await bot.stops()
    [card] = stage.cards(RENAMED)
    step, newcomer = map(rendered_text, stage.slack.state.thread(card))
    assert "failed on try 2" in step
    assert other.id in newcomer
    assert [rings(message) for message in stage.slack.state.posts(RENAMED) if rings(message)] == [{ADA}, {ADA}]
