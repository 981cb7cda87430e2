"""What proves that a reading saw everything although rows moved meanwhile. Two proofs hold: as many rows that were
there at the start as the start promised; or pages that touch each other, in an order that cannot change.
"""

from collections import Counter
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
        self.nameless: Counter[bytes] = Counter()
        self._start = as_datetime(first.at)
        self.add(first, first=True)

    def add(self, page: Page, *, first: bool = False) -> int:
        """How many of the page's rows are new to this tally."""
        before = len(self.seen)
        for row in page.rows:
            if row.id not in self.seen:
                self.seen.add(row.id)
                self.old += first or not self._newcomer(row)
        self.nameless |= Counter(page.nameless)
        return len(self.seen) - before

    def _newcomer(self, row: Row) -> bool:
        return row.created is not None and row.created > self._start

    @property
    def proven(self) -> bool:
        return self.total is not None and self.present >= self.total

    @property
    def present(self) -> int:
        """How many of the rows seen were there at the start. A row without a name is known by its content alone."""
        return self.old + self.nameless.total()


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

    def __init__(self, first: Page, tally: Tally, known_before: int, old_before: int) -> None:
        self.tally = tally
        self.known_before = known_before
        self.old_before = old_before
        self.gapless = True
        self.idle = 0
        self.steps_back = 0
        self._widest = first.received
        self._order = Order()
        self._anchor = first.marks

    def touches(self, page: Page) -> bool:
        """Whether the page shares a row with the page before it, so that nothing can lie between them."""
        return not self._anchor.isdisjoint(page.marks)

    def is_short(self, page: Page, limit: int) -> bool:
        """Whether the page brings fewer rows than it could, so that nothing follows it."""
        return page.received < (min(limit, page.limit) if page.limit else min(limit, self._widest))

    def add(self, page: Page) -> None:
        self._order.add(page.rows)
        self._anchor = page.marks

    def proves(self, last_total: int | None, *, news: bool) -> bool:
        """By count; or by touching pages in a fixed order, where what is short of the count was deleted meanwhile. The
        second proof takes a pass without `news` of rows that were there before: a page may have been cut short, and
        the order may be another, which agreed with that of creation until a row moved.
        """
        if self.tally.proven:
            return True
        if news or not (self.gapless and self._order.fixed):
            return False
        if self.tally.total is None or last_total is None:
            return True
        newcomers = len(self.tally.seen) - self.tally.old
        return self.tally.present >= last_total - newcomers
