"""A paged list of jobs that moves between any two requests, in plain values; and a reader that drives a sweep over it.
Remembers what it was asked and what it gave, so that a test can say what a reading must have seen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random

from bot.core.instants import SECOND, Instant, as_datetime
from bot.core.jobs import Job
from bot.core.listing import Listing, Page, Row
from bot.core.sweep import JobWanted, Known, PageWanted, Sweep

START: Instant = 1_795_435_200 * SECOND
BETWEEN = SECOND // 20  # from one request to the next


class Order(Enum):
    CREATED_DESC = auto()
    CREATED_ASC = auto()
    UPDATED_DESC = auto()
    RANDOM = auto()


BY_CREATION = (Order.CREATED_DESC, Order.CREATED_ASC)


def made(number: int, *, status: str = "COMPLETED", created: Instant | None = None) -> Job:
    at = START - (1_000_000 - number) * SECOND if created is None else created
    return Job(source="prod", id=f"job_{number}", status=status, created_at=at, updated_at=at)


def print_of(job: Job) -> bytes:
    return f"{job.id}/{job.status}/{job.updated_at}".encode()


def known_of(jobs: Iterable[Job], *, live: Iterable[str] = (), usual: int | None = None) -> Known:
    prints = {job.id: print_of(job) for job in jobs}
    return Known(prints, frozenset(live), len(prints) if usual is None else usual)


@dataclass(slots=True)
class MovingList:
    jobs: dict[str, Job]
    order: Order = Order.CREATED_DESC
    clamp: int = 200
    echoes_limit: bool = True
    refuse_over: int | None = None
    total: Callable[[int], int | None] = lambda count: count
    ignores_offset: bool = False
    nameless: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    answer: Callable[[int, tuple[Row, ...]], tuple[Row, ...]] = lambda _, rows: rows
    between: Callable[["MovingList"], object] = lambda _: None
    now: Instant = START
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311  an order to read in, not a secret
    requests: list[PageWanted | JobWanted] = field(default_factory=list)
    given: list[Row] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    inserted: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, count: int, order: Order = Order.CREATED_DESC) -> "MovingList":
        jobs = [made(number) for number in range(count)]
        return cls({job.id: job for job in jobs}, order)

    @property
    def throughout(self) -> set[str]:
        return self.jobs.keys() - self.inserted

    def insert(self) -> None:
        job = made(len(self.jobs) + len(self.deleted) + 1_000, created=self.now)
        self.jobs[job.id] = job
        self.inserted.add(job.id)

    def delete(self, number: int) -> None:
        if self.jobs:
            id_ = sorted(self.jobs)[number % len(self.jobs)]
            del self.jobs[id_]
            self.deleted.add(id_)

    def rush(self, deleted: int, inserted: int) -> None:
        """So many rows leave the front of the list at once, and new ones come."""
        for job in self._in_order()[:deleted]:
            del self.jobs[job.id]
            self.deleted.add(job.id)
        for _ in range(inserted):
            self.now += 1
            self.insert()

    def touch(self, number: int, status: str = "FAILED") -> None:
        if self.jobs:
            old = self.jobs[sorted(self.jobs)[number % len(self.jobs)]]
            self.jobs[old.id] = Job(
                source=old.source, id=old.id, status=status, created_at=old.created_at, updated_at=self.now
            )

    def page(self, wanted: PageWanted, known: Known) -> Page:
        limit = min(wanted.limit, self.clamp)
        offset = 0 if self.ignores_offset else wanted.offset
        shown = self._in_order()[offset : offset + limit]
        rows = tuple(self._row(job, known) for job in shown if job.id not in self.nameless)
        lost = tuple(job.id.encode() for job in shown if job.id in self.nameless)
        rows = self.answer(len(self.requests), rows)
        self.given += rows
        echoed = limit if self.echoes_limit else None
        return Page(self.total(len(self.jobs)), echoed, rows, lost, self.now // SECOND * SECOND)

    def single(self, wanted: JobWanted, known: Known) -> Row | None:
        job = self.jobs.get(wanted.id)
        return None if job is None else self._row(job, known)

    def _row(self, job: Job, known: Known) -> Row:
        same = known.fingerprints.get(job.id) == print_of(job)
        fault = "status is missing or no text" if job.id in self.unreadable else ""
        created = None if job.created_at is None else as_datetime(job.created_at)
        return Row(job.id, created, print_of(job), None if same or fault else job, fault)

    def _in_order(self) -> Sequence[Job]:
        match self.order:
            case Order.CREATED_DESC:
                return sorted(self.jobs.values(), key=lambda job: (job.created_at or 0, job.id), reverse=True)
            case Order.CREATED_ASC:
                return sorted(self.jobs.values(), key=lambda job: (job.created_at or 0, job.id))
            case Order.UPDATED_DESC:
                return sorted(self.jobs.values(), key=lambda job: (job.updated_at or 0, job.id), reverse=True)
            case Order.RANDOM:
                return self.chance.sample(list(self.jobs.values()), len(self.jobs))


def read(moving: MovingList, known: Known | None = None, page_size: int = 100, *, at_most: int = 3_000) -> Listing:
    """Reads the list as the client of the API does. Between two requests it moves."""
    known = known or Known()
    sweep = Sweep("prod", known, page_size)
    while (wanted := sweep.wants) is not None:
        if moving.requests:
            moving.between(moving)
        moving.now += BETWEEN
        moving.requests.append(wanted)
        assert len(moving.requests) <= at_most, "the sweep does not end"
        match wanted:
            case PageWanted(limit=limit) if moving.refuse_over is not None and limit > moving.refuse_over:
                assert sweep.refuse_limit()
            case PageWanted():
                sweep.give_page(moving.page(wanted, known))
            case JobWanted():
                sweep.give_job(moving.single(wanted, known))
    return sweep.result()
