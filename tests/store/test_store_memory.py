"""The memory: a job comes back as it was put in, and nothing is concluded from what was not read whole."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.faults import Fault, FaultKind
from bot.core.instants import Instant
from bot.core.jobs import Job, Progress, Status
from bot.core.listing import RowFault
from bot.core.memory import Past
from bot.store.store import Store, open_store
from tests.samples import COMPLETE, HOUR, KEEP, MINUTE, NOW, SUSPECT, job, listing, print_of, take_in

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
COUNT = st.integers(0, 2**31)
AT = st.none() | st.integers(-(2**40), 2**52)
JOBS = st.builds(
    Job,
    source=st.just("default"),
    id=TEXT.filter(lambda id_: id_ and "\0" not in id_),
    status=st.sampled_from(Status) | TEXT,
    name=TEXT,
    org_id=TEXT,
    pipeline_type=TEXT,
    pipeline_key=TEXT,
    pipeline_version=TEXT,
    retry_count=COUNT,
    preemption_count=COUNT,
    created_at=AT,
    updated_at=AT,
    started_at=AT,
    completed_at=AT,
    failed_at=AT,
    cancelled_at=AT,
    error=TEXT,
    progress=st.none() | st.builds(Progress, COUNT, COUNT, COUNT, COUNT),
)


async def past(store: Store, *ids: str) -> Past:
    async with store.looks.transaction() as ledger:
        return await ledger.past_of(listing([job(id=id_) for id_ in ids]), NOW)


async def there_and_back(jobs: list[Job]) -> list[Job]:
    with TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "state.db", KEEP) as store:
            await take_in(store, listing(jobs))
            memories = (await past(store, *(one.id for one in jobs))).memories
            return [memories[one.id].job for one in jobs]


@settings(max_examples=10)
@given(st.lists(JOBS, min_size=5, max_size=20, unique_by=lambda one: one.id))
def test_a_job_comes_back_as_it_was_put_in(jobs: list[Job]) -> None:
    assert asyncio.run(there_and_back(jobs)) == jobs


async def test_what_is_known_are_the_fingerprints_and_which_jobs_live(store: Store) -> None:
    running = job(1, status="RUNNING", failed_at=None)
    await take_in(store, listing([running, job(2)]))
    known = await store.looks.known("default")
    assert known.fingerprints == {running.id: print_of(running), job(2).id: print_of(job(2))}
    assert known.live == {running.id}


async def test_of_another_source_nothing_is_known(store: Store) -> None:
    await take_in(store, listing([job()]))
    known = await store.looks.known("other")
    assert (known.fingerprints, known.live, known.usual) == ({}, frozenset(), 0)


async def test_a_suspect_first_listing_is_no_baseline_and_is_not_remembered(store: Store) -> None:
    await take_in(store, listing([job()], certificate=SUSPECT))
    assert (await past(store, job().id)).baseline is None
    assert (await store.looks.known("default")).fingerprints == {}


async def test_the_baseline_is_dated_at_the_start_of_the_first_complete_listing(store: Store) -> None:
    await take_in(store, replace(listing([job()], certificate=SUSPECT), started=NOW - HOUR))
    await take_in(store, replace(listing([job()]), started=NOW))
    await take_in(store, replace(listing([job()]), started=NOW + HOUR), NOW + HOUR)
    assert (await past(store)).baseline == NOW


async def test_the_third_listing_that_does_not_add_up_is_the_baseline_after_all(store: Store) -> None:
    suspect = listing([job(1)], certificate=SUSPECT)
    for minute in range(3):
        await take_in(store, replace(suspect, started=NOW + minute), NOW + minute)
        (source,) = await store.archive.sources()
        assert (source.baseline, source.looked_at, source.jobs) == (
            (NOW + minute, NOW + minute, 1) if minute == 2 else (None, None, 0)
        )


async def test_listings_are_counted_only_until_there_is_a_baseline(store: Store) -> None:
    before = []
    for certificate in (SUSPECT, SUSPECT, COMPLETE):
        before.append((await past(store)).before)
        await take_in(store, listing([job()], certificate=certificate), NOW + len(before))
    assert (before, (await past(store)).before) == ([0, 1, 2], 0)


async def test_an_update_that_the_api_s_clock_has_not_reached_is_not_believed(store: Store) -> None:
    await take_in(store, replace(listing([job(1)]), started=NOW))
    async with store.looks.transaction() as ledger:
        assert (await ledger.past_of(replace(listing([]), started=NOW), NOW)).latest == NOW + 2 * MINUTE


async def test_how_long_ago_the_last_good_look_was_is_known(store: Store) -> None:
    assert (await past(store)).gap == 0
    await take_in(store, listing([job(1)]))
    async with store.looks.transaction() as ledger:
        await ledger.record_fault("default", Fault(FaultKind.SERVER, "down"), NOW + MINUTE)
        for now, gap in ((NOW + HOUR, HOUR), (NOW - HOUR, 0)):
            assert (await ledger.past_of(listing([]), now)).gap == gap, "a clock that was set back tells nothing"


async def test_a_suspect_listing_after_the_baseline_is_evidence_of_what_is_in_it(store: Store) -> None:
    await take_in(store, listing([job(1)]))
    await take_in(store, listing([job(2)], certificate=SUSPECT))
    assert set((await store.looks.known("default")).fingerprints) == {job(1).id, job(2).id}


async def test_a_job_that_is_gone_is_remembered_but_not_known(store: Store) -> None:
    await take_in(store, listing([job(1), job(2)]))
    await take_in(store, listing([], gone=[job(1).id]))
    assert set((await store.looks.known("default")).fingerprints) == {job(2).id}
    assert (await past(store, job(1).id)).memories[job(1).id].gone


async def test_a_job_that_is_back_is_known_again_as_the_one_it_was(store: Store) -> None:
    await take_in(store, listing([job()]), NOW)
    await take_in(store, listing([], gone=[job().id]), NOW + MINUTE)
    await take_in(store, listing([job()]), NOW + 2 * MINUTE)
    memory = (await past(store, job().id)).memories[job().id]
    assert (memory.gone, memory.first_seen, memory.since) == (False, NOW, job().failed_at)


async def test_that_a_job_ever_failed_is_kept_when_its_rows_show_it_no_more(store: Store) -> None:
    await take_in(store, listing([job()]), NOW)
    retried = job(status="RUNNING", retry_count=1, failed_at=None, updated_at=NOW)
    await take_in(store, listing([retried]), NOW)
    await take_in(store, listing([replace(retried, updated_at=NOW + 1)]), NOW)
    memory = (await past(store, job().id)).memories[job().id]
    assert (memory.has_failed, memory.job.has_failed) == (True, False)


async def fail(store: Store, now: Instant) -> None:
    async with store.looks.transaction() as ledger:
        await ledger.record_fault("default", Fault(FaultKind.SERVER, "HTTP 503"), now)


async def test_a_stale_row_is_not_remembered(store: Store) -> None:
    await take_in(store, listing([job()]))
    await take_in(store, listing([job(status="RUNNING", updated_at=NOW - 2 * HOUR)]))
    assert (await past(store, job().id)).memories[job().id].job == replace(job(), retry_count=0, preemption_count=0)


async def test_a_failed_look_leaves_the_jobs_and_the_last_good_look_untouched(store: Store) -> None:
    await take_in(store, listing([job()]))
    before = await store.looks.known("default")
    for minute in (1, 2):
        await fail(store, NOW + minute * MINUTE)
    assert await store.looks.known("default") == before
    (source,) = await store.archive.sources()
    assert (source.looked_at, source.jobs, source.failures, source.failing_since) == (NOW, 1, 2, NOW + MINUTE)
    assert source.trouble == "server error: HTTP 503"


async def test_a_good_look_ends_the_trouble(store: Store) -> None:
    await fail(store, NOW)
    await take_in(store, listing([job()]), NOW + MINUTE)
    (source,) = await store.archive.sources()
    assert (source.failures, source.failing_since, source.trouble) == (0, None, "")


async def test_doubts_and_unreadable_rows_are_kept_with_the_source_until_the_next_look(store: Store) -> None:
    faults = tuple(RowFault(f"job_{number}", "status is missing") for number in range(30))
    await take_in(store, replace(listing([], certificate=SUSPECT), faults=faults))
    (source,) = await store.archive.sources()
    assert source.doubts == SUSPECT.reasons
    assert source.faults == tuple(map(str, faults[:20]))
    assert source.bad_rows == 30
    await take_in(store, listing([]))
    (source,) = await store.archive.sources()
    assert (source.doubts, source.faults) == ((), ())


async def test_the_organisation_of_the_first_jobs_stays_the_source_s_own(store: Store) -> None:
    await take_in(store, listing([]))
    await take_in(store, listing([job(1)]))
    await take_in(store, listing([job(2, org_id="org_2")]))
    assert (await past(store)).org_id == "org_1"


@pytest.mark.parametrize(
    ("seen", "usual", "why"),
    [
        ([], 4, "nothing is recorded: what is known is usual"),
        ([4, 1], 4, "one short listing is no habit"),
        ([4, 1, 1], 1, "the second short one makes it one: the third is believed"),
        ([1, 4, 1], 4, "short ones count only in a row"),
        ([9, 9], 4, "no more than is known"),
    ],
)
async def test_a_listing_is_usually_as_long_as_the_longest_of_the_latest(
    store: Store, seen: list[int], usual: int, why: str
) -> None:
    await take_in(store, listing(job(number) for number in range(4)), NOW - HOUR)
    async with store.looks.transaction() as ledger:
        past = await ledger.past_of(listing([]), NOW)
        for at, count in enumerate(seen or [4]):
            certificate = replace(listing([]).certificate, seen=count)
            await ledger.remember(past, listing([], certificate=certificate), NOW + at)
    assert (await store.looks.known("default")).usual == usual, why
