"""Which changes matter, to whom: the first rule that matches, or a reason why nobody is told."""

from collections.abc import Iterable, Mapping

import pytest

from bot.core.alerts import (
    ALREADY_TOLD,
    NO_RULE,
    OLD,
    Alert,
    Follow,
    Route,
    Rule,
    Silence,
    Step,
    Told,
    Verdict,
    decide,
    glob_matches,
)
from bot.core.changes import Change, ChangeKind
from bot.core.jobs import Field, Job

JOB = Job(
    source="prod", id="job_1", status="FAILED", name="Nightly [3]", pipeline_key="machine-state", pipeline_type="batch"
)
FAILED = Change(job=JOB, kind=ChangeKind.FAILED, was="RUNNING", status="FAILED", retry_count=0, preemption_count=0)
STARTED = Change(job=JOB, kind=ChangeKind.STARTED, was=None, status="RUNNING", retry_count=0, preemption_count=0)


def rule(
    name: str,
    *to: str,
    on: ChangeKind = ChangeKind.FAILED,
    globs: Mapping[Field, tuple[str, ...]] | None = None,
    mention: tuple[str, ...] = (),
    goes_on: bool = False,
) -> Rule:
    return Rule(name=name, to=to, on=frozenset({on}), globs=globs or {}, mention=mention, goes_on=goes_on)


def routes(
    *rules: Rule, change: Change = FAILED, told: Told = (), channels: Mapping[str, str] | None = None
) -> tuple[Route, ...] | str:
    """Where the change goes, or why nowhere."""
    [verdict] = decide([change], rules, told, channels or {}, {})
    match verdict:
        case Alert(each, routes):
            assert each == change
            return routes
        case Silence(_, reason):
            return reason
        case Step():
            raise AssertionError("no card follows the job")


def test_the_first_rule_that_matches_wins() -> None:
    rules = (rule("starts", "#a", on=ChangeKind.STARTED), rule("one", "#b"), rule("two", "#c"))
    assert routes(*rules) == (Route("#b", "one", ()),)


def test_a_rule_that_goes_on_lets_later_ones_match() -> None:
    rules = (rule("one", "#a", goes_on=True), rule("two", "#b"), rule("three", "#c"))
    assert routes(*rules) == (Route("#a", "one", ()), Route("#b", "two", ()))


def test_a_rule_that_goes_on_but_does_not_match_changes_nothing() -> None:
    rules = (rule("starts", "#a", on=ChangeKind.STARTED, goes_on=True), rule("one", "#b"), rule("two", "#c"))
    assert routes(*rules) == (Route("#b", "one", ()),)


def test_one_rule_may_send_to_many_places() -> None:
    assert routes(rule("one", "#a", "@U1", mention=("@U2",))) == (
        Route("#a", "one", ("@U2",)),
        Route("@U1", "one", ("@U2",)),
    )


def test_one_place_is_told_by_the_first_rule_and_rings_everybody_once() -> None:
    rules = (
        rule("one", "#a", mention=("@U1", "@U2"), goes_on=True),
        rule("two", "#a", mention=("@U2", "@S1")),
    )
    assert routes(*rules) == (Route("#a", "one", ("@U1", "@U2", "@S1")),)


def test_the_name_and_the_id_of_a_channel_are_one_place() -> None:
    rules = (rule("one", "#a", mention=("@U1",), goes_on=True), rule("two", "C1", mention=("@U2",)))
    assert routes(*rules, channels={"#a": "C1"}) == (Route("#a", "one", ("@U1", "@U2")),)


def test_names_that_are_not_resolved_yet_are_places_of_their_own() -> None:
    rules = (rule("one", "#a", goes_on=True), rule("two", "C1"))
    assert len(routes(*rules)) == 2


def test_what_was_told_in_a_place_is_not_told_there_again() -> None:
    told = {(FAILED.key, "#a")}
    assert routes(rule("one", "#a", "#b"), told=told) == (Route("#b", "one", ()),)
    assert routes(rule("one", "#a"), told=told) == ALREADY_TOLD


@pytest.mark.parametrize(("before", "now"), [("#a", "C1"), ("C1", "#a")])
def test_what_was_told_under_a_channels_other_name_is_not_told_again(before: str, now: str) -> None:
    assert routes(rule("one", now), told={(FAILED.key, before)}, channels={"#a": "C1"}) == ALREADY_TOLD


def test_what_was_told_of_another_change_silences_nothing() -> None:
    assert routes(rule("one", "#a"), told={(STARTED.key, "#a")}) == (Route("#a", "one", ()),)


def test_without_a_matching_rule_nobody_is_told() -> None:
    assert routes() == NO_RULE
    assert routes(rule("starts", "#a", on=ChangeKind.STARTED)) == NO_RULE


def test_old_news_are_never_told() -> None:
    old = Change(
        job=JOB, kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0, old=True
    )
    assert routes(rule("one", "#a"), change=old) == OLD


def test_every_change_has_its_verdict_in_order() -> None:
    verdicts = decide([STARTED, FAILED, STARTED], [rule("one", "#a")], (), {}, {})
    assert [type(verdict) for verdict in verdicts] == [Silence, Alert, Step]
    assert [verdict.change for verdict in verdicts] == [STARTED, FAILED, STARTED]


@pytest.mark.parametrize(
    ("why", "globs", "matches"),
    [
        ("no field is named", {}, True),
        ("one of the globs fits", {Field.PIPELINE: ("omega-*", "machine-*")}, True),
        ("no glob fits", {Field.PIPELINE: ("omega-*",)}, False),
        ("each field fits", {Field.PIPELINE: ("machine-*",), Field.TYPE: ("batch",), Field.SOURCE: ("prod",)}, True),
        ("one field does not fit", {Field.PIPELINE: ("machine-*",), Field.TYPE: ("training",)}, False),
        ("a glob covers the whole text", {Field.NAME: ("nightly",)}, False),
        ("upper and lower case are one", {Field.NAME: ("nIGHTLY*",)}, True),
    ],
)
def test_a_rule_covers_the_jobs_whose_every_field_fits(
    why: str, globs: Mapping[Field, tuple[str, ...]], *, matches: bool
) -> None:
    assert (routes(rule("one", "#a", globs=globs)) != NO_RULE) is matches, why


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("*", "", True),
        ("*", "two\nlines", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[ab]*", "bee", True),
        ("[!ab]*", "bee", False),
        ("a.c", "abc", False),
        ("[", "[", True),
        ("STRASSE", "straße", True),
    ],
)
def test_a_glob_is_what_a_shell_says(glob: str, text: str, *, matches: bool) -> None:
    assert glob_matches(glob, text) is matches


def test_a_rule_without_kinds_means_failures() -> None:
    assert Rule(name="one", to=("#a",), globs={}).on == {ChangeKind.FAILED}


def follows(*rules: Rule, change: Change = STARTED, told: Told = (), cards: Iterable[Follow] = ()) -> Verdict:
    [verdict] = decide([change], rules, told, {"#a": "C1"}, {(JOB.source, JOB.id): cards})
    return verdict


def test_whatever_becomes_of_a_job_is_a_step_where_a_card_follows_it() -> None:
    card = Follow("#a", "one")
    assert follows(rule("one", "#a"), cards=[card]) == Step(STARTED, (card,))


def test_a_step_says_whom_a_rule_that_matches_it_rings() -> None:
    asked = rule("two", "C1", on=ChangeKind.STARTED, mention=("@U1",))
    assert follows(asked, cards=[Follow("#a", "one")]) == Step(STARTED, (Follow("#a", "one", ("@U1",), asked=True),))


def test_a_change_may_be_a_step_in_one_place_and_open_a_card_in_another() -> None:
    verdict = follows(rule("one", "#a", "#b"), change=FAILED, cards=[Follow("#a", "one")])
    assert verdict == Alert(FAILED, (Route("#b", "one", ()),), (Follow("#a", "one", asked=True),))


def test_a_step_that_was_told_is_not_told_again_under_the_channels_other_name_but_its_card_shows_it() -> None:
    verdict = follows(told=[(STARTED.key, "C1")], cards=[Follow("#a", "one")])
    assert verdict == Step(STARTED, (Follow("#a", "one", told=True),))


def test_of_two_cards_that_turn_out_to_be_in_one_place_the_first_goes_on() -> None:
    cards = [Follow("#a", "one"), Follow("C1", "two")]
    assert follows(cards=cards) == Step(STARTED, (cards[0],))
