"""The words of cards and their threads."""

from dataclasses import replace

import pytest

from bot.core.card_words import (
    STATES,
    alike_words,
    common_error,
    face_title,
    in_short,
    newcomers_title,
    news_title,
    seen_before,
    shared_error,
    since_word,
    step,
    worst,
)
from bot.core.cards import Likeness
from bot.core.changes import ChangeKind
from tests.slack.render_samples import OFTEN, entry, face, reply

PIPELINE = "machine-state-classification"


def test_every_kind_of_change_leaves_a_job_in_a_state_that_has_words() -> None:
    assert set(ChangeKind) <= set(STATES)


@pytest.mark.parametrize(
    ("kind", "tries", "title"),
    [
        ("failed", 2, "nightly failed"),
        ("retried", 2, "nightly was retried and waits"),
        ("started", 1, "nightly is running"),
        ("started", 2, "nightly is running again"),
        ("recovered", 3, "nightly recovered"),
        ("vanished", 1, "nightly is gone from the API"),
        ("appeared", 1, "nightly is pending"),
        ("overdue", 1, "nightly is overdue"),
        ("incomplete", 1, "nightly completed with failed inputs"),
        ("levitating", 1, "nightly levitating"),
    ],
)
def test_a_card_of_one_job_is_titled_by_its_name_and_how_it_stands_now(kind: str, tries: int, title: str) -> None:
    assert face_title(face([entry(1, name="nightly", kind=kind, tries=tries)]), 60) == title


def test_a_job_without_a_name_is_called_by_its_id() -> None:
    assert face_title(face([entry(1, name=" ")]), 60) == f"{entry(1).job_id} failed"


def test_jobs_that_stand_alike_are_counted_once_and_their_pipeline_is_named() -> None:
    failed = face([entry(1), entry(2)], jobs=17, counts={"failed": 17})
    assert face_title(failed, 60) == f"17 jobs failed in {PIPELINE}"
    assert face_title(replace(failed, label=()), 60) == "17 jobs failed"
    assert face_title(replace(failed, label=("nightly", "prod")), 60) == "17 jobs failed in nightly, prod"


def test_jobs_that_stand_differently_are_counted_by_their_states_the_worst_first() -> None:
    counts = {"recovered": 2, "failed": 12, "started": 3}
    mixed = face([entry(1, kind="started", tries=2)], jobs=17, counts=counts)
    assert face_title(mixed, 60) == f"17 jobs in {PIPELINE}: 12 failed, 3 running again, 2 recovered"


def test_jobs_run_again_only_if_all_of_them_do_that_are_named() -> None:
    running = [entry(1, kind="started", tries=2), entry(2, kind="started")]
    assert face_title(face(running), 60) == f"2 jobs are running in {PIPELINE}"


def test_the_worst_state_is_a_failure_then_what_needs_a_look_then_what_goes_on() -> None:
    order = ["failed", "incomplete", "vanished", "overdue", "preempted", "cancelled", "retried", "started", "completed"]
    assert [worst(order[place:]) for place in range(len(order))] == order
    assert worst(["levitating", "recovered"]) == "levitating"
    assert worst([]) == ""


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["failed"], "since"),
        (["completed"], "since"),
        (["vanished"], "since"),
        (["overdue"], "the oldest since"),
        (["started"], "story began"),
        (["recovered"], "story began"),
        (["failed", "recovered"], "story began"),
        (["overdue", "admitted"], "story began"),
    ],
)
def test_jobs_stand_so_since_the_story_began_only_if_all_do_and_do_not_go_on(kinds: list[str], words: str) -> None:
    assert since_word(face([entry(number, kind=kind) for number, kind in enumerate(kinds)])) == words


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("vanished", f"2 jobs in {PIPELINE} are gone from the API"),
        ("moved", f"2 jobs in {PIPELINE} are in other statuses"),
    ],
)
def test_words_that_name_a_place_come_after_the_pipeline(kind: str, title: str) -> None:
    assert face_title(face([entry(1, kind=kind), entry(2, kind=kind)]), 60) == title


@pytest.mark.parametrize(
    ("kind", "tries", "words"),
    [
        ("failed", 1, "failed"),
        ("failed", 2, "failed on try 2"),
        ("retried", 2, "was retried and waits, try 2"),
        ("started", 2, "is running again, try 2"),
        ("recovered", 3, "recovered on try 3"),
        ("cancelled", 1, "was cancelled"),
    ],
)
def test_a_step_says_what_became_of_the_job_and_on_which_try(kind: str, tries: int, words: str) -> None:
    assert step(entry(1, kind=kind, tries=tries)) == words


def test_what_nobody_saw_is_told_as_inferred() -> None:
    unseen = entry(1, inferred=True)
    assert step(unseen) == in_short(unseen) == "failed (inferred, nobody saw it)"


def test_newcomers_are_counted_and_so_are_all_that_are_there_now() -> None:
    many = reply([entry(1)], jobs=483, counts={"failed": 483}, total=500).news
    mixed = reply([entry(1), entry(2, kind="cancelled")], total=12).news
    assert newcomers_title(many, 60) == f"483 more jobs failed in {PIPELINE}, 500 in all"
    assert newcomers_title(mixed, 60) == f"2 more jobs in {PIPELINE}: 1 failed, 1 cancelled; 12 in all"


def test_steps_of_several_jobs_are_titled_by_how_the_jobs_stand_after_them() -> None:
    news = [
        replace(entry(number), kind=kind, change_key=f"{number}{kind}", tries=2)
        for number in (1, 2)
        for kind in ("started", "retried")
    ]
    assert news_title(reply(news).news, 60) == f"2 jobs are running again in {PIPELINE}"


def test_steps_of_more_jobs_than_are_named_are_counted_as_they_happened() -> None:
    news = reply([entry(1)], jobs=60, counts={"failed": 70}).news
    assert news_title(news, 60) == f"60 jobs failed 70 times in {PIPELINE}"


def test_errors_that_are_alike_are_counted_the_most_frequent_first() -> None:
    alike = (Likeness("CUDA out of memory", 12), Likeness("no such file", 2), Likeness("odd", 1))
    shown = face([entry(1)], jobs=17, counts={"failed": 17}, likenesses=alike)
    assert alike_words(shown, 60) == "12 like: CUDA out of memory · 2 like: no such file · 3 others"


def test_each_kind_of_error_says_how_often_it_came_up_before() -> None:
    alike = (Likeness("CUDA out of memory", 12, OFTEN), Likeness("no such file", 2))
    shown = face([entry(1), entry(2, error="no such file")], jobs=15, counts={"failed": 15}, likenesses=alike)
    assert alike_words(shown, 60) == (
        "12 like: CUDA out of memory · seen 14 times in 3 pipelines since March 3 · 2 like: no such file · 1 other"
    )
    assert seen_before(shown) == ""


def test_errors_of_one_kind_alone_are_said_once_to_have_come_up_before() -> None:
    alike = (Likeness(entry(1).error, 2, OFTEN),)
    of_one = face([entry(1), entry(2), entry(3, error="")], likenesses=alike)
    assert seen_before(of_one) == "An error like this was seen 14 times in 3 pipelines since March 3."
    assert alike_words(of_one, 20) == "2 like: Worker ran out of m…", "the third has no error"
    beside_a_code = face([entry(1), entry(2), entry(3, error="exit code 1")], likenesses=alike)
    assert seen_before(beside_a_code) == ""
    assert "seen 14 times" in alike_words(beside_a_code, 20)


@pytest.mark.parametrize(("kind", "is_said"), [("failed", True), ("recovered", False)])
def test_an_error_that_the_card_does_not_show_is_not_said_to_have_come_up_before(kind: str, *, is_said: bool) -> None:
    shown = face([entry(1, kind=kind, error="odd 1"), entry(2, error="")], likenesses=(Likeness("odd 2", 1, OFTEN),))
    assert bool(seen_before(shown)) == is_said
    assert seen_before(replace(shown, entries=shown.entries[:1], jobs=1))


def test_errors_that_are_all_different_are_not_counted() -> None:
    assert alike_words(face([entry(1), entry(2)], likenesses=(Likeness("a", 1), Likeness("b", 1))), 60) == ""


def test_an_error_is_shared_by_jobs_that_nobody_names_only_if_theirs_is_known_to_be_like_it() -> None:
    of_all, of_some = ((Likeness(entry(1).error, jobs),) for jobs in (500, 2))
    many = face([entry(1), entry(2)], jobs=500, counts={"failed": 500}, likenesses=of_all)
    assert shared_error(many) == entry(1).error
    assert shared_error(replace(many, likenesses=of_some)) == shared_error(replace(many, likenesses=())) == ""
    assert shared_error(face([entry(1), entry(2)])) == entry(1).error


def test_an_error_is_common_only_if_all_have_it_to_the_letter() -> None:
    assert common_error([entry(1), entry(2, error=f"{entry(2).error} ")]) == entry(1).error
    assert common_error([entry(1), entry(2, error="")]) == ""
    assert common_error([entry(1, error=""), entry(2, error="")]) == ""
    assert common_error([entry(1)]) == ""
