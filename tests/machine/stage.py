"""The bot's own look, store, delivery and sink between a jobs API at the wire and the sandbox's Slack; everything that
may befall them, and the model beside it. Nothing here waits in real time.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

import aiohttp
import httpx
import stamina

from bot.core.alerts import Rule, destinations
from bot.core.changes import ChangeKind
from bot.core.doubts import OnDoubt
from bot.core.instants import Instant
from bot.core.jobs import Field
from bot.core.messages import Outcome, Parcel, Refused, Scope, Unknown
from bot.deliver import deliver_due, edit_due, resolve_routes
from bot.jobs_api.client import JobsApi
from bot.poll import Look, Looked, poll_once
from bot.sandbox import slack_wire
from bot.sandbox.slack_faults import DROPPED
from bot.sandbox.slack_methods import METHODS
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from bot.slack.sink import SlackSink
from bot.store.outbox import Outbox, Settled
from bot.store.store import Store, open_store
from tests.machine.api_wire import ApiWire
from tests.machine.model import ALERTS, ENDS, KINDS, NIGHTS, Cause, Copy, Judgement, Model, Told
from tests.machine.truth import NIGHTLY, SOURCE, Truth, fact_of
from tests.samples import KEEP, Clock
from tests.world import CHANCE, slack_client

RULES = (
    Rule(name="ends", to=(f"#{ALERTS}",), on=frozenset(map(ChangeKind, ENDS)), globs={}, goes_on=True),
    Rule(
        name="nights",
        to=(f"#{NIGHTS}",),
        on=frozenset(map(ChangeKind, KINDS)),
        globs={Field.NAME: (f"{NIGHTLY}*",)},
    ),
)
HISTORY = "channels:history"
POST = "chat.postMessage"
ROUNDS = 4_000  # of delivery, in which everything must have settled: hours of replies may wait, one a second

S = TypeVar("S", bound="Stage")


class Dying(Outbox):
    """The process ends after the requests and before their outcome is written."""

    async def settle(self, parcel: Parcel, outcome: Outcome, now: Instant, chance: float) -> Settled:  # noqa: ARG002
        return Settled(parcel, outcome, news=False)


@dataclass(slots=True)
class Stage:
    rules: ClassVar[Sequence[Rule]] = RULES
    page_size: ClassVar[int] = 3

    path: Path
    clock: Clock
    truth: Truth
    wire: ApiWire
    slack: SlackServer
    api: JobsApi
    session: aiohttp.ClientSession
    model: Model
    store: Store = field(init=False)
    sink: SlackSink = field(init=False)
    looks: int = 0
    doubts: int = 0  # posts of which the bot could not know whether they arrived
    _carried: dict[str, tuple[str, ...]] = field(default_factory=dict)  # key of a message → keys of its changes
    _past: list[list[Told]] = field(default_factory=list)  # what was told before each putting back of the state file,
    _posts_past: int = 0  # and in how many posts
    _copy: Copy | None = None
    _carried_then: dict[str, tuple[str, ...]] = field(default_factory=dict)  # as it was when the copy was made
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> None:
        """As the bot starts: what was under way is due again, and every destination is found."""
        self.store = await self._opened.enter_async_context(open_store(self.path, KEEP))
        client = slack_client(self.slack, self.session)
        self.sink = SlackSink(client, Channels(client, self.clock))
        await self.store.outbox.requeue_unfinished(self.clock())
        await self.store.prune(self.clock())
        await resolve_routes(self.store.outbox, self.sink, destinations(self.rules), self.clock)

    async def close(self) -> None:
        await self._opened.aclose()

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def look(self) -> Look:
        self.wire.given.clear()
        look = await poll_once(self.api, self.store.looks, self.rules, {}, self.clock)
        self.wire.script.clear()
        self.looks += 1
        if isinstance(look, Looked):
            self._carried.update((m.key, m.tells) for m in look.composed.messages)
            if look.first:
                self.model.begin(self.wire.given)
            else:
                self.model.evidence.take(self.truth, self.wire.given)
        return look

    async def deliver(self, outbox: Outbox | None = None) -> Sequence[Settled]:
        blind, doubtful = self._is_blind, await self._doubtful()
        outbox = outbox or self.store.outbox
        settled = await deliver_due(outbox, self.sink, OnDoubt.REPEAT, self.clock, lambda: CHANCE)
        self.doubts += sum(isinstance(one.outcome, Unknown) for one in settled)
        for one in settled:
            carried = self._tellings(one.parcel.message.key, one.parcel.message.destination.removeprefix("#"))
            if blind and one.parcel.message.key in doubtful:
                self.model.may_repeat[Cause.BLIND].update(carried)
            if isinstance(one.outcome, Refused) and one.outcome.scope is Scope.MESSAGE:
                self.model.refused.update(carried, await self._refused_with(one.parcel.message.key))
        await edit_due(self.store.cards, self.sink, self.clock, lambda: CHANCE)
        return settled

    async def follow(self, job: str) -> None:
        """Each step of the job is found by a look of its own, and told as far as may be."""
        for row in self.truth.lives[job]:
            self.clock.now = max(self.clock.now, row.updated_at or 0)
            await self.look()
            await self.deliver()

    async def deliver_late(self, seconds: Sequence[float]) -> None:
        """The connection breaks, and Slack stores the post only then, so many seconds and deliveries later."""
        fault = self.slack.fault(DROPPED, method=POST)
        before = len(self.slack.state.calls)
        await self.deliver()
        there = [key for key, _ in self._posts()]  # by a fault that came first, and let Slack do its work
        broken = [call for call in self.slack.state.calls[before:] if call.method == POST and call.status is None]
        lost = [call for call in broken if not any(key in str(call.args) for key in there)]
        for wait in seconds:
            self.clock.advance(wait)
            await self.deliver()
        for call in lost:
            with suppress(slack_wire.Refused):
                METHODS[POST].run(self.slack.state, slack_wire.Arguments(call.args))
        if fault in self.slack.web_api.faults.waiting:
            self.slack.web_api.faults.waiting.remove(fault)

    async def die(self, *, sent: bool) -> None:
        """The process ends between the claim of a message and the writing of its outcome."""
        if sent:
            await self.deliver(Dying(self.store.db))
        else:
            await self.store.outbox.claim_due(self.clock())
            await self.store.cards.claim_edit(self.clock())
        await self.restart()

    def back_up(self) -> None:
        with closing(sqlite3.connect(self.path)) as here, closing(sqlite3.connect(self._backup)) as there:
            here.backup(there)
        self._copy, self._carried_then = Copy.of(self.model, self.epochs), dict(self._carried)

    async def put_back(self) -> None:
        if self._copy is None:
            return
        await self.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.write_bytes(self._backup.read_bytes())
        self._copy.put_back(self.model, self.epochs)
        self._past, self._posts_past = self.epochs, len(self._posts())  # a reply that is sent again may carry more,
        self._carried = dict(self._carried_then)  # or less: what it was to tell when the copy was made
        await self.open()

    def mend(self) -> None:
        """All is well in Slack from now on."""
        self.slack.clear_faults()
        self.slack.state.scopes.add(HISTORY)
        self.slack.state.token_errors.clear()
        for place in (ALERTS, NIGHTS):
            channel = self.slack.state.channel(place)
            channel.is_archived, channel.is_member = False, True

    async def settle(self) -> Judgement:
        """Nothing moves any more, everything works again, and all that waits is said."""
        self.mend()
        self.wire.script.clear()
        self.truth.frozen = self.clock()
        while not isinstance(look := await self.look(), Looked) or not look.listing.certificate.complete:
            self.clock.advance(15)
        await self.say_all()
        self.truth.frozen = None
        return self.model.judge(self.epochs)

    async def say_all(self) -> None:
        """Whatever waits is sent as soon as it may be."""
        for _ in range(ROUNDS):
            if (due_at := await self.store.outbox.next_due()) is None:
                return
            self.clock.now = max(self.clock.now, due_at)
            await self.deliver()
        raise AssertionError("what waits is never said")

    @property
    def epochs(self) -> list[list[Told]]:
        """What was told, in its order, from one putting back of the state file to the next."""
        return [
            *self._past,
            [telling for post in self._posts()[self._posts_past :] for telling in self._tellings(*post)],
        ]

    @property
    def _backup(self) -> Path:
        return self.path.with_name("backup.db")

    @property
    def _is_blind(self) -> bool:
        places = [self.slack.state.channel(place) for place in (ALERTS, NIGHTS)]
        return HISTORY not in self.slack.state.scopes or not all(place.is_member for place in places)

    async def _doubtful(self) -> set[str]:
        async with self.store.db.transaction() as db:
            rows = await db.query("SELECT key FROM messages WHERE doubt_began IS NOT NULL", {})
        return {str(row["key"]) for row in rows}

    async def _refused_with(self, opening: str) -> list[Told]:
        """What was to be told in the thread of a card that Slack does not take."""
        async with self.store.db.transaction() as db:
            rows = await db.query(
                "SELECT r.key, r.destination FROM messages o JOIN messages r ON r.card = o.card "
                "WHERE o.key = :opening AND o.kind = 'opening' AND r.state = 'refused'",
                {"opening": opening},
            )
        return [telling for row in rows for telling in self._tellings(row["key"], row["destination"].removeprefix("#"))]

    def _posts(self) -> list[tuple[str, str]]:
        """The key and the place of each post, oldest first."""
        posts = [(post, place) for place in (ALERTS, NIGHTS) for post in self.slack.state.posts(place)]
        posts.sort(key=lambda pair: tuple(map(int, pair[0].ts.split("."))))
        return [(str((post.metadata or {})["event_payload"]["key"]), place) for post, place in posts]

    def _tellings(self, key: str, place: str) -> list[Told]:
        facts = map(fact_of, self._carried.get(key, ()))
        return [Told(place, fact) for fact in facts if fact.kind in KINDS]


@asynccontextmanager
async def open_stage(folder: Path, lives: Sequence[int] = ()) -> AsyncIterator[Stage]:
    """With a baseline of these jobs."""
    async with open_stage_of(Stage, folder, lives) as stage:
        yield stage


@asynccontextmanager
async def open_stage_of(made: type[S], folder: Path, lives: Sequence[int] = ()) -> AsyncIterator[S]:
    clock, truth = Clock(), Truth()
    wire = ApiWire(truth, clock)
    for seed in lives:
        truth.bear(seed, clock())
        clock.advance(90)
    stamina.instrumentation.set_on_retry_hooks([])
    async with AsyncExitStack() as stack:
        stack.enter_context(stamina.set_testing(True, attempts=3, cap=True))
        slack = await stack.enter_async_context(SlackServer(now=clock.in_seconds))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        transport = httpx.MockTransport(wire.handle)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url="http://jobs.test", transport=transport))
        api = JobsApi(SOURCE, http, made.page_size, clock)
        stage = made(folder / "state.db", clock, truth, wire, slack, api, session, Model(truth))
        await stage.open()
        stack.push_async_callback(stage.close)
        look = await stage.look()
        assert isinstance(look, Looked)
        assert look.first
        clock.advance(5)
        yield stage
