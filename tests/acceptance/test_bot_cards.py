"""A story that goes up and down is one card, right at each step; its thread tells each step once, and two failures ring
twice. So it is too if the bot is killed in the midst of each step.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import partial
from time import perf_counter

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.reading import rendered_text, rings
from bot.sandbox.slack_faults import stall
from bot.sandbox.slack_model import Message
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import RULE, SLACK_OPEN, Stage

Figure = Callable[[str], None]

ADA = "U0SANDBOX1"
STEP_MAX = 8.0  # seconds: a poll, three between two edits, and some for a busy machine
AFTER_A_KILL = 25.0  # what is in doubt is looked for ten seconds long
WORDS = (
    "failed",
    "was retried and waits, try 2",
    "is running again, try 2",
    "failed on try 2",
    "was retried and waits, try 3",
    "is running again, try 3",
    "recovered on try 3",
)


class Moment(Enum):
    UNSEEN = auto()  # the step happens, and nobody looks
    SENDING = auto()  # the reply is on its way, Slack has not yet done anything
    POSTED = auto()  # Slack has posted the reply, the bot has not heard so
    EDITING = auto()
    EDITED = auto()


class Story:
    """A job that fails, is tried again and runs, fails, is tried again and runs, and completes."""

    def __init__(self, stage: Stage) -> None:
        stage.rules = f'{RULE}mention = "@{ADA}"\n'
        self.stage = stage
        self.job: SimJob = stage.world.add("press line 4", status="RUNNING", age=900)
        self.steps = 0
        self._acts = self._moves()

    def _moves(self) -> Iterator[Callable[[str], object]]:
        world = self.stage.world
        for _ in range(2):
            yield from (partial(world.fail, error="CUDA out of memory: 4 GiB"), world.retry, world.start)
        yield world.complete

    def goes_on(self) -> None:
        next(self._acts)(self.job.id)
        self.steps += 1

    @property
    def thread(self) -> list[Message]:
        [card] = self.stage.cards()
        return self.stage.slack.state.thread(card)

    def is_shown(self) -> bool:
        """Its card stands as the story does, and the thread tells all that came since."""
        cards = self.stage.cards()
        return len(cards) == 1 and WORDS[self.steps - 1] in cards[0].text and len(self.thread) >= self.steps - 1

    async def shown(self, within: float) -> None:
        await self.stage.slack.state.bell.until(self.is_shown, within)

    def judged(self) -> str:
        """Every step is told once and in its order, two posts rang, and the card shows the end."""
        [card] = self.stage.cards()
        told = [rendered_text(reply) for reply in self.thread]
        rang = [message for message in self.stage.alerts() if rings(message)]
        assert [words in text for words, text in zip(WORDS[1:], told, strict=True)] == [True] * len(told)
        assert "recovered" in rendered_text(card)
        assert [rings(message) for message in rang] == [{ADA}] * 2
        assert set(self.stage.posted_keys().values()) == {1}
        return f"{len(told)} steps told in the thread of 1 card, {len(rang)} posts rang, {len(card.edits)} edits"


async def meets(moment: Moment, stage: Stage, bot: Bot) -> None:
    """The moment has come; in POSTED and EDITED the bot is already dead."""
    match moment:
        case Moment.UNSEEN:
            pass
        case Moment.SENDING:
            await stalled(stage, "chat.postMessage")
        case Moment.EDITING:
            await stalled(stage, "chat.update")
        case Moment.POSTED:
            await dies(stage, bot, lambda message: message.is_reply)
        case Moment.EDITED:
            await dies(stage, bot, lambda message: message.edited)


async def stalled(stage: Stage, method: str) -> None:
    calls = stage.slack.state.calls
    seen = len(calls)
    stage.slack.fault(stall(), method=method)
    await stage.slack.state.bell.until(lambda: any(call.method == method for call in calls[seen:]), 10)


async def dies(stage: Stage, bot: Bot, at: Callable[[Message], bool]) -> None:
    unsubscribe = stage.slack.state.subscribe(lambda message: bot.process.kill() if at(message) else None)
    await bot.process.wait()
    unsubscribe()


async def test_a_story_is_one_card_that_is_right_at_each_step(stage: Stage, figure: Figure) -> None:
    story = Story(stage)
    took = []
    async with stage.running():
        for _ in WORDS:
            story.goes_on()
            began = perf_counter()
            await story.shown(STEP_MAX)
            took.append(perf_counter() - began)
    figure(f"story: {story.judged()}; each step shown after {max(took):.1f} s at most (bound {STEP_MAX:.0f} s)")


async def test_a_story_is_the_same_though_the_bot_is_killed_in_the_midst_of_five_steps(
    stage: Stage, figure: Figure
) -> None:
    story = Story(stage)
    async with stage.running() as bot:
        await bot.killed()
    story.goes_on()
    for moment in Moment:
        async with stage.bot("run") as bot:
            await bot.logs(SLACK_OPEN)
            await story.shown(AFTER_A_KILL)
            story.goes_on()
            await meets(moment, stage, bot)
            await bot.killed()
        stage.slack.clear_faults()
    async with stage.bot("run") as bot:
        await story.shown(AFTER_A_KILL)
        story.goes_on()
        await story.shown(STEP_MAX)
        await bot.stops()
    figure(f"story, {len(Moment)} kills: {story.judged()}")
    assert not [entry for entry in await stage.history() if entry["verdict"] == "silence"]
