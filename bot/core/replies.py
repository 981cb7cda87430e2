"""What a person gets who asks. A reply is a value that knows nothing of Slack or of a terminal; the answer to a
question is always from the store, so every reply that speaks of jobs says how old it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from bot.core.commands import ListJobs
from bot.core.history import Entry
from bot.core.instants import SECOND, Instant, length
from bot.core.jobs import Counts
from bot.core.likeness import Seen
from bot.core.memory import Memory

STALE_LOOKS = 10  # so many looks that did not come are no accident,
STALE = 120 * SECOND  # if that is so long


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source was seen last. `looked_at` is the end of the last good look, `trouble` why later ones failed,
    `doubts` why the last listing is suspect, `faults` the first of its `bad_rows`; `failures` counts failed looks in
    a row. `stale`: so old that looks do not come any more, or do not come to an end.
    """

    source: str
    looked_at: Instant | None = None
    baseline: Instant | None = None
    jobs: int = 0
    failures: int = 0
    failing_since: Instant | None = None
    trouble: str = ""
    doubts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    bad_rows: int = 0
    stale: bool = False


def aged(sources: Iterable[SourceHealth], every: timedelta, now: Instant) -> tuple[SourceHealth, ...]:
    """The sources, those marked as stale that should have been seen again long ago."""
    oldest = now - max(STALE_LOOKS * length(every), STALE)
    return tuple(replace(each, stale=each.looked_at is not None and each.looked_at < oldest) for each in sources)


@dataclass(frozen=True, slots=True)
class ParkedRoute:
    """A destination that cannot be reached, why, since when, and when it is tried again."""

    destination: str
    reason: str
    since: Instant
    retry_at: Instant
    waiting: int


@dataclass(frozen=True, slots=True)
class Queue:
    """How many messages are not yet said, and when the oldest of them was composed; how many cards do not show yet how
    their jobs stand; how many destinations cannot be reached.
    """

    waiting: int = 0
    oldest: Instant | None = None
    edits: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """`refused` counts messages that were given up, `refusal` is why the last of them was. `store_troubles`: why the
    state file fails a bot that runs; a terminal cannot know.
    """

    sources: tuple[SourceHealth, ...]
    parked: tuple[ParkedRoute, ...]
    queue: Queue
    refused: int
    refusal: str = ""
    store_troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """One page of a list; `total` counts what matches on all pages."""

    command: ListJobs
    rows: tuple[Memory, ...]
    total: int
    sources: tuple[SourceHealth, ...]
    job_urls: Mapping[str, str]
    now: Instant

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.command.query.limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetails:
    """One job, what the ledger holds of it, newest first, and how often its error was `seen` before, if ever."""

    memory: Memory
    history: tuple[Entry, ...]
    sources: tuple[SourceHealth, ...]
    job_urls: Mapping[str, str]
    now: Instant
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Several jobs fit what was asked for: the newest of them, and how many there are."""

    reference: str
    rows: tuple[Memory, ...]
    total: int
    sources: tuple[SourceHealth, ...]
    job_urls: Mapping[str, str]
    now: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Counts by status, and what failed lately."""

    counts: Counts
    failed: tuple[Memory, ...]
    sources: tuple[SourceHealth, ...]
    job_urls: Mapping[str, str]
    now: Instant


@dataclass(frozen=True, slots=True)
class HealthReport:
    health: Health
    now: Instant


@dataclass(frozen=True, slots=True)
class HelpText:
    """The grammar, as it stands in `bot.core.commands`."""


@dataclass(frozen=True, slots=True)
class Note:
    """A short word to the asker: what was not understood or not found, and an example that works."""

    text: str
    example: str


Reply: TypeAlias = JobList | JobDetails | Candidates | Overview | HealthReport | HelpText | Note
