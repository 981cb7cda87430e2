"""Which points a recorded run has, what is judged lost or repeated, and which cards are wrong."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from tests.guarantees.crashes import Death, Ended, Point, crash_row, points_of, sample_of
from tests.guarantees.drawing import Drawn, judge_cards
from tests.guarantees.judging import Expected, Fact, Judgement, Said, judge
from tests.guarantees.proxy import Exchange, Phase
from tests.guarantees.rows import Row
from tests.guarantees.statements import Crashed, statements_row
from tests.guarantees.stories import IN_THREAD
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


def test_a_sample_has_as_many_points_in_edits_and_in_replies_as_in_all_else() -> None:
    kinds = ["chat.update ml-alerts", f"chat.postMessage ml-alerts{IN_THREAD}", "chat.postMessage ml-alerts"]
    points = [Point(Exchange("slack", kind, n), Death.UNHEARD) for kind in kinds for n in range(20)]
    sample = sample_of([*points, *[Point(look(n), Death.UNHEARD) for n in range(100)]], 12, Random(1))  # noqa: S311  a sample, no secret
    assert [(p.is_edit, p.is_reply) for p in sample[:3]] == [(True, False), (False, True), (False, False)]
    assert (len(sample), sum(p.is_edit for p in sample), sum(p.is_reply for p in sample)) == (12, 4, 4)


FAILED = Fact("job_1", "failed")
RETRIED = Fact("job_1", "retried")
OTHER = Fact("job_2", "failed")
EXPECTED = {("ml-alerts", FAILED): 1, ("ml-alerts", RETRIED): 1}
CARRIED = {"card": [FAILED], "reply": [RETRIED], "group": [FAILED, OTHER]}
CARD = Said("ml-alerts", "card", "job_1 failed", ts="1")
REPLY = Said("ml-alerts", "reply", "job_1 was retried", ts="2", thread="1")


def judged(*said: Said, expected: Expected = EXPECTED) -> tuple[int, int]:
    judgement = judge(said, CARRIED, expected)
    return judgement.lost, judgement.repeated


def test_a_card_tells_what_opened_it_and_each_reply_a_step() -> None:
    assert judged(CARD, REPLY) == (0, 0)


def test_a_fact_that_nobody_was_told_is_lost() -> None:
    assert judged(CARD) == (1, 0)


def test_a_message_tells_nothing_of_a_job_that_it_does_not_name() -> None:
    assert judged(replace(CARD, text="something failed"), REPLY) == (1, 0)


def test_a_reply_tells_nothing_if_it_does_not_say_what_happened() -> None:
    assert judged(CARD, replace(REPLY, text="job_1 failed")) == (1, 0)


def test_a_card_that_was_posted_late_may_show_how_its_job_stands_by_then_if_its_thread_tells_what_opened_it() -> None:
    late = replace(CARD, text="job_1 is running again")
    assert judged(late, REPLY) == (1, 0)
    assert judged(late, replace(REPLY, text="job_1 failed; was retried")) == (0, 0)


def test_a_message_that_stands_twice_is_repeated() -> None:
    assert judged(CARD, REPLY, replace(REPLY, ts="3")) == (0, 1)


def test_a_fact_that_was_told_in_two_messages_is_repeated() -> None:
    expected = EXPECTED | {("ml-alerts", OTHER): 1}
    group = Said("ml-alerts", "group", "job_1 failed, job_2 failed", ts="3")
    assert judged(CARD, REPLY, group, expected=expected) == (0, 1)


def test_a_message_that_names_a_job_and_has_nothing_to_tell_of_it_is_repeated() -> None:
    assert judged(CARD, REPLY, replace(REPLY, key="nobody knows", ts="3")) == (0, 1)
    assert judged(CARD, replace(REPLY, text="job_1, job_2 retried"), expected=EXPECTED | {("x", OTHER): 0}) == (0, 1)


def test_a_card_that_is_posted_again_tells_nothing_anew() -> None:
    again = replace(CARD, key="anew", ts="4")
    assert judge([CARD, REPLY, again], {**CARRIED, "anew": []}, EXPECTED) == Judgement(expected=2)


def test_what_is_told_where_it_does_not_belong_does_not_count() -> None:
    assert judged(CARD, REPLY, expected={("ml-training", FAILED): 1}) == (1, 2)


LOOK = ("@ada job_1 recovered.", "@ada job_1 recovered")
PLAIN = ("@ada job_1 is well.", "@ada job_1 is well.")
QUIET = ("job_1 recovered.", "job_1 recovered")
TRUTH = Drawn("ml-alerts", frozenset({LOOK, PLAIN}), frozenset({QUIET}), frozenset({"job_1"}))


def looking(look: tuple[str, str], **changes: str) -> Said:
    return replace(CARD, fallback=look[0], shows=look[1], **changes)  # type: ignore[arg-type]  # fields of what is said


TRUE = looking(LOOK)
GONE = replace(TRUE, deleted=True)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ([TRUE, REPLY], 0),
        ([looking(PLAIN)], 0),
        ([looking(QUIET)], 1),
        ([GONE, looking(QUIET, ts="4"), REPLY, replace(REPLY, ts="5", thread="4")], 0),
        ([GONE, REPLY], 1),
        ([replace(TRUE, shows="job_1 failed")], 1),
        ([replace(TRUE, fallback="job_1 failed.")], 1),
        ([replace(TRUE, place="ml-training")], 1),
        ([], 1),
        ([TRUE, replace(TRUE, ts="4")], 1),
        ([TRUE, replace(REPLY, thread="4")], 1),
        ([TRUE, replace(REPLY, thread=None)], 1),
    ],
)
def test_a_card_is_right_if_it_shows_the_truth_once_and_its_thread_is_its_own(said: list[Said], wrong: int) -> None:
    assert judge_cards(said, [TRUTH]) == Judgement(cards=1, wrong=wrong)


def test_a_reply_below_the_card_of_other_jobs_is_wrong() -> None:
    look = ("job_2 failed.", "job_2 failed")
    other = Drawn("ml-alerts", frozenset({look}), frozenset(), frozenset({"job_2"}))
    card = looking(look, ts="4")
    assert judge_cards([TRUE, card, replace(REPLY, thread="4")], [TRUTH, other]).wrong == 1


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
