"""Alive while the loops turn; ready while the bot sees the jobs and hears Slack; and if not, why not."""

import pytest

from bot.core.faults import Fault, FaultKind
from bot.core.instants import SECOND
from bot.vitals import STUCK, Sight, Vitals
from tests.samples import NOW

REFUSED = Fault(FaultKind.CREDENTIALS, "HTTP 401")
BROKEN = Fault(FaultKind.SERVER, "HTTP 503")


@pytest.fixture
def vitals() -> Vitals:
    """All is well."""
    vitals = Vitals({"prod": Sight()})
    vitals.looked("prod")
    vitals.slack(connected=True)
    return vitals


def test_before_anything_has_happened_everything_is_a_reason() -> None:
    first = Vitals({"prod": Sight(), "test": Sight()})
    assert len(first.unready()) == 3
    assert first.stuck(NOW) == []


def test_ready_once_the_first_look_is_done_and_slack_is_connected(vitals: Vitals) -> None:
    assert vitals.unready() == []


def test_not_ready_while_slack_is_not_connected(vitals: Vitals) -> None:
    vitals.slack(connected=False, trouble="Slack did not answer in time")
    assert vitals.unready() == ["Slack: Slack did not answer in time"]
    vitals.slack(connected=True)
    assert vitals.unready() == []


def test_not_ready_after_three_failed_looks_in_a_row(vitals: Vitals) -> None:
    assert [(vitals.failed("prod", BROKEN), bool(vitals.unready())) for _ in range(3)] == [
        (1, False),
        (2, False),
        (3, True),
    ]
    (reason,) = vitals.unready()
    assert "prod" in reason
    assert str(BROKEN) in reason
    vitals.looked("prod")
    assert vitals.unready() == []
    assert vitals.failed("prod", BROKEN) == 1


@pytest.mark.parametrize("kind", [FaultKind.CREDENTIALS, FaultKind.SWAPPED_KEY])
def test_not_ready_at_the_first_fault_that_only_the_operator_can_mend(vitals: Vitals, kind: FaultKind) -> None:
    vitals.failed("prod", Fault(kind, "HTTP 403"))
    assert len(vitals.unready()) == 1


def test_the_first_look_that_failed_says_why() -> None:
    vitals = Vitals({"prod": Sight()}, slack_connected=True)
    vitals.failed("prod", BROKEN)
    assert vitals.unready() == [f"source prod: the first look is not done, {BROKEN}"]


def test_one_source_that_is_seen_does_not_speak_for_another(vitals: Vitals) -> None:
    vitals.sights["test"] = Sight()
    assert vitals.unready() == ["source test: the first look is not done"]


def test_a_loop_that_has_not_turned_for_three_minutes_beyond_its_wait_is_stuck(vitals: Vitals) -> None:
    vitals.turned("delivery", NOW, 60 * SECOND)
    due = NOW + 60 * SECOND + STUCK
    assert vitals.stuck(due) == []
    assert len(vitals.stuck(due + SECOND)) == 1
    vitals.turned("delivery", due, 0)
    assert vitals.stuck(due + SECOND) == []


def test_a_stuck_loop_is_named(vitals: Vitals) -> None:
    vitals.turned("look at prod", NOW, 0)
    assert "look at prod" in vitals.stuck(NOW + 2 * STUCK)[0]


def test_not_ready_while_the_state_file_fails_any_of_the_loops(vitals: Vitals) -> None:
    for loop in ("delivery", "look at prod"):
        vitals.stored(loop, "database is locked")
    vitals.stored("delivery", "")
    assert vitals.unready() == ["state file: database is locked"]
    vitals.stored("look at prod", "")
    assert vitals.unready() == []
