"""A command in, a reply out: always from the store, always with its age, never with silence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answer import CANDIDATES, RECENT_FAILURES, answer
from bot.core.alerts import Silence
from bot.core.changes import Change, ChangeKind
from bot.core.commands import Share, ShowHealth
from bot.core.grammar import parse
from bot.core.instants import Instant
from bot.core.likeness import Seen
from bot.core.replies import Candidates, HealthReport, HelpText, JobDetails, JobList, Note, Overview, Reply
from bot.store.store import Store, open_store
from tests.samples import EVERY, HOUR, KEEP, NOW, job, listing, take_in

URLS = {"default": "https://console.example/jobs/{job_id}"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Thirty failed jobs, the first one latest, and one that runs."""
    async with open_store(tmp_path / "state.db", KEEP) as opened:
        failed = [job(number, name="nightly", failed_at=NOW - HOUR - number) for number in range(30)]
        await take_in(opened, listing([*failed, job(99, status="RUNNING", failed_at=None)]))
        yield opened


async def ask(store: Store, text: str, now: Instant = NOW) -> Reply:
    return await answer(parse(text), store.archive, URLS, EVERY, now)


async def listed(store: Store, text: str) -> JobList:
    reply = await ask(store, text)
    assert isinstance(reply, JobList)
    return reply


async def test_the_overview_counts_and_names_the_latest_failures(store: Store) -> None:
    reply = await ask(store, "")
    assert isinstance(reply, Overview)
    assert reply.counts == {"FAILED": 30, "RUNNING": 1}
    assert [memory.job.id for memory in reply.failed] == [job(number).id for number in range(RECENT_FAILURES)]


@pytest.mark.parametrize("text", ["", "failed", "show job_00099", "show nightly"])
async def test_a_reply_that_speaks_of_jobs_says_how_old_it_is(store: Store, text: str) -> None:
    reply = await ask(store, text)
    assert isinstance(reply, Overview | JobList | JobDetails | Candidates)
    assert (reply.now, [source.looked_at for source in reply.sources], reply.job_urls) == (NOW, [NOW], URLS)


@pytest.mark.parametrize("text", ["", "failed", "show job_00099", "show nightly", "health"])
async def test_a_reply_from_a_store_that_nobody_fills_any_more_knows_that_it_is_stale(store: Store, text: str) -> None:
    reply = await ask(store, text, NOW + HOUR)
    assert not isinstance(reply, HelpText | Note)
    sources = reply.health.sources if isinstance(reply, HealthReport) else reply.sources
    assert [source.stale for source in sources] == [True]


async def test_a_list_comes_in_pages_with_the_count_of_all(store: Store) -> None:
    first, second = await listed(store, "failed limit:20"), await listed(store, "failed limit:20 page:2")
    assert (len(first.rows), len(second.rows), first.total, first.pages) == (20, 10, 30, 2)
    assert [row.job.id for row in (*first.rows, *second.rows)] == [job(number).id for number in range(30)]


async def test_a_page_beyond_the_last_one_is_the_last_one(store: Store) -> None:
    reply = await listed(store, "failed limit:20 page:1000000")
    assert (reply.command.query.page, len(reply.rows)) == (2, 10)


async def test_a_list_of_nothing_is_one_empty_page(store: Store) -> None:
    reply = await listed(store, "completed page:3")
    assert (reply.rows, reply.total, reply.pages, reply.command.query.page) == ((), 0, 1, 1)


@pytest.mark.parametrize("reference", ["job_00007", "job_00099", "JOB_00007"])
async def test_one_job_is_shown_by_its_id(store: Store, reference: str) -> None:
    reply = await ask(store, f"show {reference}")
    assert isinstance(reply, JobDetails)
    assert reply.memory.job.id == reference.lower()


async def test_a_job_is_shown_with_its_story_newest_first(store: Store) -> None:
    steps = [
        Change(job=job(7), kind=kind, was=None, status="", retry_count=0, preemption_count=0)
        for kind in (ChangeKind.STARTED, ChangeKind.FAILED)
    ]
    other = replace(steps[0], job=job(8))
    async with store.looks.transaction() as ledger:
        await ledger.record([Silence(step, "no rule matches") for step in (*steps, other)], NOW)
    reply = await ask(store, "show job_00007")
    assert isinstance(reply, JobDetails)
    assert [entry.kind for entry in reply.history] == ["failed", "started"]


async def test_a_job_s_error_is_told_as_often_as_its_like_was_seen_before(store: Store) -> None:
    failures = [
        (job(7), NOW),
        (job(8, error="Out of memory"), NOW),
        (job(9, error="out of memory", pipeline_key="other"), NOW - HOUR),
        (job(10), NOW - HOUR),
        (job(11, error="disk full"), NOW - HOUR),
    ]
    async with store.looks.transaction() as ledger:
        for failed, now in failures:
            change = Change(
                job=failed, kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0
            )
            await ledger.record([Silence(change, "no rule matches")], now)
    reply, first = [await ask(store, f"show job_{number:05d}") for number in (7, 9)]
    assert isinstance(reply, JobDetails)
    assert isinstance(first, JobDetails)
    assert (reply.seen, first.seen) == (Seen(times=2, pipelines=2, since=NOW - HOUR), None)


async def test_several_that_fit_are_named_newest_first_and_counted(store: Store) -> None:
    reply = await ask(store, "show nightly")
    assert isinstance(reply, Candidates)
    assert (len(reply.rows), reply.total) == (CANDIDATES, 30)
    assert [row.job.id for row in reply.rows[:2]] == [job(0).id, job(1).id]


async def test_an_id_that_two_sources_have_is_asked_about(store: Store) -> None:
    other = replace(listing([job(7, source="other")]), source="other")
    await take_in(store, other)
    reply = await ask(store, "show job_00007")
    assert isinstance(reply, Candidates)
    assert {row.job.source for row in reply.rows} == {"default", "other"}


async def test_a_job_that_nobody_knows_is_a_note_with_an_example(store: Store) -> None:
    reply = await ask(store, "show atlantis")
    assert isinstance(reply, Note)
    assert ("atlantis" in reply.text, reply.example) == (True, "/jobs all")


async def test_a_mistake_is_a_note_with_the_nearest_right_spelling(store: Store) -> None:
    reply = await ask(store, "faild")
    assert isinstance(reply, Note)
    assert "failed" in reply.text + reply.example


async def test_to_share_is_to_answer(store: Store) -> None:
    shared = await ask(store, "share running")
    assert isinstance(shared, JobList)
    assert shared.rows == (await listed(store, "running")).rows


async def test_health_and_help_are_answered_before_anything_was_seen(tmp_path: Path) -> None:
    async with open_store(tmp_path / "new.db", KEEP) as empty:
        health = await ask(empty, "health")
        assert isinstance(health, HealthReport)
        assert (health.health.sources, health.health.queue.waiting) == ((), 0)
        assert isinstance(await ask(empty, "help"), HelpText)
        assert isinstance(await ask(empty, ""), Overview)
        assert (await listed(empty, "all")).total == 0


async def test_health_names_each_trouble_with_the_state_file_once(store: Store) -> None:
    for command in (ShowHealth(), Share(ShowHealth())):
        reply = await answer(command, store.archive, URLS, EVERY, NOW, ["disk is full", "disk is full", "locked"])
        assert isinstance(reply, HealthReport)
        assert reply.health.store_troubles == ("disk is full", "locked")
