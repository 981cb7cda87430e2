"""A job that is preempted too often within a window is told as thrashing, once in that window."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant, length
from bot.core.jobs import Job
from bot.core.thrashing import Spell, Thrashing, with_thrashing
from tests.core.lives import at, changes, row, short

LIMIT = Thrashing(times=3, within=timedelta(hours=1))


def preempted(count: int, times: int = 1) -> Change:
    job = row("PREEMPTED", 0, count)
    return Change(
        job=job,
        kind=ChangeKind.PREEMPTED,
        was="RUNNING",
        status="PREEMPTED",
        retry_count=0,
        preemption_count=count,
        times=times,
    )


def told(*changes: Change, spell: Spell | None = None) -> list[str]:
    spells = {} if spell is None else {"job_1": spell}
    return [short(change) for change in with_thrashing(changes, spells, LIMIT, at(0))]


@pytest.mark.parametrize(
    ("why", "spell", "count", "keys"),
    [
        ("it is the first", None, 1, ["preempted/0/1"]),
        ("how many came before it was seen nobody can date", None, 7, ["preempted/0/7"]),
        ("it is the second", Spell(at(-60), 1), 2, ["preempted/0/2"]),
        ("it is the third", Spell(at(-60), 2), 3, ["preempted/0/3", "thrashing/0/3"]),
        ("those before it were seen at once", Spell(at(-60), 2), 6, ["preempted/0/6", "thrashing/0/6"]),
        ("a retry has begun to count anew", Spell(at(-60), 2), 1, ["preempted/0/1", "thrashing/0/1"]),
        ("that was told already", Spell(at(-60), 3, told=True), 4, ["preempted/0/4"]),
    ],
)
def test_one_preemption_too_many_is_thrashing(why: str, spell: Spell | None, count: int, keys: list[str]) -> None:
    assert told(preempted(count), spell=spell) == keys, why


@pytest.mark.parametrize(
    ("why", "before", "now", "kinds"),
    [
        ("three since the last look", row("RUNNING"), row("PREEMPTED", 0, 3), ["preempted", "thrashing"]),
        ("and it runs again", row("RUNNING"), row("RUNNING", 0, 3), ["preempted", "started", "thrashing"]),
        ("two", row("RUNNING", 0, 4), row("PREEMPTED", 0, 6), ["preempted"]),
        ("the count lags behind the status", row("RUNNING", 0, 2), row("PREEMPTED", 0, 2), ["preempted"]),
        ("the job was not known", None, row("PREEMPTED", 0, 3), ["appeared", "preempted"]),
    ],
)
def test_preemptions_between_two_looks_all_count(why: str, before: Job | None, now: Job, kinds: list[str]) -> None:
    found = [change.kind for change in with_thrashing(changes(before, now), {}, LIMIT, at(0))]
    assert sorted(found) == sorted(kinds), why


def test_what_one_look_found_took_no_time_that_anybody_knows() -> None:
    _, found = with_thrashing([preempted(3, times=3)], {}, LIMIT, at(0))
    assert found.detail == "3 times between two looks"


def test_it_says_how_often_and_in_how_long() -> None:
    _, found = with_thrashing([preempted(3)], {"job_1": Spell(at(-2400), 2)}, LIMIT, at(0))
    assert (found.detail, found.was, found.status) == ("3 times in 40m", "PREEMPTED", "PREEMPTED")


def test_preemptions_of_one_look_count_together_and_are_told_once() -> None:
    keys = told(*map(preempted, (1, 2, 3, 4)))
    assert keys == ["preempted/0/1", "preempted/0/2", "preempted/0/3", "preempted/0/4", "thrashing/0/3"]


@pytest.mark.parametrize(
    ("why", "now", "kinds"),
    [
        ("it runs again", row("RUNNING", 0, 3), ["preempted", "started", "thrashing"]),
        ("it waits", row("PENDING", 0, 3), ["preempted", "requeued", "thrashing"]),
        ("it has ended", row("COMPLETED", 0, 3), ["preempted", "thrashing", "completed"]),
    ],
)
def test_that_it_thrashes_is_how_a_job_stands_unless_it_has_ended(why: str, now: Job, kinds: list[str]) -> None:
    found = [*with_thrashing(changes(row("RUNNING"), now), {}, LIMIT, at(0))]
    assert [change.kind for change in found] == kinds, why
    thrashing = next(change for change in found if change.kind is ChangeKind.THRASHING)
    assert thrashing.was == thrashing.status == ("PREEMPTED" if now.status == "COMPLETED" else now.status)


def test_news_from_before_the_baseline_count_for_nothing() -> None:
    old = replace(preempted(3), old=True)
    assert told(old, spell=Spell(at(-60), 2)) == ["preempted/0/3"]


def test_another_job_s_preemptions_are_not_counted() -> None:
    other = replace(preempted(3), job=replace(preempted(3).job, id="job_2"))
    assert [change.kind for change in with_thrashing([other], {"job_1": Spell(at(-60), 2)}, LIMIT, at(0))] == [
        "preempted"
    ]


@given(st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 3)), max_size=30))
def test_it_is_told_whenever_three_fall_into_an_hour_in_which_it_was_not_told(steps: list[tuple[int, int]]) -> None:
    ledger: list[tuple[ChangeKind, Instant, int]] = []  # with how many preemptions each tells
    now, count, within = at(0), 0, length(LIMIT.within)
    for seconds, more in steps:
        now, count = now + seconds * 1_000_000, count + more
        lately = [entry for entry in ledger if entry[1] >= now - within]
        before = sum(times for kind, _, times in lately if kind is ChangeKind.PREEMPTED)
        loud = any(kind is ChangeKind.THRASHING for kind, _, _ in lately)
        spells = {"job_1": Spell(lately[0][1], before, loud)} if lately else {}
        found = [change.kind for change in with_thrashing([preempted(count, more)], spells, LIMIT, now)]
        assert (ChangeKind.THRASHING in found) == (before + more >= LIMIT.times and not loud)
        ledger += [(kind, now, more) for kind in found]
