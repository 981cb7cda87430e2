"""The least that anybody would need for the same jobs: bare httpx, msgspec and sqlite3. Imports nothing of the bot,
and checks nothing: it trusts the pages as they come.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from benchmarks.processes import Cost, Stopwatch, peak_memory

PAGE_SIZE = 100


class _Progress(msgspec.Struct):
    pending: int
    processing: int
    completed: int
    failed: int


class _Job(msgspec.Struct):
    """Every field that the API documents, timestamps as such: they have no one spelling, so text does not compare."""

    id: str
    org_id: str
    name: str
    pipeline_type: str
    pipeline_key: str
    pipeline_version: str
    status: str
    parameters: dict[str, object]
    retry_count: int
    preemption_count: int
    queue_position: int | None
    queue_depth: int | None
    input_progress: _Progress | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    error: object


class _Page(msgspec.Struct):
    total: int
    jobs: list[_Job]


class _RawPage(msgspec.Struct):
    jobs: list[msgspec.Raw]


class Kept(NamedTuple):
    cost: Cost
    row_bytes: float


_PAGE = msgspec.json.Decoder(_Page)
_RAW_PAGE = msgspec.json.Decoder(_RawPage)


def client(url: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"})


async def read_all(http: httpx.AsyncClient) -> int:
    """Fetches and decodes each page once; how many jobs there were."""
    seen = 0
    for offset in count(0, PAGE_SIZE):
        answer = await http.get("/batch/jobs", params={"offset": offset, "limit": PAGE_SIZE})
        page = _PAGE.decode(answer.content)
        seen += len(page.jobs)
        if offset + PAGE_SIZE >= page.total:
            break
    return seen


def reading_memory(url: str, key: str) -> int:
    """The peak of a process that only reads."""
    asyncio.run(_read_once(url, key))
    return peak_memory()


def keep_all(url: str, key: str, path: Path) -> Kept:
    """Fetches and decodes each page, and writes its rows as they came into one table with a key."""
    return asyncio.run(_keep_all(url, key, path))


async def _read_once(url: str, key: str) -> None:
    async with client(url, key) as http:
        await read_all(http)


async def _keep_all(url: str, key: str, path: Path) -> Kept:
    watch = Stopwatch()
    size = jobs = 0
    async with client(url, key) as http:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE jobs (id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID")
            for offset in count(0, PAGE_SIZE):
                answer = await http.get("/batch/jobs", params={"offset": offset, "limit": PAGE_SIZE})
                page = _PAGE.decode(answer.content)
                rows = list(_rows(answer.content, page))
                db.executemany("INSERT INTO jobs VALUES (?, ?)", rows)
                size, jobs = size + sum(len(row) for _, row in rows), jobs + len(rows)
                if offset + PAGE_SIZE >= page.total:
                    break
    return Kept(watch.cost(), size / jobs)


def _rows(body: bytes, page: _Page) -> Iterator[tuple[str, bytes]]:
    for job, raw in zip(page.jobs, _RAW_PAGE.decode(body).jobs, strict=True):
        yield job.id, bytes(raw)
