"""The figures of the sweeps and of the stale looks, each with what it must be, as one table."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.tables import Line, Sheet
from tests.machine.stale import StaleLooks
from tests.machine.sweeps import Tally

_HEAD = ("at random", "figure", "must be")


@dataclass(frozen=True, slots=True)
class Figure:
    """`bound` is what it must be, None where it is only told; `least` is how much of it there must be."""

    words: str
    value: int
    bound: int | None = None
    least: int = 0

    @property
    def holds(self) -> bool:
        return self.value == self.bound if self.bound is not None else self.value >= self.least


def of_sweeps(tally: Tally) -> Iterable[Figure]:
    yield Figure("moving list: sweeps", tally.sweeps)
    yield Figure("requests, and the list moved between any two", tally.requests)
    yield Figure("complete certificates", tally.complete)
    yield Figure("complete certificates that lacked a job that was there throughout", tally.lacking, 0)
    yield Figure("known jobs missed", tally.missed, 0)
    yield Figure("known live jobs left to the next look, after fifty were asked for singly", tally.beyond)
    yield Figure("known ended jobs that a suspect sweep did not bring", tally.unread)
    yield Figure("of these never brought by a later sweep", tally.never_read)
    yield Figure("facts that rows told", tally.facts)
    yield Figure("missed changes", tally.missed_changes, 0)
    yield Figure("false changes", tally.false_changes, 0)
    yield Figure("jobs called vanished that were there", tally.false_vanished, 0)
    yield Figure("facts with two keys", tally.twice, 0)
    for reason, count in tally.suspect.most_common():
        yield Figure(f"suspect: {reason}", count)


def of_stale_looks(stale: StaleLooks) -> Iterable[Figure]:
    judged = stale.judgement
    yield Figure("stale: looks", stale.looks)
    yield Figure("answers", stale.answers)
    yield Figure("of these from the past", stale.stale)
    yield Figure("tellings wanted", judged.wanted)
    yield Figure("lost", len(judged.lost), 0)
    yield Figure("told twice", len(judged.repeated) + sum(judged.excused.values()), 0)
    yield Figure("told, and never happened", len(judged.untrue), 0)
    yield Figure("told out of order", len(judged.out_of_order), 0)


def sheet(figures: Iterable[Figure]) -> Sheet:
    return Sheet(_HEAD, [Line(_cells(figure), figure.holds) for figure in figures])


def _cells(figure: Figure) -> tuple[str, ...]:
    return figure.words, f"{figure.value:,}", _due(figure)


def _due(figure: Figure) -> str:
    if figure.bound is not None:
        return str(figure.bound)
    return f"at least {figure.least:,}" if figure.least else ""
