"""The table, for people at a terminal and for docs/benchmarks.md, with the facts of the machine."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence

from rich.table import Table

from benchmarks.figures import Row

_HEAD = ("what", "bot", "floor", "bot ÷ floor", "required")


def machine(date: str) -> str:
    cores, python, sqlite = len(os.sched_getaffinity(0)), platform.python_version(), sqlite3.sqlite_version
    return f"{date}: {platform.system()}, {cores} cores, Python {python}, SQLite {sqlite}"


def for_terminal(rows: Sequence[Row], title: str) -> Table:
    table = Table(*_HEAD, title=title, title_justify="left")
    for row in rows:
        table.add_row(*_cells(row), style="bold red" if row.met is False else None)
    return table


def for_markdown(rows: Sequence[Row], title: str) -> Iterator[str]:
    yield f"{title}"
    yield ""
    yield f"| {' | '.join(_HEAD)} |"
    yield "|---|---|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: Row) -> tuple[str, ...]:
    required = row.required if row.met is None else f"{row.required}: {'met' if row.met else 'NOT MET'}"
    return row.what, row.ours, row.floor, "" if row.ratio is None else f"{row.ratio:.2f}", required
