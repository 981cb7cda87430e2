"""The help is the grammar: whatever it shows works, and whatever works is shown."""

import pytest

from bot.core.commands import FILTER_HELP, HELP, Mistake, Option, StatusFilter, statuses_of
from bot.core.grammar import parse
from bot.core.jobs import FINAL, Field, Status, View


@pytest.mark.parametrize("typed", [typed for typed, _ in HELP])
def test_whatever_the_help_shows_is_understood(typed: str) -> None:
    assert not isinstance(parse(typed), Mistake)


def test_every_view_command_and_filter_is_in_the_help() -> None:
    shown = " ".join(typed for typed, _ in HELP)
    for word in (*View, "show", "health", "help", "share", *(f"{name}:" for name in FILTER_HELP), " -"):
        assert word in shown
    assert set(FILTER_HELP) == {*Field, *Option}


def test_the_help_says_something_different_of_each_row() -> None:
    assert len({does for _, does in HELP}) == len({typed for typed, _ in HELP}) == len(HELP)


@pytest.mark.parametrize("status", Status)
def test_a_view_of_one_status_admits_that_status_alone(status: Status) -> None:
    assert statuses_of(View(status.lower())) == StatusFilter(frozenset({status}))


def test_active_admits_whatever_is_not_final_even_a_status_that_nobody_knows() -> None:
    assert statuses_of(View.ACTIVE) == StatusFilter(FINAL, negated=True)


def test_all_admits_every_status() -> None:
    assert statuses_of(View.ALL) == StatusFilter(frozenset(), negated=True)
