"""Why a job failed, where its own error does not say: which failures are asked about, for how long, and what the events
of their jobs answer. What they answer belongs to this failure alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from bot.core.changes import Change, ChangeKind
from bot.core.faults import Fault, FaultKind
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Status
from bot.core.likeness import likeness
from bot.core.memory import ENDLESS

QUESTIONS: Final = 20  # requests after one look
IN_VAIN: Final = 3  # requests in a row, and the API is left alone until after the next look
PAGES: Final = 4  # of one job's log that are read at most
ASKED_FOR: Final = 15 * 60 * SECOND  # after a failure was found
LOG_LAGS: Final = 60 * SECOND  # after a failure was found, in which its log may still come to tell of it
LATE: Final = 5 * SECOND  # so long after a try has ended, events may be of it
TELLING = frozenset({"FAILED", "ERROR"})  # levels
_WAITS = frozenset({FaultKind.RATE_LIMITED, FaultKind.CREDENTIALS, FaultKind.SWAPPED_KEY})


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a job's event log; `at` is None and `number` 0 where the row does not tell."""

    level: str
    message: str
    at: Instant | None = None
    number: int = 0

    @property
    def place(self) -> tuple[Instant, int]:
        """In the order of time."""
        return (self.at or 0, self.number)


@dataclass(frozen=True, slots=True)
class EventPage:
    """One answer of the event log, which promises no order; `total` is None where it does not tell."""

    events: tuple[Event, ...]
    received: int
    total: int | None

    @property
    def is_newest_first(self) -> bool:
        dated = [event.place for event in self.events if event.at is not None]
        return len(dated) > 1 and dated[0] > dated[-1]


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A failure that did not say why, of a job as it stands now, and when it was `found`; and when, before that, the
    job `ended` and was seen to be `retried` last, as far as anybody knows.
    """

    change: Change
    found: Instant = 0
    ended: Instant | None = None
    retried: Instant | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job has left it."""
        job, change = self.change.job, self.change
        is_later = change.at is not None and job.failed_at != change.at
        return job.status != Status.FAILED or job.retries != change.retry_count or is_later

    def may_lag(self, now: Instant) -> bool:
        """Whether a log that tells nothing as yet may still do."""
        return now - self.found < LOG_LAGS

    def reason(self, events: Iterable[Event]) -> str:
        """What the newest of its events says that tells of a failure in words; empty if none does."""
        telling = [event for event in events if event.level in TELLING and likeness(event.message) and self._has(event)]
        newest = max(telling, key=lambda event: event.place, default=None)
        return newest.message if newest else ""

    def _has(self, event: Event) -> bool:
        """Whether the event is of this try. One that has no time is, if there was no other try."""
        if event.at is None:
            return self.ended is None and self.retried is None and not self.is_over
        return self._began <= event.at <= self._until

    @property
    def _began(self) -> Instant:
        """As late as anybody can tell. A start after the failure is that of a later try; that it was retried was seen
        later than it happened, and counts only where nothing is known of its end.
        """
        at = ENDLESS if self.change.at is None else self.change.at
        before = self.retried if self.ended is None else min(self.ended + LATE, at)
        signs = (before, self.change.job.started_at)
        return max((sign for sign in signs if sign is not None and sign <= at), default=0)

    @property
    def _until(self) -> Instant:
        return (self.change.at or 0) + LATE if self.is_over else ENDLESS


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What has been read of the log about one failure: its first page, then from its newest end on towards older
    events.
    """

    failure: Unexplained
    pages: tuple[EventPage, ...] = ()

    def given(self, page: EventPage) -> "Inquiry":
        return replace(self, pages=(*self.pages, page))

    @property
    def wants(self) -> int | None:
        """The offset of the page to read next; None if that is all."""
        if not self.pages:
            return 0
        if self._is_whole or self.reason or len(self.pages) == PAGES:
            return None
        first, read = self.pages[0], len(self.pages) * self.pages[0].received
        return read if first.is_newest_first else max(first.received, (first.total or 0) - read)

    @property
    def reason(self) -> str:
        """What the failure's newest telling event says, as far as its log was read without a gap from the newest on."""
        skipped = not self._is_whole and not self.pages[0].is_newest_first
        return self.failure.reason(chain.from_iterable(page.events for page in self.pages[skipped:]))

    @property
    def _is_whole(self) -> bool:
        """Whether all of the log was read, as far as it says how long it is."""
        first = self.pages[0]
        return first.total is None or not first.received or first.total <= len(self.pages) * first.received


@dataclass(slots=True)
class Allowance:
    """The requests that may be made after one look. None any more once the API asks to wait (for `wait` seconds, where
    it says how long), lets nobody in or has failed a few times in a row.
    """

    asked: int = 0
    wait: float = 0.0
    _in_vain: int = 0
    _is_over: bool = False

    def take(self) -> bool:
        """Whether one more may be made."""
        may = not self._is_over and self.asked < QUESTIONS
        self.asked += may
        return may

    def heard(self, answer: EventPage | Fault) -> None:
        if not isinstance(answer, Fault) or is_answer(answer):
            self._in_vain = 0
            return
        self._in_vain += 1
        self.wait = max(self.wait, answer.retry_after or 0.0)
        asks_to_wait = answer.retry_after is not None or answer.kind in _WAITS
        self._is_over = self._is_over or asks_to_wait or self._in_vain >= IN_VAIN


def is_answer(fault: Fault) -> bool:
    """Whether the API says that there is no such log, and will say so again."""
    return fault.kind is FaultKind.REQUEST


def asks_why(change: Change) -> bool:
    """Whether it is a failure whose own error does not say why. The job may have left it by now."""
    return change.kind is ChangeKind.FAILED and not change.old and not likeness(change.job.error)


def asked_until(change: Change, now: Instant) -> Instant | None:
    """For how long its reason is asked for, if it was found now."""
    return now + ASKED_FOR if asks_why(change) else None
