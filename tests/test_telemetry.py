"""Logs: one line an event, our own and the libraries' alike, and what repeats is said once."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.core.masking import masked
from bot.telemetry import QUIET, OncePerWhile, configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, in a pipe; afterwards all is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []  # else configuring closes those of the test run
    stream = io.StringIO()
    configure_logs(masked, stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def logged(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def record(name: str, words: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, words, None, None)


def test_our_events_are_json_with_level_and_time(lines: io.StringIO) -> None:
    structlog.get_logger("jobsbot").info("told", channel="C1")
    (line,) = logged(lines)
    assert (line["event"], line["level"], line["channel"]) == ("told", "info", "C1")
    assert str(line["timestamp"]).endswith("Z")


def test_the_libraries_warnings_are_of_the_same_form(lines: io.StringIO) -> None:
    logging.getLogger("slack_sdk.anew").warning("it is %s", "slow")
    (line,) = logged(lines)
    assert (line["event"], line["level"]) == ("it is slow", "warning")


@pytest.mark.parametrize("name", ["httpx", "slack_bolt", "aiohttp.access", "bolt"])
def test_the_libraries_chatter_is_not_logged(lines: io.StringIO, name: str) -> None:
    logging.getLogger(f"{name}.anew").info("HTTP Request: GET /batch/jobs")
    assert logged(lines) == []


def test_an_error_with_its_trace_is_one_line(lines: io.StringIO) -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        logging.getLogger("bot.anew").exception("a command could not be answered")
    (line,) = logged(lines)
    assert "ZeroDivisionError" in str(line["exception"])


def test_no_line_shows_a_secret(lines: io.StringIO) -> None:
    try:
        float("Authorization: Bearer 0123456789abcdef")
    except ValueError:
        logging.getLogger("bot.anew").exception("no %s", "xoxb-0123456789abcdef")
    structlog.get_logger("jobsbot").info("told", why={"key": 'a "quoted" sk_0123456789abcdef'})
    logging.getLogger("slack_sdk.anew").warning("cannot open %s", "wss://a.example/?ticket=0123456789abcdef&b=1")
    assert len(logged(lines)) == 3
    assert "0123456789abcdef" not in lines.getvalue()
    assert logged(lines)[1]["why"] == {"key": 'a "quoted" sk_…'}


def test_what_a_library_repeats_is_said_once_in_a_while() -> None:
    now = [1_000.0]
    once = OncePerWhile(lambda: now[0])
    said = [once.filter(record("slack_sdk", "retrying")) for _ in range(3)]
    now[0] += QUIET
    assert [*said, once.filter(record("slack_sdk", "retrying"))] == [True, False, False, True]
    assert once.filter(record("slack_sdk", "something else"))
    assert once.filter(record("slack_bolt", "retrying"))


def test_what_the_bot_says_itself_is_always_said() -> None:
    once = OncePerWhile(lambda: 0.0)
    assert all(once.filter(record("bot.slack.listeners", "trouble")) for _ in range(3))
