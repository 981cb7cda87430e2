"""What a step from memory to row yields: the table, line by line, each row of it with its reason."""

from dataclasses import replace

import pytest

from bot.core.changes import COUNTS_LAG, diff, recounted, reworded, standing
from bot.core.instants import SECOND, Instant, whole_seconds
from bot.core.jobs import Job, Progress
from bot.core.memory import Past
from tests.core.lives import BASELINE, OLDEST, after, at, changes, listing, past, row, short, told


def stamp(second: float) -> int:
    return whole_seconds(at(second))


def failed(retry: int = 0, second: float = 60, preempted: int = 0, **fields: Instant | None) -> Job:
    return row("FAILED", retry, preempted, failed_at=at(second), **fields)


def running(retry: int = 0, preempted: int = 0, second: float = 30, **fields: Instant | None) -> Job:
    return row("RUNNING", retry, preempted, started_at=at(second), **fields)


def recovered(retry: int, second: float) -> list[str]:
    return [f"{kind}/{retry}/0/{stamp(second)}" for kind in ("completed", "recovered")]


S30, S60, S90 = stamp(30), stamp(60), stamp(90)


def completed(failed_inputs: int | None, **fields: Instant | None) -> Job:
    counts = None if failed_inputs is None else Progress(0, 0, 20 - failed_inputs, failed_inputs)
    return replace(row("COMPLETED", started_at=at(30), completed_at=at(60), **fields), progress=counts)


INCOMPLETE = [f"completed/0/0/{S60}", f"incomplete/0/0/{S60}"]
NEWCOMERS = [
    ("it only waits", row("PENDING"), ["appeared/0/0"]),
    ("its status names a change", running(), ["appeared/0/0", f"started/0/0/{S30}"]),
    ("it failed between two looks", failed(), ["appeared/0/0", f"failed/0/0/{S60}"]),
    ("nobody knows its status yet", row("QUEUED_V2"), ["appeared/0/0", "moved/0/0/QUEUED_V2"]),
    ("it was tried before", failed(1), ["appeared/0/0", "retried/1/0", f"failed/1/0/{S60}"]),
    (
        "its first failure is proven by the timestamp",
        running(1, second=90, failed_at=at(60)),
        ["appeared/0/0", f"~failed/0/0/{S60}", "retried/1/0", f"started/1/0/{S90}"],
    ),
    (
        "it failed once, and completed",
        row("COMPLETED", 1, failed_at=at(60), completed_at=at(90)),
        ["appeared/0/0", f"~failed/0/0/{S60}", "retried/1/0", *recovered(1, 90)],
    ),
]

STEPS = [
    ("nothing differs", running(), running(), []),
    ("only what is volatile differs", running(updated_at=at(40)), running(updated_at=at(50)), []),
    ("the new status names the change", row("PENDING"), row("ADMITTED"), ["admitted/0/0"]),
    ("it starts", row("ADMITTED"), running(), [f"started/0/0/{S30}"]),
    ("it fails", running(), failed(started_at=at(30)), [f"failed/0/0/{S60}"]),
    ("it completes", running(), row("COMPLETED", completed_at=at(60), started_at=at(30)), [f"completed/0/0/{S60}"]),
    ("it is cancelled", row("PENDING"), row("CANCELLED", cancelled_at=at(60)), [f"cancelled/0/0/{S60}"]),
    ("it waits again, and nobody retried it", running(), row("PENDING", started_at=at(30)), ["requeued/0/0"]),
    ("it waits again after it was preempted", row("PREEMPTED", 0, 1), row("PENDING", 0, 1), ["requeued/0/1"]),
    ("that it was preempted nobody saw", running(), row("PENDING", 0, 1), ["~preempted/0/1", "requeued/0/1"]),
    ("a completed job waits again", row("COMPLETED"), row("PENDING"), ["requeued/0/0"]),
    ("its status is new to us", running(), row("QUEUED_V2", started_at=at(30)), ["moved/0/0/QUEUED_V2"]),
    ("and so is the next", row("QUEUED_V2"), row("ON_HOLD"), ["moved/0/0/ON_HOLD"]),
    ("what came of an unknown status is told", row("QUEUED_V2"), failed(), [f"failed/0/0/{S60}"]),
    (
        "the start in between is proven by its timestamp",
        row("PENDING"),
        row("COMPLETED", started_at=at(30), completed_at=at(60)),
        [f"~started/0/0/{S30}", f"completed/0/0/{S60}"],
    ),
    ("a start that nothing proves is not told", row("PENDING"), failed(), [f"failed/0/0/{S60}"]),
    ("it is retried", failed(), row("PENDING", 1, failed_at=at(60)), ["retried/1/0"]),
    (
        "it failed and was retried between two looks",
        running(),
        row("PENDING", 1, started_at=at(30), failed_at=at(60)),
        [f"~failed/0/0/{S60}", "retried/1/0"],
    ),
    (
        "it was cancelled and retried between two looks",
        running(),
        row("PENDING", 1, started_at=at(30), cancelled_at=at(60)),
        [f"~cancelled/0/0/{S60}", "retried/1/0"],
    ),
    (
        "it failed, was retried and failed again",
        running(),
        failed(1, 90, started_at=at(30)),
        ["retried/1/0", f"failed/1/0/{S90}"],
    ),
    ("a retry that clears the timestamps proves no more", running(), row("PENDING", 1), ["retried/1/0"]),
    ("a failure in one step after a failure", failed(), failed(1, 90), ["retried/1/0", f"failed/1/0/{S90}"]),
    ("the same, where the timestamp stands still", failed(), failed(1), ["retried/1/0", f"failed/1/0/{S60}"]),
    ("two retries are one change", failed(), failed(2, 90), ["retried/2/0", f"failed/2/0/{S90}"]),
    (
        "of three tries each end is told that has a timestamp",
        running(),
        row("COMPLETED", 2, started_at=at(30), failed_at=at(60), cancelled_at=at(90), completed_at=at(120)),
        [f"~failed/0/0/{S60}", f"~cancelled/1/0/{S90}", "retried/2/0", *recovered(2, 120)],
    ),
    (
        "it completes after a failure that its row still shows",
        running(1, failed_at=at(60)),
        row("COMPLETED", 1, failed_at=at(60), completed_at=at(90), started_at=at(30)),
        recovered(1, 90),
    ),
    (
        "it completes after a failure that the memory shows",
        failed(),
        row("COMPLETED", 1, completed_at=at(90)),
        ["retried/1/0", *recovered(1, 90)],
    ),
    (
        "it completes after it was cancelled",
        row("CANCELLED", cancelled_at=at(60)),
        row("COMPLETED", 1, cancelled_at=at(60), completed_at=at(90)),
        ["retried/1/0", f"completed/1/0/{S90}"],
    ),
    ("it completes, and no input failed", running(), completed(0), [f"completed/0/0/{S60}"]),
    ("it completes, and nobody knows of its inputs", running(), completed(None), [f"completed/0/0/{S60}"]),
    ("it completes, and inputs failed", running(), completed(3), INCOMPLETE),
    ("it completes after a failure, and inputs failed", running(failed_at=at(10)), completed(3), INCOMPLETE),
    ("its failed inputs are counted late", completed(0), completed(3), INCOMPLETE[1:]),
    ("its inputs are counted late", completed(None), completed(3), INCOMPLETE[1:]),
    ("more of them are counted later", completed(3), completed(4), []),
    ("what failed was of an earlier try", completed(3), completed(0), INCOMPLETE[:1]),
    (
        "what failed was of an earlier try, which had failed",
        completed(3, failed_at=at(10)),
        completed(0, failed_at=at(10)),
        recovered(0, 60),
    ),
    ("a row that does not count its inputs", completed(3), completed(None), []),
    ("a preemption that nobody saw", running(), running(0, 1), ["~preempted/0/1", f"started/0/1/{S30}"]),
    (
        "a retry counts preemptions anew",
        failed(0, preempted=2),
        running(1, second=90),
        ["retried/1/0", f"started/1/0/{S90}"],
    ),
    (
        "a preemption since the retry that began to count anew",
        failed(0, preempted=2),
        running(1, 1, 90),
        ["retried/1/1", "~preempted/1/1", f"started/1/1/{S90}"],
    ),
    ("a preemption that the status says", running(), row("PREEMPTED", 0, 1, started_at=at(30)), ["preempted/0/1"]),
    ("preempted again", row("PREEMPTED", 0, 1), row("PREEMPTED", 0, 2), ["preempted/0/2"]),
    ("the same status, its timestamp later", failed(), failed(0, 90), [f"failed/0/0/{S90}"]),
    ("the same status, its timestamp earlier", failed(second=90), failed(0, 60), []),
    ("a timestamp that comes late", row("FAILED"), failed(), []),
    ("a timestamp that goes missing", failed(), row("FAILED"), []),
    (
        "a job that runs after it failed was retried",
        failed(),
        running(0, 0, 90),
        ["~retried/0/0", f"started/0/0/{S90}"],
    ),
    ("counts that a row does not tell", failed(1), replace(failed(1), retry_count=None, preemption_count=None), []),
    (
        "the start comes before the failure of the same try",
        row("PENDING"),
        row("PENDING", 1, started_at=at(30), failed_at=at(60)),
        [f"~started/0/0/{S30}", f"~failed/0/0/{S60}", "retried/1/0"],
    ),
    (
        "a job that waits was started before it was preempted",
        row("PENDING"),
        row("PREEMPTED", 0, 1, started_at=at(30)),
        [f"~started/0/0/{S30}", "preempted/0/1"],
    ),
]

STALE = [
    ("a lower retry count", failed(1), row("RUNNING", 0, started_at=at(90))),
    ("a lower preemption count", running(0, 1), failed()),
    ("an earlier update", failed(updated_at=at(60)), running(updated_at=at(59))),
    ("an earlier update, by a microsecond", failed(updated_at=at(60) + 1), running(updated_at=at(60))),
]


@pytest.mark.parametrize(("why", "now", "keys"), NEWCOMERS)
def test_a_newcomer_appears_and_then_is_what_its_status_says(why: str, now: Job, keys: list[str]) -> None:
    assert told(None, now) == keys, why


@pytest.mark.parametrize(("why", "before", "now", "keys"), STEPS)
def test_a_step_yields_everything_that_the_row_proves(why: str, before: Job, now: Job, keys: list[str]) -> None:
    assert told(before, now) == keys, why


@pytest.mark.parametrize(("why", "before", "now", "keys"), STEPS)
def test_the_same_row_again_yields_nothing(why: str, before: Job, now: Job, keys: list[str]) -> None:
    remembered = after(past(before), listing(now))
    assert diff(remembered, listing(now)) == (), (why, keys)


@pytest.mark.parametrize(("why", "before", "now", "keys"), STEPS)
def test_each_change_begins_where_the_one_before_it_ended(why: str, before: Job, now: Job, keys: list[str]) -> None:
    was = before.status
    for change in changes(before, now):
        assert change.was == was, (why, keys)
        was = change.status


@pytest.mark.parametrize(("why", "before", "now"), STALE)
def test_a_stale_row_changes_nothing_and_is_not_remembered(why: str, before: Job, now: Job) -> None:
    memory = past(before)
    assert diff(memory, listing(now)) == (), why
    assert after(memory, listing(now)) == memory


def test_without_a_baseline_nothing_is_told() -> None:
    assert diff(past(baseline=None), listing(failed(), running())) == ()


@pytest.mark.parametrize(
    ("why", "now"),
    [
        ("its own timestamp is before the baseline", row("FAILED", failed_at=BASELINE - 1, updated_at=at(60))),
        ("it has none, and was updated before", row("PENDING", updated_at=BASELINE - 1)),
        ("it has neither, and was created before", row("PENDING", created_at=BASELINE - 1)),
    ],
)
def test_what_a_newcomer_did_before_the_baseline_is_old(why: str, now: Job) -> None:
    assert changes(None, now), why
    assert all(change.old for change in changes(None, now)), why


def test_what_is_older_than_the_store_keeps_is_old() -> None:
    memory = replace(past(baseline=OLDEST - 100), oldest=OLDEST)
    newcomer = row("COMPLETED", completed_at=OLDEST - 1, updated_at=at(0))
    assert all(change.old for change in diff(memory, listing(newcomer)))


def test_what_a_newcomer_did_since_the_baseline_is_news() -> None:
    newcomer = row("FAILED", created_at=OLDEST, failed_at=BASELINE)
    assert not any(change.old for change in changes(None, newcomer))


def test_a_failure_before_the_baseline_is_not_inferred_of_a_newcomer() -> None:
    newcomer = running(1, failed_at=BASELINE - 1)
    assert "failed" not in {change.kind for change in changes(None, newcomer)}


def test_a_known_job_whose_news_are_late_is_told_all_the_same() -> None:
    late = row("FAILED", failed_at=BASELINE - SECOND)
    assert [change.old for change in changes(row("RUNNING"), late)] == [False]


def test_a_job_that_the_api_knows_no_more_has_vanished() -> None:
    vanished = diff(past(running()), listing(gone=["job_1"]))
    assert [(short(change), change.was, change.status) for change in vanished] == [
        (f"vanished/0/0/{stamp(0)}", "RUNNING", "RUNNING")
    ]


def test_a_job_that_is_gone_without_a_memory_is_not_told() -> None:
    assert diff(past(), listing(gone=["job_1"])) == ()


def test_a_key_is_the_content_of_the_change() -> None:
    [change] = changes(running(2, 3), row("FAILED", 2, 3, started_at=at(30), failed_at=at(60.999)))
    assert change.key == f"prod/job_1/failed/2/3/{S60}"


def test_a_key_of_a_status_without_a_timestamp_ends_with_the_counts() -> None:
    [change] = changes(row("PENDING", 2, 3), row("ADMITTED", 2, 3))
    assert change.key == "prod/job_1/admitted/2/3"


def test_a_timestamp_that_is_lost_in_one_bad_row_is_no_second_failure() -> None:
    whole = running(1, second=90, failed_at=at(60), updated_at=at(90))
    assert told(replace(whole, failed_at=None), whole) == []


def test_a_failure_whose_timestamp_comes_after_its_retry_is_not_told_again() -> None:
    assert told(row("FAILED"), row("PENDING", 1, failed_at=at(60))) == ["retried/1/0"]


@pytest.mark.parametrize(("late", "keys"), [(600, INCOMPLETE[1:]), (601, [])])
def test_failed_inputs_are_news_if_they_are_counted_within_ten_minutes(late: int, keys: list[str]) -> None:
    seen = replace(listing(completed(3)), started=at(60 + late))
    assert [short(change) for change in diff(past(completed(0)), seen)] == keys


def test_it_says_how_many_inputs_failed() -> None:
    assert [change.detail for change in changes(running(), completed(3))] == ["", "3 of 20 inputs"]


def gone(job: Job) -> Past:
    memory = past(job)
    return replace(memory, memories={id_: replace(each, gone=True) for id_, each in memory.memories.items()})


def test_a_job_that_was_gone_and_is_listed_again_has_reappeared() -> None:
    [back] = diff(gone(running()), listing(running()))
    assert (short(back), back.was, back.status, back.at) == (f"reappeared/0/0/{stamp(0)}", "RUNNING", "RUNNING", at(0))
    assert back.detail == "RUNNING", "or nobody could tell it from one that has failed"
    assert diff(after(gone(running()), listing(running())), listing(running())) == ()


@pytest.mark.parametrize(
    ("job", "kind", "when", "detail"),
    [
        (failed(1), "failed", 60, ""),
        (running(), "started", 30, ""),
        (completed(0), "completed", 60, ""),
        (completed(0, failed_at=at(50)), "recovered", 60, ""),
        (completed(3), "incomplete", 60, "3 of 20 inputs"),
        (row("PENDING"), "appeared", None, ""),
        (row("PENDING", 1), "retried", None, ""),
        (row("QUEUED_V2"), "moved", None, "QUEUED_V2"),
    ],
)
def test_a_job_that_is_listed_again_stands_as_its_status_says(
    job: Job, kind: str, when: float | None, detail: str
) -> None:
    [back] = diff(gone(job), listing(job))
    stands = standing(back)
    assert (stands.kind, stands.at, stands.detail) == (kind, None if when is None else at(when), detail)
    assert standing(stands) is stands


def test_what_its_row_names_is_told_after_that_as_of_a_known_job() -> None:
    back = diff(gone(running()), listing(failed(started_at=at(30))))
    assert [short(change) for change in back] == [f"reappeared/0/0/{stamp(0)}", f"failed/0/0/{S60}"]


def test_a_stale_row_brings_no_job_back() -> None:
    assert diff(gone(failed(1)), listing(running())) == ()


def test_a_completion_is_counted_anew_only_if_others_failed_in_the_same_stage_and_soon() -> None:
    one, seven = (incomplete(failed_inputs) for failed_inputs in (1, 7))
    assert [change.detail for change in recounted(past(one), listing(one, seven))] == ["7 of 12 inputs"]
    assert [change.key for change in recounted(past(one), listing(seven))] == [
        change.key for change in changes(row("RUNNING"), one) if change.kind == "incomplete"
    ]
    again = replace(seven, retry_count=1)
    late = replace(listing(seven), started=at(60) + COUNTS_LAG + 1)
    for unchanged in (listing(one), listing(again), late, listing(row("RUNNING"))):
        assert not [*recounted(past(one), unchanged)]
    assert [change.detail for change in recounted(past(seven), listing(one))] == ["1 of 12 inputs"]
    assert not [*recounted(past(seven), listing(incomplete(0)))]


def test_a_failure_is_reworded_only_if_the_job_says_something_else_of_it_in_the_same_stage() -> None:
    silent = failed()
    known, better = (replace(silent, error=error) for error in ("Job failed: BackoffLimitExceeded", "ValueError"))
    for before in (silent, known):
        assert [(change.key, change.job.error) for change in reworded(past(before), listing(better))] == [
            (change.key, "ValueError") for change in changes(running(), better)
        ]
    assert [change.job.error for change in reworded(past(running()), listing(known, better))] == ["ValueError"]
    again, later = replace(better, retry_count=1), replace(better, failed_at=at(90))
    for unchanged in (known, silent, replace(known, error="Error"), again, later, running(1)):
        assert not [*reworded(past(known), listing(unchanged))]
    stale = replace(better, updated_at=at(60))
    assert not [*reworded(past(replace(known, updated_at=at(61))), listing(stale))]


def test_what_was_counted_since_the_api_was_last_looked_at_is_in_time_if_the_completion_was_young_then() -> None:
    none, two = incomplete(0), incomplete(2)
    seen = replace(listing(two), started=at(60) + COUNTS_LAG + 600 * SECOND)
    for gap, kinds in ((600, ["incomplete"]), (599, [])):
        assert [change.kind for change in diff(replace(past(none), gap=gap * SECOND), seen)] == kinds


def incomplete(inputs: int) -> Job:
    counts = Progress(pending=0, processing=0, completed=12 - inputs, failed=inputs)
    return replace(row("COMPLETED", completed_at=at(60)), progress=counts)
