"""What must have been told, and whether it was: a plain list of facts beside a plain list of posts. Repetitions that
nobody could have spared are counted by their cause; all others are faults of the bot.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from bot.core.jobs import Job
from tests.machine.truth import NIGHTLY, Fact, Truth, facts_named_by

ENDS = frozenset({"failed", "cancelled", "completed"})
KINDS = ENDS | {"appeared", "retried"}
ALERTS, NIGHTS = "ml-alerts", "ml-training"


class Cause(StrEnum):
    BLIND = "the history could not be read"
    RESTORED = "the state file was put back"


class Told(NamedTuple):
    place: str
    fact: Fact


@dataclass(slots=True)
class Evidence:
    """The facts that the bot was given proof of, and the newest row of each job that it was given."""

    facts: list[Fact] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)

    def take(self, truth: Truth, rows: Iterable[Job], *, silent: bool = False) -> None:
        """A look that succeeded. Rows from before what was known already prove nothing."""
        fresh = [row for row in rows if truth.version(row) > self.newest.get(row.id, -1)]
        for row in fresh:
            self.newest[row.id] = max(self.newest.get(row.id, -1), truth.version(row))
        if not silent:
            self.facts += (fact for row in fresh for fact in facts_named_by(row) if fact not in self.facts)


@dataclass(slots=True)
class Model:
    truth: Truth
    before: frozenset[Fact] = frozenset()
    evidence: Evidence = field(default_factory=Evidence)
    refused: set[Told] = field(default_factory=set)
    may_repeat: dict[Cause, Counter[Told]] = field(default_factory=lambda: {cause: Counter() for cause in Cause})

    def begin(self, rows: Sequence[Job]) -> None:
        """The baseline: what it tells is nobody's news."""
        self.before = frozenset(fact for row in rows for fact in facts_named_by(row))
        self.evidence.take(self.truth, rows, silent=True)

    def wanted(self) -> set[Told]:
        """What the rules want told, and where."""
        return {Told(place, fact) for fact in self.evidence.facts for place in self._places(fact)}

    def judge(self, epochs: Sequence[Sequence[Told]]) -> "Judgement":
        """Of the tellings, in their order, from one putting back of the state file to the next."""
        told = Counter(telling for epoch in epochs for telling in epoch)
        excess = {telling: count - 1 for telling, count in told.items() if count > 1}
        unexcused = {t for t, count in excess.items() if count > sum(may[t] for may in self.may_repeat.values())}
        return Judgement(
            wanted=len(self.wanted()),
            told=len(told),
            lost=self.wanted() - told.keys() - self.refused,
            refused=len(self.wanted() & self.refused - told.keys()),
            untrue={telling for telling in told if telling.fact not in self.truth.story(telling.fact.job)},
            repeated=unexcused,
            out_of_order=[pair for epoch in epochs for pair in self._out_of_order(epoch)],
            excused={cause: sum(min(n, may[t]) for t, n in excess.items()) for cause, may in self.may_repeat.items()},
        )

    def _places(self, fact: Fact) -> Iterable[str]:
        if fact in self.before:
            return
        if fact.kind in ENDS:
            yield ALERTS
        if self.truth.lives[fact.job][0].name.startswith(NIGHTLY):
            yield NIGHTS

    def _out_of_order(self, epoch: Sequence[Told]) -> Iterable[tuple[Told, Told]]:
        last: dict[tuple[str, str], Told] = {}
        for telling in dict.fromkeys(epoch):
            story = self.truth.story(telling.fact.job)
            before = last.get((telling.place, telling.fact.job))
            if telling.fact in story:
                if before is not None and story.index(before.fact) > story.index(telling.fact):
                    yield before, telling
                last[telling.place, telling.fact.job] = telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    wanted: int
    told: int
    lost: set[Told]
    refused: int
    untrue: set[Told]
    repeated: set[Told]
    out_of_order: list[tuple[Told, Told]]
    excused: Mapping[Cause, int]

    @property
    def faults(self) -> Mapping[str, object]:
        """Empty if all is as it should be."""
        found = {
            "lost": self.lost,
            "untrue": self.untrue,
            "repeated": self.repeated,
            "out of order": self.out_of_order,
        }
        return {name: what for name, what in found.items() if what}


@dataclass(frozen=True, slots=True)
class Copy:
    """What stands in a copy of the state file."""

    evidence: Evidence
    told: Counter[Told]

    @classmethod
    def of(cls, model: Model, epochs: Sequence[Sequence[Told]]) -> "Copy":
        return cls(deepcopy(model.evidence), Counter(telling for epoch in epochs for telling in epoch))

    def put_back(self, model: Model, epochs: Sequence[Sequence[Told]]) -> None:
        """What was told since may be told once more; what was found since and not told must be found again."""
        since = Counter(telling for epoch in epochs for telling in epoch) - self.told
        model.may_repeat[Cause.RESTORED].update(since.keys())
        model.evidence = deepcopy(self.evidence)
