"""Stories that are sure to happen among all that chance brings: bursts, evictions, long waits, failures without a word.
Pure tables and draws from a given source of chance; the agenda carries them out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeAlias

from bot.sandbox.jobs_samples import ERRORS, PIPELINES, Pipeline
from bot.sandbox.jobs_sim import Happened


class Step(NamedTuple):
    """It happens so many seconds after the one before."""

    what: Happened
    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a job; `error` is what its failures say, `spoiled` how many inputs have failed once it completes.
    Ends early if somebody else moves the job.
    """

    steps: tuple[Step, ...]
    error: object = None
    spoiled: int = 0


Arrival: TypeAlias = tuple[Pipeline, Fate]

_RUNS = (Step(Happened.ADMITTED, 1, 2), Step(Happened.STARTED, 1, 2))
_FAILS = (*_RUNS, Step(Happened.FAILED, 4, 8))
_RETRIED = (Step(Happened.RETRIED, 14, 22),)
_COMPLETES = (*_RUNS, Step(Happened.COMPLETED, 6, 15))
_EVICTED = (*_RUNS, Step(Happened.PREEMPTED, 4, 8))

RECOVERS = _FAILS + _RETRIED + _COMPLETES
FAILS_TWICE = _FAILS + _RETRIED + RECOVERS
EVICTED_OFTEN = _EVICTED * 3 + _COMPLETES
WAITS_LONG = (Step(Happened.ADMITTED, 600, 1200), *_COMPLETES[1:])

_IN_A_BURST = {RECOVERS: 6, FAILS_TWICE: 2, _FAILS: 1}
_WORDS = [error for error in ERRORS if error]
_NO_WORDS = [error for error in ERRORS if not error]


def burst(chance: Random) -> list[Arrival]:
    """Several jobs of one pipeline fail within seconds, with one error; most recover when they are tried again."""
    pipeline, error = chance.choice(PIPELINES), chance.choice(_WORDS)
    fates = chance.choices(list(_IN_A_BURST), list(_IN_A_BURST.values()), k=chance.randint(3, 6))
    return [(pipeline, Fate(steps, error)) for steps in fates]


def story(chance: Random) -> list[Arrival]:
    """One of all, drawn by its weight."""
    return chance.choices(list(_STORIES), list(_STORIES.values()))[0](chance)


def _evicted(chance: Random) -> list[Arrival]:
    return [(chance.choice(PIPELINES), Fate(EVICTED_OFTEN))]


def _spoiled(chance: Random) -> list[Arrival]:
    return [(chance.choice(PIPELINES), Fate(_COMPLETES, spoiled=chance.randint(1, 4)))]


def _mute(chance: Random) -> list[Arrival]:
    return [(chance.choice(PIPELINES), Fate(_FAILS, chance.choice(_NO_WORDS)))]


def _waiting(chance: Random) -> list[Arrival]:
    return [(chance.choice(PIPELINES), Fate(WAITS_LONG))]


_STORIES: dict[Callable[[Random], list[Arrival]], int] = {burst: 4, _evicted: 2, _spoiled: 2, _mute: 2, _waiting: 1}
