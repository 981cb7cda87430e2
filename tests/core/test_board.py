"""Which card takes a change, what opens one, and what each follows."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alerts import Broadcast, GroupBy
from bot.core.board import moments
from bot.core.cards import FAILURES, FOLLOWED, OPEN_CARDS, happened_at
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND
from bot.core.messages import About, Opening, ThreadReply, message_key
from tests.core.lives import NOON
from tests.core.team import MINUTE, STATUS, change, rule, team


def test_the_first_failure_opens_a_card_at_once_that_rings() -> None:
    one = team()
    (opening,) = one.look(change(1))
    assert isinstance(opening, Opening)
    assert (opening.tells, opening.mentions, opening.due_at) == ((change(1).key,), ("@U1",), NOON)
    assert opening.key == message_key("#a", [change(1).key]) == opening.card


def test_what_fails_in_one_look_opens_one_card() -> None:
    one = team()
    (opening,) = one.look(*map(change, range(500)))
    assert isinstance(opening, Opening)
    assert len(opening.tells) == one.cards[opening.card].size == 500


@given(st.permutations(range(6)))
def test_a_card_has_the_same_key_in_whatever_order_its_changes_come(order: list[int]) -> None:
    assert team().look(*map(change, order))[0].key == team().look(*map(change, range(6)))[0].key


def test_what_follows_within_the_window_joins_the_card_and_is_told_in_its_thread() -> None:
    one = team()
    one.look(change(1))
    one.later(59)
    (reply,) = one.look(change(2))
    assert isinstance(reply, ThreadReply)
    assert (reply.about, reply.mentions, reply.broadcast) == (About.NEWCOMERS, (), False)
    assert (reply.news.jobs, reply.news.total) == (1, 2)


def test_each_newcomer_prolongs_the_window_until_it_closes() -> None:
    one = team()
    for _ in range(20):
        one.look(change(len(one.members)))
        one.later(50)
    assert [one.cards[opening.card].size for opening in one.openings] == [18, 2]


@pytest.mark.parametrize(("took", "cards"), [(0, 2), (1, 2), (2, 1), (600, 1)])
def test_a_look_that_began_within_the_window_joins_the_card(took: int, cards: int) -> None:
    one = team()
    one.look(change(1))
    one.later(61)
    one.took = took * SECOND
    one.look(change(2))
    assert len(one.openings) == cards


def test_a_look_that_took_longer_than_the_window_joins_no_card_that_is_closed_for_as_long() -> None:
    one = team()
    one.look(change(1))
    one.later(121)
    one.took = 600 * SECOND
    one.look(change(2))
    assert len(one.openings) == 2


def test_a_job_that_two_cards_of_one_place_follow_is_true_on_both_and_told_on_one() -> None:
    one = team(to=("#a", "C1"))
    one.look(change(1))
    first, second = one.openings
    one.channels = {"#a": "C1", "C1": "C1"}
    (reply,) = one.look(change(1, ChangeKind.RETRIED, tries=2))
    assert isinstance(reply, ThreadReply)
    assert reply.card == first.card
    stand = {member.card: member.entry.kind for member in one.members.values()}
    assert stand == {first.card: "retried", second.card: "retried"}


def test_without_a_window_no_other_look_joins_the_card_though_it_began_before() -> None:
    one = team(group_window=timedelta())
    one.look(change(1))
    one.later(1)
    one.took = MINUTE
    one.look(change(2))
    assert len(one.openings) == 2


def test_after_the_window_a_failure_opens_a_card_of_its_own() -> None:
    one = team()
    one.look(change(1))
    one.later(60)
    assert [type(message) for message in one.look(change(2))] == [Opening]


@pytest.mark.parametrize(
    ("group_by", "cards"),
    [
        ((GroupBy.PIPELINE,), 2),
        ((GroupBy.TYPE,), 1),
        ((GroupBy.PIPELINE, GroupBy.ERROR), 3),
        ((GroupBy.ERROR,), 2),
        ((), 1),
    ],
)
def test_jobs_share_a_card_if_they_share_what_the_rule_groups_by(group_by: tuple[GroupBy, ...], cards: int) -> None:
    one = team(group_by=group_by)
    one.look(change(1), change(2, error="disk full"), change(3, pipeline_key="speech", error="Out of memory"))
    assert len(one.openings) == cards


def test_beyond_five_open_cards_of_a_rule_and_place_the_rest_share_one() -> None:
    one = team()
    one.look(*(change(number, pipeline_key=f"pipeline {number}") for number in range(9)))
    assert [one.cards[opening.card].size for opening in one.openings] == [1, 1, 1, 1, 1, 4]
    one.later(30)
    (reply,) = one.look(change(99, pipeline_key="pipeline 99"))
    assert isinstance(reply, ThreadReply)
    assert one.cards[reply.card].overflow


def test_two_places_have_a_card_each() -> None:
    one = team(to=("#a", "#b"))
    assert [message.destination for message in one.look(change(1))] == ["#a", "#b"]


def test_what_becomes_of_a_job_is_told_on_its_card_whatever_the_rules_say() -> None:
    one = team()
    one.look(change(1))
    for kind in (ChangeKind.RETRIED, ChangeKind.STARTED, ChangeKind.COMPLETED):
        one.later(3600)
        (reply,) = one.look(change(1, kind, tries=2))
        assert isinstance(reply, ThreadReply)
        assert (reply.about, reply.broadcast, reply.mentions) == (About.STEPS, False, ())
    assert len(one.openings) == 1


def test_a_job_that_is_as_it_was_once_is_shown_so_and_told_no_more() -> None:
    one = team()
    one.look(change(1))
    moved, back = change(1, ChangeKind.RETRIED, tries=2), change(1, ChangeKind.STARTED, tries=2)
    for each in (back, moved):
        one.look(each)
    assert one.look(back) == ()
    (member,) = one.members.values()
    assert member.entry.kind == ChangeKind.STARTED


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        (ChangeKind.FAILED, ["started"]),  # its error stays on the card
        (ChangeKind.OVERDUE, ["overdue", "started"]),
        (ChangeKind.THRASHING, ["thrashing", "started"]),
        (ChangeKind.VANISHED, ["vanished", "started"]),
    ],
)
def test_what_only_the_card_told_and_shows_no_more_its_thread_tells_once(opens: ChangeKind, told: list[str]) -> None:
    one = team(on=frozenset(ChangeKind))
    one.look(change(1, opens))
    (reply,) = one.look(change(1, ChangeKind.STARTED))
    assert isinstance(reply, ThreadReply)
    assert [entry.kind for entry in reversed(reply.news.entries)] == told
    assert reply.tells == (change(1, ChangeKind.STARTED).key,)
    (reply,) = one.look(change(1, ChangeKind.COMPLETED))
    assert isinstance(reply, ThreadReply)
    assert [entry.kind for entry in reply.news.entries] == ["completed"]


def test_a_job_stays_with_its_card_until_a_day_after_it_last_ended() -> None:
    one = team()
    one.look(change(1))
    one.later(24 * 3600)
    assert [type(message) for message in one.look(change(1, tries=2))] == [ThreadReply]
    one.later(24 * 3600 + 1)
    assert [type(message) for message in one.look(change(1, tries=3))] == [Opening]


def test_what_happened_while_nobody_looked_counts_as_of_its_own_time() -> None:
    failed, retried, stale = change(1), replace(change(1, ChangeKind.RETRIED, tries=2), at=None), change(2)
    now = NOON + 3600 * SECOND
    began = moments([retried, failed, replace(stale, old=True)], now)
    assert began == [(("prod", "job_1"), now), (("prod", "job_1"), failed.at)]


def test_a_job_appeared_when_it_was_created_however_far_it_has_come() -> None:
    failed = change(1)
    job = replace(failed.job, created_at=NOON - MINUTE, updated_at=NOON)
    appeared = replace(failed, job=job, kind=ChangeKind.APPEARED, at=None)
    preempted = replace(failed, job=job, kind=ChangeKind.PREEMPTED, at=None)
    assert [happened_at(each, NOON) for each in (appeared, preempted)] == [NOON - MINUTE, NOON]


def test_who_stands_in_no_rule_any_more_is_rung_no_more_and_the_channel_sees_what_the_rule_now_says() -> None:
    one = team(mention=("@U1", "@U2"), broadcast=Broadcast.ALWAYS)
    one.look(change(1))
    one.rules = [rule(mention=("@U2",), broadcast=Broadcast.NEVER)]
    one.look(change(1, ChangeKind.RETRIED, tries=2))
    one.look(change(1, tries=2))
    assert [(reply.mentions, reply.broadcast) for reply in one.replies] == [((), False), (("@U2",), False)]


def test_what_comes_again_is_told_no_more() -> None:
    one = team()
    one.look(change(1))
    assert one.look(change(1)) == ()


KINDS = st.sampled_from([*STATUS])
CHANGES = st.builds(
    lambda number, kind, tries, pipeline: change(number, kind, tries, pipeline_key=f"pipeline {pipeline}"),
    st.integers(0, 12),
    KINDS,
    st.integers(1, 4),
    st.integers(0, 8),
)
LOOKS = st.lists(st.tuples(st.lists(CHANGES, max_size=8), st.sampled_from([1, 20, 59, 60, 300, 86_500])), max_size=12)


@given(LOOKS)
def test_whatever_happens_each_change_is_told_once_and_each_card_adds_up(
    looks: list[tuple[list[Change], float]],
) -> None:
    one = team(to=("#a", "#b"))
    for changes, wait in looks:
        one.look(*changes)
        taking = [card for card in one.cards.values() if card.until > one.now and card.destination == "#a"]
        assert sum(card.overflow for card in taking) <= 1
        assert sum(not card.overflow for card in taking) <= OPEN_CARDS
        one.later(wait)
    told = [(key, message.destination) for message in one.said for key in getattr(message, "tells", ())]
    assert len(told) == len(set(told))
    for key, card in one.cards.items():
        jobs = [member for (on, _), member in one.members.items() if on == key]
        assert card.size == len(jobs)
        assert card.failing == sum(member.entry.kind in FAILURES for member in jobs)
    due = [(reply.card, reply.due_at) for reply in one.replies if reply.about is About.NEWCOMERS]
    assert all(b[1] - a[1] >= MINUTE for a, b in pairwise(due) if a[0] == b[0])


@given(LOOKS)
def test_no_two_cards_follow_a_job_in_one_place(looks: list[tuple[list[Change], float]]) -> None:
    one = team()
    for changes, wait in looks:
        one.look(*changes)
        following = [
            member.entry.job
            for member in one.members.values()
            if member.ended_at is None or member.ended_at >= one.now - FOLLOWED
        ]
        assert len(following) == len(set(following))
        one.later(wait)
