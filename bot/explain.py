"""Why did it fail? Asked of the job API once a look is written down, never within its transaction, and again after the
next ones as long as there is no answer. No alert depends on it; one that comes late is remembered all the same.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.core.changes import Change
from bot.core.faults import Fault
from bot.core.instants import SECOND, Instant
from bot.core.reasons import ASKED_FOR, QUESTIONS, Allowance, Inquiry, Unexplained, is_answer
from bot.jobs_api.client import JobsApi
from bot.store.looks import Looks

AT_ONCE = 3  # questions


@dataclass(frozen=True, slots=True)
class Explained:
    """How many requests were made after a look, and how many failures they gave a reason."""

    asked: int
    answered: int


class Explainer:
    """Of one source. What is still to be asked is in the store; only that the API wants to be left alone, and which
    failures were asked about in vain the last time, ends with the process.
    """

    def __init__(self, api: JobsApi, looks: Looks, clock: Callable[[], Instant]) -> None:
        self._api = api
        self._looks = looks
        self._clock = clock
        self._asked_at: Instant = 0
        self._wait = 0.0  # seconds since then
        self._in_vain: dict[str, Instant] = {}  # key of a change → when it was asked about

    async def explain(self) -> Explained:
        """A round of questions. Each failure gets its reason as soon as that is there."""
        now = self._clock()
        if 0 <= now - self._asked_at < self._wait * SECOND:
            return Explained(asked=0, answered=0)
        self._in_vain = {key: at for key, at in self._in_vain.items() if now - at < ASKED_FOR}
        failures = await self._looks.unexplained(self._api.source, self._in_vain, now, QUESTIONS)
        questions = _Questions(self._api, self._in_vain, now)
        answered = await self._give(questions, failures)
        self._asked_at, self._wait = self._clock(), questions.allowance.wait
        if failures:
            await self._looks.stop_waiting(failure.change for failure in failures)
        return Explained(questions.allowance.asked, answered)

    async def _give(self, questions: "_Questions", failures: Iterable[Unexplained]) -> int:
        """How many got a reason."""
        answered, tasks = 0, [asyncio.create_task(questions.ask(failure)) for failure in failures]
        try:
            for answer in asyncio.as_completed(tasks):
                change, reason = await answer
                if reason is not None:
                    await self._looks.give_reason(change, reason)
                    answered += bool(reason)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return answered


class _Questions:
    """Those of one round, a few at once. `in_vain` takes the keys of the failures that are to be asked about again."""

    def __init__(self, api: JobsApi, in_vain: dict[str, Instant], now: Instant) -> None:
        self.allowance = Allowance()
        self._api = api
        self._in_vain = in_vain
        self._now = now
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def ask(self, failure: Unexplained) -> tuple[Change, str | None]:
        """The failure and its reason: empty if there is none, None if nobody can tell as yet."""
        change, inquiry = failure.change, Inquiry(failure)
        async with self._gate:
            while (offset := inquiry.wants) is not None:
                if not self.allowance.take():
                    return change, None
                page = await self._api.events(change.job.id, offset)
                self.allowance.heard(page)
                if isinstance(page, Fault):
                    return change, self._none(change, final=is_answer(page))
                inquiry = inquiry.given(page)
        return change, inquiry.reason or self._none(change, final=not failure.may_lag(self._now))

    def _none(self, change: Change, *, final: bool) -> str | None:
        if final:
            return ""
        self._in_vain[change.key] = self._now
        return None
