"""Whether all is well, in words: never so while a source has not been seen for long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.health_words import headline, is_well, queue_lines, source_lines
from bot.core.instants import SECOND
from bot.core.replies import Health, HealthReport, Queue, SourceHealth, aged
from bot.core.wording import blind_spots
from tests.samples import DAY, MINUTE, NOW

SEEN = SourceHealth("default", NOW - MINUTE, NOW - DAY, 30)


def report(*sources: SourceHealth) -> HealthReport:
    return HealthReport(Health(aged(sources, timedelta(seconds=15), NOW), (), Queue(), 0), NOW)


def seen(ago: int) -> SourceHealth:
    return replace(SEEN, looked_at=NOW - ago)


@pytest.mark.parametrize(
    ("every", "longest"), [(1, 120), (12, 120), (15, 150), (60, 600), (3_600, 36_000)], ids=lambda number: f"{number}s"
)
def test_a_source_is_stale_after_ten_looks_that_did_not_come_and_two_minutes_at_least(every: int, longest: int) -> None:
    limit = longest * SECOND
    one, other, never = aged((seen(limit), seen(limit + 1), SourceHealth("new")), timedelta(seconds=every), NOW)
    assert (one.stale, other.stale, never.stale) == (False, True, False)


def test_all_is_well_while_looks_come() -> None:
    assert is_well(report(SEEN))
    assert headline(report(SEEN)) == "All is well: 30 jobs seen 1m 0s ago."


def test_nothing_is_well_of_a_bot_that_does_not_look() -> None:
    stopped = report(SEEN, replace(seen(7 * DAY), source="prod"))
    assert not is_well(stopped)
    assert headline(stopped) == "Not all is well: 1 source not seen since 2026-11-16 12:00 UTC."


def test_a_source_that_is_stale_says_since_when_the_bot_is_blind() -> None:
    [stale] = report(seen(7 * DAY)).health.sources
    assert source_lines(stale, NOW) == [
        "default: seen 7d ago, 30 jobs",
        "blind since 2026-11-16 12:00 UTC: the bot does not run, or its looks do not come to an end",
    ]


def test_a_source_whose_looks_fail_says_so_only_once() -> None:
    failing = report(replace(seen(DAY), failures=3, failing_since=NOW - DAY, trouble="timeout"))
    assert headline(failing) == "Not all is well: 1 source cannot be seen."
    assert source_lines(failing.health.sources[0], NOW)[1:] == ["3 looks failed in a row for 1d: timeout"]


def test_nothing_is_well_while_the_state_file_cannot_be_used() -> None:
    full = replace(report(SEEN), health=replace(report(SEEN).health, store_troubles=("database or disk is full",)))
    assert headline(full) == "Not all is well: the state file cannot be used."
    assert queue_lines(full.health, NOW)[0] == "the state file cannot be used: database or disk is full"


def test_a_list_that_is_stale_warns() -> None:
    assert blind_spots(report(seen(7 * DAY)).health.sources, NOW) == ["I have not seen the jobs for 7d."]
    assert blind_spots(report(SEEN).health.sources, NOW) == []
