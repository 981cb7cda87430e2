"""That the bot is blind to a source or doubts its list, and that this is over: said where alerts of the source would
have gone, once, and only if it lasts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.alerts import Rule, glob_matches
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Field
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


def notices_of_fault(
    source: str, episodes: Episodes, why: str, rules: Iterable[Rule], now: Instant
) -> tuple[Notice, ...]:
    """After a look that failed."""
    return tuple(_begun(BLIND, source, episodes.blind, why, rules, now))


def notices_of_listing(
    source: str, before: Episodes, doubts: Sequence[str], rules: Sequence[Rule], now: Instant
) -> tuple[Notice, ...]:
    """After a listing with these doubts; `before` is what was wrong until then."""
    sighted = _ended(BLIND, source, before.blind, rules, now)
    if doubts:
        return (*sighted, *_begun(DOUBT, source, before.doubt, "; ".join(doubts), rules, now))
    return (*sighted, *_ended(DOUBT, source, before.doubt, rules, now))


def _begun(
    kind: str, source: str, episode: Episode | None, why: str, rules: Iterable[Rule], now: Instant
) -> Iterator[Notice]:
    if episode and not episode.is_told and now - episode.since >= LASTING:
        yield from _notices(kind, source, episode.since, why, rules, now)


def _ended(kind: str, source: str, episode: Episode | None, rules: Iterable[Rule], now: Instant) -> Iterator[Notice]:
    if episode and episode.is_told:
        yield from _notices(kind, source, episode.since, "", rules, now)


def _notices(kind: str, source: str, since: Instant, why: str, rules: Iterable[Rule], now: Instant) -> Iterator[Notice]:
    fact = f"{source}/{kind}/{'begun' if why else 'ended'}/{since}"
    for place in dict.fromkeys(place for rule in rules if _hears_of(rule, source) for place in rule.to):
        key = message_key(place, [fact])
        yield Notice(key=key, destination=place, about=kind, source=source, since=since, why=why, created_at=now)


def _hears_of(rule: Rule, source: str) -> bool:
    globs = rule.globs.get(Field.SOURCE)
    return globs is None or any(glob_matches(glob, source) for glob in globs)
