"""The command that proves the guarantees, or shows where they fail: then it exits with 1."""

import asyncio
from typing import Annotated

import typer

from benchmarks import tables
from tests.guarantees import program, rows
from tests.machine import figures


def prove(
    *,
    long: Annotated[bool, typer.Option("--long", help="Every point, every statement; 25 to 50 minutes.")] = False,
    seed: Annotated[int, typer.Option(help="Chooses the sample of the short form, and whatever is random.")] = 1,
    markdown: Annotated[bool, typer.Option("--markdown", help="The tables as docs/guarantees.md has them.")] = False,
    date: Annotated[str, typer.Option(help="Written above the tables.")] = "today",
) -> None:
    """What is lost, what comes twice and what is wrong if the bot is killed, the network lies and the list moves.
    Each table is shown as soon as it is there: what breaks in the other hides nothing of it.
    """
    with program.at_random(int(long), seed) as running:
        try:
            disturbed = asyncio.run(program.disturbed(program.SIZES[int(long)], seed))
            tables.show(rows.sheet(disturbed, tables.machine(date)), markdown=markdown)
            typer.echo()
        finally:
            at_random = running.result()
            tables.show(figures.sheet(at_random), markdown=markdown)
    if not all(row.met for row in disturbed) or not all(figure.holds for figure in at_random):
        raise typer.Exit(1)


typer.run(prove)
