"""What one look brought is one message for each rule and place; and how long a message waits to be tried again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alerts import Alert, Route, Silence
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Job
from bot.core.messages import Message, backoff, compose, message_key, paced, park_time
from tests.core.lives import NOON, at

URLS = {"prod": "https://console.example/jobs/{job_id}"}


def failed(number: int, second: float | None = 0, source: str = "prod", **fields: int) -> Change:
    job = Job(source=source, id=f"job_{number}", status="FAILED", name=f"nightly {number}", error="out of memory")
    change = Change(job=job, kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0)
    return replace(change, at=None if second is None else at(second), **fields)  # type: ignore[arg-type]  # counts


def composed(*placed: tuple[Change, Route]) -> tuple[Message, ...]:
    return compose([Alert(change, (route,)) for change, route in placed], URLS, NOON)


A = Route("#a", "one", ("@U1",))


def test_one_look_is_one_message_for_each_rule_and_place() -> None:
    other = Route("#b", "one", ())
    second_rule = Route("#a", "two", ())
    alerts = [Alert(failed(number), (A, other)) for number in range(3)]
    messages = compose([*alerts, Alert(failed(9), (second_rule,))], URLS, NOON)
    found = {(each.destination, each.news.rule): len(each.tells) for each in messages}
    assert found == {("#a", "one"): 3, ("#b", "one"): 3, ("#a", "two"): 1}


def test_what_is_silent_is_no_message() -> None:
    assert compose([Silence(failed(1), "no rule matches")], URLS, NOON) == ()


def test_every_change_is_carried_by_its_message() -> None:
    changes = [failed(number) for number in range(30)]
    [message] = composed(*((change, A) for change in changes))
    assert sorted(message.tells) == sorted(change.key for change in changes)
    assert (message.news.counts, message.news.jobs) == ({"failed": 30}, 30)


def test_the_newest_ten_jobs_are_named_newest_first_and_the_rest_is_counted() -> None:
    [message] = composed(*((failed(number, number), A) for number in range(25)))
    assert [entry.job_id for entry in message.news.entries] == [f"job_{number}" for number in range(24, 14, -1)]
    assert message.news.unnamed == 15


def test_all_changes_of_a_named_job_are_told_but_it_counts_once() -> None:
    retried = replace(failed(1, None), kind=ChangeKind.RETRIED, retry_count=1)
    [message] = composed((failed(1), A), (retried, A), (replace(failed(1, 90), retry_count=1), A))
    assert (len(message.news.entries), message.news.jobs, message.news.unnamed) == (3, 1, 0)
    assert message.news.counts == {"failed": 2, "retried": 1}


def test_jobs_of_two_sources_with_one_id_are_two_jobs() -> None:
    [message] = composed((failed(1), A), (failed(1, source="stage"), A))
    assert message.news.jobs == 2


def test_everybody_whom_a_route_rings_is_rung_once() -> None:
    [message] = composed((failed(1), A), (failed(2), Route("#a", "one", ("@U2", "@U1"))))
    assert sorted(message.mentions) == ["@U1", "@U2"]


@given(st.permutations(range(6)))
def test_a_message_has_the_same_key_in_whatever_order_its_changes_come(order: list[int]) -> None:
    [message] = composed(*((failed(number), A) for number in order))
    [sorted_one] = composed(*((failed(number), A) for number in range(6)))
    assert (message.key, message.news) == (sorted_one.key, sorted_one.news)


def test_other_changes_or_another_place_make_another_key() -> None:
    keys = {
        message_key("#a", ["k1"]),
        message_key("#b", ["k1"]),
        message_key("#a", ["k2"]),
        message_key("#a", ["k1", "k2"]),
        message_key("#a", []),
    }
    assert len(keys) == 5


def test_an_entry_says_what_happened_when_why_and_how_often() -> None:
    [message] = composed((replace(failed(1, 60), retry_count=2, inferred=True), A))
    [entry] = message.news.entries
    assert (entry.name, entry.job_id, entry.kind, entry.at) == ("nightly 1", "job_1", "failed", at(60))
    assert (entry.error, entry.tries, entry.inferred) == ("out of memory", 3, True)
    assert entry.url == "https://console.example/jobs/job_1"


def test_a_source_without_a_link_gives_none() -> None:
    [message] = compose([Alert(failed(1, source="stage"), (A,))], URLS, NOON)
    assert message.news.entries[0].url == ""


@pytest.mark.parametrize(("updated", "expected"), [(at(70), at(70)), (None, NOON)])
def test_what_has_no_time_of_its_own_happened_at_the_last_update(updated: Instant | None, expected: Instant) -> None:
    change = failed(1, None)
    [message] = composed((replace(change, job=replace(change.job, updated_at=updated)), A))
    assert message.news.entries[0].at == expected


@pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (10_000, 15)])
def test_a_backoff_doubles_to_fifteen_seconds_and_chance_takes_off_up_to_half(attempts: int, longest: float) -> None:
    assert backoff(attempts, 0.0) == longest
    assert longest / 2 < backoff(attempts, 0.999) < longest


@pytest.mark.parametrize(("refusals", "seconds"), [(1, 60), (2, 300), (3, 900), (4, 3600), (5, 3600), (99, 3600)])
def test_a_route_that_refuses_is_tried_ever_more_rarely(refusals: int, seconds: float) -> None:
    assert park_time(refusals) == seconds


def posted(moments: list[float]) -> list[bool]:
    """Whether a post may go out at each of these moments, in seconds."""
    mark, allowed = 0, []
    for moment in moments:
        may, later = paced(mark, at(moment))
        mark = later if may else mark
        allowed.append(may)
    return allowed


@pytest.mark.parametrize(
    ("why", "moments", "allowed"),
    [
        ("a burst of three after a rest", [0, 0, 0, 0], [True, True, True, False]),
        ("then one a second", [0, 0, 0, 0.9, 1, 1, 2], [True, True, True, False, True, False, True]),
        ("a rest earns a new burst", [0, 0, 0, 3, 3, 3, 3], [True, True, True, True, True, True, False]),
        ("steady posts are never held", [0, 1, 2, 3, 4], [True, True, True, True, True]),
    ],
)
def test_posts_to_a_channel_are_paced(why: str, moments: list[float], allowed: list[bool]) -> None:
    assert posted(moments) == allowed, why


def test_a_post_that_is_held_may_go_out_a_second_later() -> None:
    mark = at(0) + 3 * SECOND
    assert paced(mark, at(0))[0] is False
    assert paced(mark, at(1)) == (True, mark + SECOND)
