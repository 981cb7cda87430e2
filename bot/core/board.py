"""The cards of one look: which take its changes, which are opened, and what is told in their threads. A change comes to
the card that follows its job; else to one that is open to newcomers of its kind; else it opens one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.alerts import (
    Alert,
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
    OPEN_CARDS,
    TROUBLES,
    Card,
    Entry,
    Member,
    entry_of,
    group_of,
    happened_at,
    label_of,
)
from bot.core.changes import Change, standing
from bot.core.instants import Instant, length
from bot.core.messages import About, Opening, ThreadReply
from bot.core.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Board:
    """What stands before a look: the `cards` that follow one of its jobs or are open to newcomers, oldest first; those
    jobs as they stand on them; the replies with newcomers that wait for their minute, by card; and when the look
    `began`.
    """

    cards: tuple[Card, ...] = ()
    members: tuple[Member, ...] = ()
    waiting: Mapping[str, ThreadReply] = field(default_factory=dict)
    began: Instant = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What every look is told by: the `rules`, the `channels` of the destinations resolved so far, and for each source
    a template of a job's address with `{job_id}` in it.
    """

    rules: Sequence[Rule]
    channels: Mapping[Destination, str]
    job_urls: Mapping[str, str]


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
        return (each for each in self.messages if isinstance(each, ThreadReply) and each.about is About.NEWCOMERS)


def compose(verdicts: Iterable[Verdict], board: Board, terms: Terms, now: Instant) -> Composed:
    """What the verdicts make of the cards."""
    desk = _Desk(board, terms, now)
    for verdict in verdicts:
        if not isinstance(verdict, Silence):
            desk.take(verdict.change, verdict.follows, verdict.routes if isinstance(verdict, Alert) else ())
    return desk.composed()


def moments(changes: Iterable[Change], now: Instant) -> Sequence[tuple[JobRef, Instant]]:
    """The jobs that something became of, and when: what happened while nobody could look counts as of its own time,
    where the row tells that.
    """
    return [(job_ref(change.job), now if change.at is None else change.at) for change in changes if not change.old]


def followed(board: Board) -> Followed:
    """Where the jobs' stories are told already."""
    rules = {card.key: Follow(card.destination, card.rule) for card in board.cards}
    cards: dict[JobRef, list[Follow]] = {}
    for member in board.members:
        cards.setdefault(member.entry.job, []).append(rules[member.card])
    return cards


class _Desk:
    def __init__(self, board: Board, terms: Terms, now: Instant) -> None:
        self._terms = terms
        self._rules = {rule.name: rule for rule in terms.rules}
        self._mentions = {mention for rule in terms.rules for mention in rule.mention}
        self._now = now
        self._board = board
        sheets = {card.key: Sheet(self._ruled(card), now, self._waiting(card)) for card in board.cards}
        self._sheets = list(sheets.values())
        self._takers: dict[tuple[str, str], list[Sheet]] = {}  # those that may take newcomers, by place and rule
        self._following: dict[tuple[str, JobRef], list[Sheet]] = {}
        for sheet in self._sheets:
            if sheet.card.until > board.began:
                self._takers.setdefault(self._stand(sheet.card.destination, sheet.card.rule), []).append(sheet)
        for member in board.members:
            sheet = sheets[member.card]
            sheet.members[member.entry.job] = member
            self._following.setdefault((self._place(sheet.card.destination), member.entry.job), []).append(sheet)

    def take(self, change: Change, follows: Iterable[Follow], routes: Iterable[Route]) -> None:
        for follow in follows:
            self._step(change, follow)
        for route in routes:
            self._alert(change, route)

    def composed(self) -> Composed:
        written = [sheet.written() for sheet in self._sheets if sheet.touched]
        messages = [message for each in written for message in each.messages]
        empty = {message.key for message in messages if isinstance(message, ThreadReply) and not message.news.jobs}
        return Composed(
            cards=tuple(each.card for each in written),
            members=tuple(member for each in written for member in each.members),
            messages=tuple(message for message in messages if message.key not in empty),
            dropped=tuple(sorted(empty)),
        )

    def _ruled(self, card: Card) -> Card:
        """The card by the rules as they are now: nobody is rung any more who stands in none of them."""
        rule = self._rules.get(card.rule)
        broadcast = rule.broadcast if rule else card.broadcast
        return replace(card, mentions=self._named(card.mentions), broadcast=broadcast)

    def _waiting(self, card: Card) -> ThreadReply | None:
        reply = self._board.waiting.get(card.key)
        return replace(reply, mentions=self._named(reply.mentions)) if reply else None

    def _named(self, mentions: Iterable[str]) -> tuple[str, ...]:
        return tuple(mention for mention in mentions if mention in self._mentions)

    def _place(self, destination: Destination) -> str:
        return self._terms.channels.get(destination, destination)

    def _stand(self, destination: Destination, rule: str) -> tuple[str, str]:
        return (self._place(destination), rule)

    def _step(self, change: Change, follow: Follow) -> None:
        job = job_ref(change.job)
        sheet, *others = self._following[self._place(follow.destination), job]
        before = sheet.members[job].entry
        entry, stands = entry_of(change, self._terms.job_urls, self._now, before), standing(change)
        shown = entry if stands is change else entry_of(stands, self._terms.job_urls, self._now, before)
        if follow.told:
            others = [sheet, *others]
        elif sheet.is_joining(job):
            sheet.add(change, entry, shown, follow.mentions, worse=follow.asked and change.kind in FAILURES)
        else:
            sheet.step(change, entry, shown, follow.mentions, worse=_is_worse(change, before, follow))
        for other in others:  # of the time when nobody knew that both stand in one channel
            other.show(change, shown)

    def _alert(self, change: Change, route: Route) -> None:
        rule = self._rules[route.rule]
        sheet = self._sheet_for(change, route, rule)
        entry = entry_of(change, self._terms.job_urls, self._now)
        sheet.join(change, entry, route.mentions, until=self._now + length(rule.group_window))
        self._following[self._place(sheet.card.destination), entry.job] = [sheet]

    def _sheet_for(self, change: Change, route: Route, rule: Rule) -> Sheet:
        """The card that newcomers of this group join; else, if there are few, a new one; else the one for the rest."""
        group = group_of(rule, change.job)
        stand = self._stand(route.destination, rule.name)
        began = max(self._board.began, self._now - length(rule.group_window))
        takers = [sheet for sheet in self._takers.get(stand, ()) if sheet.takes_newcomers(began)]
        own = next((sheet for sheet in takers if sheet.card.group == group and not sheet.card.overflow), None)
        if own:
            return own
        overflow = sum(not sheet.card.overflow for sheet in takers) >= OPEN_CARDS
        shared = next((sheet for sheet in takers if sheet.card.overflow), None) if overflow else None
        return shared or self._new(change, route, rule, () if overflow else group, overflow=overflow)

    def _new(self, change: Change, route: Route, rule: Rule, group: tuple[str, ...], *, overflow: bool) -> Sheet:
        card = Card(
            key="",
            destination=route.destination,
            rule=rule.name,
            group=group,
            label=label_of(rule, group),
            overflow=overflow,
            opened_at=self._now,
            until=self._now,
            closes_at=self._now + length(rule.group_max),
            since=happened_at(change, self._now),
            broadcast=rule.broadcast,
            show_source=len(self._terms.job_urls) > 1,
        )
        sheet = Sheet(card, self._now)
        self._sheets.append(sheet)
        self._takers.setdefault(self._stand(route.destination, rule.name), []).append(sheet)
        return sheet


def _is_worse(change: Change, before: Entry, follow: Follow) -> bool:
    """A failure of a job that stood better; or other trouble that a rule asks for."""
    if change.kind in FAILURES:
        return before.kind not in FAILURES
    return follow.asked and change.kind in TROUBLES and before.kind not in TROUBLES
