"""A list that stands still is read once, each row of it; and what a server may do wrong does not deceive the reader."""

import pytest

from bot.core.listing import Listing, Row
from bot.core.sweep import PageWanted
from tests.core.moving_list import BY_CREATION, MovingList, Order, known_of, made, print_of, read

pytestmark = pytest.mark.parametrize("order", BY_CREATION)


def ids(listing: Listing) -> set[str]:
    return {row.id for row in listing.rows}


def test_an_empty_organisation_is_complete_at_the_first_look(order: Order) -> None:
    listing = read(MovingList.of(0, order))
    assert listing.certificate.complete
    assert (listing.rows, listing.gone, listing.faults) == ((), frozenset(), ())


def test_a_list_that_fits_on_a_page_takes_one_request(order: Order) -> None:
    moving = MovingList.of(3, order)
    listing = read(moving)
    assert (ids(listing), listing.certificate.complete) == (set(moving.jobs), True)
    assert moving.requests == [PageWanted(0, 100)]


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 99, 100, 101, 195, 196, 200, 501])
@pytest.mark.parametrize("page_size", [2, 3, 20, 100, 500])
def test_a_quiet_list_of_any_length_is_complete_after_one_pass(order: Order, count: int, page_size: int) -> None:
    moving = MovingList.of(count, order)
    listing = read(moving, page_size=page_size)
    assert (ids(listing), listing.certificate.reasons) == (set(moving.jobs), ())
    assert listing.certificate.passes == 1


def test_three_thousand_rows_take_about_thirty_two_requests(order: Order) -> None:
    moving = MovingList.of(3_000, order)
    listing = read(moving)
    assert (listing.certificate.complete, listing.certificate.seen) == (True, 3_000)
    assert len(moving.requests) <= 32


def test_rows_that_equal_what_is_stored_are_left_out_but_counted(order: Order) -> None:
    moving = MovingList.of(30, order)
    known = known_of(moving.jobs.values())
    moving.touch(7)
    listing = read(moving, known, page_size=10)
    assert [row.job and row.job.status for row in listing.rows] == ["FAILED"]
    assert (listing.certificate.seen, listing.certificate.unchanged) == (30, 29)


@pytest.mark.parametrize("echoes", [True, False])
def test_a_limit_that_is_clamped_in_silence_loses_nothing(order: Order, *, echoes: bool) -> None:
    moving = MovingList.of(95, order)
    moving.clamp, moving.echoes_limit = 10, echoes
    listing = read(moving)
    assert (ids(listing), listing.certificate.complete) == (set(moving.jobs), True)


def test_a_limit_that_is_refused_is_halved_until_it_is_accepted(order: Order) -> None:
    moving = MovingList.of(60, order)
    moving.refuse_over = 20
    listing = read(moving)
    assert (ids(listing), listing.certificate.complete) == (set(moving.jobs), True)
    limits = [wanted.limit for wanted in moving.requests if isinstance(wanted, PageWanted)]
    assert limits[:4] == [100, 50, 25, 12]


def test_a_total_that_is_too_high_makes_the_listing_suspect(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.total = lambda count: count + 2
    listing = read(moving, page_size=20)
    assert ids(listing) == set(moving.jobs)
    assert listing.certificate.reasons == ("saw 45 jobs where the API counts 47: the list moved, or is not all there",)


@pytest.mark.parametrize("total", [0, 1, 20, 39, 44])
def test_a_total_that_is_too_low_hides_no_row(order: Order, total: int) -> None:
    moving = MovingList.of(45, order)
    moving.total = lambda _: total
    assert ids(read(moving, page_size=20)) == set(moving.jobs)


def test_a_total_that_counts_the_page_alone_hides_no_row(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.total = lambda _: 20
    assert len(read(moving, page_size=20).rows) == 45


@pytest.mark.parametrize("count", [0, 1, 3, 20, 45])
def test_a_list_without_a_total_is_read_to_its_end(order: Order, count: int) -> None:
    moving = MovingList.of(count, order)
    moving.total = lambda _: None
    listing = read(moving, page_size=20, at_most=12)
    assert ids(listing) == set(moving.jobs)


def test_a_short_list_without_a_total_proves_nothing(order: Order) -> None:
    moving = MovingList.of(3, order)
    moving.total = lambda _: None
    assert "the API does not count them" in read(moving).certificate.reasons[0]


@pytest.mark.parametrize("total", [None, 45])
@pytest.mark.parametrize("page_size", [10, 30])
def test_a_server_that_ignores_the_offset_is_found_out(order: Order, total: int | None, page_size: int) -> None:
    moving = MovingList.of(45, order)
    moving.ignores_offset, moving.total = True, lambda _: total
    listing = read(moving, page_size=page_size, at_most=20)
    assert len(listing.rows) == page_size
    assert not listing.certificate.complete


def test_an_empty_answer_in_the_middle_of_a_list_does_not_end_it(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.answer = lambda request, rows: () if request == 2 else rows
    listing = read(moving, page_size=20)
    assert (ids(listing), listing.certificate.complete) == (set(moving.jobs), True)


def test_a_short_answer_in_the_middle_of_a_list_does_not_end_it(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.answer = lambda request, rows: rows[:3] if request == 2 else rows
    listing = read(moving, page_size=20)
    assert (ids(listing), listing.certificate.complete) == (set(moving.jobs), True)


def test_an_empty_first_answer_is_asked_for_once_more(order: Order) -> None:
    moving = MovingList.of(3, order)
    moving.answer = lambda request, rows: () if request == 1 else rows
    assert ids(read(moving)) == set(moving.jobs)


def test_rows_without_a_name_are_counted_each_once_and_reported(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.nameless = frozenset({"job_19", "job_25", "job_26"})
    listing = read(moving, page_size=20)
    assert (listing.certificate.complete, listing.certificate.seen) == (True, 42)
    assert [str(fault) for fault in listing.faults] == ["a row does not tell its id"] * 3


def test_a_row_without_a_name_does_not_stand_in_for_a_job_that_was_missed(order: Order) -> None:
    moving = MovingList.of(15, order)
    moving.nameless = frozenset({"job_9"})
    moving.answer = lambda _, rows: tuple(row for row in rows if row.id != "job_3")
    assert not read(moving, page_size=2).certificate.complete


def test_an_unreadable_row_is_present_and_reported_once(order: Order) -> None:
    moving = MovingList.of(45, order)
    moving.unreadable = frozenset({"job_25", "job_26"})
    known = known_of(moving.jobs.values())
    moving.touch(sorted(moving.jobs).index("job_25"))
    listing = read(moving, known, page_size=20)
    assert (listing.certificate.complete, listing.gone, listing.rows) == (True, frozenset(), ())
    assert sorted(map(str, listing.faults)) == [f"job_{n}: status is missing or no text" for n in (25, 26)]


def test_every_row_of_a_job_that_changed_meanwhile_is_kept_oldest_first(order: Order) -> None:
    moving = MovingList.of(25, order)
    early, late = made(12, status="RUNNING", created=5), made(12, status="FAILED", created=9)
    twins = tuple(Row(job.id, None, print_of(job), job) for job in (late, early, late))
    moving.answer = lambda _, rows: (*rows, *twins)
    kept = [row.job for row in read(moving, page_size=50).rows if row.id == "job_12"]
    assert kept == [early, late, moving.jobs["job_12"]]


def test_a_list_that_is_empty_though_many_jobs_are_known_is_never_believed(order: Order) -> None:
    """It may be the list of another organisation: no row tells."""
    known = known_of(map(made, range(10)), usual=0)
    assert not read(MovingList.of(0, order), known).certificate.complete


def test_a_list_that_is_empty_though_jobs_are_known_is_suspect(order: Order) -> None:
    known = known_of(made(number) for number in range(4))
    listing = read(MovingList.of(0, order), known)
    assert listing.certificate.reasons == ("the list is empty, though it had 4 jobs before",)
    assert not listing.gone


def test_a_list_that_is_much_shorter_than_usual_is_suspect(order: Order) -> None:
    known = known_of(made(number) for number in range(100))
    listing = read(MovingList.of(40, order), known)
    assert listing.certificate.reasons == ("the list is much shorter than usual: 40 jobs instead of 100",)


def test_a_list_that_is_a_little_shorter_than_usual_is_believed(order: Order) -> None:
    known = known_of(made(number) for number in range(100))
    listing = read(MovingList.of(60, order), known)
    assert listing.certificate.complete
    assert len(listing.gone) == 40


def test_the_start_is_by_the_clock_of_the_api(order: Order) -> None:
    moving = MovingList.of(300, order)
    moving.now += 3_600_000_000
    started = read(moving, page_size=20).started
    assert started <= moving.now - 2 * 50_000
    assert started % 1_000_000 == 0
