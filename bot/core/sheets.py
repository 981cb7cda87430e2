"""A card that is being written: which jobs come to it or go on, what its thread tells of that, and whom it rings."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.core.alerts import Broadcast, JobRef
from bot.core.cards import (
    FAILURES,
    LOUD_EVERY,
    NEWCOMERS_EVERY,
    REASON_WITHIN,
    Card,
    Entry,
    Member,
    member_of,
    passes_milestone,
)
from bot.core.changes import SAYS_MORE, Change, ChangeKind
from bot.core.instants import Instant
from bot.core.messages import About, Opening, ThreadReply, message_key
from bot.core.reasons import asks_why
from bot.core.threads import Said, joined, thread_reply, without


@dataclass(slots=True)
class _Draft:
    """A reply that is being written."""

    entries: dict[str, Entry] = field(default_factory=dict)  # by the key of the change
    repeats: set[str] = field(default_factory=set)
    rung: dict[str, None] = field(default_factory=dict)
    loud: bool = False

    def ring(self, mentions: Iterable[str]) -> None:
        self.rung |= dict.fromkeys(mentions)
        self.loud = True


@dataclass(frozen=True, slots=True)
class Written:
    """A card as it is from now on, its jobs that the look found, and what is to be said of it."""

    card: Card
    members: tuple[Member, ...]
    messages: tuple[Opening | ThreadReply, ...]


@dataclass(slots=True)
class Sheet:
    """`card` is as it stood before the look until it is written; `size`, `failing`, `until` and `since` are those of
    now. `waiting` is the reply with newcomers that nobody has begun to send, and `taken` those of them whose steps tell
    that they joined; `opening` are the changes that open the card.
    """

    card: Card
    now: Instant
    waiting: ThreadReply | None = None
    size: int = field(init=False)
    failing: int = field(init=False)
    until: Instant = field(init=False)
    since: Instant = field(init=False)
    taken: list[Entry] = field(default_factory=list)
    members: dict[JobRef, Member] = field(default_factory=dict)
    opening: list[Change] = field(default_factory=list)
    newcomers: _Draft = field(default_factory=_Draft)
    steps: _Draft = field(default_factory=_Draft)
    awaited: dict[JobRef, list[Entry]] = field(default_factory=dict)  # what `waiting` tells by name, oldest first
    touched: bool = False
    asks_why: bool = False

    def __post_init__(self) -> None:
        self.size, self.failing = self.card.size, self.card.failing
        self.until, self.since = self.card.until, self.card.since
        for entry in reversed(self.waiting.news.entries if self.waiting else ()):
            self.awaited.setdefault(entry.job, []).append(entry)

    @property
    def is_new(self) -> bool:
        return not self.card.key

    def takes_newcomers(self, began: Instant) -> bool:
        """Of a look that began before its time was over. A card of a time that has not come yet, by a clock that was
        set back, takes none.
        """
        opened_at = self.card.opened_at
        return self.is_new or (opened_at <= self.now and max(opened_at, began) < self.until)

    def step(self, change: Change, entry: Entry, shown: Entry, mentions: Iterable[str], *, worse: bool) -> None:
        """A job on the card goes on: the thread tells the entry, and the card has `shown` how the job stands. What says
        more of a completion that opens the card opens it too.
        """
        member = self.members[entry.job]
        if self.is_new and change.kind in SAYS_MORE and member.opens and member.entry.kind == ChangeKind.COMPLETED:
            self.opening.append(change)
        else:
            self.steps.entries |= {told.change_key: told for told in (*self._untold(member), entry)}
        self._call(self.steps, mentions, worse=worse)
        self.show(change, shown)

    def is_joining(self, job: JobRef) -> bool:
        """Whether it came to the card in this look."""
        return self.members[job].entry.change_key in self.newcomers.entries

    def add(self, change: Change, entry: Entry, shown: Entry, mentions: Iterable[str], *, worse: bool) -> None:
        """A job that joins goes on within the look: newcomers tell that too, and the card never showed it better."""
        self.newcomers.entries[entry.change_key] = entry
        self._call(self.newcomers, mentions, worse=worse and not self.failing)
        self.show(change, shown)

    def show(self, change: Change, shown: Entry) -> None:
        """The job stands otherwise on the card from now on."""
        before = self.members[shown.job].entry
        self.failing += (shown.kind in FAILURES) - (before.kind in FAILURES)
        self._seat(change, shown)

    def join(self, change: Change, entry: Entry, mentions: Iterable[str], until: Instant) -> None:
        """One more job comes to the card, which takes others `until` then."""
        failing = change.kind in FAILURES
        if self.is_new:
            self.opening.append(change)
        else:
            self.newcomers.entries[entry.change_key] = entry
        worse = failing and not self.failing
        self._call(self.newcomers, mentions, worse=worse, more=passes_milestone(self.size))
        self.size, self.failing = self.size + 1, self.failing + failing
        self.until, self.since = min(until, self.card.closes_at), min(self.since, entry.at)
        self._seat(change, entry)

    def written(self) -> Written:
        self.card = replace(self.card, size=self.size, failing=self.failing, until=self.until, since=self.since)
        messages: list[Opening | ThreadReply] = []
        if self.is_new:
            messages.append(self._opened())
        if self.newcomers.entries or self.taken:
            messages.append(self._with_newcomers())
        if not self.newcomers.entries:
            self._hand_over()
        if self.steps.entries:
            messages.append(self._reply(self.steps, About.STEPS, self._due))
        members = tuple(replace(member, card=self.card.key) for member in self.members.values())
        return Written(self.card, members, tuple(messages))

    def _untold(self, member: Member) -> list[Entry]:
        """What a step has to begin with: what only the card told and does not show any more, and that the job joined,
        if the thread has not told that yet.
        """
        before = member.entry
        if member.is_passing:
            self.steps.repeats.add(before.change_key)
            return [before]
        told = self.awaited.get(before.job, [])
        if not any(entry.change_key == before.change_key for entry in told):
            return []
        self.taken += told
        return told

    def _seat(self, change: Change, entry: Entry) -> None:
        before = self.members.get(entry.job)
        opens = self.is_new and change in self.opening[-1:]
        self.members[entry.job] = member_of(self.card.key, change, entry, before, self.now, opens=opens)
        self.touched = True
        self.asks_why = self.asks_why or asks_why(change)

    def _call(self, draft: _Draft, mentions: Iterable[str], *, worse: bool, more: bool = False) -> None:
        """Rings everybody if it gets worse, or if the card passes a milestone; else whom nothing has rung yet."""
        card = self.card
        if late := [mention for mention in mentions if mention not in card.mentions]:
            self.card = replace(card, mentions=(*card.mentions, *late))
        if self.is_new:
            return  # its opening rings them
        if more or (worse and self._may_be_loud()):
            self.card = replace(self.card, loud_at=self.now)
            draft.ring(self.card.mentions)
        elif late:
            draft.ring(late)

    def _may_be_loud(self) -> bool:
        """A card of one job gets worse aloud each time; one of several only now and then, or it would drown people."""
        return self.size == 1 or not 0 <= self.now - self.card.loud_at < LOUD_EVERY

    def _opened(self) -> Opening:
        keys = tuple(change.key for change in self.opening)
        self.card = replace(self.card, key=message_key(self.card.destination, keys))
        return Opening(
            key=self.card.key,
            destination=self.card.destination,
            card=self.card.key,
            mentions=self.card.mentions,
            tells=keys,
            created_at=self.now,
            due_at=self._due,
        )

    @property
    def _due(self) -> Instant:
        return self.now + REASON_WITHIN * self.asks_why

    def _with_newcomers(self) -> ThreadReply:
        waiting = without(self.waiting, self.taken) if self.waiting else None
        if waiting and not self.newcomers.entries:
            return waiting
        if waiting:
            return joined(waiting, self._reply(self.newcomers, About.NEWCOMERS, waiting.due_at))
        last = min(self.card.told_at, self.now)  # the clock may have been set back
        due_at = max(self._due, last + NEWCOMERS_EVERY)
        reply = self._reply(self.newcomers, About.NEWCOMERS, due_at)
        self.card = replace(self.card, told_at=due_at)
        return reply

    def _hand_over(self) -> None:
        """Whom newcomers were to ring, their steps ring, if no other newcomer is left to do it."""
        waiting = self.waiting
        if waiting and len({entry.job for entry in self.taken}) == waiting.news.jobs:
            self.steps.rung |= dict.fromkeys(waiting.mentions)
            self.steps.loud = self.steps.loud or waiting.loud

    def _reply(self, draft: _Draft, about: About, due_at: Instant) -> ThreadReply:
        how = self.card.broadcast
        broadcast = how is Broadcast.ALWAYS or (draft.loud and how is Broadcast.WORSE)
        said = Said(tuple(draft.entries.values()), frozenset(draft.repeats), tuple(draft.rung), draft.loud, broadcast)
        return thread_reply(self.card, about, said, self.now, due_at)
