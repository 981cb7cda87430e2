"""Jobs as one table. It holds as much of every cell as the message has room for: errors and names give way first,
then links, then the ends of ids, but never so far that two jobs of the page could not be told apart.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.instants import Instant
from bot.core.jobs import Job, job_url
from bot.core.memory import Memory
from bot.core.texts import NOTHING, first_line, one_line, tame
from bot.core.traces import gist
from bot.core.wording import COLUMNS, how_long, status_words
from bot.slack.elements import Block, Element, date, fit, link, mark, raw_cell, rich_cell, table, words

ID_MIN = 12  # characters of an id that are always shown
ID_MAX = 60
ROWS_MAX = 50


@dataclass(frozen=True, slots=True)
class Room:
    """How many characters a cell may hold, and whether ids stand in full and names are links."""

    name: int
    pipeline: int
    error: int
    full_id: bool
    linked: bool


ROOMS = (
    Room(120, 80, 200, full_id=True, linked=True),
    Room(80, 60, 120, full_id=True, linked=True),
    Room(60, 40, 80, full_id=True, linked=True),
    Room(60, 40, 80, full_id=True, linked=False),
    Room(40, 30, 50, full_id=True, linked=False),
    Room(32, 28, 36, full_id=True, linked=False),
    Room(40, 30, 50, full_id=False, linked=False),
    Room(30, 24, 36, full_id=False, linked=False),
    Room(24, 16, 24, full_id=False, linked=False),
    Room(12, 10, 10, full_id=False, linked=False),
    Room(6, 4, 4, full_id=False, linked=False),
)
_WRAPPED = frozenset({"Job", "Error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRows:
    """What a table shows. Sources are named where there is more than one."""

    memories: Sequence[Memory]
    job_urls: Mapping[str, str]
    sources: Collection[str]
    now: Instant


def job_table(rows: JobRows, limit: int) -> list[Block]:
    """The table in at most `limit` characters; nothing where there is no row."""
    return fit(lambda room: [_table(rows, room)], ROOMS, limit) if rows.memories else []


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """The beginning of each id, at least twelve characters and as many more as tell it from the others."""
    shown = {id_: one_line(id_)[:ID_MAX] for id_ in ids}
    size = ID_MIN
    while size < ID_MAX and len({id_[:size] for id_ in shown.values()}) < len(set(shown.values())):
        size += 1
    return {id_: text[:size] or NOTHING for id_, text in shown.items()}


def _table(rows: JobRows, room: Room) -> Block:
    memories = rows.memories[:ROWS_MAX]
    titles = [title for title in COLUMNS if room.error > ROOMS[-1].error or title != "Error"]
    short = short_ids(memory.job.id for memory in memories)
    several = len(rows.sources) > 1
    header = [raw_cell(title) for title in titles] + ([raw_cell("Source")] if several else [])
    body = [_row(memory, rows, room, short[memory.job.id])[: len(titles)] for memory in memories]
    named = [[raw_cell(tame(memory.job.source, room.pipeline))] if several else [] for memory in memories]
    return table(
        [header, *(row + name for row, name in zip(body, named, strict=True))],
        (title in _WRAPPED for title in titles),
    )


def _row(memory: Memory, rows: JobRows, room: Room, short_id: str) -> list[Element]:
    job = memory.job
    return [
        raw_cell(f"{mark(job.status)} {status_words(memory)}"),
        rich_cell(*_job(job, rows.job_urls, room, short_id)),
        raw_cell(tame(job.pipeline_key, room.pipeline)),
        rich_cell(date(memory.since)),
        raw_cell(how_long(job, rows.now) or NOTHING),
        raw_cell(str(job.tries)),
        raw_cell(tame(first_line(gist(job.error)), room.error)),
    ]


def _job(job: Job, job_urls: Mapping[str, str], room: Room, short_id: str) -> Iterator[Element]:
    if job.name:
        name = tame(job.name, room.name)
        yield link(name, job_url(job, job_urls), "bold") if room.linked else words(name, "bold")
        yield words(" ")
    yield words(tame(job.id, ID_MAX) if room.full_id else short_id, "code")
