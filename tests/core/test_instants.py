"""Moments and lengths of time, as the job API, the operator and people write them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.instants import (
    as_datetime,
    exact_duration,
    instant,
    length,
    parse_duration,
    parse_instant,
    whole_seconds,
    write_duration,
)

SIX = instant(datetime(2026, 11, 20, 6, 12, 41, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-11-20T06:12:41Z", 0),
        ("2026-11-20T06:12:41.5Z", 500_000),
        ("2026-11-20T06:12:41.507332Z", 507_332),
        ("2026-11-20T06:12:41.421000Z", 421_000),
        ("2026-11-20T06:12:41.507332999Z", 507_332),
        ("2026-11-20T06:12:41+00:00", 0),
        ("2026-11-20T08:12:41.25+02:00", 250_000),
        ("2026-11-20T01:12:41-05:00", 0),
        (" 2026-11-20t06:12:41z ", 0),
    ],
)
def test_a_timestamp_has_any_fraction_and_z_or_an_offset(text: str, microseconds: int) -> None:
    assert parse_instant(text) == SIX + microseconds


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-11-20", "2026-11-20T06:12:41", "2026-13-01T00:00:00Z", "\ud800", "\0", 7, 1.5, None, [], {}],
)
def test_anything_else_is_no_timestamp(text: object) -> None:
    assert parse_instant(text) is None


def test_timestamps_compare_as_instants_where_they_would_not_as_text() -> None:
    early, late = parse_instant("2026-11-20T06:12:56Z"), parse_instant("2026-11-20T06:12:56.28Z")
    assert early is not None
    assert late is not None
    assert early < late


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_what_is_beyond_the_calendar_in_utc_is_no_timestamp(text: str) -> None:
    assert parse_instant(text) is None


@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda east: timezone(timedelta(minutes=east)))))
def test_what_is_read_can_be_written_as_a_datetime(moment: datetime) -> None:
    at = parse_instant(moment.isoformat())
    assert at is None or as_datetime(at) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_and_its_datetime_are_one(moment: datetime) -> None:
    assert as_datetime(instant(moment)) == moment
    assert parse_instant(moment.isoformat()) == instant(moment)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1)), st.integers(-840, 840))  # noqa: DTZ001  the zone is drawn
def test_an_instant_is_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    here = moment.replace(tzinfo=UTC)
    assert instant(here.astimezone(timezone(timedelta(minutes=minutes)))) == instant(here)


@pytest.mark.parametrize(("micros", "seconds"), [(0, 0), (999_999, 0), (1_000_000, 1), (-1, -1)])
def test_whole_seconds_are_rounded_down(micros: int, seconds: int) -> None:
    assert whole_seconds(micros) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15s", 15), ("10m", 600), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600),
        ("1h30m", 5_400), ("1h 30m", 5_400), ("90M", 5_400), (" 5s ", 5), ("0s", 0),
    ],
)  # fmt: skip
def test_a_duration_is_a_run_of_counts_and_units(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "s", "-5s", "1.5h", "1h,30m", "h5s", "5 minutes", "1234567890s", "5y"])
def test_anything_else_is_no_duration_and_the_note_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="15s"):
        parse_duration(text)


def test_a_duration_without_end_is_a_mistake_too() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration("999999999w")


@given(st.text(max_size=12))
def test_no_text_upsets_the_parser_of_durations(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= timedelta()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45s"),
        (200, "3m 20s"),
        (7_500, "2h 5m"),
        (273_600, "3d 4h"),
        (3_600, "1h"),
        (0, "0s"),
        (-5, "0s"),
        (0.9, "0s"),
    ],
)
def test_people_read_the_two_largest_units(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text


@given(st.timedeltas(timedelta(), timedelta(days=36_500)).map(lambda length: length - length % timedelta(seconds=1)))
def test_a_length_that_is_written_exactly_is_read_as_itself(length: timedelta) -> None:
    assert parse_duration(exact_duration(length)) == length


def test_a_length_that_is_written_exactly_is_short() -> None:
    lengths = (timedelta(), timedelta(minutes=15), timedelta(hours=1, minutes=30), timedelta(days=90))
    assert [exact_duration(length) for length in lengths] == ["0s", "15m", "1h30m", "90d"]


def test_a_length_is_in_microseconds() -> None:
    assert length(timedelta(days=1, microseconds=1)) == 86_400_000_001
