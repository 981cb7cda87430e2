"""The command that proves the guarantees, or shows where they fail: then it exits with 1."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from tests.guarantees.program import LONG, SHORT, run
from tests.guarantees.rows import for_markdown, for_terminal, machine

WIDTH = 140  # characters; a narrower table breaks its words


def prove(
    *,
    long: Annotated[bool, typer.Option("--long", help="Every point, every statement; about half an hour.")] = False,
    seed: Annotated[int, typer.Option(help="Chooses the sample of the short form and the random kills.")] = 1,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as docs/guarantees.md has it.")] = False,
    date: Annotated[str, typer.Option(help="Written above the table.")] = "today",
) -> None:
    """What is lost and what comes twice when the bot is killed and the network lies."""
    rows = asyncio.run(run(LONG if long else SHORT, seed))
    if markdown:
        typer.echo("\n".join(for_markdown(rows, machine(date))))
    else:
        Console(width=WIDTH).print(for_terminal(rows, machine(date)))
    if not all(row.met for row in rows):
        raise typer.Exit(1)


typer.run(prove)
