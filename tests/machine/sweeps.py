"""Randomised sweeps of a list that moves between any two requests: what was missed, what was taken for a change that
was none, and what the certificates were worth. Only counts: whoever calls it judges.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random

from bot.core.changes import Change, diff
from bot.core.instants import SECOND, whole_seconds
from bot.core.jobs import FINAL, Job, Status
from bot.core.listing import Listing, Row
from bot.core.memory import Past, becomes_baseline, remembered
from bot.core.sweep import ASKED_SINGLY, JobWanted, Known
from tests.core.lives import NEXT, moved
from tests.core.moving_list import MovingList, Order, known_of, made, read
from tests.machine.model import KINDS
from tests.machine.truth import Fact, fact_of, facts_named_by

SWEEPS = 5  # of one list; the last one while it stands still, and without faults
RUSH = 25  # rows, not quite, that leave the front of the list at once, or come to it
ENDS = frozenset({"failed", "cancelled", "completed"})


@dataclass(slots=True)
class Tally:
    sweeps: int = 0
    requests: int = 0
    facts: int = 0  # that rows told after the baseline
    complete: int = 0
    lacking: int = 0  # complete certificates that lacked a job that was there throughout
    missed: int = 0  # known jobs, there throughout, that a sweep should have read or asked for, and did not
    beyond: int = 0  # that it left to the next one, having asked for fifty singly
    unread: int = 0  # that had ended, and that a suspect sweep neither read nor asked for
    never_read: int = 0  # of these, those that no later sweep read either
    false_vanished: int = 0
    false_changes: int = 0
    missed_changes: int = 0  # that a row told and no sweep brought
    twice: int = 0
    suspect: Counter[str] = field(default_factory=Counter)  # by the first of their reasons


@dataclass(slots=True)
class Living(MovingList):
    """A moving list whose jobs live legal lives, and whose answers may be short or empty."""

    dice: Random = field(default_factory=lambda: Random(1))  # noqa: S311  an order to read in, not a secret
    unrest: float = 0.0  # moves between two requests,
    patience: int = 0  # for so many requests; a list that grows faster than it is read has no end
    rushing: float = 0.0  # chance that the front of the list comes and goes between two requests
    short: float = 0.0  # chance that a page is cut short
    singly: list[Row] = field(default_factory=list)
    true: set[Fact] = field(default_factory=set)

    def populate(self, count: int) -> None:
        for number in range(count):
            job = replace(made(number, status=self.dice.choice([*Status])), retry_count=0, preemption_count=0)
            ended = {Status.FAILED: "failed_at", Status.CANCELLED: "cancelled_at", Status.COMPLETED: "completed_at"}
            own = ended.get(Status(job.status))
            self.jobs[job.id] = replace(job, **{own: job.updated_at}) if own else job  # type: ignore[arg-type]
        self.true |= {fact for job in self.jobs.values() for fact in facts_named_by(job)}

    def move(self, moves: int) -> None:
        for _ in range(moves):
            self.now += self.dice.randrange(SECOND // 2, 2 * SECOND)
            match self.dice.choices(["insert", "delete", "step"], [2, 1, 4])[0]:
                case "insert":
                    self.insert()
                case "delete":
                    self.delete(self.dice.randrange(1_000))
                case _:
                    self._step()

    def insert(self) -> None:
        MovingList.insert(self)
        newest = next(reversed(self.jobs))
        self._take(replace(self.jobs[newest], status=Status.PENDING, retry_count=0, preemption_count=0))

    def stir(self, _: MovingList) -> None:
        whole, part = divmod(self.unrest, 1)
        if len(self.requests) <= self.patience:
            self.move(int(whole) + (self.dice.random() < part))
            if self.dice.random() < self.rushing:
                self.rush(self.dice.randrange(RUSH), self.dice.choice([0, self.dice.randrange(RUSH)]))

    def cut(self, _: int, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return rows[: self.dice.randrange(len(rows) + 1)] if self.dice.random() < self.short else rows

    def single(self, wanted: JobWanted, known: Known) -> Row | None:
        row = MovingList.single(self, wanted, known)
        self.singly += [row] if row else []
        return row

    def _step(self) -> None:
        jobs = [job for job in self.jobs.values() if NEXT[Status(job.status)]]
        if jobs:
            job = self.dice.choice(jobs)
            after = self.dice.choice(NEXT[Status(job.status)])
            self._take(moved(job, after, self.now, clears=self.dice.random() < 0.5, restamps=True))

    def _take(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.true.update(facts_named_by(job))


@dataclass(slots=True)
class Episode:
    """One list, swept several times, and what is remembered from sweep to sweep."""

    moving: Living
    tally: Tally
    page_size: int
    past: Past = field(default_factory=lambda: Past(memories={}, baseline=None, oldest=0))
    named: set[Fact] = field(default_factory=set)  # by a row, after the baseline
    told: dict[Fact, set[str]] = field(default_factory=dict)  # with the keys under which it was told
    unread: set[str] = field(default_factory=set)

    def sweep(self) -> None:
        moving, tally = self.moving, self.tally
        moving.requests, moving.given, moving.singly = [], [], []
        there, known = set(moving.jobs), self._known()
        listing = read(moving, known, self.page_size)
        tally.sweeps += 1
        tally.requests += len(moving.requests)
        self._judge_certificate(listing, known, there & moving.jobs.keys())
        self._conclude(listing)

    def close(self) -> None:
        missed = self.named - self.told.keys()
        self.tally.facts += len(self.named)
        self.tally.missed_changes += len(missed)
        self.tally.twice += sum(len(keys) - 1 for keys in self.told.values())
        self.tally.never_read += len(self.unread)

    def _known(self) -> Known:
        there = [memory.job for memory in self.past.memories.values() if not memory.gone]
        return known_of(there, live=[job.id for job in there if job.status not in FINAL])

    def _judge_certificate(self, listing: Listing, known: Known, throughout: set[str]) -> None:
        certificate = listing.certificate
        read_ids = {row.id for row in self.moving.given}
        lacking = throughout - read_ids
        self.tally.complete += certificate.complete
        self.tally.lacking += bool(certificate.complete and lacking)
        if not certificate.complete:
            self.tally.suspect[_kind(certificate.reasons[0])] += 1
        unread = (lacking & known.fingerprints.keys()) - {row.id for row in self.moving.singly}
        due = unread if certificate.complete else unread & known.live
        spent = certificate.asked >= ASKED_SINGLY
        self.tally.missed += 0 if spent else len(due)
        self.tally.beyond += len(due) if spent else 0
        self.tally.unread += len(unread - due)
        self.unread = {id_ for id_ in self.unread - read_ids if id_ in self.moving.jobs} | unread
        self.tally.false_vanished += len(listing.gone & self.moving.jobs.keys())

    def _conclude(self, listing: Listing) -> None:
        first = becomes_baseline(self.past, listing)
        if not first and self.past.baseline is None:
            self.past = replace(self.past, before=self.past.before + 1)
            return
        changes = diff(self.past, listing)
        self._note(changes)
        if not first:
            self.named |= {fact for job in self._news() for fact in facts_named_by(job) if self._is_new(job, fact)}
        taken = {memory.job.id: memory for memory, _ in remembered(self.past, listing, self.moving.now)}
        gone = {id_: replace(self.past.memories[id_], gone=True) for id_ in listing.gone if id_ in self.past.memories}
        baseline = listing.started if first else self.past.baseline
        self.past = replace(self.past, memories={**self.past.memories, **taken, **gone}, baseline=baseline)

    def _news(self) -> Iterable[Job]:
        """The rows read that are newer than the memory."""
        for row in (*self.moving.given, *self.moving.singly):
            memory = self.past.memories.get(row.id)
            if row.job and (memory is None or (row.job.updated_at or 0) > (memory.job.updated_at or 0)):
                yield row.job

    def _is_new(self, job: Job, fact: Fact) -> bool:
        """Of a newcomer, what ended before the baseline is old: one that did not add up may not have brought it."""
        memory = self.past.memories.get(job.id)
        if memory is None:
            return fact.kind not in ENDS or fact.mark >= whole_seconds(self.past.baseline or 0)
        return fact not in facts_named_by(memory.job)

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.kind in KINDS:
                fact = fact_of(change.key)
                self.told.setdefault(fact, set()).add(change.key)
                self.tally.false_changes += fact not in self.moving.true


def sweep_at_random(sweeps: int, seed: int = 1) -> Tally:
    chance, tally = Random(seed), Tally()  # noqa: S311  a drawing of lots, not a secret
    while tally.sweeps < sweeps:
        _play(chance, tally)
    return tally


def _play(chance: Random, tally: Tally) -> None:
    moving = Living({}, chance.choice([*Order]), dice=chance, chance=chance)
    moving.populate(chance.randrange(90))
    moving.clamp = chance.choice([3, 7, 20, 200])
    moving.echoes_limit = chance.random() < 0.5
    moving.refuse_over = chance.choice([None, None, 50, 5])
    counted = chance.random() < 0.7
    moving.total = (lambda count: count) if counted else (lambda _: None)
    moving.between, moving.answer = moving.stir, moving.cut
    episode = Episode(moving, tally, chance.choice([2, 5, 20, 100]))
    for _ in range(SWEEPS - 1):
        moving.unrest = chance.choice([0.0, 0.2, 1.0, 3.0])
        moving.rushing = chance.choice([0.0, 0.0, 0.1, 0.5])
        moving.short, moving.patience = chance.choice([0.0, 0.0, 0.1]) if counted else 0.0, chance.randrange(100)
        episode.sweep()
        moving.move(chance.randrange(6))
    moving.unrest = moving.rushing = moving.short = 0.0
    episode.sweep()
    episode.close()


def _kind(reason: str) -> str:
    """The reason without its numbers."""
    return re.sub(r"\d+", "#", reason)
