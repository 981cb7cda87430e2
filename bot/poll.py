"""Look at the jobs; what is new goes into the outbox. Everything that follows from a look is decided by pure functions
and written in one transaction; a look that failed concludes nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.core.alerts import Rule, Verdict, decide
from bot.core.board import Composed, Terms, compose, followed
from bot.core.changes import Change, diff, recounted, reworded
from bot.core.deadlines import DEADLINES, Deadline, late_since, overdue
from bot.core.faults import Fault, swapped_key
from bot.core.instants import Instant, length
from bot.core.listing import Listing
from bot.core.memory import Past, becomes_baseline, is_swapped
from bot.core.notices import Hearers, notices_of_fault, notices_of_listing
from bot.core.thrashing import Thrashing, dated, with_thrashing
from bot.jobs_api.client import JobsApi
from bot.store.ledger import Ledger
from bot.store.looks import Looks


@dataclass(frozen=True, slots=True)
class Looked:
    """A look that succeeded, and what followed from it. `first` says that it became the baseline, `watched` that there
    is one.
    """

    listing: Listing
    verdicts: tuple[Verdict, ...]
    composed: Composed
    first: bool
    watched: bool = True


Look: TypeAlias = Looked | Fault


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take before that is a change of its own."""

    deadlines: tuple[Deadline, ...] = DEADLINES
    thrashing: Thrashing = field(default_factory=Thrashing)


USUAL = Limits()


async def poll_once(
    api: JobsApi,
    looks: Looks,
    rules: Sequence[Rule],
    job_urls: Mapping[str, str],
    clock: Callable[[], Instant],
    limits: Limits = USUAL,
) -> Look:
    """One look at one source. A Fault if nothing could be concluded."""
    view = _View(looks, rules, job_urls, limits, clock, began=clock())
    listing = await api.list_jobs(await looks.known(api.source))
    look = listing if isinstance(listing, Fault) else await view.conclude(listing)
    if isinstance(look, Fault):
        await view.admit(look, api.source)
    return look


@dataclass(frozen=True, slots=True)
class _View:
    """Where a look stands that `began` then. What follows from it is dated when it is written: to read a long list
    takes minutes.
    """

    looks: Looks
    rules: Sequence[Rule]
    job_urls: Mapping[str, str]
    limits: Limits
    clock: Callable[[], Instant]
    began: Instant

    async def conclude(self, listing: Listing) -> Look:
        async with self.looks.transaction() as ledger:
            now = self.clock()
            past = await ledger.past_of(listing, now)
            if is_swapped(past, listing):
                return swapped_key(past.org_id)
            # In threads: 100,000 changed jobs take seconds, and whoever asks meanwhile is answered.
            found = await _found(ledger, past, listing, self.limits.thrashing, now)
            before, doubts = await ledger.episodes_of(listing.source), listing.certificate.reasons
            await ledger.remember(past, listing, now)
            changes = (*found, *await _late(ledger, past, listing, self.limits.deadlines))
            told, channels = await ledger.told(changes), await ledger.channels()
            board = await ledger.board(changes, now, min(self.began, now))
            verdicts = await asyncio.to_thread(decide, changes, self.rules, told, channels, followed(board))
            terms = Terms(self.rules, channels, self.job_urls)
            composed = await asyncio.to_thread(compose, verdicts, board, terms, now)
            await ledger.record(verdicts, now)
            hearers = Hearers(self.rules, channels)
            await ledger.give_notice(notices_of_listing(listing.source, before, doubts, hearers, now), now)
            await ledger.compose(composed, now)
            await ledger.recount(recounted(past, listing))
            await ledger.reword(await asyncio.to_thread(lambda: tuple(reworded(past, listing))))
        first = becomes_baseline(past, listing)
        return Looked(listing, verdicts, composed, first, watched=first or past.baseline is not None)

    async def admit(self, fault: Fault, source: str) -> None:
        """Writes down that the look failed; if that lasts, people are told that the bot is blind."""
        async with self.looks.transaction() as ledger:
            now = self.clock()
            await ledger.record_fault(source, fault, now)
            episodes = await ledger.episodes_of(source)
            hearers = Hearers(self.rules, await ledger.channels())
            await ledger.give_notice(notices_of_fault(source, episodes, str(fault), hearers, now), now)


async def _found(
    ledger: Ledger, past: Past, listing: Listing, thrashing: Thrashing, now: Instant
) -> tuple[Change, ...]:
    """What differs from what was known."""
    changes = await asyncio.to_thread(lambda: tuple(dated(diff(past, listing), past.gap, thrashing)))
    spells = await ledger.spells_of(listing.source, changes, now - length(thrashing.within))
    return tuple(with_thrashing(changes, spells, thrashing, now))


async def _late(ledger: Ledger, past: Past, listing: Listing, deadlines: Sequence[Deadline]) -> Iterable[Change]:
    """The jobs that were read in this look, and are overdue as of now."""
    slow = await ledger.long_in_status(listing.source, late_since(deadlines, listing.started))
    read = [memory for memory in slow if memory.job.id not in listing.unseen | listing.unread]
    return await asyncio.to_thread(lambda: tuple(overdue(read, deadlines, past, listing.started)))
