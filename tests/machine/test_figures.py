"""The figures of a moving list and of answers that go back in time are what they must be, in a short form."""

from pathlib import Path

import pytest

from tests.machine.figures import Figure, of_stale_looks, of_sweeps
from tests.machine.stale import look_at_random
from tests.machine.sweeps import sweep_at_random


def broken(figures: list[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.holds]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_list_that_moves_hides_nothing_from_sweeps_at_random(seed: int) -> None:
    figures = [*of_sweeps(sweep_at_random(1_000, seed))]
    assert broken(figures) == []
    assert {figure.words: figure.value for figure in figures}["facts that rows told"] > 1_000


async def test_answers_from_the_past_make_nothing_told_twice_and_nothing_lost(tmp_path: Path) -> None:
    figures = [*of_stale_looks(await look_at_random(100, tmp_path))]
    assert broken(figures) == []
    assert {figure.words: figure.value for figure in figures}["tellings wanted"] > 50
