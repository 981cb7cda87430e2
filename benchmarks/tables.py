"""Tables of figures, for people at a terminal and for the documents, with the facts of the machine."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.table import Table

WIDTH = 140  # characters; a narrower table breaks its words


@dataclass(frozen=True, slots=True)
class Line:
    """`met` is whether it is as it must be."""

    cells: tuple[str, ...]
    met: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    head: tuple[str, ...]
    lines: Sequence[Line]
    title: str | None = None

    def for_terminal(self) -> Table:
        table = Table(*self.head, title=self.title, title_justify="left")
        for line in self.lines:
            table.add_row(*line.cells, style=None if line.met else "bold red")
        return table

    def for_markdown(self) -> str:
        above = [] if self.title is None else [self.title, ""]
        head, rule = _row(self.head), "|" + "---|" * len(self.head)
        return "\n".join([*above, head, rule, *(_row(line.cells) for line in self.lines)])


def machine(date: str) -> str:
    cores, python, sqlite = len(os.sched_getaffinity(0)), platform.python_version(), sqlite3.sqlite_version
    return f"{date}: {platform.system()}, {cores} cores, Python {python}, SQLite {sqlite}"


def show(*sheets: Sheet, markdown: bool) -> None:
    if markdown:
        typer.echo("\n\n".join(sheet.for_markdown() for sheet in sheets))
    else:
        Console(width=WIDTH).print(*(sheet.for_terminal() for sheet in sheets))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
