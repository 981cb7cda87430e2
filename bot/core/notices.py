"""That the bot is blind to a source or doubts its list, and that this is over: said where alerts of the source would
have gone, once, and only if it lasts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.alerts import Destination, Rule
from bot.core.instants import SECOND, Instant
from bot.core.messages import Notice, message_key

LASTING = 600 * SECOND  # what passes sooner is the business of the log and the metrics
BLIND = "blind"  # looks fail
DOUBT = "doubt"  # looks succeed, and the list does not add up


@dataclass(frozen=True, slots=True)
class Episode:
    """Since when something is wrong with a source, and whether that was said."""

    since: Instant
    is_told: bool


@dataclass(frozen=True, slots=True)
class Episodes:
    """What is wrong with a source; None for what is not."""

    blind: Episode | None = None
    doubt: Episode | None = None


@dataclass(frozen=True, slots=True)
class Hearers:
    """Whoever the rules name. `channels` are the destinations resolved so far: a channel's name and its id count as one
    place.
    """

    rules: Sequence[Rule]
    channels: Mapping[Destination, str]

    def of(self, source: str) -> Iterable[Destination]:
        places: dict[str, Destination] = {}
        for rule in self.rules:
            if rule.covers_source(source):
                for destination in rule.to:
                    places.setdefault(self.channels.get(destination, destination), destination)
        return places.values()


def notices_of_fault(source: str, episodes: Episodes, why: str, hearers: Hearers, now: Instant) -> tuple[Notice, ...]:
    """After a look that failed."""
    return tuple(_begun(BLIND, source, episodes.blind, why, hearers, now))


def notices_of_listing(
    source: str, before: Episodes, doubts: Sequence[str], hearers: Hearers, now: Instant
) -> tuple[Notice, ...]:
    """After a listing with these doubts; `before` is what was wrong until then."""
    sighted = _ended(BLIND, source, before.blind, hearers, now)
    if doubts:
        return (*sighted, *_begun(DOUBT, source, before.doubt, "; ".join(doubts), hearers, now))
    return (*sighted, *_ended(DOUBT, source, before.doubt, hearers, now))


def _begun(
    kind: str, source: str, episode: Episode | None, why: str, hearers: Hearers, now: Instant
) -> Iterator[Notice]:
    if episode and not episode.is_told and now - episode.since >= LASTING:
        yield from _notices(kind, source, episode.since, why, hearers, now)


def _ended(kind: str, source: str, episode: Episode | None, hearers: Hearers, now: Instant) -> Iterator[Notice]:
    if episode and episode.is_told:
        yield from _notices(kind, source, episode.since, "", hearers, now)


def _notices(kind: str, source: str, since: Instant, why: str, hearers: Hearers, now: Instant) -> Iterator[Notice]:
    fact = f"{source}/{kind}/{'begun' if why else 'ended'}/{since}"
    for place in hearers.of(source):
        key = message_key(place, [fact])
        yield Notice(key=key, destination=place, about=kind, source=source, since=since, why=why, created_at=now)
