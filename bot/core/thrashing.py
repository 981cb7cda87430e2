"""Jobs that lose their place again and again: so many preemptions within a window. The ledger knows the earlier ones;
a preemption counts as of when it was found, since a row does not date it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant, write_duration


@dataclass(frozen=True, slots=True)
class Thrashing:
    """How many preemptions within how long are too many."""

    times: int = 3
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Spell:
    """What the window holds of a job: when the first of its preemptions was found, the job's count of them with that
    one, and whether they were told to be too many.
    """

    since: Instant
    count: int
    told: bool = False


def with_thrashing(
    changes: Iterable[Change], spells: Mapping[str, Spell], limit: Thrashing, now: Instant
) -> Iterator[Change]:
    """The changes of one source, and after the preemption that was one too many, that it was. `spells` by job id."""
    spells = dict(spells)
    for change in changes:
        yield change
        if change.kind is not ChangeKind.PREEMPTED or change.old:
            continue
        spell = spells.setdefault(change.job.id, Spell(now, change.preemption_count - change.times + 1))
        times = change.preemption_count - spell.count + 1
        if times >= limit.times and not spell.told:
            yield _too_many(change, times, now - spell.since)
            spells[change.job.id] = replace(spell, told=True)


def undated(changes: Iterable[Change]) -> Iterator[Change]:
    """Found after a gap that is longer than the window, preemptions count as one: nobody knows when the others were."""
    for change in changes:
        yield replace(change, times=1) if change.kind is ChangeKind.PREEMPTED else change


def _too_many(change: Change, times: int, took: Instant) -> Change:
    detail = f"{times} times {_within(took // SECOND)}"
    return replace(change, kind=ChangeKind.THRASHING, was=change.status, inferred=False, detail=detail)


def _within(seconds: int) -> str:
    if not seconds:
        return "between two looks"
    return f"in {write_duration(seconds - seconds % 60 or seconds).removesuffix(' 0s')}"
