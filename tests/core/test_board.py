"""Which card takes a change, what opens one, what its thread tells, and when it is worth a word in the channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alerts import Broadcast, GroupBy, Rule, decide, job_ref
from bot.core.board import Board, Composed, compose, followed
from bot.core.cards import FAILURES, FOLLOWED, OPEN_CARDS, Card, Member, with_reason
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Field, Job
from bot.core.messages import About, Message, Opening, ThreadReply, message_key
from bot.core.threads import reply_with_reason
from tests.core.lives import NOON

URLS = {"prod": "https://console.example/jobs/{job_id}"}
MINUTE = 60 * SECOND
STATUS = {ChangeKind.FAILED: "FAILED", ChangeKind.RETRIED: "PENDING", ChangeKind.STARTED: "RUNNING"}
STATUS |= {ChangeKind.COMPLETED: "COMPLETED", ChangeKind.VANISHED: "RUNNING", ChangeKind.REAPPEARED: "FAILED"}


@dataclass
class Team:
    """What a store would keep from look to look, and nothing more."""

    rules: Sequence[Rule]
    now: Instant = NOON
    cards: dict[str, Card] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)  # (card, job) → member
    waiting: dict[str, ThreadReply] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)
    took: Instant = 0  # each look
    channels: dict[str, str] = field(default_factory=dict)

    def board(self, changes: Sequence[Change]) -> Board:
        jobs = {job_ref(change.job) for change in changes}
        members = [
            replace(member, unsaid=False)  # openings go out at once
            for member in self.members.values()
            if member.entry.job in jobs and (member.ended_at is None or member.ended_at >= self.now - FOLLOWED)
        ]
        began = self.now - self.took
        kept = {member.card for member in members} | {card.key for card in self.cards.values() if card.until > began}
        cards = tuple(card for key, card in self.cards.items() if key in kept)
        return Board(cards, tuple(members), self.waiting, took=self.took)

    def look(self, *changes: Change) -> tuple[Message, ...]:
        board = self.board(changes)
        verdicts = decide(changes, self.rules, self.told(), self.channels, followed(board))
        composed = compose(verdicts, board, self.rules, self.channels, URLS, self.now)
        self.take(composed)
        return composed.messages

    def told(self) -> set[tuple[str, str]]:
        return {(key, message.destination) for message in self.said for key in getattr(message, "tells", ())}

    def take(self, composed: Composed) -> None:
        self.cards |= {card.key: card for card in composed.cards}
        self.members |= {(member.card, member.entry.job_id): member for member in composed.members}
        for message in composed.messages:
            self.said = [each for each in self.said if each.key != message.key] + [message]
            if isinstance(message, ThreadReply) and message.about is About.NEWCOMERS:
                self.waiting[message.card] = message
        self.said = [each for each in self.said if each.key not in composed.dropped]
        self.waiting = {card: reply for card, reply in self.waiting.items() if reply.key not in composed.dropped}

    def later(self, seconds: float) -> None:
        """Time passes, and what is due by then goes out."""
        self.now += int(seconds * SECOND)
        self.waiting = {card: reply for card, reply in self.waiting.items() if reply.due_at > self.now}

    @property
    def openings(self) -> list[Opening]:
        return [message for message in self.said if isinstance(message, Opening)]

    @property
    def replies(self) -> list[ThreadReply]:
        return [message for message in self.said if isinstance(message, ThreadReply)]


def rule(*, to: tuple[str, ...] = ("#a",), mention: tuple[str, ...] = ("@U1",), **settings: object) -> Rule:
    return Rule(name="failures", to=to, globs={}, mention=mention, **settings)  # type: ignore[arg-type]


def change(number: int, kind: ChangeKind = ChangeKind.FAILED, tries: int = 1, **fields: str) -> Change:
    made = {"name": f"nightly {number}", "pipeline_key": "vision", "error": "out of memory"} | fields
    job = Job(source="prod", id=f"job_{number}", status=STATUS[kind], **made)  # type: ignore[arg-type]
    return Change(
        job=job, kind=kind, was=None, status=job.status, retry_count=tries - 1, preemption_count=0, at=NOON + number
    )


def team(**settings: object) -> Team:
    return Team([rule(**settings)])  # type: ignore[arg-type]


def test_the_first_failure_opens_a_card_at_once_that_rings() -> None:
    one = team()
    (opening,) = one.look(change(1))
    assert isinstance(opening, Opening)
    assert (opening.tells, opening.mentions, opening.due_at) == ((change(1).key,), ("@U1",), NOON)
    assert opening.key == message_key("#a", [change(1).key]) == opening.card


def test_of_a_traceback_a_card_and_its_thread_tell_the_exception() -> None:
    trace = 'Traceback (most recent call last):\n  File "/app/train.py", line 7, in run\nValueError: corrupt'
    one = team()
    one.look(change(1, error=trace))
    one.look(change(2, error=""), change(3, error=trace))
    (reply,) = one.replies
    assert {member.entry.error for member in one.members.values()} == {"ValueError: corrupt", ""}
    reply = reply_with_reason(reply, change(2).key, trace)
    assert {entry.error for entry in reply.news.entries} == {"ValueError: corrupt"}
    (silent,) = [member for member in one.members.values() if not member.entry.error]
    assert with_reason(silent, change(2), trace).entry.error == "ValueError: corrupt"


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


def test_a_job_stays_with_its_card_until_a_day_after_it_last_ended() -> None:
    one = team()
    one.look(change(1))
    one.later(24 * 3600)
    assert [type(message) for message in one.look(change(1, tries=2))] == [ThreadReply]
    one.later(24 * 3600 + 1)
    assert [type(message) for message in one.look(change(1, tries=3))] == [Opening]


def test_a_story_told_within_one_look_opens_a_card_and_goes_on_in_its_thread() -> None:
    opening, reply = team().look(change(1), change(1, ChangeKind.RETRIED, 2), change(1, tries=2))
    assert isinstance(opening, Opening)
    assert isinstance(reply, ThreadReply)
    assert (opening.tells, len(reply.tells), reply.mentions) == ((change(1).key,), 2, ())


@pytest.mark.parametrize(
    ("broadcast", "shown"),
    [(Broadcast.NEVER, [False, False, False]), (Broadcast.WORSE, [False, False, True]), (Broadcast.ALWAYS, [True] * 3)],
)
def test_only_what_is_worse_rings_and_the_rule_says_what_the_channel_sees(
    broadcast: Broadcast, shown: list[bool]
) -> None:
    one = team(broadcast=broadcast)
    one.look(change(1))
    for kind in (ChangeKind.RETRIED, ChangeKind.STARTED, ChangeKind.FAILED):
        one.later(1)
        one.look(change(1, kind, tries=2))
    assert [reply.broadcast for reply in one.replies] == shown
    assert [reply.mentions for reply in one.replies] == [(), (), ("@U1",)]


def test_a_failure_after_a_failure_is_not_worse() -> None:
    one = team()
    one.look(change(1))
    (reply,) = one.look(change(1, tries=2))
    assert isinstance(reply, ThreadReply)
    assert (reply.broadcast, reply.mentions) == (False, ())


def test_a_group_that_passes_ten_a_hundred_and_a_thousand_is_worth_a_word() -> None:
    one = team()
    for size in (1, 8, 1, 90, 100, 799, 1, 200):
        one.look(*(change(number) for number in range(len(one.members), len(one.members) + size)))
        one.later(60 - 0.001)
    assert [reply.news.total for reply in one.replies if reply.broadcast] == [10, 100, 1000]


def test_a_card_of_many_gets_worse_aloud_once_a_minute_at_most() -> None:
    one = team()
    one.look(*map(change, range(3)))
    one.look(*(change(number, ChangeKind.RETRIED, 2) for number in range(3)))
    for number in range(3):
        one.later(10)
        one.look(change(number, tries=2))
    assert [reply.broadcast for reply in one.replies] == [False, True, False, False]


def test_a_newcomer_to_a_card_that_had_calmed_down_is_worse() -> None:
    one = team()
    one.look(change(1))
    one.look(change(1, ChangeKind.RETRIED, 2))
    (reply,) = one.look(change(2))
    assert isinstance(reply, ThreadReply)
    assert (reply.about, reply.broadcast) == (About.NEWCOMERS, True)


def test_newcomers_are_told_once_a_minute_and_those_between_together() -> None:
    one = team()
    one.look(change(0))
    for number in range(1, 8):
        one.later(20)
        one.look(change(number))
    assert [(reply.due_at - NOON) // SECOND for reply in one.replies] == [20, 80, 140, 200]
    assert [reply.news.jobs for reply in one.replies] == [1, 2, 3, 1]


def test_a_clock_that_is_set_back_delays_no_newcomer_and_silences_nothing() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(-3600)
    assert [type(message) for message in one.look(change(2))] == [Opening]
    one.cards = {key: replace(card, opened_at=one.now) for key, card in one.cards.items()}
    one.waiting = {}
    (reply,) = one.look(change(3))
    assert reply.due_at <= one.now + MINUTE


def test_a_reply_names_fifty_newcomers_and_counts_the_rest() -> None:
    one = team()
    one.look(change(0))
    one.look(*map(change, range(1, 600)))
    (reply,) = one.replies
    assert (len(reply.news.entries), reply.news.jobs, reply.news.unnamed, len(reply.tells)) == (50, 599, 549, 599)


def both(*, mention: str = "@U2", on: frozenset[ChangeKind] = frozenset({ChangeKind.FAILED})) -> Team:
    """A rule for all that fails, and one that rings somebody else for some of it, in the same place."""
    quiet = rule(mention=(), goes_on=True, group_by=())
    return Team([quiet, replace(rule(mention=(mention,)), name="critical", on=on, globs={Field.NAME: ("*2",)})])


def test_whom_nothing_has_rung_yet_is_rung_by_the_newcomer_that_a_rule_of_theirs_matches() -> None:
    one = both()
    (opening,) = one.look(change(1))
    (reply,) = one.look(change(2))
    assert isinstance(opening, Opening)
    assert isinstance(reply, ThreadReply)
    assert (opening.mentions, reply.mentions, reply.broadcast) == ((), ("@U2",), True)


def test_trouble_that_a_rule_asks_for_is_worse_and_what_no_rule_asks_for_is_a_step() -> None:
    for on, rung in ((frozenset({ChangeKind.VANISHED}), ("@U1",)), (frozenset({ChangeKind.CANCELLED}), ())):
        one = team()
        one.look(change(1))
        one.look(change(1, ChangeKind.RETRIED, 2))
        one.rules = [rule(on=on | {ChangeKind.FAILED})]
        gone = replace(change(1, ChangeKind.RETRIED, 2), kind=ChangeKind.VANISHED)
        (reply,) = one.look(gone)
        assert isinstance(reply, ThreadReply)
        assert reply.mentions == rung


def told_in(reply: Message) -> list[str]:
    assert isinstance(reply, ThreadReply)
    return [entry.kind for entry in reversed(reply.news.entries)]


def test_what_a_card_does_not_show_any_more_when_it_is_posted_is_told_first_in_its_thread() -> None:
    _, reply = team().look(change(1), change(1, ChangeKind.RETRIED, 2), change(1, ChangeKind.STARTED, 2))
    assert told_in(reply) == ["failed", "retried", "started"]
    assert isinstance(reply, ThreadReply)
    assert reply.tells == (change(1, ChangeKind.RETRIED, 2).key, change(1, ChangeKind.STARTED, 2).key)


def test_a_newcomer_that_goes_on_before_it_was_told_waits_for_no_minute() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    one.look(change(2), change(3))
    (steps, newcomers) = sorted(one.look(change(2, ChangeKind.RETRIED, 2)), key=lambda reply: reply.due_at)
    assert told_in(steps) == ["failed", "retried"]
    assert isinstance(newcomers, ThreadReply)
    assert (newcomers.tells, newcomers.news.jobs, newcomers.news.counts) == ((change(3).key,), 1, {"failed": 1})


def test_a_ring_that_waits_with_a_newcomer_goes_with_it() -> None:
    one = both()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    (waiting,) = one.look(change(2))
    assert isinstance(waiting, ThreadReply)
    assert waiting.mentions == ("@U2",)
    (steps,) = one.look(change(2, ChangeKind.RETRIED, 2))
    assert isinstance(steps, ThreadReply)
    assert (steps.mentions, steps.broadcast) == (("@U2",), True)


def test_what_waits_to_be_told_in_one_place_may_have_been_told_in_another() -> None:
    one = Team([rule(to=("#a",), on=frozenset({ChangeKind.FAILED}), goes_on=True), replace(rule(to=("#b",)), name="b")])
    one.rules = [one.rules[0], replace(one.rules[1], on=frozenset({ChangeKind.STARTED, ChangeKind.FAILED}))]
    one.look(change(0))
    one.look(change(1, ChangeKind.STARTED))
    one.look(change(1))
    one.look(change(1, ChangeKind.RETRIED, 2))
    assert len({(key, message.destination) for message in one.said for key in getattr(message, "tells", ())}) == sum(
        len(getattr(message, "tells", ())) for message in one.said
    )


def test_a_reply_that_has_nobody_left_to_name_is_dropped() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    (waiting,) = one.look(change(2))
    board = one.board([change(2)])
    verdicts = decide([change(2, ChangeKind.RETRIED, 2)], one.rules, one.told(), {}, followed(board))
    composed = compose(verdicts, board, one.rules, {}, URLS, one.now)
    assert composed.dropped == (waiting.key,)
    assert [told_in(message) for message in composed.messages] == [["failed", "retried"]]


def test_an_error_stays_on_the_card_until_there_is_another() -> None:
    one = team()
    one.look(change(1))
    one.look(change(1, ChangeKind.RETRIED, 2, error=""))
    (member,) = one.members.values()
    assert (member.entry.kind, member.entry.error) == ("retried", "out of memory")


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


BOTH = (
    Rule(name="ends", to=("#a",), on=frozenset({ChangeKind.COMPLETED}), globs={}),
    Rule(name="failures", to=("#a",), globs={}, mention=("@U1",)),
)


def test_whom_a_later_change_of_the_same_look_rings_the_opening_rings() -> None:
    one = Team(BOTH)
    opening, steps = one.look(change(1, ChangeKind.COMPLETED), change(1, ChangeKind.FAILED, tries=2))
    assert isinstance(opening, Opening)
    assert isinstance(steps, ThreadReply)
    assert (opening.mentions, steps.mentions) == (("@U1",), ())


def test_whom_a_card_rang_when_it_got_worse_is_not_late_for_the_next_failure() -> None:
    one = Team(BOTH)
    one.look(change(1, ChangeKind.COMPLETED), change(2, ChangeKind.COMPLETED))
    (worse,) = one.look(change(1, ChangeKind.FAILED, tries=2))
    one.later(1)
    (soon,) = one.look(change(2, ChangeKind.FAILED, tries=2))
    assert isinstance(worse, ThreadReply)
    assert isinstance(soon, ThreadReply)
    assert (worse.mentions, soon.mentions) == (("@U1",), ())
