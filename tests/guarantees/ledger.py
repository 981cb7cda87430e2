"""What the bot itself says, read from its state file while it runs or after it has died."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import connect

from bot.clock import now
from bot.core.history import HistoryQuery
from bot.store.store import open_archive
from tests.guarantees.judging import Expected, Fact, Place, Said

_UNEXPLAINED = "SELECT 1 FROM changes WHERE ask_until IS NOT NULL"
_UNEDITED = "SELECT destination, key FROM cards WHERE version > shown_version"
_STATUSES = "SELECT id, status FROM jobs"
_CARDS = "SELECT key, card FROM messages WHERE kind = 'opening'"
_ANCHORS = "SELECT destination, ts FROM cards"


@dataclass(frozen=True, slots=True)
class Ledger:
    """`carried` are the facts that each message tells, by its key: none, if it is a card that was posted again. `told`
    counts those that have arrived; `anchors` are the places of the cards.
    """

    carried: Mapping[str, Sequence[Fact]]
    told: Expected
    anchors: Counter[tuple[Place, str]]

    def agrees(self, said: Iterable[Said], expected: Expected) -> bool:
        """Whether the bot says itself that all that was to be told has been told, and where the cards stand."""
        stand = Counter((each.place, each.ts) for each in said if each.is_card)
        return (self.told, self.anchors) == (expected, stand)


async def ledger_of(state: Path) -> Ledger:
    carried: dict[str, list[Fact]] = defaultdict(list, {key: [] for key, _ in _rows(state, _CARDS)})
    told: Counter[tuple[Place, Fact]] = Counter()
    async with open_archive(state) as archive:
        for entry in await archive.history(HistoryQuery(), now()):
            fact = Fact(entry.job_id, entry.kind)
            for telling in entry.tellings:
                carried[telling.message_key].append(fact)
                told[_place(telling.destination), fact] += telling.state == "delivered"
    anchors = Counter((_place(destination), ts) for destination, ts in _rows(state, _ANCHORS))
    return Ledger(carried, told, anchors)


async def waiting(state: Path) -> int:
    """How many messages, edits and questions why a job failed wait."""
    async with open_archive(state) as archive:
        messages = (await archive.queue()).waiting
    return messages + len(_rows(state, _UNEDITED)) + len(_rows(state, _UNEXPLAINED))


def statuses(state: Path) -> Mapping[str, str]:
    """Of the jobs, by their ids."""
    return dict(_rows(state, _STATUSES))


def _place(destination: str) -> Place:
    return destination.lstrip("#@")


def _rows(state: Path, sql: str) -> list[tuple[str, str]]:
    with closing(connect(f"file:{state}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()
