"""A memory takes in what a row tells and keeps what it does not; and it knows another organisation when it sees one."""

from dataclasses import replace

import pytest

from bot.core.jobs import Job
from bot.core.listing import Row
from bot.core.memory import is_swapped, remembered
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
