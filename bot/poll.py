"""Look at the jobs; what is new goes into the outbox. Everything that follows from a look is decided by pure functions
and written in one transaction; a look that failed concludes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.core.alerts import Rule, Verdict, decide
from bot.core.changes import diff
from bot.core.faults import Fault, swapped_key
from bot.core.instants import Instant
from bot.core.listing import Listing
from bot.core.memory import becomes_baseline, is_swapped
from bot.core.messages import Message, compose
from bot.core.notices import Hearers, notices_of_fault, notices_of_listing
from bot.jobs_api.client import JobsApi
from bot.store.looks import Looks


@dataclass(frozen=True, slots=True)
class Looked:
    """A look that succeeded, and what followed from it. `first` says that it became the baseline, `watched` that there
    is one.
    """

    listing: Listing
    verdicts: tuple[Verdict, ...]
    messages: tuple[Message, ...]
    first: bool
    watched: bool = True


Look: TypeAlias = Looked | Fault


async def poll_once(
    api: JobsApi, looks: Looks, rules: Sequence[Rule], job_urls: Mapping[str, str], now: Instant
) -> Look:
    """One look at one source. A Fault if nothing could be concluded."""
    known = await looks.known(api.source)
    listing = await api.list_jobs(known)
    look = listing if isinstance(listing, Fault) else await _conclude(listing, looks, rules, job_urls, now)
    if isinstance(look, Fault):
        await _admit(look, api.source, looks, rules, now)
    return look


async def _conclude(
    listing: Listing, looks: Looks, rules: Sequence[Rule], job_urls: Mapping[str, str], now: Instant
) -> Look:
    async with looks.transaction() as ledger:
        past = await ledger.past_of(listing)
        if is_swapped(past, listing):
            return swapped_key(past.org_id)
        # In threads: 100,000 changed jobs take seconds, and whoever asks meanwhile is answered.
        changes = await asyncio.to_thread(diff, past, listing)
        told, channels = await ledger.told(changes), await ledger.channels()
        verdicts = await asyncio.to_thread(decide, changes, rules, told, channels)
        messages = await asyncio.to_thread(compose, verdicts, job_urls, now)
        before, doubts = await ledger.episodes_of(listing.source), listing.certificate.reasons
        await ledger.remember(past, listing, now)
        await ledger.record(verdicts, now)
        hearers = Hearers(rules, channels)
        await ledger.give_notice(notices_of_listing(listing.source, before, doubts, hearers, now), now)
        await ledger.enqueue(messages, now)
    first = becomes_baseline(past, listing)
    return Looked(listing, verdicts, messages, first, watched=first or past.baseline is not None)


async def _admit(fault: Fault, source: str, looks: Looks, rules: Sequence[Rule], now: Instant) -> None:
    """Writes down that the look failed; if that lasts, people are told that the bot is blind."""
    async with looks.transaction() as ledger:
        await ledger.record_fault(source, fault, now)
        episodes = await ledger.episodes_of(source)
        hearers = Hearers(rules, await ledger.channels())
        await ledger.give_notice(notices_of_fault(source, episodes, str(fault), hearers, now), now)
