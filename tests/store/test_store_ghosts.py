"""Jobs of a source that is configured no more are shown nowhere; the ledger keeps what it holds of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.alerts import Silence
from bot.core.board import Composed
from bot.core.cards import Member
from bot.core.changes import Change, ChangeKind
from bot.core.history import HistoryQuery
from bot.core.jobs import JobQuery, View
from bot.core.messages import Delivered, Receipt
from bot.store.archive import Archive
from bot.store.store import open_archive, open_store
from tests.samples import DAY, KEEP, NOW, card, entry, job, listing, message, take_in


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


@pytest.mark.parametrize(("sources", "kept"), [(["default"], 1), (["renamed"], 0)])
async def test_a_card_with_a_job_that_lived_there_is_forgotten_like_others(
    path: Path, sources: list[str], kept: int
) -> None:
    lives = Member(card="m1", entry=entry(1), likeness="", ended_at=None)
    async with open_store(path, KEEP, sources) as store:
        async with store.looks.transaction() as ledger:
            await ledger.compose(Composed((card("m1"),), (lives,), (message("m1"),)), NOW)
        (parcel,) = await store.outbox.claim_due(NOW)
        await store.outbox.settle(parcel, Delivered(Receipt("C1", "1.0"), shown="a digest"), NOW, 0.0)
        await store.prune(NOW + 91 * DAY)
        async with store.db.transaction() as db:
            assert len(await db.query("SELECT * FROM cards JOIN members ON card = key", {})) == kept
