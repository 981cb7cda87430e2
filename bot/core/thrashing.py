"""Jobs that lose their place again and again: so many preemptions within a window. The ledger knows the earlier ones;
a preemption counts as of when it was found, since a row does not date it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant, length, write_duration
from bot.core.jobs import FINAL


@dataclass(frozen=True, slots=True)
class Thrashing:
    """How many preemptions within how long are too many."""

    times: int = 3
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Spell:
    """What the window holds of a job: when the first of its preemptions was found, how many they are, and whether they
    were told to be too many. The job's own count of them may begin anew meanwhile.
    """

    since: Instant
    times: int
    told: bool = False


def with_thrashing(
    changes: Iterable[Change], spells: Mapping[str, Spell], limit: Thrashing, now: Instant
) -> Iterator[Change]:
    """The changes of one source; where a preemption was one too many, that it was. `spells` by job id."""
    for id_, group in groupby(changes, lambda change: change.job.id):
        yield from _of_job([*group], spells.get(id_), limit, now)


def _of_job(changes: list[Change], spell: Spell | None, limit: Thrashing, now: Instant) -> list[Change]:
    """That it was stands last, so that the job stands so until it goes on; where it has ended, after the preemption."""
    for place, change in enumerate(changes, 1):
        if change.kind is not ChangeKind.PREEMPTED or change.old:
            continue
        spell = replace(spell, times=spell.times + change.times) if spell else Spell(now, change.times)
        if spell.times >= limit.times and not spell.told:
            so_far = changes[:place] if changes[-1].status in FINAL else changes
            found = _too_many(change, so_far[-1].status, spell.times, now - spell.since)
            return [*so_far, found, *changes[len(so_far) :]]
    return changes


def dated(changes: Iterable[Change], gap: Instant, limit: Thrashing) -> Iterator[Change]:
    """Of preemptions found after a gap longer than the window one counts: nobody knows when the others were."""
    for change in changes:
        late = change.kind is ChangeKind.PREEMPTED and gap > length(limit.within)
        yield replace(change, times=1) if late else change


def _too_many(change: Change, status: str, times: int, took: Instant) -> Change:
    detail = f"{times} times {_within(took // SECOND)}"
    return replace(change, kind=ChangeKind.THRASHING, was=status, status=status, inferred=False, detail=detail)


def _within(seconds: int) -> str:
    if not seconds:
        return "between two looks"
    return f"in {write_duration(seconds - seconds % 60 or seconds).removesuffix(' 0s')}"
