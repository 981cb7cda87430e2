"""A team whose changes come to cards look by look: the rules, and what a store would keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.alerts import Rule, decide, job_ref
from bot.core.board import Board, Composed, Terms, compose, followed
from bot.core.cards import FOLLOWED, Card, Member
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Job
from bot.core.messages import About, Message, Opening, ThreadReply
from tests.core.lives import NOON

URLS = {"prod": "https://console.example/jobs/{job_id}"}
MINUTE = 60 * SECOND
STATUS = {ChangeKind.FAILED: "FAILED", ChangeKind.RETRIED: "PENDING", ChangeKind.STARTED: "RUNNING"}
STATUS |= {ChangeKind.COMPLETED: "COMPLETED", ChangeKind.VANISHED: "RUNNING", ChangeKind.REAPPEARED: "FAILED"}
STATUS |= {ChangeKind.OVERDUE: "RUNNING", ChangeKind.THRASHING: "PREEMPTED"}


@dataclass
class Team:
    """What a store would keep from look to look, and nothing more."""

    rules: Sequence[Rule]
    now: Instant = NOON
    cards: dict[str, Card] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)  # (card, job) → member
    waiting: dict[str, ThreadReply] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)
    took: Instant = 0  # each look
    channels: dict[str, str] = field(default_factory=dict)

    def board(self, changes: Sequence[Change]) -> Board:
        jobs = {job_ref(change.job) for change in changes}
        members = [
            replace(member, unsaid=False)  # openings go out at once
            for member in self.members.values()
            if member.entry.job in jobs and (member.ended_at is None or member.ended_at >= self.now - FOLLOWED)
        ]
        began = self.now - self.took
        kept = {member.card for member in members} | {card.key for card in self.cards.values() if card.until > began}
        cards = tuple(card for key, card in self.cards.items() if key in kept)
        return Board(cards, tuple(members), self.waiting, began=began)

    def look(self, *changes: Change) -> tuple[Message, ...]:
        board = self.board(changes)
        verdicts = decide(changes, self.rules, self.told(), self.channels, followed(board))
        composed = compose(verdicts, board, Terms(self.rules, self.channels, URLS), self.now)
        self.take(composed)
        return composed.messages

    def told(self) -> set[tuple[str, str]]:
        return {(key, message.destination) for message in self.said for key in getattr(message, "tells", ())}

    def take(self, composed: Composed) -> None:
        self.cards |= {card.key: card for card in composed.cards}
        self.members |= {(member.card, member.entry.job_id): member for member in composed.members}
        for message in composed.messages:
            self.said = [each for each in self.said if each.key != message.key] + [message]
            if isinstance(message, ThreadReply) and message.about is About.NEWCOMERS:
                self.waiting[message.card] = message
        self.said = [each for each in self.said if each.key not in composed.dropped]
        self.waiting = {card: reply for card, reply in self.waiting.items() if reply.key not in composed.dropped}

    def later(self, seconds: float) -> None:
        """Time passes, and what is due by then goes out."""
        self.now += int(seconds * SECOND)
        self.waiting = {card: reply for card, reply in self.waiting.items() if reply.due_at > self.now}

    @property
    def openings(self) -> list[Opening]:
        return [message for message in self.said if isinstance(message, Opening)]

    @property
    def replies(self) -> list[ThreadReply]:
        return [message for message in self.said if isinstance(message, ThreadReply)]


def rule(*, to: tuple[str, ...] = ("#a",), mention: tuple[str, ...] = ("@U1",), **settings: object) -> Rule:
    return Rule(name="failures", to=to, globs={}, mention=mention, **settings)  # type: ignore[arg-type]


def change(number: int, kind: ChangeKind = ChangeKind.FAILED, tries: int = 1, **fields: str) -> Change:
    made = {"name": f"nightly {number}", "pipeline_key": "vision", "error": "out of memory"} | fields
    job = Job(source="prod", id=f"job_{number}", status=STATUS[kind], **made)  # type: ignore[arg-type]
    return Change(
        job=job, kind=kind, was=None, status=job.status, retry_count=tries - 1, preemption_count=0, at=NOON + number
    )


def team(**settings: object) -> Team:
    return Team([rule(**settings)])  # type: ignore[arg-type]
