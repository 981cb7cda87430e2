"""What proves that a reading saw everything although rows moved meanwhile. Two proofs hold: as many rows that were
there at the start as the start promised; or pages that touch each other, in an order that cannot change.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from bot.core.instants import as_datetime
from bot.core.listing import Page, Row

SURE_OF_ORDER = 20  # neighbours in strict order of creation, before the list counts as so ordered


class Tally:
    """Counts the rows seen that were there when its first page was read."""

    def __init__(self, first: Page) -> None:
        self.total = first.total
        self.seen: set[str] = set()
        self.old = 0
        self._start = as_datetime(first.at)
        self.add(first, first=True)

    def add(self, page: Page, *, first: bool = False) -> int:
        """How many of the page's rows are new to this tally."""
        before = len(self.seen)
        for row in page.rows:
            if row.id not in self.seen:
                self.seen.add(row.id)
                self.old += first or not self._newcomer(row)
        return len(self.seen) - before

    def _newcomer(self, row: Row) -> bool:
        return row.created is not None and row.created > self._start

    def proves(self, nameless: int) -> bool:
        return self.total is not None and self.old + nameless >= self.total


class Order:
    """Whether pages come strictly ordered by creation, which never changes, so that no row can jump past the reader."""

    def __init__(self) -> None:
        self._rising = self._falling = True
        self._pairs = 0

    def add(self, rows: Iterable[Row]) -> None:
        times = [row.created for row in rows]
        known = [at for at in times if at is not None]
        self._pairs += len(known) - 1
        self._rising &= len(known) == len(times) and _strictly_rising(known)
        self._falling &= len(known) == len(times) and _strictly_rising(known[::-1])

    @property
    def fixed(self) -> bool:
        return (self._rising or self._falling) and self._pairs >= SURE_OF_ORDER


def _strictly_rising(times: list[datetime]) -> bool:
    return all(earlier < later for earlier, later in pairwise(times))


class Pass:
    """One reading of the list from its first row to its last."""

    def __init__(self, first: Page, tally: Tally, known_before: int) -> None:
        self.tally = tally
        self.known_before = known_before
        self.touching = True
        self.idle = 0
        self.steps_back = 0
        self.nameless = 0
        self._order = Order()
        self._anchor: frozenset[str] = frozenset(row.id for row in first.rows)

    def touches(self, page: Page) -> bool:
        """Whether the page shares a row with the page before it, so that nothing can lie between them."""
        return any(row.id in self._anchor for row in page.rows)

    def add(self, page: Page) -> None:
        self._order.add(page.rows)
        self._anchor = frozenset(row.id for row in page.rows)
        self.nameless += page.nameless

    def proves(self, last_total: int | None) -> bool:
        """By count; or by touching pages in a fixed order, where what is short of the count was deleted meanwhile."""
        if self.tally.proves(self.nameless):
            return True
        if not (self.touching and self._order.fixed):
            return False
        if self.tally.total is None or last_total is None:
            return True
        newcomers = len(self.tally.seen) - self.tally.old
        return self.tally.old + self.nameless >= last_total - newcomers
