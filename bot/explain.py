"""Why did it fail? Asked of the job API once a look is written down, never within its transaction. No alert depends on
the answer: any fault, and there is no reason; one that comes late is remembered all the same.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.alerts import Verdict
from bot.core.changes import Change
from bot.core.faults import Fault, FaultKind
from bot.core.reasons import QUESTIONS, EventPage, reason_of, unexplained
from bot.jobs_api.client import JobsApi
from bot.store.looks import Looks

AT_ONCE = 3  # questions
PATIENCE = 5.0  # seconds for all questions after a look


@dataclass(frozen=True, slots=True)
class Explained:
    """How many requests were made after a look, and how many failures they gave a reason."""

    asked: int
    answered: int


async def explain(api: JobsApi, looks: Looks, verdicts: Iterable[Verdict], seconds: float) -> Explained:
    """Gives each failure of a look that does not say why its reason, as soon as that is there, within `seconds`."""
    inquiry, answered = _Inquiry(api), 0
    silent = await asyncio.to_thread(unexplained, verdicts)  # there may be 100,000 verdicts
    tasks = [asyncio.create_task(inquiry.ask(change)) for change in silent]
    try:
        for answer in asyncio.as_completed(tasks, timeout=seconds):
            change, reason = await answer
            if reason:
                answered += await looks.give_reason(change, reason)
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if silent:
        await looks.stop_asking(silent)
    return Explained(inquiry.asked, answered)


class _Inquiry:
    """The questions after one look: a few at once, no more than are allowed, and none after one that got no answer."""

    def __init__(self, api: JobsApi) -> None:
        self.asked = 0
        self._api = api
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._is_over = False

    async def ask(self, change: Change) -> tuple[Change, str]:
        async with self._gate:
            first = await self._page(change.job.id, 0)
            offset = first.other_end if first else None
            rest = await self._page(change.job.id, offset) if offset is not None else None
        events = [event for page in (first, rest) if page for event in page.events]
        return change, reason_of(change.job, events)

    async def _page(self, job_id: str, offset: int) -> EventPage | None:
        if self._is_over or self.asked >= QUESTIONS:
            return None
        self.asked += 1
        page = await self._api.events(job_id, offset)
        if isinstance(page, Fault):
            self._is_over = page.kind not in {FaultKind.REQUEST, FaultKind.GARBLED}
            return None
        return page
