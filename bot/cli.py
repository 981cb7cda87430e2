"""Arguments and exit codes, nothing else. 0 is fine; 2 the operator can mend it, and one paragraph says how; 1 is a
bug, with its traceback, or for `check` that something is wrong.
"""

import asyncio
import errno
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot import BotError
from bot.config import Config, Need, find, load
from bot.config import schema as config_schema
from bot.core.changes import ChangeKind
from bot.core.instants import parse_duration

MENDABLE = 2
AS_WIDE_AS_NEEDED = 100_000  # columns

app = typer.Typer(
    name="jobsbot",
    help="Tells a team in Slack when batch jobs fail, and answers /jobs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; else JOBSBOT_CONFIG, else bot.toml here."),
]


def main() -> NoReturn:
    try:
        _say_all()
    except BotError as error:
        _complain(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _say_nothing_more()
        _complain("There is no space left where the output goes; make some, or send it elsewhere.")
    except sqlite3.Error as error:
        _complain(
            f"The state file can no longer be used: {error}. Look after its disk and its permissions; start again."
        )
    sys.exit(0)


def _say_all() -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may lack a letter or a sign: a `?` is better than nothing
    try:
        app()
    finally:
        sys.stdout.flush()


@contextmanager
def _to_a_reader() -> Iterator[None]:
    """What a command prints. A reader that has enough of it closes the pipe, which is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _say_nothing_more()


def _say_nothing_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again as it ends


class _Screen(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _complain(words: str) -> NoReturn:
    print(f"jobsbot: {words}", file=sys.stderr)  # noqa: T201  the one paragraph
    sys.exit(MENDABLE)


def _load(config: Path | None, need: Need) -> Config:
    return load(find(config, os.environ), os.environ, need)


@app.command()
def run(config: ConfigOption = None) -> None:
    """Watch the jobs and tell the team, until stopped."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # until the loops listen: nothing is open yet
    from bot import app as bot_app  # noqa: PLC0415  the other commands need not load Slack
    from bot.core.masking import masked  # noqa: PLC0415
    from bot.telemetry import configure_logs  # noqa: PLC0415

    settings = _load(config, Need.EVERYTHING)
    configure_logs(masked)
    asyncio.run(bot_app.run(settings))


@app.command()
def check(
    config: ConfigOption = None,
    *,
    send: Annotated[bool, typer.Option("--send", help="Post a test message to each destination.")] = False,
) -> None:
    """Is everything that the bot needs there and allowed? Each finding names its remedy."""
    from bot.preflight import print_findings, run_check  # noqa: PLC0415

    findings = asyncio.run(run_check(_load(config, Need.EVERYTHING), send=send))
    with _to_a_reader():
        print_findings(findings, _screen())
    if any(finding.is_wrong for finding in findings):
        raise typer.Exit(1)


@app.command()
def sandbox(
    *,
    port: Annotated[
        int, typer.Option(help="The port of its page on 127.0.0.1; 0 takes a free one.", min=0, max=65_535)
    ] = 8090,
    seed: Annotated[int, typer.Option(help="Which story is told.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than life the jobs go.", min=0.1, max=100.0)] = 1.0,
    mode: Annotated[str, typer.Option(help="How Slack reaches the bot: socket or http.")] = "socket",
    jobs: Annotated[int, typer.Option(help="How many old jobs there are at the start.", min=0, max=100_000)] = 60,
) -> None:
    """Try the bot between a simulated jobs API and a simulated Slack; no account, no network."""
    from bot.trial import try_out  # noqa: PLC0415

    raise typer.Exit(asyncio.run(try_out(port=port, seed=seed, speed=speed, mode=mode, jobs=jobs)))


@app.command(context_settings={"ignore_unknown_options": True})
def jobs(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]…", help="As after /jobs: failed since:24h")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """What /jobs answers, here in the terminal."""
    from bot.offline import ask  # noqa: PLC0415

    understood = True
    with _to_a_reader():
        understood = asyncio.run(ask(_load(config, Need.STORE), words or [], _screen()))
    if not understood:
        raise typer.Exit(MENDABLE)


@app.command()
@_to_a_reader()
def history(
    config: ConfigOption = None,
    *,
    since: Annotated[str | None, typer.Option(help="Only what was seen within this time, such as 24h.")] = None,
    job: Annotated[str | None, typer.Option(help="Only this job, by its id or name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line and change.")] = False,
) -> None:
    """The ledger: every change, the verdict on it, and where it was told. Newest first."""
    from bot.offline import tell_history  # noqa: PLC0415

    asyncio.run(tell_history(_load(config, Need.STORE), _duration(since), job, _screen(), as_json=as_json))


@app.command()
@_to_a_reader()
def preview(
    config: ConfigOption = None,
    *,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Which rule; the first by default.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help=f"What happens to the jobs: {', '.join(ChangeKind)}; the rule's first one."),
    ] = None,
    count: Annotated[int, typer.Option(help="To how many jobs it happens.", min=1, max=1000)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Only what Slack is given, as a JSON array.")] = False,
) -> None:
    """What a rule would post of jobs that are made up. Nothing is sent, and no token is needed."""
    from bot.preview import payloads, show  # noqa: PLC0415

    settings = _load(config, Need.STORE)
    if as_json:
        told, warning = payloads(settings, rule, kind, count)
        print(told)  # noqa: T201  what the command is for
        if warning:
            typer.echo(warning, err=True)
    else:
        show(settings, rule, kind, count, _screen())


@app.command()
@_to_a_reader()
def schema() -> None:
    """The JSON Schema of bot.toml, for editors."""
    print(json.dumps(config_schema(), indent=2))  # noqa: T201  what the command is for


def _screen() -> Console:
    """A terminal is as wide as it is; what is read by another program needs no line broken."""
    screen = _Screen(highlight=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = AS_WIDE_AS_NEEDED
    return screen


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise BotError(f"--since: {error}.") from error
