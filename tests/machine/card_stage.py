"""The stage with jobs that are moved by hand, a book of what every card must be, and a Slack whose messages are deleted
or closed to edits. What came of it is read off Slack alone.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.alerts import Rule
from bot.core.cards import FOLLOWED
from bot.core.changes import Change, ChangeKind
from bot.core.doubts import OnDoubt
from bot.core.instants import Instant
from bot.core.jobs import Status
from bot.core.messages import Delivered, Edit, Message, Opening, Outcome, Parcel, Refused, Scope, Unknown
from bot.core.reasons import asks_why
from bot.deliver import deliver_due, edit_due
from bot.poll import Look, Looked
from bot.sandbox.slack_model import Message as Post
from bot.sandbox.slack_wire import Wire
from bot.store.cards import Cards, Edited
from bot.store.outbox import Outbox, Settled
from tests.machine.book import Book
from tests.machine.model import ALERTS, NIGHTS
from tests.machine.stage import Stage
from tests.samples import MINUTE
from tests.world import CHANCE

USER = "U0SANDBOX1"
PLACES = (ALERTS, NIGHTS)
ENDS = frozenset({ChangeKind.COMPLETED, ChangeKind.CANCELLED})
RULES = (
    Rule(name="failures", to=(f"#{ALERTS}", f"#{NIGHTS}"), globs={}, mention=(f"@{USER}",)),
    Rule(name="ends", to=(f"#{NIGHTS}",), on=ENDS, globs={}, group_by=()),
)


class Busy(Outbox):
    """Something happens while messages are under way. If it is the end, what became of them is not written down."""

    def __init__(self, stage: "CardStage", between: Callable[[], Awaitable[object]], *, dies: bool) -> None:
        super().__init__(stage.store.db)
        self._between, self._dies = between, dies

    async def claim_due(self, now: Instant) -> list[Parcel]:
        parcels = await super().claim_due(now)
        await self._between()
        return parcels

    async def settle(self, parcel: Parcel, outcome: Outcome, now: Instant, chance: float) -> Settled:
        if self._dies:
            return Settled(parcel, outcome, news=False)
        return await super().settle(parcel, outcome, now, chance)


class BusyCards(Cards):
    def __init__(self, stage: "CardStage", between: Callable[[], Awaitable[object]], *, dies: bool) -> None:
        super().__init__(stage.store.db)
        self._between, self._dies = between, dies

    async def claim_edit(self, now: Instant) -> Edit | None:
        edit = await super().claim_edit(now)
        await self._between()
        return edit

    async def settle(self, edit: Edit, outcome: Outcome, now: Instant, chance: float) -> Edited:
        return Edited(edit, outcome, news=False) if self._dies else await super().settle(edit, outcome, now, chance)


@dataclass
class CardStage(Stage):
    rules: ClassVar[Sequence[Rule]] = RULES
    page_size: ClassVar[int] = 100

    book: Book = field(default_factory=lambda: Book(RULES))
    unexplained: list[tuple[Change, Instant]] = field(default_factory=list)
    deleted: dict[str, Instant] = field(default_factory=dict)  # ts → when
    refused: set[str] = field(default_factory=set)  # keys of messages that Slack did not take
    stuck: set[str] = field(default_factory=set)  # keys of cards whose last edit it did not take
    may_be_plain: bool = False
    claimed: list[Instant] = field(default_factory=list)  # when edits were begun

    async def look(self) -> Look:
        now = self.clock()
        look = await super().look()
        if isinstance(look, Looked):
            changes = [verdict.change for verdict in look.verdicts]
            self.book.look(changes, look.composed.messages, look.composed.dropped, now)
            self.unexplained += [(change, now) for change in changes if asks_why(change)]
            assert await self._followed_twice() == []
        return look

    async def explain(self, reason: str) -> None:
        """The events say why those jobs failed that did not say so themselves. Nobody waits long for that."""
        for change, seen_at in self.unexplained:
            if self.clock() - seen_at < MINUTE:
                await self.store.looks.give_reason(change, reason)
                self.book.explain(change, reason, self.clock())
        await self.store.looks.stop_waiting([change for change, _ in self.unexplained])
        self.unexplained.clear()

    async def deliver(self, outbox: Outbox | None = None) -> Sequence[Settled]:
        settled, edited = await self._deliver(outbox or self.store.outbox, self.store.cards)
        await self._note(settled, edited)
        return settled

    async def deliver_meanwhile(self, between: Callable[[], Awaitable[object]], *, dies: bool) -> None:
        """Something happens while messages are under way; if it is the end, nobody knows what became of them."""
        done = await self._deliver(Busy(self, between, dies=dies), BusyCards(self, between, dies=dies))
        if dies:
            await self.restart()
        else:
            await self._note(*done)

    async def _deliver(self, outbox: Outbox, cards: Cards) -> tuple[Sequence[Settled], Edited | None]:
        settled = await deliver_due(outbox, self.sink, OnDoubt.REPEAT, self.clock, lambda: CHANCE)
        claimed_at = self.clock()
        edited = await edit_due(cards, self.sink, self.clock, lambda: CHANCE)
        self.doubts += sum(isinstance(one.outcome, Unknown) for one in settled)
        if edited:
            self.claimed.append(claimed_at)
        return settled, edited

    def add(self, count: int, pipeline: str) -> list[str]:
        names = [f"{pipeline} {len(self.truth.lives) + number}" for number in range(count)]
        return [self.truth.add(name, pipeline, self.clock()) for name in names]

    def move(self, jobs: Sequence[str], status: Status, error: str = "") -> None:
        """What has completed stays so; else anything may follow anything, by a retry where it needs one."""
        self.clock.advance(1)
        for job in dict.fromkeys(jobs):
            if self.truth.lives[job][-1].status not in {status, Status.COMPLETED}:
                self.truth.move(job, status, self.clock(), error if status == Status.FAILED else "")

    def delete(self, number: int) -> None:
        """Somebody deletes a message by hand."""
        posts = [post for place in PLACES for post in self.slack.state.top_level(place)]
        if posts:
            post = posts[number % len(posts)]
            self.deleted[post.ts] = self.clock()
            self.slack.state.delete(post)

    async def settle_all(self) -> None:
        self.mend()
        self.wire.script.clear()
        await self.look()
        await self.say_all()

    def posted(self) -> Iterator[tuple[str, Post]]:
        """The key of everything that ever stood in Slack, deleted or not, oldest first."""
        posts = [post for place in PLACES for post in self.slack.state.channel(place).messages]
        posts.sort(key=lambda post: tuple(map(int, post.ts.split("."))))
        return ((key_of(post), post) for post in posts)

    async def _note(self, settled: Sequence[Settled], edited: Edited | None) -> None:
        for one in settled:
            message = one.parcel.message
            if isinstance(one.outcome, Refused) and one.outcome.scope is Scope.MESSAGE:
                await self._note_refused(message)
            elif isinstance(one.outcome, Delivered) and isinstance(message, Opening):
                self.stuck.discard(message.card)
        if edited and isinstance(edited.outcome, Refused) and edited.outcome.scope is Scope.MESSAGE:
            self.stuck.add(edited.edit.card)
        elif edited and isinstance(edited.outcome, Delivered):
            self.stuck.discard(edited.edit.card)

    async def _note_refused(self, message: Message) -> None:
        self.refused.add(message.key)
        if isinstance(message, Opening) and not await self._is_opened_anew(message.card):
            self.book.lose(message.card)
            self.refused.update(await self._unsaid(message.card))

    async def _is_opened_anew(self, card: str) -> bool:
        """Whether the card gets another post, for the sake of what is to be told below it."""
        wanted = "SELECT 1 FROM messages WHERE card = :card AND kind = 'opening' AND state = 'queued'"
        async with self.store.db.transaction() as db:
            return bool(await db.query(wanted, {"card": card}))

    async def _unsaid(self, card: str) -> list[str]:
        async with self.store.db.transaction() as db:
            rows = await db.query("SELECT key FROM messages WHERE card = :card AND state = 'refused'", {"card": card})
        return [row["key"] for row in rows]

    async def _followed_twice(self) -> list[tuple[object, ...]]:
        """Jobs that two cards follow in one place."""
        async with self.store.db.transaction() as db:
            rows = await db.query(
                "SELECT c.destination, m.job_id FROM members m JOIN cards c ON c.key = m.card "
                "WHERE m.ended_at IS NULL OR m.ended_at >= :after GROUP BY 1, 2 HAVING count(*) > 1",
                {"after": self.clock() - FOLLOWED},
            )
        return [tuple(row) for row in rows]


def content(post: Post) -> tuple[str, object]:
    """Text and blocks as they were sent last."""
    return post.text, read(post.args, "blocks") or []


def key_of(post: Post) -> str:
    return str((post.metadata or {})["event_payload"]["key"])


def read(args: Wire, name: str) -> object:
    """An argument of a call, however it was sent."""
    argument = args.get(name)
    return json.loads(argument) if isinstance(argument, str) else argument
