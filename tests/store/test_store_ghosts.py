"""Jobs of a source that is configured no more are shown nowhere; the ledger keeps what it holds of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.alerts import Silence
from bot.core.changes import Change, ChangeKind
from bot.core.history import HistoryQuery
from bot.core.jobs import JobQuery, View
from bot.store.archive import Archive
from bot.store.store import open_archive, open_store
from tests.samples import KEEP, NOW, job, listing, take_in


def failed(number: int) -> Change:
    return Change(
        job=job(number),
        kind=ChangeKind.FAILED,
        was="RUNNING",
        status="FAILED",
        retry_count=0,
        preemption_count=0,
        at=NOW,
    )


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    async with open_store(tmp_path / "state.db", KEEP) as store:
        await take_in(store, listing([job(1), job(2)]))
        async with store.looks.transaction() as ledger:
            await ledger.record([Silence(failed(1), "no rule matches")], NOW)
    return tmp_path / "state.db"


@pytest.fixture
async def haunted(path: Path) -> AsyncIterator[Archive]:
    async with open_archive(path, ["renamed"]) as archive:
        yield archive


async def test_its_jobs_are_counted_listed_and_found_no_more(haunted: Archive) -> None:
    assert haunted.ghosts == ("default",)
    assert await haunted.counts() == {}
    assert await haunted.select(JobQuery(view=View.FAILED), NOW) == ((), 0)
    for reference in (job(1).id, "job_", job(1).name, "JOB_"):
        assert await haunted.find(reference, 5) == ((), 0)


async def test_its_health_is_nobody_s_concern(haunted: Archive) -> None:
    assert (await haunted.health()).sources == ()


async def test_the_ledger_keeps_it(haunted: Archive) -> None:
    assert [entry.source for entry in await haunted.history(HistoryQuery(), NOW)] == ["default"]


async def test_the_bot_itself_shows_what_is_configured(path: Path) -> None:
    async with open_store(path, KEEP, ["renamed"]) as store:
        assert await store.archive.counts() == {}
    async with open_store(path, KEEP, ["default", "lab"]) as store:
        assert await store.archive.counts() == {"FAILED": 2}
        assert (await store.archive.select(JobQuery(view=View.FAILED), NOW))[1] == 2
