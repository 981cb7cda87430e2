"""A command in, a reply out. Always from the store, never by a call to the job API: an answer is instant, and says
how old it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from bot.core.changes import ChangeKind
from bot.core.commands import Command, ListJobs, Mistake, Share, ShowHealth, ShowHelp, ShowJob, ShowOverview
from bot.core.history import Entry, HistoryQuery
from bot.core.instants import Instant
from bot.core.jobs import JobQuery, View
from bot.core.likeness import Seen, likeness
from bot.core.memory import Memory
from bot.core.replies import Candidates, HealthReport, HelpText, JobDetails, JobList, Note, Overview, Reply, aged
from bot.store.archive import Archive

RECENT_FAILURES = 5
STORY = 10  # changes that are told of one job
CANDIDATES = 10


async def answer(  # noqa: PLR0911  one for each command
    command: Command,
    archive: Archive,
    job_urls: Mapping[str, str],
    every: timedelta,
    now: Instant,
    store_troubles: Iterable[str] = (),
) -> Reply:
    """`every` is the time from look to look, by which an answer is known to be stale; `store_troubles` are those of a
    bot that runs.
    """
    match command:
        case ShowOverview():
            return await _overview(archive, job_urls, every, now)
        case ListJobs():
            return await _list(command, archive, job_urls, every, now)
        case ShowJob():
            return await _show(command, archive, job_urls, every, now)
        case ShowHealth():
            health = await archive.health()
            sources, troubles = aged(health.sources, every, now), tuple(dict.fromkeys(store_troubles))
            return HealthReport(replace(health, sources=sources, store_troubles=troubles), now)
        case ShowHelp():
            return HelpText()
        case Share():
            return await answer(command.question, archive, job_urls, every, now, store_troubles)
        case Mistake():
            return Note(command.note, command.example)
        case _:
            assert_never(command)


async def _overview(archive: Archive, job_urls: Mapping[str, str], every: timedelta, now: Instant) -> Overview:
    failed, _ = await archive.select(JobQuery(view=View.FAILED, limit=RECENT_FAILURES), now)
    sources = aged(await archive.sources(), every, now)
    return Overview(counts=await archive.counts(), failed=failed, sources=sources, job_urls=job_urls, now=now)


async def _list(
    command: ListJobs, archive: Archive, job_urls: Mapping[str, str], every: timedelta, now: Instant
) -> JobList:
    """The page asked for, or the last one if there are not so many (any more)."""
    rows, total = await archive.select(command.query, now)
    sources = aged(await archive.sources(), every, now)
    reply = JobList(command=command, rows=rows, total=total, sources=sources, job_urls=job_urls, now=now)
    if rows or command.query.page <= reply.pages:
        return reply
    return await _list(ListJobs(replace(command.query, page=reply.pages)), archive, job_urls, every, now)


async def _show(
    command: ShowJob, archive: Archive, job_urls: Mapping[str, str], every: timedelta, now: Instant
) -> Reply:
    found, total = await archive.find(command.reference, CANDIDATES)
    sources = aged(await archive.sources(), every, now)
    match found:
        case ():
            return Note(
                f"I know no job whose id begins with, or whose name is, “{command.reference[:60]}”.", "/jobs all"
            )
        case (memory,):
            query = HistoryQuery(source=memory.job.source, job=memory.job.id, limit=STORY)
            history = await archive.history(query, now)
            seen = await _seen_before(memory, history, archive, now)
            return JobDetails(memory=memory, history=history, sources=sources, job_urls=job_urls, now=now, seen=seen)
        case _:
            return Candidates(
                reference=command.reference,
                rows=found,
                total=total,
                sources=sources,
                job_urls=job_urls,
                now=now,
            )


async def _seen_before(memory: Memory, history: Iterable[Entry], archive: Archive, now: Instant) -> Seen | None:
    """How often an error like the job's was seen before its last failure."""
    alike = likeness(memory.job.error)
    failed = next((entry.seen_at for entry in history if entry.kind == ChangeKind.FAILED), now)
    return await archive.seen_before(alike, failed) if alike else None
