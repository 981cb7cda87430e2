"""`/jobs` and the ledger in a terminal: read from the store, beside a bot that runs or without one."""

import sys
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta

import msgspec
from rich.console import Console

from bot import BotError
from bot.answer import answer
from bot.clock import now
from bot.config import Config
from bot.core.grammar import parse
from bot.core.history import Entry, HistoryQuery
from bot.core.instants import as_datetime
from bot.core.replies import Note
from bot.core.tokens import joined
from bot.store.archive import Archive
from bot.store.store import open_archive
from bot.terminal import print_history, print_reply


async def ask(config: Config, words: Sequence[str], console: Console) -> bool:
    """Whether the words were understood, and something was found."""
    job_urls = {source.name: source.job_url for source in config.sources}
    async with open_archive(config.store.path, config.source_names) as archive:
        reply = await answer(parse(joined(words)), archive, job_urls, config.poll.every, now())
    print_reply(reply, console)
    return not isinstance(reply, Note)


async def tell_history(
    config: Config, since: timedelta | None, job: str | None, console: Console, *, as_json: bool
) -> None:
    """The ledger, some thousands of changes at a time. BotError if the job is not known."""
    something = False
    async with open_archive(config.store.path) as archive:
        async with aclosing(archive.ledger(HistoryQuery(since=since, job=job), now())) as told:
            async for entries in told:
                something = True
                _say(entries, console, as_json=as_json)
        if job is not None and not something and not await _is_known(job, archive):
            raise BotError(f"The state file knows no job {job!r}. Give its whole id or its name, as `jobs` shows them.")
    if not something and not as_json:
        print_history((), console)


def _say(entries: Sequence[Entry], console: Console, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.writelines(json_line(entry) + "\n" for entry in entries)
    else:
        print_history(entries, console)


async def _is_known(job: str, archive: Archive) -> bool:
    _, found = await archive.find(job, 1)
    return bool(found or await archive.history(HistoryQuery(job=job, limit=1), now()))


def json_line(entry: Entry) -> str:
    """One change as one JSON object; instants are RFC 3339 in UTC."""
    fields = msgspec.to_builtins(entry)
    for name in ("at", "seen_at"):
        at = fields[name]
        fields[name] = None if at is None else as_datetime(at).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return msgspec.json.encode(fields).decode()
