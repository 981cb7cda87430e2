"""The jobs of a card: exactly those, whatever became of them, found without reading any other."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.board import Composed
from bot.core.cards import Member
from bot.core.commands import jobs_of_card
from bot.core.jobs import Field, Filter, JobQuery, View
from bot.store.selection import select_jobs
from bot.store.store import Store, open_store
from tests.samples import KEEP, NOW, entry, job, listing, take_in

CARD = "3f2a91c05b7e4d6688a1c2d3e4f50617"
OTHER = "3f2b00000000000000000000000000ff"
ASKED = jobs_of_card(CARD).query


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Four failed jobs: the first three on a card, the third and the fourth on another."""
    async with open_store(tmp_path / "state.db", KEEP) as opened:
        await take_in(opened, listing(job(number, failed_at=NOW + number) for number in range(1, 5)))
        await put_on(opened, CARD, 1, 2, 3)
        await put_on(opened, OTHER, 3, 4)
        yield opened


async def put_on(store: Store, card: str, *numbers: int) -> None:
    members = [Member(card=card, entry=entry(number), likeness="", ended_at=None) for number in numbers]
    async with store.looks.transaction() as ledger:
        await ledger.compose(Composed(members=tuple(members)), NOW)


async def found(store: Store, query: JobQuery) -> tuple[list[str], int]:
    rows, total = await store.archive.select(query, NOW)
    return [row.job.name for row in rows], total


async def test_exactly_the_jobs_of_the_card_are_listed_newest_first(store: Store) -> None:
    assert await found(store, ASKED) == (["nightly-3", "nightly-2", "nightly-1"], 3)


async def test_page_by_page(store: Store) -> None:
    assert await found(store, replace(ASKED, limit=2)) == (["nightly-3", "nightly-2"], 3)
    assert await found(store, replace(ASKED, limit=2, page=2)) == (["nightly-1"], 3)


@pytest.mark.parametrize(("key", "total"), [(CARD[:4], 3), (OTHER[:4], 2), ("3f2", 4), ("3f2a" * 8, 0)])
async def test_the_beginning_of_a_key_is_enough(store: Store, key: str, total: int) -> None:
    assert (await found(store, replace(ASKED, card=key)))[1] == total


async def test_other_filters_narrow_it(store: Store) -> None:
    assert await found(store, replace(ASKED, filters=(Filter(Field.NAME, "*-2"),))) == (["nightly-2"], 1)
    assert await found(store, replace(ASKED, view=View.RUNNING)) == ([], 0)


async def test_a_job_that_vanished_stays_on_its_card(store: Store) -> None:
    await take_in(store, listing([], gone=[job(1).id]))
    assert (await found(store, ASKED))[1] == 3
    assert (await found(store, JobQuery(view=View.ALL)))[1] == 3


async def test_a_source_that_is_configured_no_more_is_not_shown(store: Store) -> None:
    page, count, values = select_jobs(ASKED, NOW, ghosts=["default"])
    assert await store.db.reader.query(page, values) == []
    assert (await store.db.reader.query(count, values))[0][0] == 0


@pytest.mark.parametrize("query", [ASKED, replace(ASKED, view=View.FAILED, words=("oom",))], ids=["all", "narrowed"])
async def test_members_are_searched_by_their_card_and_jobs_by_their_key(store: Store, query: JobQuery) -> None:
    page, count, values = select_jobs(query, NOW)
    for statement in (page, count):
        plan = await store.db.reader.query(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [str(row["detail"]) for row in plan]
        assert any(step.startswith("SEARCH members ") and step.endswith("(card>? AND card<?)") for step in steps)
        assert "SEARCH jobs USING PRIMARY KEY (source=? AND id=?)" in steps
        assert not [step for step in steps if step.startswith("SCAN")]
