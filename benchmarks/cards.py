"""Cards: a look in which a thousand jobs fail, and what it costs to decide, to group and to render what is told of it;
then the same of a look in which all are retried. The floor writes the same cards and messages as JSON, once.
"""

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchmarks import floors
from benchmarks.figures import Row, Sample, below, beside_floor, milliseconds
from benchmarks.looks import first_look, opened
from benchmarks.processes import Stopwatch, alone
from benchmarks.world import Failing, World
from bot.clock import now
from bot.core.alerts import Alert, Rule, decide
from bot.core.board import Board, Composed, Terms, compose, followed
from bot.core.cards import Face
from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant
from bot.core.jobs import Status
from bot.core.likeness import likeness
from bot.core.messages import ThreadReply
from bot.poll import Look, Looked, poll_once
from bot.slack.render import render_face, render_message
from bot.store.cards import draw
from bot.store.store import Store

AT_MOST = 0.200  # seconds of processor time
RULES = (
    Rule(name="vanished", to=("#ml-training",), on=frozenset({ChangeKind.VANISHED}), globs={}),
    Rule(name="failures", to=("#ml-alerts",), globs={}, mention=("@U0SANDBOX1",)),
)
URLS = {"default": "https://console.example/jobs/{job_id}"}


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of processor time: of the look and its floor, of what is told of the failures, and of the retries."""

    look: tuple[Sample, Sample]
    failures: tuple[Sample, Sample]
    retries: tuple[Sample, Sample]


def cards(failing: Failing, folder: Path, times: int) -> list[Row]:
    state = folder / f"failing-{failing.long}.db"
    alone(first_look, failing.world, state)
    failing.fail()
    measured = alone(measure, failing.world, state, times)
    many, errors = f"{failing.jobs:,}", ", long errors" if failing.long else ""
    look = f"look at {failing.world.jobs:,} jobs, {many} of them failed{errors}: processor time"
    told = {
        f"grouping and rendering these {many} alerts{errors}: processor time": measured.failures,
        f"grouping and rendering {many} retries{errors}: processor time": measured.retries,
    }
    rows = {what: beside_floor(what, ours, floor, milliseconds) for what, (ours, floor) in told.items()}
    return [
        beside_floor(look, *measured.look, milliseconds),
        *(below(row, max(told[what][0]), AT_MOST, milliseconds, "most") for what, row in rows.items()),
    ]


def measure(world: World, state: Path, times: int) -> Measured:
    return asyncio.run(_measure(world, state, times))


async def _measure(world: World, state: Path, times: int) -> Measured:
    looks, failures, retries = [], [], []
    async with floors.client(world.url, world.key) as http:
        for number in range(times):
            copy = state.with_name(f"failed-{number}.db")
            shutil.copy(state, copy)
            async with opened(world, copy) as (api, store):
                watch = Stopwatch()
                look = await poll_once(api, store.looks, RULES, URLS, now)
                ours, watch = watch.cost().cpu, Stopwatch()
                await floors.read_all(http)
                looks.append((ours, watch.cost().cpu))
                changes = _changes(look)
                failures.append(await _told(store, changes, Board()))
                again = [_retried(change) for change in changes]
                retries.append(await _told(store, again, await _board(store, again)))
    return Measured(_samples(looks), _samples(failures), _samples(retries))


def _samples(pairs: Iterable[tuple[float, float]]) -> tuple[Sample, Sample]:
    ours, floor = zip(*pairs, strict=True)
    return ours, floor


def _changes(look: Look) -> list[Change]:
    """A look that measures what it should: it found jobs that failed, and a rule for each."""
    if not isinstance(look, Looked) or not look.verdicts or not all(isinstance(v, Alert) for v in look.verdicts):
        raise AssertionError(look)
    return [verdict.change for verdict in look.verdicts]


def _retried(change: Change) -> Change:
    job = replace(change.job, status=Status.PENDING, retry_count=1, updated_at=now())
    return replace(
        change, job=job, kind=ChangeKind.RETRIED, was=change.status, status=job.status, retry_count=1, at=None
    )


async def _board(store: Store, changes: list[Change]) -> Board:
    at = now()
    async with store.looks.transaction() as ledger:
        return await ledger.board(changes, at, at)


async def _told(store: Store, changes: list[Change], board: Board) -> tuple[float, float]:
    """What it costs to tell them, and its floor. Between, untimed, the store keeps the cards and draws them."""
    likeness.cache_clear()
    at, watch = now(), Stopwatch()
    verdicts = decide(changes, RULES, (), {}, followed(board))
    composed = compose(verdicts, board, Terms(RULES, {}, URLS), at)
    grouped = watch.cost().cpu
    faces = await _drawn(store, composed, at)
    watch = Stopwatch()
    rendered = [render_face(face) for face in faces]
    rendered += [render_message(message, None) for message in composed.messages if isinstance(message, ThreadReply)]
    ours, watch = grouped + watch.cost().cpu, Stopwatch()
    msgspec.json.encode((composed, rendered))
    return ours, watch.cost().cpu


async def _drawn(store: Store, composed: Composed, at: Instant) -> list[Face]:
    async with store.looks.transaction() as ledger:
        await ledger.compose(composed, at)
    async with store.db.transaction() as db:
        return [await draw(db, card, card.mentions) for card in composed.cards]
