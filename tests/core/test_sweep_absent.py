"""A known job that a listing lacks is asked for by its id, a few at a time, and only a 404 says that it is gone."""

import pytest

from bot.core.jobs import Job
from bot.core.listing import Page, Row
from bot.core.sweep import ASKED_SINGLY, JobWanted, Known, Sweep
from tests.core.moving_list import START, MovingList, known_of, made, print_of, read

ABSENT = [made(number) for number in range(1_000, 1_200)]


def asked(moving: MovingList) -> list[str]:
    return [wanted.id for wanted in moving.requests if isinstance(wanted, JobWanted)]


def swept(known: Known, *, total: int = 20) -> Sweep:
    """A sweep that has read a list of twenty jobs, which says that it has `total`."""
    sweep = Sweep("prod", known, 100)
    moving = MovingList.of(20)
    moving.total = lambda _: total
    while not isinstance(wanted := sweep.wants, JobWanted) and wanted is not None:
        sweep.give_page(moving.page(wanted, known))
    return sweep


def test_a_known_job_that_is_neither_listed_nor_found_is_gone() -> None:
    moving = MovingList.of(20)
    listing = read(moving, known_of([*moving.jobs.values(), ABSENT[0]]))
    assert asked(moving) == [ABSENT[0].id]
    assert listing.gone == {ABSENT[0].id}
    assert listing.certificate.asked == 1


def test_a_job_that_is_not_listed_but_found_is_told_as_it_is() -> None:
    sweep = swept(known_of(ABSENT[:1], usual=0))
    found = made(1_000, status="FAILED")
    sweep.give_job(Row(found.id, None, print_of(found), found))
    listing = sweep.result()
    assert found in listing.jobs
    assert (listing.gone, sweep.wants) == (frozenset(), None)


def test_no_more_than_fifty_are_asked_for_in_one_look() -> None:
    moving = MovingList.of(20)
    listing = read(moving, known_of(ABSENT, usual=0))
    assert (len(asked(moving)), len(listing.gone)) == (ASKED_SINGLY, ASKED_SINGLY)
    assert ASKED_SINGLY == 50


def test_live_jobs_are_asked_for_first() -> None:
    live = [job.id for job in ABSENT[90:110]]
    moving = MovingList.of(20)
    read(moving, known_of(ABSENT, live=live, usual=0))
    assert set(asked(moving)[:20]) == set(live)
    assert len(asked(moving)) == ASKED_SINGLY


def test_whoever_is_not_asked_for_in_one_look_is_asked_for_in_a_later_one() -> None:
    """Even if every one of them is found, so that nobody leaves the list of the absent."""
    reached: set[str] = set()
    for look in range(40):
        moving = MovingList.of(20)
        moving.now = START + look * 15_000_000
        read(moving, known_of(ABSENT, usual=0))
        reached.update(asked(moving))
    assert reached == {job.id for job in ABSENT}


def test_what_is_gone_makes_room_for_the_rest() -> None:
    left = {job.id: job for job in ABSENT}
    for _ in range(len(ABSENT) // ASKED_SINGLY):
        for id_ in read(MovingList.of(20), known_of(left.values(), usual=0)).gone:
            del left[id_]
    assert not left


def test_a_suspect_listing_asks_for_live_jobs_alone_and_calls_none_gone() -> None:
    live = [job.id for job in ABSENT[:3]]
    moving = MovingList.of(20)
    moving.total = lambda count: count + 1
    listing = read(moving, known_of(ABSENT, live=live, usual=0))
    assert (sorted(asked(moving)), listing.gone) == (live, frozenset())
    assert listing.certificate.reasons


def test_nobody_is_asked_for_before_there_is_a_memory() -> None:
    moving = MovingList.of(20)
    read(moving)
    assert asked(moving) == []


def test_an_api_that_answers_no_more_is_not_asked_for_the_rest() -> None:
    sweep = swept(known_of(ABSENT, usual=0))
    sweep.give_job(None)
    sweep.stop_asking()
    assert (sweep.wants, len(sweep.result().gone)) == (None, 1)


def test_a_job_that_the_api_will_not_tell_is_reported_and_does_not_hold_up_the_next() -> None:
    sweep = swept(known_of(ABSENT[:2], usual=0))
    first = sweep.wants
    assert isinstance(first, JobWanted)
    sweep.skip_job("server error: HTTP 500")
    assert sweep.wants not in {None, first}
    sweep.give_job(None)
    listing = sweep.result()
    assert [str(fault) for fault in listing.faults] == [f"{first.id}: server error: HTTP 500"]
    assert first.id not in listing.gone


def test_an_api_that_will_not_tell_many_jobs_is_left_in_peace() -> None:
    sweep = swept(known_of(ABSENT, usual=0))
    skipped = 0
    while sweep.wants is not None:
        sweep.skip_job("server error: HTTP 500")
        skipped += 1
    assert skipped <= 5


@pytest.mark.parametrize("usual", [0, 5, 20])
def test_a_few_jobs_may_leave_a_short_list_without_suspicion(usual: int) -> None:
    page = Page(3, 100, tuple(_row(made(number)) for number in range(3)), (), START)
    sweep = Sweep("prod", known_of(map(made, range(9)), usual=min(usual, 9)), 100)
    sweep.give_page(page)
    assert sweep.result().certificate.complete


def _row(job: Job) -> Row:
    return Row(job.id, None, print_of(job), job)


def test_known_live_jobs_that_were_neither_listed_nor_found_nor_gone_are_said_to_be_unseen() -> None:
    live = [job.id for job in ABSENT[:60]]
    moving = MovingList.of(20)
    listing = read(moving, known_of([*moving.jobs.values(), *ABSENT[:60]], live=[*moving.jobs, *live], usual=0))
    assert listing.unseen >= set(live) - listing.gone
    assert not listing.unseen & moving.jobs.keys()
