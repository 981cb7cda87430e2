"""That the bot is blind to a source, and that it sees again: said where alerts of this source would have gone, once,
and only if the blindness lasts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.alerts import Rule, glob_matches
from bot.core.instants import SECOND, Instant
from bot.core.jobs import Field
from bot.core.messages import Notice, message_key

BLIND_AFTER = 600 * SECOND  # what passes sooner is the business of the log and the metrics


@dataclass(frozen=True, slots=True)
class Blindness:
    """Since when looks at a source fail, and whether that was said."""

    since: Instant
    is_told: bool


def blind_notices(
    source: str, blindness: Blindness, why: str, rules: Iterable[Rule], now: Instant
) -> tuple[Notice, ...]:
    """For each place that would hear of the source, once no look has succeeded for long."""
    if blindness.is_told or now - blindness.since < BLIND_AFTER:
        return ()
    return _notices(source, blindness.since, why, rules, now)


def sighted_notices(
    source: str, blindness: Blindness | None, rules: Iterable[Rule], now: Instant
) -> tuple[Notice, ...]:
    """That a blindness which was told is over."""
    return _notices(source, blindness.since, "", rules, now) if blindness and blindness.is_told else ()


def _notices(source: str, since: Instant, why: str, rules: Iterable[Rule], now: Instant) -> tuple[Notice, ...]:
    fact = f"{source}/{'blind' if why else 'sighted'}/{since}"
    places = dict.fromkeys(place for rule in rules if _hears_of(rule, source) for place in rule.to)
    return tuple(
        Notice(key=message_key(place, [fact]), destination=place, source=source, since=since, why=why, created_at=now)
        for place in places
    )


def _hears_of(rule: Rule, source: str) -> bool:
    globs = rule.globs.get(Field.SOURCE)
    return globs is None or any(glob_matches(glob, source) for glob in globs)
