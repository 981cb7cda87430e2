"""The table: one row for each way to disturb the bot, with what was lost and what came twice."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.guarantees.judging import Judgement

_HEAD = ("disturbed by", "times", "facts to tell", "lost", "repeated", "required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`asked` is what the table demands; None where a cost is only measured. `amiss` says what else went wrong."""

    what: str
    times: int
    judgement: Judgement
    asked: str | None = "0 lost, 0 repeated"
    amiss: str = ""

    @property
    def met(self) -> bool:
        return self.asked is None or (self.judgement.kept and not self.amiss and self.times > 0)


def machine(date: str) -> str:
    cores, python, sqlite = len(os.sched_getaffinity(0)), platform.python_version(), sqlite3.sqlite_version
    return f"{date}: {platform.system()}, {cores} cores, Python {python}, SQLite {sqlite}"


def for_terminal(rows: Sequence[Row], title: str) -> Table:
    table = Table(*_HEAD, title=title, title_justify="left")
    for row in rows:
        table.add_row(*_cells(row), style=None if row.met else "bold red")
    return table


def for_markdown(rows: Sequence[Row], title: str) -> Iterator[str]:
    yield title
    yield ""
    yield f"| {' | '.join(_HEAD)} |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: Row) -> tuple[str, ...]:
    found = row.judgement
    return row.what, f"{row.times:,}", f"{found.expected:,}", f"{found.lost:,}", f"{found.repeated:,}", _verdict(row)


def _verdict(row: Row) -> str:
    if row.asked is None:
        return "measured"
    return f"{row.asked}: {'met' if row.met else 'NOT MET'}" + (f" ({row.amiss})" if row.amiss else "")
