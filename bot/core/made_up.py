"""Jobs that are made up, so that a rule can show what it would tell of them: always the same ones, and as much like
real ones as its globs allow.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from bot.core.alerts import Rule, glob_matches
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant, instant, write_duration
from bot.core.jobs import Field, Job, Progress, Status, own_timestamp

NOW: Final = instant(datetime(2026, 11, 23, 10, 42, 30, tzinfo=UTC))
EARLIER: Final = 600 * SECOND  # so long before, a job had failed that is tried again now
LATE: Final = 73 * 3600 * SECOND  # so long an overdue job has been as it is
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
_AFTER_FAILURE = frozenset({ChangeKind.RETRIED, ChangeKind.RECOVERED})
_PARTS = re.compile(r"\*+|\[!?+\]?+[^\]]*\]|.", re.DOTALL)  # of a glob
_LETTERS = "1234567890abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class State:
    """How a job is when a kind of change has just happened to it, and how long it has been so."""

    status: Status
    retries: int = 0
    preemptions: int = 0
    detail: str = ""
    progress: Progress | None = None
    lasted: Instant = 0


STATES = {
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
    ChangeKind.REAPPEARED: State(Status.RUNNING),
    ChangeKind.THRASHING: State(Status.PREEMPTED, preemptions=3, detail="3 times in 40m"),
    ChangeKind.OVERDUE: State(Status.RUNNING, detail=f"RUNNING for {write_duration(LATE / SECOND)}", lasted=LATE),
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


def sorts(rule: Rule, sources: Sequence[str], count: int) -> Iterator[Sort]:
    """What so many jobs of these sources may be for the rule to cover them, the most usual first."""
    pipelines, types, names = (rule.globs.get(field, ()) for field in (Field.PIPELINE, Field.TYPE, Field.NAME))

    def names_fit(name: str) -> bool:
        return all(_fits(names, filled(name, str(number))) for number in range(1, count + 1))

    usual = sorted(USUAL, key=lambda each: -_fits(pipelines, each[0]) - _fits(types, each[1]) - names_fit(each[2]))
    for pipeline, type_, name in usual:
        for source in sources:
            if _fits(rule.globs.get(Field.SOURCE, ()), source):
                yield Sort(
                    source, _bent(pipelines, pipeline), _bent(types, type_), (name,) if names_fit(name) else names
                )


def story(rule: Rule, kind: ChangeKind, sort: Sort, count: int) -> tuple[tuple[Change, ...], ...]:
    """What happens to so many jobs up to this kind of change, look by look. What follows a failure comes after one
    that was told, where the rule tells of failures.
    """
    failed = [(ChangeKind.FAILED, NOW - EARLIER)] if kind in _AFTER_FAILURE and ChangeKind.FAILED in rule.on else []
    return tuple(
        tuple(_change(sort, each, number, at - number * SECOND) for number in range(1, count + 1))
        for each, at in (*failed, (kind, NOW - STATES[kind].lasted))
    )


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


def _change(sort: Sort, kind: ChangeKind, number: int, at: Instant) -> Change:
    state = STATES[kind]
    job = Job(
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
