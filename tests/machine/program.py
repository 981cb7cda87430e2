"""Sweeps of a list that moves, looks at answers from the past, and the machines of facts and of cards: how much of
each, and its figures. All that is drawn follows from one number to `start` from.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.machine.figures import Figure, of_stale_looks, of_sweeps
from tests.machine.model import Cause
from tests.machine.stale import look_at_random
from tests.machine.sweeps import sweep_at_random
from tests.machine.test_card_machine import CardMachine
from tests.machine.test_machine import Machine


@dataclass(frozen=True, slots=True)
class Size:
    sweeps: int
    looks: int
    examples: int
    cards: int


SHORT = Size(sweeps=1_000, looks=200, examples=100, cards=50)
LONG = Size(sweeps=10_000, looks=1_000, examples=2_000, cards=1_000)


def figures(size: Size, start: int) -> Iterator[Figure]:
    """What the machine finds is raised."""
    yield from of_sweeps(sweep_at_random(size.sweeps, start))
    with TemporaryDirectory() as folder:
        yield from of_stale_looks(asyncio.run(look_at_random(size.looks, Path(folder), start)))
    yield from _of_machine(size.examples, start)
    yield from _of_cards(size.cards, start)


def _of_machine(examples: int, start: int) -> Iterator[Figure]:
    Machine.doubts.clear()
    _run(Machine, examples, start)
    yield Figure("machine: runs of at most forty steps in which each fact was told once, in its order", examples)
    yield Figure("posts of which the bot could not know whether they arrived", sum(Machine.doubts), least=examples // 5)
    yield from (Figure(f"but for those told again because {cause}", Machine.excused[cause]) for cause in Cause)


def _of_cards(examples: int, start: int) -> Iterator[Figure]:
    CardMachine.compared.clear()
    CardMachine.wrong.clear()
    _run(CardMachine, examples, start)
    yield Figure("machine of cards: runs of at most forty steps", examples)
    yield Figure("edits made, and replies", sum(CardMachine.made))
    yield Figure("cards compared with what is drawn from scratch", sum(CardMachine.compared))
    yield Figure("wrong cards, threads, mentions and paces", sum(CardMachine.wrong), 0)


def _run(machine: type[RuleBasedStateMachine], examples: int, start: int) -> None:
    run_state_machine_as_test(
        seed(start)(machine),
        settings=settings(
            database=None,
            phases=[Phase.generate],  # to make what fails shorter takes minutes; tests/machine does that
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[*HealthCheck],
        ),
    )
