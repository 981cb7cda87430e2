"""What a reading of the job API's list brings. A listing carries only the rows that differ from what was known,
and a certificate that says whether anything may be concluded from what is not in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.instants import Instant
from bot.core.jobs import Job


class Row(NamedTuple):
    """One row of a page. `job` is None where the row equals what is stored, or cannot be read (`fault` says why)."""

    id: str
    created: datetime | None
    fingerprint: bytes
    job: Job | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that could not be read, or not wholly, and why. `id` is empty where not even that could be read."""

    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.id}: {self.why}" if self.id else f"a row {self.why}"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the list. `total` and `limit` are None where the answer does not tell them; `nameless` holds
    the fingerprints of rows that do not even tell their id; `at` is the API's own clock.
    """

    total: int | None
    limit: int | None
    rows: tuple[Row, ...]
    nameless: tuple[bytes, ...]
    at: Instant

    @property
    def received(self) -> int:
        return len(self.rows) + len(self.nameless)

    @property
    def marks(self) -> frozenset[str | bytes]:
        """What its rows can be recognised by on another page."""
        return frozenset((*(row.id for row in self.rows), *self.nameless))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How a listing was read, and what it is worth: complete, or suspect with the reasons. `unchanged` counts the
    jobs that are as they are stored.
    """

    reasons: tuple[str, ...]
    pages: int
    passes: int
    overlaps: int
    seen: int
    first_total: int | None
    last_total: int | None
    asked: int
    unchanged: int = 0

    @property
    def complete(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a sweep brought: the rows that differ from what was known, the known jobs that the API answered with 404,
    the faults of rows that could not be read, and the certificate. A job that changed while it was read has several
    rows, oldest first: each is evidence. `unseen` are the known live jobs that it did not bring, `unread` those
    of which it told no more than that they are there. `started` is by the API's clock.
    """

    source: str
    started: Instant
    rows: tuple[Row, ...]
    gone: frozenset[str]
    faults: tuple[RowFault, ...]
    certificate: Certificate
    unseen: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    @property
    def jobs(self) -> Iterable[Job]:
        return (row.job for row in self.rows if row.job is not None)
