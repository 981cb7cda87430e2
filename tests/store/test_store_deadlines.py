"""Of the jobs that may be overdue only those are read that have been in a live status for long."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.alerts import NO_RULE, Silence
from bot.core.deadlines import DEADLINES, late_since, overdue
from bot.core.instants import Instant
from bot.core.memory import Past
from bot.sql import statements
from bot.store.rows import to_json
from bot.store.store import Store, open_store
from tests.samples import HOUR, KEEP, NOW, job, listing, take_in

PAST = Past(memories={}, baseline=0, oldest=0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "state.db", KEEP) as opened:
        yield opened


async def slow(store: Store, now: Instant) -> list[str]:
    """What may be overdue; and that it is, is written down."""
    async with store.looks.transaction() as ledger:
        found = await ledger.long_in_status("default", late_since(DEADLINES, now))
        late = overdue(found, DEADLINES, PAST, now)
        await ledger.record([Silence(change, NO_RULE) for change in late], now)
        return [memory.job.id for memory in found]


async def test_a_live_job_is_looked_for_once_it_may_be_overdue_and_not_again_once_it_was_found(store: Store) -> None:
    jobs = [
        job(1, status="RUNNING", started_at=NOW, failed_at=None),
        job(2, status="ADMITTED", updated_at=NOW, failed_at=None),
        job(3, failed_at=NOW),
    ]
    await take_in(store, listing(jobs))
    assert await slow(store, NOW + HOUR) == []
    assert await slow(store, NOW + HOUR + 1) == [jobs[1].id]
    assert await slow(store, NOW + HOUR + 2) == []
    assert await slow(store, NOW + 72 * HOUR + 1) == [jobs[0].id]


async def test_in_its_next_stage_it_is_looked_for_again(store: Store) -> None:
    admitted = job(1, status="ADMITTED", updated_at=NOW, failed_at=None)
    await take_in(store, listing([admitted]))
    assert await slow(store, NOW + 2 * HOUR)
    again = replace(admitted, status="PREEMPTED", preemption_count=1, updated_at=NOW + 2 * HOUR)
    await take_in(store, listing([again]))
    assert await slow(store, NOW + 8 * HOUR) == []
    assert await slow(store, NOW + 9 * HOUR) == [admitted.id]


async def test_a_job_that_is_gone_and_one_of_another_source_are_not_looked_for(store: Store) -> None:
    gone, other = job(1, status="ADMITTED", failed_at=None), job(2, source="other", status="ADMITTED", failed_at=None)
    await take_in(store, listing([gone, other]))
    await take_in(store, listing([], gone=[gone.id]))
    assert await slow(store, NOW + 2 * HOUR) == []


async def test_jobs_that_ended_and_those_that_are_in_time_are_not_read(store: Store) -> None:
    async with store.db.transaction() as db:
        values = {"source": "default", "before": to_json(late_since(DEADLINES, NOW))}
        plan = await db.query(f"EXPLAIN QUERY PLAN {statements()['long_in_status']}", values)
    steps = [str(step["detail"]) for step in plan]
    assert "SEARCH j USING INDEX jobs_by_status (status=? AND since<?)" in steps
    assert "SEARCH c USING INDEX changes_by_job (job_id=?)" in steps
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN b VIRTUAL TABLE INDEX 1:"]
