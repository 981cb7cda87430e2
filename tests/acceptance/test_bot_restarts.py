"""Killed in the worst moments, again and again, while jobs fail: no failure is lost, and none is told twice. What one
look finds has a card of its own here, so that kills meet posts; `test_bot_cards` kills it in the midst of a story.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum, auto

from bot.sandbox.slack_faults import stall
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import CARD_A_LOOK, SLACK_OPEN, Stage, message_keys

KILLS = 10


class Moment(Enum):
    STARTING = auto()
    LOOKING = auto()
    SENDING = auto()  # the request is out, Slack has not yet done anything
    POSTED = auto()  # Slack has done it, the bot has not heard so
    TOLD = auto()


MOMENTS = [*Moment] * (KILLS // len(Moment))


async def until(moment: Moment, stage: Stage, bot: Bot) -> None:
    """The moment has come; in POSTED the bot is already dead."""
    match moment:
        case Moment.STARTING:
            await bot.logs(SLACK_OPEN)
        case Moment.LOOKING:
            stage.jobs.hold_pages()
            await stage.jobs.seen(len(stage.jobs.requests) + 1)
        case Moment.SENDING:
            stage.slack.fault(stall(), method="chat.postMessage")
            sent = posts_asked_for(stage)
            await stage.slack.state.bell.until(lambda: posts_asked_for(stage) > sent, 10)
        case Moment.POSTED:
            unsubscribe = stage.slack.state.subscribe(lambda _: bot.process.kill())
            await bot.process.wait()
            unsubscribe()
        case Moment.TOLD:
            await bot.logs("change")
            await bot.logs("told")


def posts_asked_for(stage: Stage) -> int:
    return sum(call.method == "chat.postMessage" for call in stage.slack.state.calls)


async def test_every_failure_is_told_though_the_bot_is_killed_ten_times(
    stage: Stage, figure: Callable[[str], None]
) -> None:
    stage.rules = CARD_A_LOOK
    jobs = stage.add_running(3 * KILLS)
    to_fail = iter(jobs)
    async with stage.running() as bot:
        await bot.killed()
    for moment in MOMENTS:
        stage.world.fail(next(to_fail).id, "failed while the bot was dead")
        async with stage.bot("run") as bot:
            stage.world.fail(next(to_fail).id, "failed while it started")
            await until(moment, stage, bot)
            stage.world.fail(next(to_fail).id, "failed as it was killed")
            await bot.killed()
        stage.jobs.release_pages()
        stage.slack.clear_faults()
    async with stage.bot("run") as bot:
        ledger = await stage.all_told(len(jobs), within=30)  # what is in doubt is looked for ten seconds long
        await bot.stops()
    posts = stage.posted_keys()
    twice = sum(count - 1 for count in posts.values())
    lost = [entry["job_id"] for entry in ledger if not all(posts[key] for key in message_keys(entry))]
    figure(
        f"restart: {KILLS} kills, {len(ledger)} failures of {len(jobs)} told, {len(lost)} lost; of {len(posts)} "
        f"messages {twice} posted twice (kills between post and record: {MOMENTS.count(Moment.POSTED)})"
    )
    assert Counter(str(entry["job_id"]) for entry in ledger) == Counter(job.id for job in jobs)
    assert max(Counter(entry["key"] for entry in ledger).values()) == 1
    assert not lost
    assert twice == 0
