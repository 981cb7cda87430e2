"""Looks, stale answers, outages, deaths, copies of the state file put back and all that Slack may do, in any order:
when things settle, each fact that a rule wants told was told in its place exactly once, in the order of its story.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.sandbox import slack_faults as faults
from tests.core.moving_list import Order
from tests.machine.api_wire import Stale, Trouble
from tests.machine.model import ALERTS, NIGHTS, Cause
from tests.machine.stage import HISTORY, POST, Stage, open_stage

SEEDS = st.integers(0, 2**32)
PLACES = st.sampled_from([ALERTS, NIGHTS])
LIKELY = [*faults.KINDS.values(), faults.refused("invalid_blocks"), faults.refused("fatal_error", after_work=True)]
TRICKS = st.lists(
    st.one_of(
        st.none(),
        st.builds(Stale, st.sampled_from([1.0, 20.0, 300.0, 3_000.0])),
        st.sampled_from(Trouble),
    ),
    max_size=6,
)
LATE = [[4.0, 4.0], [2.0, 2.0, 2.0], [9.0]]  # seconds until a post is stored: less than it takes to be given up


class Machine(RuleBasedStateMachine):
    stage: Stage
    excused: ClassVar[Counter[Cause]] = Counter()  # repetitions that nobody could have spared, over all runs
    doubts: ClassVar[list[int]] = []  # posts of which the bot could not know whether they arrived, of each run

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.exit = AsyncExitStack()

    @initialize(lives=st.lists(SEEDS, max_size=4))
    def begin(self, lives: list[int]) -> None:
        folder = self.exit.enter_context(TemporaryDirectory())
        self.stage = self.loop.run(self.exit.enter_async_context(open_stage(Path(folder), lives)))

    @rule(seed=SEEDS)
    def a_job_begins(self, seed: int) -> None:
        if len(self.stage.truth.lives) < 12:
            self.stage.truth.bear(seed, self.stage.clock())

    @rule(number=st.integers(0, 11))
    def a_job_is_deleted(self, number: int) -> None:
        lives = list(self.stage.truth.lives)
        if number < len(lives):
            self.stage.truth.deleted.setdefault(lives[number], self.stage.clock())

    @rule(seconds=st.sampled_from([0.3, 1.0, 15.0, 15.0, 400.0, 3_600.0]))
    def time_passes(self, seconds: float) -> None:
        self.stage.clock.advance(seconds)

    @rule(order=st.sampled_from(Order), seconds=st.sampled_from([0.05, 0.05, 30.0, 200.0]))
    def a_look(self, order: Order, seconds: float) -> None:
        self.stage.wire.order, self.stage.wire.seconds_per_request = order, seconds
        self.loop.run(self.stage.look())

    @rule(tricks=TRICKS, seconds=st.sampled_from([0.05, 30.0]))
    def a_look_under_attack(self, tricks: list[Stale | Trouble | None], seconds: float) -> None:
        self.stage.wire.script.extend(tricks)
        self.stage.wire.seconds_per_request = seconds
        self.loop.run(self.stage.look())

    @rule(seconds=st.lists(st.sampled_from([0.0, 1.0, 4.0, 12.0]), min_size=1, max_size=4))
    def deliveries(self, seconds: list[float]) -> None:
        for wait in seconds:
            self.loop.run(self.stage.deliver())
            self.stage.clock.advance(wait)

    @rule(seed=SEEDS, kind=st.sampled_from([faults.KINDS["500"], *LIKELY]))
    def a_story_goes_on_while_a_post_fails(self, seed: int, kind: faults.Kind) -> None:
        if len(self.stage.truth.lives) < 12:
            self.stage.wire.seconds_per_request = 0.05
            self.stage.slack.fault(kind, method=POST)
            self.loop.run(self.stage.follow(self.stage.truth.bear(seed, self.stage.clock(), slowest=6)))

    @rule(seed=SEEDS, seconds=st.sampled_from(LATE))
    def a_post_arrives_after_its_connection_broke(self, seed: int, seconds: list[float]) -> None:
        self.a_job_begins(seed)
        self.stage.wire.seconds_per_request = 0.05
        self.loop.run(self.stage.look())
        self.loop.run(self.stage.deliver_late(seconds))

    @rule(kind=st.sampled_from(LIKELY), times=st.sampled_from([1, 1, 1, 2, 3]))
    def slack_fails(self, kind: faults.Kind, times: int) -> None:
        self.stage.slack.fault(kind, method=POST, times=times)

    @rule(kind=st.sampled_from(list(faults.KINDS.values())))
    def slack_fails_to_tell_its_history(self, kind: faults.Kind) -> None:
        self.stage.slack.fault(kind, method="conversations.history")

    @rule(place=PLACES)
    def a_channel_is_archived(self, place: str) -> None:
        self.stage.slack.state.channel(place).is_archived = True

    @rule(place=PLACES)
    def the_bot_leaves_a_channel(self, place: str) -> None:
        self.stage.slack.state.channel(place).is_member = False

    @rule()
    def the_history_cannot_be_read(self) -> None:
        self.stage.slack.state.scopes.discard(HISTORY)

    @rule()
    def the_token_is_revoked(self) -> None:
        self.stage.slack.state.token_errors[self.stage.slack.bot_token] = "token_revoked"

    @rule()
    def slack_is_mended(self) -> None:
        self.stage.mend()

    @rule()
    def a_restart(self) -> None:
        self.loop.run(self.stage.restart())

    @rule(sent=st.booleans())
    def a_death_in_delivery(self, sent: bool) -> None:  # noqa: FBT001  drawn by name
        self.loop.run(self.stage.die(sent=sent))

    @rule()
    def a_copy_is_made(self) -> None:
        self.stage.back_up()

    @rule()
    def the_copy_is_put_back(self) -> None:
        self.loop.run(self.stage.put_back())

    def teardown(self) -> None:
        try:
            judgement = self.loop.run(self.stage.settle())
            self.excused.update(judgement.excused)
            self.doubts.append(self.stage.doubts)
            assert judgement.faults == {}
        finally:
            self.loop.run(self.exit.aclose())
            self.loop.close()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=30)


@pytest.mark.parametrize("seconds", LATE)
async def test_a_post_that_arrives_late_is_found_before_it_is_sent_again(tmp_path: Path, seconds: list[float]) -> None:
    async with open_stage(tmp_path) as stage:
        for seed in range(9):
            stage.truth.bear(seed, stage.clock())
        await stage.look()
        await stage.deliver_late(seconds)
        assert stage.doubts
        assert (await stage.settle()).faults == {}
