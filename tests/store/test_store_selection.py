"""Which jobs a question finds: the same that plain Python finds, whatever is asked and however it is spelt."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from fnmatch import translate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands import statuses_of
from bot.core.instants import length
from bot.core.jobs import Field, Filter, Job, JobQuery, View, field_of
from bot.store.store import Store, open_store
from tests.samples import KEEP, MINUTE, NOW, job, listing, take_in

LETTERS = "aAbB-1éÉß"
GLOBS = st.text(st.sampled_from("aAbB1éÉß**??[]!^"), min_size=1, max_size=6)
STATUSES = ("FAILED", "RUNNING", "PENDING", "ADMITTED", "COMPLETED", "CANCELLED", "PREEMPTED", "PAUSED")
TEXT = st.text(st.sampled_from(LETTERS + "[]^!"), max_size=4)


@st.composite
def jobs(draw: st.DrawFn) -> list[Job]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        at = NOW - draw(st.integers(0, 5)) * MINUTE
        error, name, pipeline = draw(TEXT), draw(TEXT), draw(TEXT)
        status, type_ = draw(st.sampled_from(STATUSES)), draw(st.sampled_from(("batch", "training", "")))
        made.append(
            job(number, status=status, name=name, pipeline_key=pipeline, pipeline_type=type_, error=error)
            if status == "FAILED"
            else job(
                number, status=status, name=name, pipeline_key=pipeline, error=error, failed_at=None, updated_at=at
            )
        )
    return made


QUERIES = st.builds(
    JobQuery,
    view=st.sampled_from(View),
    filters=st.lists(st.builds(Filter, st.sampled_from(Field), GLOBS | st.just("*"), st.booleans()), max_size=3).map(
        tuple
    ),
    words=st.lists(st.text(st.sampled_from(LETTERS), min_size=1, max_size=2), max_size=2).map(tuple),
    since=st.none() | st.integers(0, 80).map(lambda minutes: timedelta(minutes=minutes)),
    limit=st.integers(1, 5),
    page=st.integers(1, 3),
)


def finds(query: JobQuery, one: Job, since: int) -> bool:
    haystack, chosen = f"{one.name}\n{one.id}\n{one.error}".casefold(), statuses_of(query.view)
    return (
        (one.status in chosen.statuses) is not chosen.negated
        and all(word.casefold() in haystack for word in query.words)
        and (query.since is None or since >= NOW - length(query.since))
        and all(_fits(query, field, one) for field in Field)
    )


def _fits(query: JobQuery, field: Field, one: Job) -> bool:
    asked = [filter_ for filter_ in query.filters if filter_.field is field]
    matches = {filter_: _glob_fits(filter_.glob, field_of(one, field)) for filter_ in asked}
    positive = [fits for filter_, fits in matches.items() if not filter_.negated]
    return (any(positive) or not positive) and not any(fits for filter_, fits in matches.items() if filter_.negated)


def _glob_fits(glob: str, text: str) -> bool:
    return re.match(translate(glob.casefold()), text.casefold()) is not None


async def compare(stored: Sequence[Job], queries: Sequence[JobQuery]) -> None:
    with TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "state.db", KEEP) as store:
            await take_in(store, listing(stored))
            everything, _ = await store.archive.select(JobQuery(view=View.ALL, limit=50), NOW)
            assert len(everything) == len(stored)
            newest_first = sorted(everything, key=lambda memory: (-memory.since, memory.job.id))
            for query in queries:
                matching = [one for one in newest_first if finds(query, one.job, one.since)]
                first = (query.page - 1) * query.limit
                rows, total = await store.archive.select(query, NOW)
                assert (list(rows), total) == (matching[first : first + query.limit], len(matching)), query


@settings(max_examples=40)
@given(jobs(), st.lists(QUERIES, min_size=5, max_size=15))
def test_a_question_finds_what_plain_python_finds(stored: list[Job], queries: list[JobQuery]) -> None:
    asyncio.run(compare(stored, queries))


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("night*", "Nightly", True),
        ("NIGHT?", "night1", True),
        ("night", "nightly", False),
        ("[ab]*", "b1", True),
        ("[!ab]*", "b1", False),
        ("[", "[", True),
        ("run[1", "run[1", True),
        ("[^a]", "^", True),
        ("[^a]", "b", False),
        ("a]", "a]", True),
        ("[]a]", "]", True),
        ("[^-`]", "_", True),
        ("[a-c]", "B", True),
        ("*", "", True),
        ("ÜBUNG*", "übung-7", True),
        ("[É]*", "été", True),
    ],
)
async def test_globs_mean_the_same_as_in_bot_toml(store: Store, glob: str, name: str, fits: bool) -> None:  # noqa: FBT001
    await take_in(store, listing([job(name=name)]))
    query = JobQuery(view=View.ALL, filters=(Filter(Field.NAME, glob),))
    assert (await store.archive.select(query, NOW))[1] == fits


async def test_upper_and_lower_case_are_the_same_in_every_script(store: Store) -> None:
    await take_in(store, listing([job(1, name="Übung Straße"), job(2, error="ΟΜΗΡΟΣ")]))
    for words in ("übung", "ÜBUNG", "STRASSE", "ομηρος"):
        assert (await store.archive.select(JobQuery(view=View.ALL, words=(words,)), NOW))[1] == 1
    assert (await store.archive.find("üBUNG sTRASSE", 5))[1] == 1


async def test_jobs_that_are_gone_are_not_found(store: Store) -> None:
    await take_in(store, listing([job(1), job(2)]))
    await take_in(store, listing([], gone=[job(1).id]))
    rows, total = await store.archive.select(JobQuery(view=View.ALL), NOW)
    assert ([row.job.id for row in rows], total) == ([job(2).id], 1)
    assert await store.archive.counts() == {"FAILED": 1}
    assert await store.archive.find(job(1).id, 5) == ((), 0)


async def found(store: Store, reference: str, limit: int = 5) -> tuple[list[str], int]:
    memories, total = await store.archive.find(reference, limit)
    return [memory.job.id for memory in memories], total


async def test_a_job_is_found_by_its_id_although_others_begin_so(store: Store) -> None:
    longer = [job(id=f"job_1{number}", failed_at=NOW - number) for number in range(20)]
    await take_in(store, listing([job(id="job_1"), *longer]))
    assert await found(store, "job_1") == (["job_1"], 1)


async def test_jobs_are_found_by_the_beginning_of_their_ids_newest_first_and_counted(store: Store) -> None:
    await take_in(store, listing(job(number, failed_at=NOW + number) for number in range(12)))
    assert await found(store, "job_0000", 3) == (["job_00009", "job_00008", "job_00007"], 10)
    assert await found(store, "job_00011") == (["job_00011"], 1)


async def test_jobs_are_found_by_their_whole_name_in_any_case_and_counted(store: Store) -> None:
    await take_in(store, listing(job(number, name="Nightly", failed_at=NOW + number) for number in range(4)))
    assert await found(store, "NIGHTLY", 2) == (["job_00003", "job_00002"], 4)
    assert await found(store, "Night") == ([], 0)


async def test_an_id_is_preferred_to_a_name(store: Store) -> None:
    await take_in(store, listing([job(1), job(2, name=job(1).id)]))
    assert await found(store, job(1).id) == ([job(1).id], 1)


async def test_nothing_in_a_reference_is_a_pattern(store: Store) -> None:
    await take_in(store, listing([job(1), job(2, id="100%_x")]))
    assert await found(store, "job%") == ([], 0)
    assert await found(store, "100%") == (["100%_x"], 1)
