"""One careful reading of a paged list whose rows move while it is read. A pure state machine: it says what it wants,
a page or a single job, and is given it. Only a reading that proves itself complete says anything about absence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from typing import TypeAlias

from bot.core.instants import Instant
from bot.core.listing import Certificate, Listing, Page, Row, RowFault
from bot.core.proof import Pass, Tally

ASKED_SINGLY = 50  # jobs asked for by id in one look, at most
MAX_SKIPPED = 5  # of these, that the API would not tell, before the rest is left to the next look
MAX_PASSES = 6  # readings of the whole list in one look, as long as each brings something new
MAX_PAGES = 20_000  # pages in one look
MAX_STEPS_BACK = 5  # in one pass, after a page that does not touch the one before
OVERLAP = 20  # one row in so many is read again with the next page
IDLE_PAGES = 3  # pages without a new row that end a pass: the server ignores the offset
SHRUNK = 0.5  # a list shorter than this share of what is usual is suspect,
FEW = 10  # unless so few are usual that people may have deleted them


@dataclass(frozen=True, slots=True)
class PageWanted:
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class JobWanted:
    id: str


Wanted: TypeAlias = PageWanted | JobWanted | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a source before a look: id → fingerprint of the stored row, which of these jobs were
    not final, and how many rows a listing usually brings.
    """

    fingerprints: dict[str, bytes] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    usual: int = 0


class Sweep:
    """Ask `wants`; give it with `give_page` or `give_job`, or say that it was refused; at the end, ask `result`."""

    def __init__(self, source: str, known: Known, page_size: int) -> None:
        self._source = source
        self._known = known
        self.limit = page_size
        self._offset = 0
        self._pass: Pass | None = None
        self._whole: Tally | None = None
        self._passes = 0
        self._pages = 0
        self._received = 0
        self._started: Instant = 0
        self._last_total: int | None = None
        self._kept: dict[str, tuple[Row, ...]] = {}
        self._faults: dict[str, RowFault] = {}
        self._unreadable: set[str] = set()
        self._reading = True
        self._reasons: tuple[str, ...] = ()
        self._to_ask: list[str] = []
        self._asked = 0
        self._skipped = 0
        self._gone: set[str] = set()

    @property
    def wants(self) -> Wanted:
        if self._reading:
            return PageWanted(self._offset, self.limit)
        return JobWanted(self._to_ask[-1]) if self._to_ask else None

    def give_page(self, page: Page) -> None:
        current = self._enter(page)
        self._keep(page)
        if self._missed_the_seam(current, page):
            self._offset = max(0, self._offset - (page.received or self.limit))
            return
        current.add(page)
        if self._at_the_end(current, page):
            self._finish_pass(current)
        else:
            self._offset += page.received - (max(1, page.received // OVERLAP) if page.received > 1 else 0)

    def refuse_limit(self) -> bool:
        """The server refused so many rows a page. True if fewer may do: not after it gave as many."""
        if self._pages or self.limit <= 1:
            return False
        self.limit //= 2
        return True

    def give_job(self, row: Row | None) -> None:
        """The job that was wanted, or None where the API knows no such job."""
        wanted = self._to_ask.pop()
        self._asked += 1
        if row is not None:
            self._keep_row(row)
        elif not self._reasons:
            self._gone.add(wanted)

    def skip_job(self, why: str) -> None:
        """The API will not tell this one job. If it will not tell many, it is not asked for the others."""
        self._asked += 1
        self._skipped += 1
        skipped = self._to_ask.pop()
        self._faults[skipped] = RowFault(skipped, why)
        if self._skipped >= MAX_SKIPPED:
            self.stop_asking()

    def stop_asking(self) -> None:
        """The API would not answer for a single job: what is left is asked at the next look."""
        self._to_ask.clear()

    def result(self) -> Listing:
        seen = len(self._seen)
        nameless = self._whole.nameless.total() if self._whole else 0
        return Listing(
            source=self._source,
            started=self._started,
            rows=tuple(chain.from_iterable(self._kept.values())),
            gone=frozenset(self._gone),
            faults=(*self._faults.values(), *[RowFault("", "does not tell its id")] * nameless),
            certificate=Certificate(
                reasons=self._reasons,
                pages=self._pages,
                passes=self._passes,
                overlaps=self._received - seen,
                seen=seen,
                first_total=self._whole.total if self._whole else None,
                last_total=self._last_total,
                asked=self._asked,
                unchanged=len(self._seen - self._kept.keys() - self._unreadable),
            ),
            unseen=self._known.live - self._seen - self._kept.keys(),
            unread=frozenset(self._unreadable - self._kept.keys()),
        )

    def _enter(self, page: Page) -> Pass:
        """The pass that the page belongs to, with the page counted in it."""
        self._pages += 1
        self._received += len(page.rows)
        self._last_total = page.total
        current = self._pass
        if current is None:
            self._passes += 1
            known_before = len(self._seen)
            old_before = self._whole.old if self._whole else 0
            current = self._pass = Pass(page, Tally(page), known_before, old_before)
        else:
            news = current.tally.add(page)
            current.idle = 0 if news else current.idle + 1
        if self._whole is None:
            self._whole, self._started = current.tally, page.at
        elif self._whole is not current.tally:
            self._whole.add(page)
        return current

    def _keep(self, page: Page) -> None:
        for row in page.rows:
            self._keep_row(row)

    def _keep_row(self, row: Row) -> None:
        if row.fault:
            self._faults[row.id] = RowFault(row.id, row.fault)
        if row.job is None:
            if row.fault:
                self._unreadable.add(row.id)
            return
        kept = self._kept.get(row.id, ())
        others = (each for each in kept if each.fingerprint != row.fingerprint)
        self._kept[row.id] = tuple(sorted((*others, row), key=_updated)) if kept else (row,)

    def _missed_the_seam(self, current: Pass, page: Page) -> bool:
        """Whether the page should be asked for again a little earlier, because rows may lie between it and the last."""
        if current.touches(page):
            return False
        if not self._offset or current.steps_back >= MAX_STEPS_BACK:
            current.gapless = False
            return False
        current.steps_back += 1
        current.idle = 0
        return True

    def _at_the_end(self, current: Pass, page: Page) -> bool:
        """A total alone is not believed: a page as full as can be may have rows behind it."""
        reached = page.total is not None and self._offset + page.received >= page.total
        if current.is_short(page, self.limit) and (reached or current.idle):
            return True
        given_up = not page.received or current.idle >= IDLE_PAGES or self._pages >= MAX_PAGES
        current.gapless &= not given_up
        return given_up

    def _finish_pass(self, current: Pass) -> None:
        self._pass, self._offset = None, 0
        proven = self._whole_is_proven(current)
        news = not proven and len(self._seen) > current.known_before
        passes = MAX_PASSES if news else 1 if self._seen else 2  # an empty list is read twice before it is believed
        if self._passes < passes and self._pages < MAX_PAGES:
            return
        self._reading = False
        self._reasons = tuple(self._doubts(current, proven=proven))
        self._to_ask = self._absent()

    @property
    def _seen(self) -> set[str]:
        return self._whole.seen if self._whole else set()

    def _whole_is_proven(self, current: Pass) -> bool:
        if self._whole is None:
            return False
        return self._whole.proven or current.proves(self._last_total, news=self._whole.old > current.old_before)

    def _doubts(self, current: Pass, *, proven: bool) -> Iterable[str]:
        seen, usual = len(self._seen), self._known.usual
        if not proven:
            counted = "does not count them" if current.tally.total is None else f"counts {current.tally.total}"
            yield f"saw {seen} jobs where the API {counted}: the list moved, or is not all there"
        known = len(self._known.fingerprints)
        if not seen and (usual or known >= FEW):
            yield f"the list is empty, though it had {usual or known} jobs before"
        elif usual >= FEW and seen < usual * SHRUNK:
            yield f"the list is much shorter than usual: {seen} jobs instead of {usual}"

    def _absent(self) -> list[str]:
        """Known jobs to ask for singly, next one last. Those that were live come first; the rest take turns, because
        the order differs from look to look. A suspect listing says nothing about the absence of final jobs.
        """
        seen = self._seen
        candidates = self._known.live if self._reasons else self._known.fingerprints
        absent = [id_ for id_ in candidates if id_ not in seen]
        salt = self._started.to_bytes(8, "big", signed=True)
        turn = {id_: blake2b(id_.encode(), digest_size=8, key=salt).digest() for id_ in absent}
        absent.sort(key=lambda id_: (id_ not in self._known.live, turn[id_]))
        return absent[:ASKED_SINGLY][::-1]


def _updated(row: Row) -> Instant:
    return (row.job and row.job.updated_at) or 0
