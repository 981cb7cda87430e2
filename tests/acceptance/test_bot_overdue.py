"""A job that is too long in its status is told once: not at each look, not after a restart; and its card says when it
has moved on.
"""

from collections.abc import Callable

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_model import Message
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import SLACK_OPEN, Stage

LOOKS = 5
RULES = """\
[[rules]]
name = "slow"
on = "overdue"
to = "#ml-alerts"

[[deadlines]]
status = "RUNNING"
after = "2s"
"""


async def test_an_overdue_job_is_told_once_and_its_card_is_closed_when_it_moves(
    stage: Stage, figure: Callable[[str], None]
) -> None:
    stage.rules = RULES
    job = stage.world.add("night shift")
    async with stage.running() as bot:
        stage.world.start(job.id)
        await stage.told(job)
        await stage.looks(LOOKS)
        await bot.killed()
    [card] = stage.cards()
    first = card.text
    async with stage.bot("run") as bot:
        await bot.logs(SLACK_OPEN)
        await stage.looks(LOOKS)
        assert (stage.alerts(), card.edits) == ([card], [])
        stage.world.complete(job.id)
        await moved(stage, card, bot)
    [reply] = stage.slack.state.thread(card)
    figure(f"overdue: “{first}” told once in {2 * LOOKS} looks and a restart; then “{card.text}”")
    assert "has been RUNNING for" in first
    assert "completed" in card.text
    assert "completed" in rendered_text(reply)
    assert stage.cards() == [card]


async def moved(stage: Stage, card: Message, bot: Bot) -> None:
    await stage.slack.state.bell.until(lambda: bool(card.edits and stage.slack.state.thread(card)), 10)
    await bot.stops()
