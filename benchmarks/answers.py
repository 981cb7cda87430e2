"""Answers from the store: the reply of each command against the bare SQL of the same command. The statements are
those that the answer itself runs, taken down once and run again through `sqlite3`, their rows thrown away.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import Row, Sample, below, beside_floor, milliseconds, p99
from benchmarks.processes import alone
from bot.answer import answer
from bot.clock import now
from bot.core.commands import Command, Mistake
from bot.core.grammar import parse
from bot.core.replies import Note
from bot.sql.sqlite import Connection, open_reader
from bot.store.archive import Archive

EVERY = timedelta(seconds=15)  # from look to look
AT_MOST = 0.050  # seconds, for 99 of 100 answers
REQUIRED = "failed"
COMMANDS = ("", REQUIRED, "failed page:20", "failed pipeline:machine-*", "active", "all", "all oom")


def answers(state: Path, times: int) -> list[Row]:
    samples = alone(measure, state, times)
    rows = []
    for text, (ours, floor) in samples.items():
        row = beside_floor(f"answer to {f'/jobs {text}'.strip()}", ours, floor, milliseconds, tail=True)
        rows.append(below(row, p99(ours), AT_MOST, milliseconds, "p99") if text == REQUIRED else row)
    return rows


def measure(state: Path, times: int) -> dict[str, tuple[Sample, Sample]]:
    """Command → seconds of its answers, and of its floor."""
    return asyncio.run(_measure(state, times))


async def _measure(state: Path, times: int) -> dict[str, tuple[Sample, Sample]]:
    with closing(sqlite3.connect(state)) as bare:
        bare.create_function("casefold", 1, str.casefold, deterministic=True)
        bare.execute("PRAGMA query_only = ON")
        texts = (*COMMANDS, f"show {_beginning_of_an_id(bare)}")
        ours: dict[str, list[float]] = {text: [] for text in texts}
        floor: dict[str, list[float]] = {text: [] for text in texts}
        statements = {text: await _statements(state, parse(text)) for text in texts}
        async with open_reader(state) as reader:
            archive = Archive(Connection(reader))
            for _ in range(times):
                for text in texts:
                    ours[text].append(await _answered(archive, parse(text)))
                    floor[text].append(_executed(bare, statements[text]))
    return {text.partition(" job_")[0]: (tuple(ours[text]), tuple(floor[text])) for text in texts}


async def _answered(archive: Archive, command: Command) -> float:
    began = time.perf_counter()
    await answer(command, archive, {}, EVERY, now())
    return time.perf_counter() - began


def _executed(bare: sqlite3.Connection, statements: list[str]) -> float:
    began = time.perf_counter()
    for statement in statements:
        bare.execute(statement).fetchall()
    return time.perf_counter() - began


async def _statements(state: Path, command: Command) -> list[str]:
    """What the answer asks of SQLite, with its values in it."""
    statements: list[str] = []
    async with open_reader(state) as reader:
        await reader.set_trace_callback(statements.append)
        reply = await answer(command, Archive(Connection(reader)), {}, EVERY, now())
    if isinstance(command, Mistake) or isinstance(reply, Note):
        raise TypeError(f"{command} is no question that the store answers: {reply}")
    return statements


def _beginning_of_an_id(bare: sqlite3.Connection) -> str:
    """Long enough to be that of one job alone."""
    (id_,) = bare.execute("SELECT id FROM jobs ORDER BY name LIMIT 1").fetchone()
    return str(id_)[:16]
