"""The command: which benchmarks, how large, shown how. Exits with 1 if a requirement is not met."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.answers import answers
from benchmarks.cards import cards
from benchmarks.figures import Row
from benchmarks.gestures import gestures
from benchmarks.looks import first_looks, idle_looks
from benchmarks.tables import Line, Sheet, machine, show
from benchmarks.words import words
from benchmarks.world import failing, simulated

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class Name(StrEnum):
    FIRST = "first"
    LOOK = "look"
    CARDS = "cards"
    WORDS = "words"
    ANSWERS = "answers"
    SLASH = "slash"


@dataclass(frozen=True, slots=True)
class Size:
    """How many jobs, in a small and in a large world; how often each thing is measured."""

    few: int
    many: int
    first: int
    looks: int
    failing: int
    cards: int
    answers: int
    gestures: int


FULL = Size(few=3_000, many=100_000, first=3, looks=9, failing=1_000, cards=9, answers=200, gestures=300)
SHORT = Size(few=500, many=5_000, first=1, looks=1, failing=100, cards=1, answers=3, gestures=3)


@app.command()
def run(
    *,
    short: Annotated[bool, typer.Option("--short", help="5,000 jobs and few repetitions: a trial.")] = False,
    only: Annotated[Name | None, typer.Option(help="One benchmark alone.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as docs/benchmarks.md has it.")] = False,
    date: Annotated[str, typer.Option(help="Written above the table.")] = "today",
) -> None:
    """How fast the bot is, each figure beside its floor."""
    size, chosen = SHORT if short else FULL, frozenset(Name) if only is None else frozenset({only})
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        rows = [*_few(size, chosen, Path(folder)), *_many(size, chosen, Path(folder))]
    show(_sheet(rows, machine(date)), markdown=markdown)
    if any(row.met is False for row in rows) and not short:
        raise typer.Exit(1)


def _few(size: Size, chosen: frozenset[Name], folder: Path) -> Iterator[Row]:
    if Name.FIRST in chosen:
        with simulated(size.few) as world:
            yield from first_looks(world, folder, size.first)[0]
    if Name.CARDS in chosen:
        for long in (False, True):
            with failing(size.few, size.failing, long=long) as burst:
                yield from cards(burst, folder, size.cards)
    if Name.WORDS in chosen:
        yield words(size.cards)


def _many(size: Size, chosen: frozenset[Name], folder: Path) -> Iterator[Row]:
    """The state file of the last first look is what the other benchmarks work on."""
    if chosen <= {Name.CARDS, Name.WORDS}:
        return
    with simulated(size.many) as world:
        rows, state = first_looks(world, folder, size.first if Name.FIRST in chosen else 1)
        if Name.FIRST in chosen:
            yield from rows
        if Name.LOOK in chosen:
            yield from idle_looks(world, state, size.looks)
    if Name.ANSWERS in chosen:
        yield from answers(state, size.answers)
    if Name.SLASH in chosen:
        yield from gestures(state, size.gestures)


def _sheet(rows: Iterable[Row], title: str) -> Sheet:
    lines = [Line(_cells(row), met=row.met is not False) for row in rows]
    return Sheet(("what", "bot", "floor", "bot ÷ floor", "required"), lines, title)


def _cells(row: Row) -> tuple[str, ...]:
    required = row.required if row.met is None else f"{row.required}: {'met' if row.met else 'NOT MET'}"
    return row.what, row.ours, row.floor, "" if row.ratio is None else f"{row.ratio:.2f}", required
