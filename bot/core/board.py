"""The cards of one look: which take its changes, which are opened, and what is told in their threads. A change comes to
the card that follows its job; else to one that is open to newcomers of its kind; else it opens one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.alerts import (
    Alert,
    Broadcast,
    Destination,
    Follow,
    Followed,
    JobRef,
    Route,
    Rule,
    Silence,
    Verdict,
    job_ref,
)
from bot.core.cards import (
    FAILURES,
    LOUD_EVERY,
    NEWCOMERS_EVERY,
    OPEN_CARDS,
    REASON_WITHIN,
    TROUBLES,
    Card,
    Entry,
    Member,
    entry_of,
    group_of,
    happened_at,
    label_of,
    member_of,
    passes_milestone,
)
from bot.core.changes import Change
from bot.core.instants import Instant, length
from bot.core.likeness import Seen, likeness
from bot.core.messages import Opening, ThreadReply, message_key
from bot.core.reasons import asks_why
from bot.core.threads import Said, joined, thread_reply, without


@dataclass(frozen=True, slots=True)
class Board:
    """What stands before a look: the `cards` that follow one of its jobs or are open to newcomers, oldest first; those
    jobs as they stand on them; the replies with newcomers that wait for their minute, by card; and how often errors
    were `seen` before, by their likeness.
    """

    cards: tuple[Card, ...] = ()
    members: tuple[Member, ...] = ()
    waiting: Mapping[str, ThreadReply] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """What a look adds or changes. A message whose key is there already takes the place of the waiting one; of waiting
    messages that have nothing left to tell, the keys are `dropped`.
    """

    cards: tuple[Card, ...] = ()
    members: tuple[Member, ...] = ()
    messages: tuple[Opening | ThreadReply, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def amended(self) -> Iterable[ThreadReply]:
        """Replies that may have waited, and tell less than they were to."""
        return (each for each in self.messages if isinstance(each, ThreadReply) and each.about == "newcomers")


@dataclass(slots=True)
class _Reply:
    """A reply that is being written."""

    entries: dict[str, Entry] = field(default_factory=dict)  # by the key of the change
    repeats: set[str] = field(default_factory=set)
    rung: dict[str, None] = field(default_factory=dict)
    loud: bool = False


@dataclass(slots=True)
class _Sheet:
    """A card that is being written: its jobs that changed, what opens it, what its thread tells; `waiting` is the reply
    with newcomers that nobody has begun to send, and `taken` those of them whose steps tell that they joined.
    """

    card: Card
    waiting: ThreadReply | None = None
    taken: list[Entry] = field(default_factory=list)
    members: dict[JobRef, Member] = field(default_factory=dict)
    opening: list[Change] = field(default_factory=list)
    newcomers: _Reply = field(default_factory=_Reply)
    steps: _Reply = field(default_factory=_Reply)
    touched: bool = False
    asks_why: bool = False

    @property
    def is_new(self) -> bool:
        return not self.card.key


def compose(
    verdicts: Iterable[Verdict],
    board: Board,
    rules: Sequence[Rule],
    channels: Mapping[Destination, str],
    job_urls: Mapping[str, str],
    now: Instant,
) -> Composed:
    """What the verdicts make of the cards. `job_urls` are templates with `{job_id}` by source."""
    desk = _Desk(board, rules, channels, job_urls, now)
    for verdict in verdicts:
        if not isinstance(verdict, Silence):
            desk.take(verdict.change, verdict.follows, verdict.routes if isinstance(verdict, Alert) else ())
    return desk.composed()


def likenesses(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Of the errors of those changes that somebody may be alerted to."""
    return frozenset(likeness(verdict.change.job.error) for verdict in verdicts if isinstance(verdict, Alert))


def followed(board: Board) -> Followed:
    """Where the jobs' stories are told already."""
    rules = {card.key: Follow(card.destination, card.rule) for card in board.cards}
    cards: dict[JobRef, list[Follow]] = {}
    for member in board.members:
        cards.setdefault(member.entry.job, []).append(rules[member.card])
    return cards


class _Desk:
    def __init__(
        self,
        board: Board,
        rules: Sequence[Rule],
        channels: Mapping[Destination, str],
        job_urls: Mapping[str, str],
        now: Instant,
    ) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._channels = channels
        self._urls = job_urls
        self._seen = board.seen
        self._now = now
        self._sheets = {card.key: _Sheet(card, board.waiting.get(card.key)) for card in board.cards}
        self._awaited = {(reply.card, key) for reply in board.waiting.values() for key in reply.tells}
        self._sheets_at: dict[tuple[str, str], list[_Sheet]] = {}
        self._following: dict[tuple[str, JobRef], _Sheet] = {}
        for sheet in self._sheets.values():
            self._sheets_at.setdefault(self._stand(sheet.card.destination, sheet.card.rule), []).append(sheet)
        for member in board.members:
            sheet = self._sheets[member.card]
            sheet.members[member.entry.job] = member
            self._following.setdefault((self._place(sheet.card.destination), member.entry.job), sheet)

    def take(self, change: Change, follows: Iterable[Follow], routes: Iterable[Route]) -> None:
        for follow in follows:
            self._step(change, follow)
        for route in routes:
            self._alert(change, route)

    def composed(self) -> Composed:
        sheets = [sheet for sheets in self._sheets_at.values() for sheet in sheets]
        done = [self._finished(sheet) for sheet in sheets if sheet.touched]
        messages = [message for _, _, messages in done for message in messages]
        empty = [message.key for message in messages if isinstance(message, ThreadReply) and not message.news.jobs]
        return Composed(
            cards=tuple(card for card, _, _ in done),
            members=tuple(member for _, members, _ in done for member in members),
            messages=tuple(message for message in messages if message.key not in empty),
            dropped=tuple(empty),
        )

    def _place(self, destination: Destination) -> str:
        return self._channels.get(destination, destination)

    def _stand(self, destination: Destination, rule: str) -> tuple[str, str]:
        return (self._place(destination), rule)

    def _step(self, change: Change, follow: Follow) -> None:
        sheet = self._following[self._place(follow.destination), job_ref(change.job)]
        member = sheet.members[job_ref(change.job)]
        before = member.entry
        entry = entry_of(change, self._urls, self._now, before)
        failing = sheet.card.failing + (change.kind in FAILURES) - (before.kind in FAILURES)
        sheet.card = replace(sheet.card, failing=failing)
        sheet.steps.entries |= {told.change_key: told for told in (*self._untold(sheet, member), entry)}
        self._call(sheet, sheet.steps, follow.mentions, worse=_is_worse(change, before, follow))
        self._seat(sheet, change, entry)

    def _untold(self, sheet: _Sheet, member: Member) -> list[Entry]:
        """What a step has to begin with: what the card does not show any more once it is posted, and that the job
        joined, if the thread has not told that yet.
        """
        before = member.entry
        if member.unsaid:
            sheet.steps.repeats.add(before.change_key)
            return [before]
        if (sheet.card.key, before.change_key) in self._awaited:
            sheet.taken.append(before)
            return [before]
        return [before] if sheet.newcomers.entries.pop(before.change_key, None) else []

    def _alert(self, change: Change, route: Route) -> None:
        rule = self._rules[route.rule]
        sheet = self._sheet_for(change, route, rule)
        card = sheet.card
        entry = entry_of(change, self._urls, self._now)
        failing = change.kind in FAILURES
        if sheet.is_new:
            sheet.opening.append(change)
        else:
            sheet.newcomers.entries[entry.change_key] = entry
        worse = failing and not card.failing
        self._call(sheet, sheet.newcomers, route.mentions, worse=worse, more=passes_milestone(card.size))
        sheet.card = replace(
            sheet.card,
            size=card.size + 1,
            failing=card.failing + failing,
            until=min(self._now + length(rule.group_window), card.closes_at),
            since=min(card.since, entry.at),
        )
        self._seat(sheet, change, entry)

    def _seat(self, sheet: _Sheet, change: Change, entry: Entry) -> None:
        job = job_ref(change.job)
        opens = sheet.is_new and change in sheet.opening[-1:]
        sheet.members[job] = member_of(sheet.card.key, change, entry, self._now, unsaid=opens)
        sheet.touched = True
        sheet.asks_why = sheet.asks_why or asks_why(change)
        self._following[self._place(sheet.card.destination), job] = sheet

    def _call(self, sheet: _Sheet, reply: _Reply, mentions: Iterable[str], *, worse: bool, more: bool = False) -> None:
        """Rings everybody if it gets worse, or if the card passes a milestone; else whom nothing has rung yet."""
        card = sheet.card
        late = [mention for mention in mentions if mention not in card.mentions]
        sheet.card = replace(card, mentions=(*card.mentions, *late))
        if sheet.is_new:
            return  # its opening rings them
        if more or (worse and self._may_be_loud(card)):
            sheet.card = replace(sheet.card, loud_at=self._now)
            reply.rung |= dict.fromkeys(sheet.card.mentions)
            reply.loud = True
        elif late:
            reply.rung |= dict.fromkeys(late)
            reply.loud = True

    def _may_be_loud(self, card: Card) -> bool:
        """A card of one job gets worse aloud each time; one of several only now and then, or it would drown people."""
        return card.size == 1 or card.loud_at is None or not 0 <= self._now - card.loud_at < LOUD_EVERY

    def _sheet_for(self, change: Change, route: Route, rule: Rule) -> _Sheet:
        """The card that newcomers of this group join; else, if there are few, a new one; else the one for the rest."""
        group = group_of(rule, change.job)
        stand = self._stand(route.destination, rule.name)
        takers = [sheet for sheet in self._sheets_at.get(stand, ()) if self._takes_newcomers(sheet)]
        own = next((sheet for sheet in takers if sheet.card.group == group and not sheet.card.overflow), None)
        if own:
            return own
        overflow = sum(not sheet.card.overflow for sheet in takers) >= OPEN_CARDS
        shared = next((sheet for sheet in takers if sheet.card.overflow), None) if overflow else None
        return shared or self._new(change, route, rule, overflow=overflow)

    def _takes_newcomers(self, sheet: _Sheet) -> bool:
        """A card of a time that has not come yet, by a clock that was set back, takes none."""
        return sheet.is_new or sheet.card.opened_at <= self._now < sheet.card.until

    def _new(self, change: Change, route: Route, rule: Rule, *, overflow: bool) -> _Sheet:
        card = Card(
            key="",
            destination=route.destination,
            rule=rule.name,
            group=() if overflow else group_of(rule, change.job),
            label=() if overflow else label_of(rule, change.job),
            overflow=overflow,
            opened_at=self._now,
            until=self._now,
            closes_at=self._now + length(rule.group_max),
            since=happened_at(change, self._now),
            broadcast=rule.broadcast,
            show_source=len(self._urls) > 1,
        )
        sheet = _Sheet(card)
        self._sheets_at.setdefault(self._stand(route.destination, rule.name), []).append(sheet)
        return sheet

    def _finished(self, sheet: _Sheet) -> tuple[Card, Iterable[Member], list[Opening | ThreadReply]]:
        messages: list[Opening | ThreadReply] = []
        if sheet.is_new:
            keys = tuple(change.key for change in sheet.opening)
            sheet.card = replace(
                sheet.card, key=message_key(sheet.card.destination, keys), seen=self._seen_before(sheet)
            )
            messages.append(self._opening(sheet, keys))
        if sheet.newcomers.entries or sheet.taken:
            messages.append(self._with_newcomers(sheet))
        if not sheet.newcomers.entries:
            _hand_over(sheet)
        if sheet.steps.entries:
            messages.append(self._reply(sheet.card, sheet.steps, "steps", self._due(sheet)))
        members = [replace(member, card=sheet.card.key) for member in sheet.members.values()]
        return sheet.card, members, messages

    def _seen_before(self, sheet: _Sheet) -> Seen | None:
        """How often the commonest of its errors came up before."""
        alike = Counter(member.likeness for member in sheet.members.values() if member.likeness)
        return self._seen.get(alike.most_common(1)[0][0]) if alike else None

    def _opening(self, sheet: _Sheet, keys: tuple[str, ...]) -> Opening:
        card = sheet.card
        return Opening(
            key=card.key,
            destination=card.destination,
            card=card.key,
            mentions=card.mentions,
            tells=keys,
            created_at=self._now,
            due_at=self._due(sheet),
        )

    def _due(self, sheet: _Sheet) -> Instant:
        return self._now + REASON_WITHIN * sheet.asks_why

    def _with_newcomers(self, sheet: _Sheet) -> ThreadReply:
        card = sheet.card
        waiting = without(sheet.waiting, sheet.taken) if sheet.waiting else None
        if waiting and not sheet.newcomers.entries:
            return waiting
        if waiting:
            return joined(waiting, self._reply(card, sheet.newcomers, "newcomers", waiting.due_at))
        last = None if card.told_at is None else min(card.told_at, self._now)  # the clock may have been set back
        due_at = max(self._due(sheet), 0 if last is None else last + NEWCOMERS_EVERY)
        sheet.card = replace(card, told_at=due_at)
        return self._reply(card, sheet.newcomers, "newcomers", due_at)

    def _reply(self, card: Card, reply: _Reply, about: str, due_at: Instant) -> ThreadReply:
        broadcast = card.broadcast is Broadcast.ALWAYS or (reply.loud and card.broadcast is Broadcast.WORSE)
        said = Said(tuple(reply.entries.values()), frozenset(reply.repeats), tuple(reply.rung), broadcast)
        return thread_reply(card, about, said, self._now, due_at)


def _hand_over(sheet: _Sheet) -> None:
    """Whom newcomers were to ring, their steps ring, if no other newcomer is left to do it."""
    waiting = sheet.waiting
    sheet.steps.rung |= sheet.newcomers.rung
    sheet.steps.loud = sheet.steps.loud or sheet.newcomers.loud
    if waiting and len(sheet.taken) == waiting.news.jobs:
        sheet.steps.rung |= dict.fromkeys(waiting.mentions)
        sheet.steps.loud = sheet.steps.loud or waiting.broadcast


def _is_worse(change: Change, before: Entry, follow: Follow) -> bool:
    """A failure of a job that stood better; or other trouble that a rule asks for."""
    if change.kind in FAILURES:
        return before.kind not in FAILURES
    return follow.asked and change.kind in TROUBLES and before.kind not in TROUBLES
