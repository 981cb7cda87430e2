"""A list that moves while it is read, in any order: the reading ends, keeps what it was given, and calls itself
complete only where it saw every job that was there throughout.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.changes import diff
from bot.core.sweep import MAX_PASSES, JobWanted, PageWanted
from tests.core import lives
from tests.core.moving_list import BY_CREATION, START, MovingList, Order, known_of, made, read

often = settings(max_examples=120)

_MOVES = st.lists(st.tuples(st.sampled_from(["insert", "delete", "delete", "touch"]), st.integers(0, 200)), max_size=6)
_LIFE = st.lists(_MOVES, max_size=40)


@st.composite
def moving_lists(draw: st.DrawFn, orders: tuple[Order, ...] = tuple(Order)) -> MovingList:
    """What happens between two requests is drawn; after the last drawn move the list stands still."""
    moving = MovingList.of(draw(st.integers(0, 90)), draw(st.sampled_from(orders)))
    _shuffle_updates(moving, Random(draw(st.integers(0, 5))))  # noqa: S311  an order to read in, not a secret
    moving.clamp = draw(st.sampled_from([3, 7, 20, 200]))
    moving.echoes_limit = draw(st.booleans())
    life = iter(draw(_LIFE))
    moving.between = lambda each: _move(each, next(life, []))
    return moving


def _shuffle_updates(moving: MovingList, chance: Random) -> None:
    for id_, job in moving.jobs.items():
        moving.jobs[id_] = replace(job, updated_at=START - chance.randrange(10**9))


def _move(moving: MovingList, moves: list[tuple[str, int]]) -> None:
    for what, number in moves:
        match what:
            case "insert":
                moving.insert()
            case "delete":
                moving.delete(number)
            case _:
                moving.touch(number)


_RUSH = st.tuples(st.integers(1, 5), st.sampled_from([0, 10, 19, 24]), st.sampled_from([0, 0, 24]))


def _rush(moving: MovingList, rushes: list[tuple[int, int, int]]) -> None:
    """Once in each pass: after so many pages, so many rows leave the front of the list, and so many come."""
    begins = [at for at, wanted in enumerate(moving.requests) if wanted == PageWanted(0, 20)]
    pages, deleted, inserted = rushes[min(len(begins), len(rushes)) - 1]
    if len(moving.requests) - begins[-1] == pages:
        moving.rush(deleted, inserted)


_PAGE_SIZES = st.sampled_from([2, 5, 20, 100])


@often
@given(moving_lists(), _PAGE_SIZES)
def test_every_reading_ends(moving: MovingList, page_size: int) -> None:
    read(moving, page_size=page_size, at_most=(MAX_PASSES + 1) * (len(moving.jobs) + 60))


@often
@given(moving_lists(), _PAGE_SIZES)
def test_no_row_that_was_given_is_lost(moving: MovingList, page_size: int) -> None:
    listing = read(moving, page_size=page_size)
    kept = {row.id: row.job for row in listing.rows}
    latest: dict[str, int] = {}
    for row in moving.given:
        if row.job is not None:
            latest[row.id] = max(latest.get(row.id, 0), row.job.updated_at or 0)
    assert {id_: job.updated_at for id_, job in kept.items() if job} == latest


@often
@given(moving_lists(BY_CREATION), _PAGE_SIZES)
def test_a_complete_reading_by_creation_saw_every_job_that_was_there_throughout(
    moving: MovingList, page_size: int
) -> None:
    if read(moving, page_size=page_size).certificate.complete:
        assert moving.throughout <= {row.id for row in moving.given}


@often
@given(moving_lists((Order.UPDATED_DESC, Order.RANDOM)), _PAGE_SIZES)
def test_a_complete_reading_in_any_other_order_saw_them_too(moving: MovingList, page_size: int) -> None:
    if read(moving, page_size=page_size).certificate.complete:
        assert moving.throughout <= {row.id for row in moving.given}


@often
@given(st.sampled_from(BY_CREATION), st.booleans(), st.lists(_RUSH, min_size=1, max_size=4))
def test_no_row_slips_through_the_seam_of_two_pages(
    order: Order,
    counted: bool,  # noqa: FBT001  drawn
    rushes: list[tuple[int, int, int]],
) -> None:
    moving = MovingList.of(160, order)
    moving.total = lambda count: count if counted else None
    moving.between = lambda each: _rush(each, rushes)
    if read(moving, page_size=20).certificate.complete:
        assert moving.throughout <= {row.id for row in moving.given}


@often
@given(moving_lists(), _PAGE_SIZES)
def test_only_a_job_that_was_deleted_is_ever_gone(moving: MovingList, page_size: int) -> None:
    absent = [made(number) for number in range(500, 510)]
    known = known_of([*moving.jobs.values(), *absent], usual=0)
    listing = read(moving, known, page_size)
    assert listing.gone <= moving.deleted | {job.id for job in absent}
    assert listing.certificate.complete or not listing.gone


@often
@given(moving_lists(BY_CREATION), _PAGE_SIZES)
def test_every_known_job_that_a_complete_reading_lacks_is_asked_for(moving: MovingList, page_size: int) -> None:
    absent = {f"job_{number}" for number in range(500, 530)}
    known = known_of(map(made, range(500, 530)), usual=0)
    listing = read(moving, known, page_size)
    asked = {wanted.id for wanted in moving.requests if isinstance(wanted, JobWanted)}
    assert asked == (absent if listing.certificate.complete else set())
    assert listing.gone == asked


@often
@given(moving_lists(), _PAGE_SIZES, st.integers(-5, 5))
def test_a_total_that_lies_about_a_moving_list_loses_no_row(moving: MovingList, page_size: int, lie: int) -> None:
    moving.total = lambda count: max(0, count + lie)
    listing = read(moving, page_size=page_size)
    assert {row.id for row in listing.rows} == {row.id for row in moving.given}


@often
@given(st.integers(0, 300), st.sampled_from(list(Order)), _PAGE_SIZES)
def test_a_list_in_which_only_statuses_change_is_read_whole_by_creation(count: int, order: Order, size: int) -> None:
    moving = MovingList.of(count, order)
    moving.between = lambda each: each.touch(len(each.requests) * 7)
    listing = read(moving, page_size=size)
    if order in BY_CREATION:
        assert listing.certificate.complete
        assert listing.certificate.passes == (1 if count else 2)


def test_a_list_that_shrinks_past_the_reader_is_read_again() -> None:
    moving = MovingList.of(100)

    def tidy_up(each: MovingList) -> None:
        if len(each.requests) == 3:
            for _ in range(85):
                each.delete(0)

    moving.between = tidy_up
    listing = read(moving, page_size=20)
    assert moving.throughout <= {row.id for row in moving.given}
    assert listing.certificate.complete


def test_a_job_that_jumps_past_the_reader_is_found_by_another_pass() -> None:
    moving = MovingList.of(60, Order.UPDATED_DESC)

    def change(each: MovingList) -> None:
        if len(each.requests) == 2:
            each.touch(0)

    moving.between = change
    listing = read(moving, page_size=20)
    assert (listing.certificate.complete, listing.certificate.seen) == (True, 60)
    assert listing.certificate.passes == 2


def test_a_random_order_is_read_until_nothing_new_comes() -> None:
    listing = read(MovingList.of(60, Order.RANDOM), page_size=20)
    assert listing.certificate.complete
    assert listing.certificate.passes > 1


def test_a_gap_that_cannot_be_closed_is_no_proof() -> None:
    """So many rows leave the front of the list, one request after the other, that no page touches the one before."""
    moving = MovingList.of(400)

    def tidy_up(each: MovingList) -> None:
        if 32 <= len(each.requests) < 38:
            for id_ in sorted(each.jobs, key=lambda id_: -int(id_.removeprefix("job_")))[:30]:
                each.deleted.add(id_)
                del each.jobs[id_]

    moving.between = tidy_up
    listing = read(moving, page_size=10)
    assert listing.certificate.passes > 1
    assert moving.throughout <= {row.id for row in moving.given}


def test_a_newcomer_does_not_stand_in_for_a_job_that_was_missed() -> None:
    moving = MovingList.of(30, Order.CREATED_ASC)
    moving.answer = lambda _, rows: tuple(row for row in rows if row.id != "job_3")
    moving.between = lambda each: None if each.inserted else each.insert()
    listing = read(moving, page_size=10)
    assert "job_1030" in {row.id for row in listing.rows}
    assert not listing.certificate.complete


def looks_like_creation(total: Callable[[int], int | None]) -> MovingList:
    """By update, but in the order of creation until a job that was not read yet changes and another is deleted."""
    moving = MovingList.of(40, Order.UPDATED_DESC)
    moving.total = total

    def once(each: MovingList) -> None:
        if len(each.requests) == 5:
            each.touch(sorted(each.jobs).index("job_3"))
            each.delete(sorted(each.jobs).index("job_38"))

    moving.between = once
    return moving


@pytest.mark.parametrize("total", [lambda count: count, lambda _: None], ids=["counted", "not counted"])
def test_an_order_that_only_looked_like_that_of_creation_is_no_proof(total: Callable[[int], int | None]) -> None:
    moving = looks_like_creation(total)
    assert read(moving, page_size=5).certificate.passes > 1
    assert moving.throughout <= {row.id for row in moving.given}


def test_a_failure_that_was_retried_while_the_list_was_read_is_told() -> None:
    failed = lives.row("FAILED", 0, failed_at=lives.at(60), updated_at=lives.at(60))
    retried = lives.row("PENDING", 1, updated_at=lives.at(70))
    known = lives.past(lives.row("RUNNING", 0, started_at=lives.at(30), updated_at=lives.at(30)))
    listing = lives.listing(failed, retried)
    assert [change.kind for change in diff(known, listing)] == ["failed", "retried"]
    assert lives.after(known, listing).memories["job_1"].job == retried
