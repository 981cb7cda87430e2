"""Bursts, newcomers, retries and recoveries in several pipelines and two places, restarts, and all that Slack may do,
in any order: when things settle, every card shows what is drawn from scratch, and its thread told each step once.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.core.jobs import Status
from bot.sandbox import slack_faults as faults
from bot.sandbox.slack_model import Orphans
from tests.machine.card_checks import findings
from tests.machine.card_stage import PLACES, CardStage
from tests.machine.stage import POST, open_stage_of

EDIT = "chat.update"
STATUSES = st.sampled_from([Status.FAILED, Status.FAILED, Status.PENDING, Status.RUNNING, *Status])
ERRORS = st.sampled_from(["", "out of memory", "worker 17 was lost", "<!channel> & *so* on"])
PATHS = st.lists(STATUSES, min_size=1, max_size=5)
NUMBERS = st.lists(st.integers(0, 40), min_size=1, max_size=8)
METHODS = st.sampled_from([POST, EDIT])
WAITS = st.lists(st.sampled_from([0.0, 0.3, 1.0, 2.0, 4.0, 12.0]), min_size=1, max_size=8)
KINDS = [*faults.KINDS.values(), faults.rate_limited(30), faults.refused("fatal_error", after_work=True)]
REFUSED = [faults.refused(why) for why in ("invalid_blocks", "channel_not_found", "restricted_action")]
GONE = [faults.refused(why) for why in ("message_not_found", "cant_update_message", "edit_window_closed")]


class CardMachine(RuleBasedStateMachine):
    stage: CardStage
    compared: ClassVar[list[int]] = []  # cards of each run,
    wrong: ClassVar[list[int]] = []  # what was wrong with them,
    made: ClassVar[list[int]] = []  # and edits and replies

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.exit = AsyncExitStack()

    @initialize(orphans=st.sampled_from(Orphans))
    def begin(self, orphans: Orphans) -> None:
        folder = self.exit.enter_context(TemporaryDirectory())
        self.stage = self.loop.run(self.exit.enter_async_context(open_stage_of(CardStage, Path(folder))))
        self.stage.wire.seconds_per_request = 0.0
        self.stage.slack.state.orphans = orphans

    @rule(
        count=st.sampled_from([1, 1, 2, 5, 9, 40]),
        pipelines=st.sampled_from([1, 1, 3, 9]),
        status=st.sampled_from([Status.FAILED, Status.FAILED, Status.RUNNING]),
        error=ERRORS,
    )
    def jobs_come(self, count: int, pipelines: int, status: Status, error: str) -> None:
        for number in range(pipelines):
            self.stage.move(self.stage.add(count, f"press {number}"), status, error)
        self.loop.run(self.stage.look())

    @rule(numbers=NUMBERS, path=PATHS, error=ERRORS, waits=WAITS)
    def stories_go_on(self, numbers: list[int], path: list[Status], error: str, waits: list[float]) -> None:
        for status in path:
            self.stage.move(self._some(numbers), status, error)
            self.loop.run(self.stage.look())
            self.deliveries(waits)

    @rule(numbers=NUMBERS, path=PATHS, waits=WAITS, kind=st.sampled_from(KINDS), method=METHODS)
    def stories_go_on_in_trouble(
        self, numbers: list[int], path: list[Status], waits: list[float], kind: faults.Kind, method: str
    ) -> None:
        self.stage.slack.fault(kind, method=method)
        self.stories_go_on(numbers, path, "out of memory", waits)

    @rule(numbers=NUMBERS, path=PATHS, error=ERRORS)
    def stories_go_on_unseen(self, numbers: list[int], path: list[Status], error: str) -> None:
        for status in path:
            self.stage.move(self._some(numbers), status, error)

    @rule(reason=st.sampled_from(["the disk is full", "no such dataset"]))
    def the_reason_is_found(self, reason: str) -> None:
        self.loop.run(self.stage.explain(reason))

    @rule(seconds=st.sampled_from([1.0, 20.0, 61.0, 1_000.0, 80_000.0, 86_400.0, 200_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.stage.clock.advance(seconds)

    @rule(waits=WAITS)
    def deliveries(self, waits: list[float]) -> None:
        for wait in waits:
            self.loop.run(self.stage.deliver())
            self.stage.clock.advance(wait)

    @rule(numbers=NUMBERS, path=PATHS, error=ERRORS, wait=st.sampled_from([1.0, 4.0]), dies=st.booleans())
    def stories_go_on_while_messages_are_under_way(
        self,
        numbers: list[int],
        path: list[Status],
        error: str,
        wait: float,
        dies: bool,  # noqa: FBT001  drawn by name
    ) -> None:
        steps = iter(path * 2)  # one while posts are under way, one while edits are

        async def go_on() -> None:
            self.stage.move(self._some(numbers), next(steps), error)
            await self.stage.look()

        for number in range(len(path)):
            self.loop.run(self.stage.deliver_meanwhile(go_on, dies=dies and number == len(path) - 1))
            self.stage.clock.advance(wait)

    @rule(kind=st.sampled_from([*KINDS, *REFUSED]), method=METHODS, times=st.sampled_from([1, 1, 2, 3]))
    def slack_fails(self, kind: faults.Kind, method: str, times: int) -> None:
        self.stage.may_be_plain |= kind in REFUSED
        self.stage.slack.fault(kind, method=method, times=times)

    @rule(kind=st.sampled_from(GONE))
    def slack_refuses_an_edit(self, kind: faults.Kind) -> None:
        self.stage.slack.fault(kind, method=EDIT)

    @rule(number=st.integers(0, 20))
    def somebody_deletes_a_card(self, number: int) -> None:
        self.stage.delete(number)

    @rule(seconds=st.sampled_from([0.0, 60.0]), waits=WAITS)
    def messages_may_not_be_edited_for_a_while(self, seconds: float, waits: list[float]) -> None:
        self.stage.slack.state.edit_window = seconds
        self.deliveries(waits)
        self.stage.slack.state.edit_window = None

    @rule(place=st.sampled_from(PLACES), waits=WAITS, stays=st.booleans())
    def a_channel_is_archived(self, place: str, waits: list[float], stays: bool) -> None:  # noqa: FBT001  drawn by name
        self.stage.slack.state.channel(place).is_archived = True
        self.deliveries(waits)
        self.stage.slack.state.channel(place).is_archived = stays

    @rule()
    def slack_is_mended(self) -> None:
        self.stage.mend()

    @rule()
    def a_restart(self) -> None:
        self.loop.run(self.stage.restart())

    @rule()
    def a_death_before_what_is_claimed_is_sent(self) -> None:
        self.loop.run(self.stage.die(sent=False))

    def teardown(self) -> None:
        try:
            self.loop.run(self.stage.settle_all())
            found = findings(self.stage)
            self.compared.append(found.compared)
            self.wrong.append(len(found.faults))
            self.made.append(found.made)
            assert found.faults == []
        finally:
            self.loop.run(self.exit.aclose())
            self.loop.close()

    def _some(self, numbers: list[int]) -> list[str]:
        jobs = list(self.stage.truth.lives)
        return [jobs[number % len(jobs)] for number in numbers] if jobs else []


TestCardMachine = CardMachine.TestCase
TestCardMachine.settings = settings(max_examples=50, stateful_step_count=30)
