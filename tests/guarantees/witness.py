"""A bot that nobody disturbs sees the same jobs and speaks to nobody: what its cards would show in the end is what
every card must show.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.alerts import Rule
from bot.core.cards import Card, Face
from bot.core.changes import ChangeKind
from bot.core.instants import SECOND, Instant
from bot.explain import Explainer
from bot.jobs_api.client import JobsApi, connect
from bot.poll import Looked, poll_once
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.reading import read_mrkdwn, rendered_text
from bot.slack.render import render_face, render_plain_face
from bot.sql.sqlite import Connection
from bot.store.cards import draw
from bot.store.rows import card_of
from bot.store.store import Store, open_store
from tests.guarantees.drawing import Drawn, Look
from tests.samples import KEEP


@dataclass(frozen=True, slots=True)
class Witness:
    store: Store
    api: JobsApi
    rules: Sequence[Rule]
    clock: Callable[[], Instant]

    async def look(self) -> None:
        look = await poll_once(self.api, self.store.looks, self.rules, {}, self.clock)
        assert isinstance(look, Looked), look
        await Explainer(self.api, self.store.looks, self.clock).explain()

    async def drawn(self) -> list[Drawn]:
        """Every card there must be."""
        async with self.store.db.transaction() as db:
            rows = await db.query("SELECT body FROM cards", {})
            return [await _drawn(db, card_of(row), self.clock()) for row in rows]


async def _drawn(db: Connection, card: Card, now: Instant) -> Drawn:
    face = await draw(db, card, card.mentions)
    jobs = await db.query("SELECT job_id FROM members WHERE card = :card", {"card": card.key})
    return Drawn(
        place=card.destination.lstrip("#@"),
        looks=_looks(face, now),
        anew=_looks(replace(face, mentions=()), now),
        jobs=frozenset(str(row["job_id"]) for row in jobs),
    )


def _looks(face: Face, now: Instant) -> frozenset[Look]:
    return frozenset(look for each in (face, *_found_later(face, now)) for look in _forms(each))


def _found_later(face: Face, now: Instant) -> Iterable[Face]:
    """The face in each minute until now, if it tells of a job that is gone: since when, only who looks can say, and the
    bot looks after the witness.
    """
    match face.entries:
        case [entry] if entry.kind == ChangeKind.VANISHED:
            minutes = (*range(entry.at, now, 60 * SECOND), now)
            return [replace(face, since=at, entries=(replace(entry, at=at),)) for at in minutes]
        case _:
            return []


def _forms(face: Face) -> Iterable[Look]:
    rendered, plain = render_face(face), render_plain_face(face)
    return (rendered.text, rendered_text(asdict(rendered))), (plain, read_mrkdwn(plain))


@asynccontextmanager
async def witness(jobs: JobsServer, rules: Sequence[Rule], clock: Callable[[], Instant]) -> AsyncIterator[Witness]:
    """It has seen what there is."""
    with TemporaryDirectory(prefix="guarantees-") as folder:
        async with (
            connect("default", jobs.url, jobs.key, page_size=100, clock=clock) as api,
            open_store(Path(folder) / "state.db", KEEP) as store,
        ):
            opened = Witness(store, api, rules, clock)
            await opened.look()
            yield opened
