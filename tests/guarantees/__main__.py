"""The command that proves the guarantees, or shows where they fail: then it exits with 1."""

import asyncio
from typing import Annotated

import typer

from benchmarks import tables
from tests.guarantees import program, rows
from tests.machine import figures
from tests.machine import program as machine


def prove(
    *,
    long: Annotated[bool, typer.Option("--long", help="Every point, every statement; about half an hour.")] = False,
    seed: Annotated[int, typer.Option(help="Chooses the sample of the short form, and whatever is random.")] = 1,
    markdown: Annotated[bool, typer.Option("--markdown", help="The tables as docs/guarantees.md has them.")] = False,
    date: Annotated[str, typer.Option(help="Written above the tables.")] = "today",
) -> None:
    """What is lost and what comes twice when the bot is killed, the network lies and the list moves."""
    disturbed = asyncio.run(program.run(program.LONG if long else program.SHORT, seed))
    at_random = [*machine.figures(machine.LONG if long else machine.SHORT, seed)]
    tables.show(rows.sheet(disturbed, tables.machine(date)), figures.sheet(at_random), markdown=markdown)
    if not all(row.met for row in disturbed) or not all(figure.holds for figure in at_random):
        raise typer.Exit(1)


typer.run(prove)
