"""A memory takes in what a row tells and keeps what it does not; and it knows another organisation when it sees one."""

from dataclasses import replace

import pytest

from bot.core.changes import diff
from bot.core.jobs import Job
from bot.core.listing import Listing, Row
from bot.core.memory import becomes_baseline, is_swapped, remembered
from tests.core.lives import CERTIFICATE, NOON, after, at, listing, past, row


def since(before: Job | None, now: Job) -> int:
    memory = past(*([] if before is None else [before]))
    return after(memory, listing(now)).memories[now.id].since


@pytest.mark.parametrize(
    ("why", "now", "expected"),
    [
        ("the status has its own timestamp", row("FAILED", failed_at=at(60), updated_at=at(70)), at(60)),
        ("a new job waits since it was created", row("PENDING", updated_at=at(70)), at(0)),
        ("a job that waits again waits since it was updated", row("PENDING", 1, updated_at=at(70)), at(70)),
        ("only the update tells", row("ADMITTED", updated_at=at(70)), at(70)),
        ("only the creation tells", row("ADMITTED"), at(0)),
        ("nothing tells", row("ADMITTED", created_at=None), NOON),
    ],
)
def test_a_job_is_in_its_status_since_what_its_row_tells_best(why: str, now: Job, expected: int) -> None:
    assert since(None, now) == expected, why


@pytest.mark.parametrize(
    ("why", "before", "now", "expected"),
    [
        (
            "it runs again, and the start that it shows is the first one",
            row("PREEMPTED", 0, 1, started_at=at(30)),
            row("RUNNING", 0, 1, started_at=at(30), updated_at=at(90)),
            at(90),
        ),
        (
            "it runs again, and was started anew",
            row("PREEMPTED", 0, 1, started_at=at(30)),
            row("RUNNING", 0, 1, started_at=at(80), updated_at=at(90)),
            at(80),
        ),
        ("its start comes late", row("RUNNING"), row("RUNNING", started_at=at(30), updated_at=at(90)), at(30)),
        ("it is queued, and was created long before", row("RUNNING", started_at=at(30)), row("PENDING"), NOON),
    ],
)
def test_a_new_stage_began_when_its_row_says_so_anew(why: str, before: Job, now: Job, expected: int) -> None:
    assert since(before, now) == expected, why


def test_an_update_within_a_status_does_not_make_it_younger() -> None:
    admitted = row("ADMITTED", updated_at=at(70))
    memory = after(past(), listing(admitted))
    later = after(memory, listing(replace(admitted, updated_at=at(500))))
    assert later.memories["job_1"].since == at(70)
    assert later.memories["job_1"].job.updated_at == at(500)


def test_the_first_time_that_a_job_was_seen_is_kept() -> None:
    memory = after(past(), listing(row("PENDING")))
    [(later, _)] = remembered(memory, listing(row("RUNNING", started_at=at(9))), NOON + 100)
    assert later.first_seen == NOON


def test_counts_that_a_row_does_not_tell_are_kept() -> None:
    bare = replace(row("RUNNING", started_at=at(9)), retry_count=None, preemption_count=None)
    job = after(past(row("RUNNING", 2, 3)), listing(bare)).memories["job_1"].job
    assert (job.retry_count, job.preemption_count) == (2, 3)


def test_counts_that_nobody_told_are_none_at_all() -> None:
    bare = replace(row("RUNNING"), retry_count=None, preemption_count=None)
    job = after(past(), listing(bare)).memories["job_1"].job
    assert (job.retry_count, job.preemption_count) == (0, 0)


def test_a_row_that_cannot_be_read_leaves_the_memory_as_it_is() -> None:
    seen = replace(listing(), rows=(Row("job_1", None, b"x", None, "status is missing or no text"),))
    assert not [*remembered(past(row("RUNNING")), seen, NOON)]


def test_what_a_row_does_not_tell_and_what_never_goes_away_is_kept() -> None:
    known = row("RUNNING", name="press", org_id="org_1", pipeline_type="batch", pipeline_key="k", pipeline_version="1")
    bare = row("FAILED", failed_at=at(60), created_at=None)
    assert after(past(known), listing(bare)).memories["job_1"].job == replace(known, status="FAILED", failed_at=at(60))


def test_an_error_and_a_timestamp_may_go_away() -> None:
    failed = row("FAILED", error="out of memory", failed_at=at(60))
    retried = row("PENDING", 1)
    assert after(past(failed), listing(retried)).memories["job_1"].job == retried


def test_a_failure_is_remembered_though_the_retry_clears_every_sign_of_it() -> None:
    memory = past()
    for each in (row("FAILED", failed_at=at(60)), row("PENDING", 1), row("RUNNING", 1, started_at=at(90))):
        memory = after(memory, listing(each))
    assert memory.memories["job_1"].has_failed
    assert not memory.memories["job_1"].job.has_failed


def faulty(job: Job) -> Listing:
    return replace(listing(job), rows=(Row(job.id, None, b"x", job, "name is no text"),))


def test_a_row_that_was_not_read_wholly_has_no_fingerprint_so_that_its_fault_is_told_at_each_look() -> None:
    [(_, print_)] = remembered(past(), faulty(row("RUNNING")), NOON)
    assert print_ == b""


def test_it_is_not_written_down_again_while_nothing_changes() -> None:
    memory = after(past(), faulty(row("RUNNING")))
    assert not [*remembered(memory, faulty(row("RUNNING")), NOON)]


def test_a_row_from_before_the_memory_is_ignored() -> None:
    memory = replace(past(row("RUNNING", updated_at=at(90))), latest=at(100))
    assert not [*remembered(memory, listing(row("FAILED", updated_at=at(60))), NOON)]


def test_a_memory_from_the_future_does_not_hide_what_happens() -> None:
    memory = replace(past(row("RUNNING", updated_at=at(900))), latest=at(100))
    failed = listing(row("FAILED", failed_at=at(60), updated_at=at(60)))
    assert [change.kind for change in diff(memory, failed)] == ["failed"]
    assert after(memory, failed).memories["job_1"].job.status == "FAILED"


@pytest.mark.parametrize(
    ("why", "reasons", "before", "rows", "expected"),
    [
        ("it is complete", (), 0, 1, True),
        ("it is complete, and empty", (), 0, 0, True),
        ("it is suspect", ("short",), 0, 1, False),
        ("the second is suspect too", ("short",), 1, 1, False),
        ("the third is suspect too", ("short",), 2, 1, True),
        ("the third is suspect, and empty", ("short",), 2, 0, False),
    ],
)
def test_which_listing_becomes_the_baseline(
    why: str, reasons: tuple[str, ...], before: int, rows: int, *, expected: bool
) -> None:
    seen = replace(listing(*[row("RUNNING")] * rows), certificate=replace(CERTIFICATE, reasons=reasons))
    assert becomes_baseline(replace(past(baseline=None), before=before), seen) is expected, why


def test_there_is_one_baseline() -> None:
    assert not becomes_baseline(past(), listing(row("RUNNING")))


def test_what_is_remembered_has_the_fingerprint_of_its_row() -> None:
    seen = listing(row("RUNNING"))
    assert [print_ for _, print_ in remembered(past(), seen, NOON)] == [seen.rows[0].fingerprint]


def of_org(org_id: str, job_id: str = "job_1") -> Job:
    return replace(row("RUNNING", org_id=org_id), id=job_id)


def test_a_key_of_another_organisation_is_noticed() -> None:
    assert is_swapped(past(org_id="org_1"), listing(of_org("org_2"), of_org("org_2", "job_2")))


def test_a_key_of_another_organisation_is_noticed_though_it_has_an_unreadable_row() -> None:
    """As the sweep counts it, that row is seen, but it is not one that is as it was stored."""
    seen = replace(listing(of_org("org_2")), certificate=replace(CERTIFICATE, seen=2, unchanged=0))
    assert is_swapped(past(org_id="org_1"), seen)


@pytest.mark.parametrize(
    ("why", "jobs", "unchanged", "org_id"),
    [
        ("it is the same organisation", [of_org("org_1")], 0, "org_1"),
        ("no row tells its organisation", [of_org("")], 0, "org_1"),
        ("nobody knows the organisation yet", [of_org("org_2")], 0, ""),
        ("one row is strange, the others are stored like that", [of_org("org_2")], 7, "org_1"),
        ("one row is strange, another one is not", [of_org("org_2"), of_org("org_1", "job_2")], 0, "org_1"),
        ("the organisation has no job left", [], 0, "org_1"),
    ],
)
def test_a_key_counts_as_swapped_only_on_evidence(why: str, jobs: list[Job], unchanged: int, org_id: str) -> None:
    seen = replace(listing(*jobs), certificate=replace(CERTIFICATE, unchanged=unchanged))
    assert not is_swapped(past(org_id=org_id), seen), why
