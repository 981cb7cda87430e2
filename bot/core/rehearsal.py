"""What a rule would post of changes, as if nothing else had ever been told: decided and composed as after a look, and
drawn from what the cards hold then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.alerts import Rule, decide
from bot.core.board import Board, Composed, Terms, compose, followed
from bot.core.cards import ALIKE, NAMED, Card, Face, Likeness, Member, face_of, named_first
from bot.core.changes import Change
from bot.core.instants import Instant
from bot.core.messages import Opening, ThreadReply
from bot.core.threads import as_sent


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A message, and what its card shows from then on."""

    message: Opening | ThreadReply
    face: Face


def rehearse(
    rule: Rule, story: Iterable[Sequence[Change]], job_urls: Mapping[str, str], now: Instant
) -> tuple[Rehearsed, ...]:
    """What is posted after the last look of the story; each of its looks tells of the same jobs, and what one finds is
    posted before the next.
    """
    board, composed, terms = Board(), Composed(), Terms([rule], {}, job_urls)
    for changes in story:
        verdicts = decide(changes, [rule], (), {}, followed(board))
        composed = compose(verdicts, board, terms, now)
        board = Board(composed.cards, tuple(replace(member, unsaid=False) for member in composed.members))
    faces = {card.key: _drawn(card, composed.members) for card in composed.cards}
    return tuple(Rehearsed(_as_sent(message), faces[message.card]) for message in composed.messages)


def caught_by(rule: Rule, rules: Iterable[Rule], change: Change) -> Rule | None:
    """The rule above that ends the search, so that this one is not tried."""
    above = next(each for each in rules if each is rule or (each.matches(change) and not each.goes_on))
    return None if above is rule else above


def _as_sent(message: Opening | ThreadReply) -> Opening | ThreadReply:
    return as_sent(message) if isinstance(message, ThreadReply) else message


def _drawn(card: Card, members: Iterable[Member]) -> Face:
    there = [member for member in members if member.card == card.key]
    entries = named_first(member.entry for member in there)
    errors: dict[str, list[str]] = {}
    for member in there:
        errors.setdefault(member.likeness, []).append(member.entry.error)
    alike = [Likeness(min(each), len(each)) for likeness, each in sorted(errors.items()) if likeness]
    alike.sort(key=lambda likeness: likeness.jobs, reverse=True)
    counts, with_error = Counter(entry.kind for entry in entries), sum(bool(entry.error) for entry in entries)
    return face_of(card, entries[:NAMED], counts, with_error, alike[:ALIKE], card.mentions)
