"""What goes on all the time while the bot runs: looks, deliveries, pruning. Each loop can be read from top to bottom;
what a round does is said elsewhere, and what came of it is handed to the reporter.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot import BotError
from bot.answer import answer
from bot.clock import now
from bot.config import Config
from bot.core.alerts import destinations
from bot.core.commands import Command
from bot.core.faults import Fault, look_wait
from bot.core.instants import SECOND
from bot.core.pacing import park_time
from bot.core.replies import Reply
from bot.deliver import deliver_due, edit_due, resolve_routes
from bot.explain import Explainer
from bot.jobs_api.client import JobsApi
from bot.poll import Limits, Look, Looked, poll_once
from bot.report import Reporter
from bot.slack.sink import SlackSink
from bot.sql.sqlite import may_pass
from bot.store.store import Store
from bot.telemetry import Metrics
from bot.vitals import Vitals

DELIVER_EVERY = 5.0  # seconds, if nothing wakes the delivery before
DELIVER_PAUSE = 0.05  # seconds between two rounds at least
PRUNE_EVERY = 3_600.0  # seconds
FOUND_WITHIN = 10.0  # seconds for channels to be found before the first look

T = TypeVar("T")


@dataclass(slots=True)
class Loops:
    """What the loops share, and the loops."""

    config: Config
    store: Store
    apis: tuple[JobsApi, ...]
    slack: AsyncWebClient
    vitals: Vitals
    reporter: Reporter
    metrics: Metrics
    stop: asyncio.Event
    chance: Callable[[], float]  # in [0, 1)
    outbox_filled: asyncio.Event = field(default_factory=asyncio.Event)
    may_look: asyncio.Event = field(default_factory=asyncio.Event)  # for all that Slack has to say

    @property
    def job_urls(self) -> Mapping[str, str]:
        return {source.name: source.job_url for source in self.config.sources}

    @property
    def limits(self) -> Limits:
        return Limits(self.config.deadlines, self.config.thrashing)

    async def look(self, api: JobsApi) -> None:
        """Looks at one source, again and again; no look waits for the questions after one before, and what was not
        answered in the end the next process asks. BotError if the very first look shows that the key is no good.
        """
        await self._until_found()
        every, loop = self.config.poll.every.total_seconds(), f"look at {api.source}"
        api.asking = lambda: self.vitals.turned(loop, now(), 0)
        explainer, asking = Explainer(api, self.store.looks, now), None
        async with asyncio.TaskGroup() as questions:
            while not self.stop.is_set():
                api.asking()
                began = time.monotonic()
                looking = poll_once(api, self.store.looks, self.config.rules, self.job_urls, now, self.limits)
                look = await self.storing(loop, looking)
                took = time.monotonic() - began
                wait = every if look is None else self._looked(api, look, took)
                if isinstance(look, Looked) and (asking is None or asking.done()):
                    asking = questions.create_task(self._explain(api.source, explainer))
                self.vitals.turned(loop, now(), int(wait * SECOND))
                await rest(self.stop.wait(), wait)
            if asking:
                asking.cancel()

    async def _until_found(self) -> None:
        """A name that is not known yet may be that of a channel which has cards: the first look waits a little for it,
        but not for a Slack that cannot be reached.
        """
        if await self._strange():
            await rest(self._woken(self.may_look), FOUND_WITHIN)

    async def _strange(self) -> tuple[str, ...]:
        """The channels whose id is not known."""
        names = [name for name in destinations(self.config.rules) if name.startswith("#")]
        return await self.storing("finding", self.store.outbox.unresolved(names)) or ()

    def _looked(self, api: JobsApi, look: Look, took: float) -> float:
        """Tells of the look. Seconds until the next one."""
        fault = look if isinstance(look, Fault) else None
        if fault and fault.needs_operator and not self.vitals.sights[api.source].looked:
            raise BotError(f"The job API of source {api.source!r} does not let the bot in: {fault}.")
        failures = self.reporter.looked(api.source, look, now(), took)
        self.outbox_filled.set()
        return look_wait(self.config.poll.every.total_seconds(), took, failures, fault)

    async def _explain(self, source: str, explainer: Explainer) -> None:
        """Asks why jobs failed."""
        explained = await self.storing("reasons", explainer.explain())
        if explained is not None and (explained.asked or explained.answered):
            self.reporter.explained(source, explained)
            self.outbox_filled.set()

    async def deliver(self, sink: SlackSink) -> None:
        """Empties the outbox; a round that hangs does not keep the next one from starting."""
        async with asyncio.TaskGroup() as rounds:
            while not self.stop.is_set():
                self.outbox_filled.clear()
                if not self.store.db.is_writing:  # else it would only queue up behind that
                    rounds.create_task(self._deliver_round(sink))
                    rounds.create_task(self._edit_round(sink))
                wait = await self._until_due()
                self.vitals.turned("delivery", now(), int(DELIVER_EVERY * SECOND))
                await rest(self.stop.wait(), DELIVER_PAUSE)
                await rest(self._woken(self.outbox_filled), max(0.0, wait - DELIVER_PAUSE))

    async def find(self, sink: SlackSink) -> None:
        """Looks for the destinations, ever more rarely, until each is found; first for those that the first look waits
        for. Alerts do not wait. Then it is known what waits for a place that none of them is.
        """
        named, strange = destinations(self.config.rules), await self._strange()
        missing = await self._seek(sink, strange)
        self.may_look.set()
        missing += await self._seek(sink, tuple(name for name in named if name not in strange))
        for attempt in count(1):
            if not missing:
                self.reporter.abandoned(await self.storing("giving up", self.store.outbox.abandon(named)) or 0)
            if not missing or self.stop.is_set():
                return
            await rest(self.stop.wait(), park_time(attempt))
            missing = await self._seek(sink, missing)

    async def _seek(self, sink: SlackSink, sought: tuple[str, ...]) -> tuple[str, ...]:
        """Those that cannot be found."""
        troubles = await self.storing("finding", resolve_routes(self.store.outbox, sink, sought, now))
        if troubles is None:
            return sought
        self.reporter.resolved(sought, troubles)
        return tuple(troubles)

    async def prune(self) -> None:
        while not self.stop.is_set():
            await self.storing("pruning", self.store.prune(now()))
            await rest(self.stop.wait(), PRUNE_EVERY)

    async def ask(self, command: Command) -> Reply:
        with self.metrics.answers.time():
            every, troubles = self.config.poll.every, self.vitals.store_troubles.values()
            return await answer(command, self.store.archive, self.job_urls, every, now(), troubles)

    async def _deliver_round(self, sink: SlackSink) -> None:
        on_doubt, chance = self.config.slack.on_doubt, self.chance
        settled = await self.storing("delivery", deliver_due(self.store.outbox, sink, on_doubt, now, chance))
        queue = await self.storing("the queue", self.store.archive.queue())
        if queue is not None:
            self.reporter.delivered(settled or (), queue, now())
        if settled:
            self.outbox_filled.set()

    async def _edit_round(self, sink: SlackSink) -> None:
        edited = await self.storing("edits", edit_due(self.store.cards, sink, now, self.chance))
        if edited:
            self.reporter.edited(edited)
            self.outbox_filled.set()

    async def _until_due(self) -> float:
        """Seconds until a message is due, as far as that is known."""
        due_at = await self.storing("what is due", self.store.outbox.next_due())
        if due_at is None or "delivery" in self.vitals.store_troubles:
            return DELIVER_EVERY
        return min(DELIVER_EVERY, (due_at - now()) / SECOND)

    async def storing(self, what: str, work: Awaitable[T]) -> T | None:
        """What comes of work with the state file. None if that fails it for the moment: the next round tries again."""
        done, trouble = None, None
        try:
            done = await work
        except sqlite3.Error as error:
            trouble = error
        self.store.stand_by()
        if trouble and not may_pass(trouble):
            raise trouble
        self.reporter.stored(what, str(trouble or ""))
        return done

    async def _woken(self, by: asyncio.Event) -> None:
        stop, woken = asyncio.create_task(self.stop.wait()), asyncio.create_task(by.wait())
        try:
            await asyncio.wait({stop, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            woken.cancel()


async def rest(until: Awaitable[object], seconds: float) -> None:
    """Waits so long, or until something happens."""
    with suppress(TimeoutError):
        await asyncio.wait_for(until, seconds)
