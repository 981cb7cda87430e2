"""What is written of a card: whom its post rings, what its thread tells, and what is worth a word in the channel."""

from dataclasses import replace

import pytest

from bot.core.alerts import Broadcast, Rule, decide
from bot.core.board import Terms, compose, followed
from bot.core.cards import with_reason
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND
from bot.core.jobs import Field
from bot.core.messages import KEPT_BY_NAME, About, Message, Opening, ThreadReply, rank
from bot.core.threads import as_sent, reply_with_reason
from tests.core.lives import NOON
from tests.core.team import MINUTE, URLS, Team, change, rule, team


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
    assert [rank(reply) for reply in one.replies] == [1, 1, 0]


@pytest.mark.parametrize("broadcast", Broadcast)
def test_what_is_worse_goes_before_what_merely_goes_on_even_if_it_rings_nobody(broadcast: Broadcast) -> None:
    one = team(broadcast=broadcast, mention=())
    one.look(change(1))
    one.look(change(1, ChangeKind.RETRIED, 2))
    one.look(change(1, tries=2))
    assert [rank(reply) for reply in one.replies] == [1, 0]


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
    reply = as_sent(reply)
    assert (len(reply.news.entries), reply.news.jobs, reply.news.unnamed, len(reply.tells)) == (50, 599, 549, 599)


def test_once_the_newcomers_that_a_reply_would_name_have_gone_on_it_names_the_others() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    one.look(*map(change, range(2, 62)))
    one.look(*(change(number, ChangeKind.RETRIED, 2) for number in range(12, 62)))
    reply = as_sent(one.waiting[one.openings[0].card])
    assert (len(reply.news.entries), reply.news.jobs, reply.news.unnamed) == (10, 10, 0)


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


def test_a_newcomer_that_goes_on_within_its_look_waits_for_its_minute_and_is_no_worse() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    (reply,) = one.look(change(2), change(2, ChangeKind.RETRIED, 2), change(2, tries=2))
    assert isinstance(reply, ThreadReply)
    assert (reply.about, reply.due_at, reply.loud) == (About.NEWCOMERS, NOON + MINUTE, False)
    assert (told_in(reply), reply.news.jobs) == (["failed", "retried", "failed"], 1)
    steps, gone = one.look(change(2, ChangeKind.RETRIED, 3)), one.replies
    assert told_in(*steps) == ["failed", "retried", "failed", "retried"]
    assert reply.key not in {each.key for each in gone}


def completing() -> tuple[Team, Change]:
    """A card of completions whose newcomers were told just now; and what is known of the next one besides."""
    one = team(on=frozenset({ChangeKind.COMPLETED}))
    one.look(change(0, ChangeKind.COMPLETED))
    one.look(change(1, ChangeKind.COMPLETED))
    one.later(1)
    return one, replace(change(2, ChangeKind.COMPLETED), kind=ChangeKind.RECOVERED)


def test_a_newcomer_that_goes_on_before_it_was_told_takes_all_with_it_that_its_look_found() -> None:
    one, recovered = completing()
    (reply,) = one.look(change(2, ChangeKind.COMPLETED), recovered)
    assert isinstance(reply, ThreadReply)
    assert (told_in(as_sent(reply)), reply.news.counts) == (["recovered"], {"recovered": 1})
    retried = change(2, ChangeKind.RETRIED, 2)
    (steps,) = one.look(retried)
    assert told_in(steps) == ["recovered", "retried"]
    assert isinstance(steps, ThreadReply)
    assert steps.tells == (change(2, ChangeKind.COMPLETED).key, recovered.key, retried.key)


def test_of_newcomers_that_are_left_those_are_counted_that_have_not_gone_on() -> None:
    one, recovered = completing()
    one.look(change(2, ChangeKind.COMPLETED), recovered, change(3, ChangeKind.COMPLETED))
    one.look(change(2, ChangeKind.RETRIED, 2))
    (left,) = [reply for reply in one.replies if reply.key in {each.key for each in one.waiting.values()}]
    assert (left.tells, left.news.jobs, left.news.counts) == (
        (change(3, ChangeKind.COMPLETED).key,),
        1,
        {"completed": 1},
    )


def test_newcomers_that_are_only_counted_are_told_where_they_are_counted() -> None:
    one = team()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    burst = range(2, KEPT_BY_NAME + 12)
    one.look(*(each for n in burst for each in (change(n), change(n, ChangeKind.RETRIED, 2))))
    one.look(*(change(n, ChangeKind.STARTED, 2) for n in burst))
    told = [key for reply in one.replies for key in reply.tells]
    assert {change(n).key for n in burst} <= set(told)
    assert len(told) == len(set(told))
    assert sum(reply.news.jobs for reply in one.replies if reply.about is About.NEWCOMERS) == 1 + 10


def test_whom_no_rule_mentions_any_more_no_waiting_newcomer_rings() -> None:
    one = both()
    one.look(change(0))
    one.look(change(1))
    one.later(1)
    one.look(change(2))
    one.rules = [replace(each, mention=()) for each in one.rules]
    (steps,) = one.look(change(2, ChangeKind.RETRIED, 2))
    assert isinstance(steps, ThreadReply)
    assert steps.mentions == ()


def test_a_newcomer_that_fails_within_its_look_is_worse_where_nothing_on_the_card_has_failed() -> None:
    one = team(on=frozenset({ChangeKind.STARTED, ChangeKind.FAILED}))
    one.look(change(0, ChangeKind.STARTED))
    (reply,) = one.look(change(1, ChangeKind.STARTED), change(1))
    assert isinstance(reply, ThreadReply)
    assert (reply.about, reply.mentions) == (About.NEWCOMERS, ("@U1",))


def test_what_nobody_dated_did_not_happen_after_what_followed_it() -> None:
    one = team()
    one.look(change(1))
    retried, started = replace(change(1, ChangeKind.RETRIED, 2), at=NOON + 9), change(1, ChangeKind.STARTED, 2)
    (reply,) = one.look(retried, replace(started, at=NOON + 5))
    assert isinstance(reply, ThreadReply)
    assert [(entry.kind, entry.at - NOON) for entry in reply.news.entries] == [("started", 5), ("retried", 5)]


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
    composed = compose(verdicts, board, Terms(one.rules, {}, URLS), one.now)
    assert composed.dropped == (waiting.key,)
    assert [told_in(message) for message in composed.messages] == [["failed", "retried"]]


def test_an_error_stays_on_the_card_until_there_is_another() -> None:
    one = team()
    one.look(change(1))
    one.look(change(1, ChangeKind.RETRIED, 2, error=""))
    (member,) = one.members.values()
    assert (member.entry.kind, member.entry.error) == ("retried", "out of memory")


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
