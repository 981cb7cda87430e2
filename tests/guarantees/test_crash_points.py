"""Which points a recorded run has, and what is judged lost or repeated."""

import time
from collections.abc import Callable

import pytest

from bot.sandbox.slack_model import Message
from bot.sandbox.slack_state import SlackState
from tests.guarantees.crashes import Death, Ended, Point, crash_row, points_of
from tests.guarantees.judging import Judgement, judge
from tests.guarantees.proxy import Exchange, Phase
from tests.guarantees.rows import Row
from tests.guarantees.statements import Crashed, statements_row
from tests.guarantees.theatre import Event

POST = Exchange("slack", "chat.postMessage ml-alerts", 1)


def passed(exchange: Exchange, digest: str) -> list[Event]:
    steps = [(Phase.ASKED, ""), (Phase.ANSWERED, digest), (Phase.PASSED, digest)]
    return [Event(exchange, phase, seen) for phase, seen in steps]


def looks(*digests: str) -> list[Event]:
    return [event for number, digest in enumerate(digests, 1) for event in passed(look(number), digest)]


def look(number: int) -> Exchange:
    return Exchange("jobs", "GET /batch/jobs from 0", number)


def test_every_exchange_has_a_point_for_every_death() -> None:
    points = points_of(passed(POST, "answer"))
    assert [(point.exchange, point.death) for point in points] == [(POST, death) for death in Death]


def test_a_look_that_brings_nothing_new_is_no_new_point() -> None:
    points = points_of(looks("a", "a", "b", "b", "a"))
    assert list(dict.fromkeys(point.exchange for point in points)) == [look(1), look(3), look(5)]


def test_in_a_request_that_the_story_loses_the_bot_can_die_but_once() -> None:
    assert points_of([Event(POST, Phase.ASKED, "")]) == [Point(POST, Death.UNHEARD)]


def slack_saying(*texts: str) -> SlackState:
    slack = SlackState(time.time)
    channel = slack.channel("ml-alerts")
    for text in texts:
        slack.post(channel, Message(slack.next_ts(), channel.id, text, slack.bot_user_id))
    return slack


def test_a_fact_that_nobody_was_told_is_lost() -> None:
    expected = {("ml-alerts", "job_1"): 1, ("ml-alerts", "job_2"): 1}
    assert judge(slack_saying("job_1 failed"), expected) == Judgement(expected=2, lost=1, repeated=0)


def test_a_fact_that_was_told_in_two_messages_is_repeated() -> None:
    said = slack_saying("job_1 failed", "job_1 failed, job_2 failed")
    expected = {("ml-alerts", "job_1"): 1, ("ml-alerts", "job_2"): 1}
    assert judge(said, expected) == Judgement(expected=2, lost=0, repeated=1)


def test_what_is_told_where_it_does_not_belong_does_not_count() -> None:
    expected = {("ml-training", "job_1"): 1}
    assert judge(slack_saying("job_1 failed"), expected) == Judgement(expected=1, lost=1, repeated=0)


def killed(missed: int, of: int) -> Row:
    return crash_row([Point(POST, Death.UNHEARD)] * of, [Ended(Judgement(), n >= missed) for n in range(of)], of)


def struck(missed: int, of: int) -> Row:
    return statements_row(["BEGIN"] * of, {at: Crashed(Judgement(), [], at > missed) for at in range(1, of + 1)}, 1)


@pytest.mark.parametrize("row", [killed, struck])
@pytest.mark.parametrize(
    ("missed", "of", "met"),
    [(0, 12, True), (1, 12, True), (2, 12, False), (12, 12, False), (5, 100, True), (6, 100, False), (1, 1, False)],
)
def test_deaths_that_did_not_come_prove_nothing(
    *, row: Callable[[int, int], Row], missed: int, of: int, met: bool
) -> None:
    assert row(missed, of).met is met
