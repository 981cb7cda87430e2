"""Jobs that are made up, so that a rule can show what it would tell of them: always the same ones, and as much like
real ones as its globs allow.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from bot.core.alerts import Rule, glob_matches
from bot.core.changes import Change, ChangeKind
from bot.core.deadlines import LIVE, Deadline, overdue, patience
from bot.core.instants import SECOND, Instant, instant, length
from bot.core.jobs import Field, Job, Progress, Status, own_timestamp
from bot.core.memory import Memory, Past
from bot.core.thrashing import Spell, Thrashing, with_thrashing

NOW: Final = instant(datetime(2026, 11, 23, 10, 42, 30, tzinfo=UTC))
EARLIER: Final = 600 * SECOND  # so long before, a job had failed that is tried again now
STAGES: Final = (Status.RUNNING, *(status for status in LIVE if status is not Status.RUNNING))  # to be late in
ERRORS = (
    "CUDA out of memory. Tried to allocate {number}.50 GiB (GPU 0; 15.78 GiB total capacity)",
    "Worker ran out of memory and the retry limit was reached",
    "Input s3://plant-7/line-{number}/2026-11-23.parquet does not exist",
)
USUAL = (
    ("machine-state-classification", "batch", "press-line-* vibration states"),
    ("fine-tuning-omega", "training", "nightly-train-*"),
    ("activity-detection", "batch", "dock-camera-* activity"),
)
_WATCHED = Past({}, baseline=0, oldest=0)
_AFTER_FAILURE = frozenset({ChangeKind.RETRIED, ChangeKind.RECOVERED})
_PARTS = re.compile(r"\*+|\[!?+\]?+[^\]]*\]|.", re.DOTALL)  # of a glob
_LETTERS = "1234567890abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class State:
    """How a job is when a kind of change has just happened to it."""

    status: str
    retries: int = 0
    preemptions: int = 0
    detail: str = ""
    progress: Progress | None = None


STATES = {  # of those that depend on no setting
    ChangeKind.APPEARED: State(Status.PENDING),
    ChangeKind.ADMITTED: State(Status.ADMITTED),
    ChangeKind.STARTED: State(Status.RUNNING),
    ChangeKind.COMPLETED: State(Status.COMPLETED),
    ChangeKind.FAILED: State(Status.FAILED),
    ChangeKind.CANCELLED: State(Status.CANCELLED),
    ChangeKind.PREEMPTED: State(Status.PREEMPTED, preemptions=1),
    ChangeKind.RETRIED: State(Status.PENDING, retries=1),
    ChangeKind.VANISHED: State(Status.RUNNING),
    ChangeKind.RECOVERED: State(Status.COMPLETED, retries=1),
    ChangeKind.INCOMPLETE: State(Status.COMPLETED, detail="3 of 40 inputs", progress=Progress(0, 0, 37, 3)),
    ChangeKind.REAPPEARED: State(Status.RUNNING, detail=Status.RUNNING),
    ChangeKind.REQUEUED: State(Status.PENDING, preemptions=1),
    ChangeKind.MOVED: State("SUSPENDED", detail="SUSPENDED"),
}


@dataclass(frozen=True, slots=True)
class Sort:
    """Jobs that differ in their numbers: these stand for the first star of `names`, which they take in turn."""

    source: str
    pipeline: str
    type: str
    names: tuple[str, ...]

    def name(self, number: int) -> str:
        return filled(self.names[(number - 1) % len(self.names)], str(number))


def sorts(rule: Rule, sources: Sequence[str], count: int, deadlines: Iterable[Deadline] = ()) -> Iterator[Sort]:
    """What so many jobs of these sources may be for the rule to cover them, the most usual first; then what one of the
    deadlines may cover too.
    """
    yield from _sorts(rule.globs, sources, count)
    for deadline in deadlines:
        yield from _sorts({**rule.globs, **deadline.globs}, sources, count)
        yield from _sorts({**deadline.globs, **rule.globs}, sources, count)


def _sorts(globs: Mapping[Field, Sequence[str]], sources: Sequence[str], count: int) -> Iterator[Sort]:
    pipelines, types, names = (globs.get(field, ()) for field in (Field.PIPELINE, Field.TYPE, Field.NAME))

    def names_fit(name: str) -> bool:
        return all(_fits(names, filled(name, str(number))) for number in range(1, count + 1))

    usual = sorted(USUAL, key=lambda each: -_fits(pipelines, each[0]) - _fits(types, each[1]) - names_fit(each[2]))
    for pipeline, type_, name in usual:
        for source in sources:
            if _fits(globs.get(Field.SOURCE, ()), source):
                yield Sort(
                    source,
                    _bent(pipelines, pipeline),
                    _bent(types, type_),
                    (name,) if names_fit(name) else tuple(names),
                )


def story(
    rule: Rule, kind: ChangeKind, sort: Sort, count: int, deadlines: Sequence[Deadline], thrashing: Thrashing
) -> tuple[tuple[Change, ...], ...]:
    """What happens to so many jobs up to this kind of change, look by look. What follows a failure comes after one
    that was told, where the rule tells of failures. Jobs that no deadline covers are never overdue: there are fewer.
    """
    numbers = range(1, count + 1)
    if kind is ChangeKind.OVERDUE:
        return (tuple(change for number in numbers for change in _overdue(sort, number, deadlines)),)
    if kind is ChangeKind.THRASHING:
        return (tuple(_thrashing(sort, number, thrashing) for number in numbers),)
    failed = [(ChangeKind.FAILED, NOW - EARLIER)] if kind in _AFTER_FAILURE and ChangeKind.FAILED in rule.on else []
    return tuple(
        tuple(_change(sort, each, STATES[each], number, at - number * SECOND) for number in numbers)
        for each, at in (*failed, (kind, NOW))
    )


def _overdue(sort: Sort, number: int, deadlines: Sequence[Deadline]) -> Iterator[Change]:
    """The job has been for a little longer in a status than it may, if there is such a status."""
    for status in STAGES:
        job = _job(sort, State(status), number, NOW)
        if after := patience(deadlines, job):
            since = NOW - number * SECOND - length(after + after / 72)
            memory = Memory(_job(sort, State(status), number, since), since, first_seen=since)
            yield from overdue([memory], deadlines, _WATCHED, NOW)
            return


def _thrashing(sort: Sort, number: int, thrashing: Thrashing) -> Change:
    """The job was preempted just once too often, over the better part of the window."""
    state = State(Status.PREEMPTED, preemptions=thrashing.times)
    preempted = _change(sort, ChangeKind.PREEMPTED, state, number, NOW - number * SECOND)
    spell = Spell(NOW - length(thrashing.within * 2 / 3), thrashing.times - 1)
    *_, change = with_thrashing([preempted], {preempted.job.id: spell}, thrashing, NOW)
    return change


def filled(glob: str, text: str) -> str:
    """What the glob matches, if anything does: its first star stands for the text, the others for nothing."""
    made, missing = "", text
    for part, after in pairwise([*_PARTS.findall(glob), ""]):
        if part.startswith("*"):
            made += _between(made, missing, after)
            missing = ""
        else:
            made += part if len(part) == 1 and part != "?" else _letter(part)
    return made


def _between(before: str, text: str, after: str) -> str:
    """The text, with a dash where a word stands beside it."""
    if not text:
        return ""
    return f"{'-' if before[-1:].isalnum() else ''}{text}{'-' if after.isalnum() else ''}"


def _letter(part: str) -> str:
    return next((letter for letter in (*_LETTERS, *part) if glob_matches(part, letter)), "")


def _fits(globs: Sequence[str], text: str) -> bool:
    return not globs or any(glob_matches(glob, text) for glob in globs)


def _bent(globs: Sequence[str], usual: str) -> str:
    return usual if _fits(globs, usual) else filled(globs[0], "alpha")


def _job(sort: Sort, state: State, number: int, at: Instant) -> Job:
    """That has come to its status at this instant."""
    return Job(
        source=sort.source,
        id=f"job_{number:026d}",
        status=state.status,
        name=sort.name(number),
        pipeline_type=sort.type,
        pipeline_key=sort.pipeline,
        retry_count=state.retries,
        preemption_count=state.preemptions,
        updated_at=at,
        started_at=at,
        completed_at=at if state.status is Status.COMPLETED else None,
        failed_at=at if state.status is Status.FAILED else None,
        cancelled_at=at if state.status is Status.CANCELLED else None,
        error=ERRORS[(number - 1) % len(ERRORS)].format(number=number) if state.status is Status.FAILED else "",
        progress=state.progress,
    )


def _change(sort: Sort, kind: ChangeKind, state: State, number: int, at: Instant) -> Change:
    job = _job(sort, state, number, at)
    return Change(
        job=job,
        kind=kind,
        was=None,
        status=job.status,
        retry_count=job.retries,
        preemption_count=job.preemptions,
        at=own_timestamp(job, job.status),
        detail=state.detail,
    )
