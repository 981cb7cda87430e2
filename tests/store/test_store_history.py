"""The ledger: every change with its verdict and its tellings, as `history --json` promises them."""

import json
from datetime import timedelta

import pytest

from bot.core.alerts import Alert, Route, Silence, Verdict
from bot.core.changes import Change, ChangeKind
from bot.core.history import Entry, HistoryQuery
from bot.core.instants import Instant
from bot.core.messages import Delivered, Receipt
from bot.offline import json_line
from bot.sql import statements
from bot.store.store import Store
from tests.samples import HOUR, NOW, PLACE, Clock, job, message

FAILED_AT = job().failed_at


def failed(number: int = 1) -> Change:
    return Change(
        job=job(number),
        kind=ChangeKind.FAILED,
        was="RUNNING",
        status="FAILED",
        retry_count=0,
        preemption_count=0,
        at=FAILED_AT,
    )


def alert(number: int = 1, rule: str = "failures") -> Verdict:
    return Alert(failed(number), (Route(PLACE, rule, ()), Route("#other", "second", ())))


async def record(store: Store, *verdicts: Verdict, now: Instant = NOW) -> None:
    async with store.looks.transaction() as ledger:
        await ledger.record(verdicts, now)


async def history(store: Store, query: HistoryQuery = HistoryQuery()) -> tuple[Entry, ...]:  # noqa: B008  frozen
    return await store.archive.history(query, NOW)


async def test_a_line_of_json_holds_what_is_promised(store: Store) -> None:
    await record(store, alert())
    async with store.looks.transaction() as ledger:
        await ledger.enqueue([message("m1", tells=(failed().key,))], NOW)
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, Delivered(Receipt("C1", "1.000001")), NOW, 0.0)
    (entry,) = await history(store)
    line = json_line(entry)
    assert "\n" not in line
    told = json.loads(line)
    assert (
        told.items()
        >= {
            "source": "default",
            "job_id": "job_00001",
            "key": failed().key,
            "kind": "failed",
            "inferred": False,
            "was": "RUNNING",
            "status": "FAILED",
            "seen_at": "2026-11-23T12:00:00.000000Z",
            "rule": "failures",
            "verdict": "alert",
            "reason": "rule failures, second",
        }.items()
    )
    (telling,) = told["tellings"]
    promised = {"destination": PLACE, "message_key": "m1", "state": "delivered", "attempts": 1}
    assert telling.items() >= {**promised, "channel": "C1", "ts": "1.000001"}.items()


async def test_a_silence_tells_its_reason_and_no_rule(store: Store) -> None:
    await record(store, Silence(failed(), "no rule matches"))
    (entry,) = await history(store)
    assert (entry.verdict, entry.rule, entry.reason, entry.tellings) == ("silence", None, "no rule matches", ())


async def test_the_same_fact_read_again_keeps_its_first_verdict(store: Store) -> None:
    await record(store, alert())
    await record(store, Silence(failed(), "already told"), now=NOW + HOUR)
    (entry,) = await history(store)
    assert (entry.verdict, entry.seen_at) == ("alert", NOW)


async def test_a_fact_that_is_told_at_last_has_the_verdict_of_that(store: Store) -> None:
    await record(store, Silence(failed(), "no rule matches"))
    await record(store, alert(rule="later"))
    (entry,) = await history(store)
    assert (entry.verdict, entry.rule) == ("alert", "later")


async def test_the_newest_found_comes_first_and_no_more_than_asked_for(store: Store) -> None:
    await record(store, alert(1), alert(2))
    await record(store, alert(3))
    assert [entry.job_id for entry in await history(store)] == [job(number).id for number in (3, 2, 1)]
    assert [entry.job_id for entry in await history(store, HistoryQuery(limit=1))] == [job(3).id]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (HistoryQuery(since=timedelta(minutes=30)), [2]),
        (HistoryQuery(since=timedelta(hours=2)), [2, 1]),
        (HistoryQuery(job=job(1).id), [1]),
        (HistoryQuery(job=job(2).name), [2]),
        (HistoryQuery(job="job_"), []),
        (HistoryQuery(source="default"), [2, 1]),
        (HistoryQuery(source="other"), []),
    ],
)
async def test_it_can_be_asked_for_a_time_a_job_or_a_source(
    store: Store, query: HistoryQuery, numbers: list[int]
) -> None:
    await record(store, alert(1), now=NOW - HOUR)
    await record(store, alert(2))
    assert [entry.job_id for entry in await history(store, query)] == [job(number).id for number in numbers]


async def test_a_change_is_told_once_in_a_place_whatever_it_is_grouped_with(store: Store) -> None:
    async with store.looks.transaction() as ledger:
        await ledger.enqueue([message("m1", tells=("c1",))], NOW)
        await ledger.enqueue([message("m2", tells=("c1", "c2"))], NOW)
        assert await ledger.told([failed()]) == frozenset()
    tellings = await store.archive._tellings(["c1", "c2"])  # noqa: SLF001  history shows them only beside their change
    assert {key: [telling.message_key for telling in places] for key, places in tellings.items()} == {
        "c1": ["m1"],
        "c2": ["m2"],
    }


async def test_what_was_told_is_known_by_change_and_place(store: Store) -> None:
    async with store.looks.transaction() as ledger:
        await ledger.enqueue([message("m1", tells=(failed().key,))], Clock()())
        assert await ledger.told([failed(), failed(2)]) == {(failed().key, PLACE)}


async def test_a_long_ledger_is_told_whole_some_thousands_at_a_time(store: Store) -> None:
    await record(store, *(Silence(failed(number), "no rule matches") for number in range(12_000)))
    sizes = [len(entries) async for entries in store.archive.ledger(HistoryQuery(), NOW)]
    assert (sum(sizes), max(sizes)) == (12_000, 5_000)


async def test_what_happened_to_one_job_is_found_without_reading_what_happened_to_the_others(store: Store) -> None:
    asked = {"job": job().id, "source": None, "since": 0, "limit": 10}
    async with store.db.transaction() as db:
        plan = await db.query(f"EXPLAIN QUERY PLAN {statements()['history_of']}", asked)
    assert not [step["detail"] for step in plan if "SCAN" in step["detail"]]
