"""Which changes matter, to whom. Every change gets a verdict: an alert, or a silence that says why nobody is told."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import TypeAlias

from bot.core.changes import Change, ChangeKind
from bot.core.jobs import Field, Job, field_of

Destination: TypeAlias = str  # as the operator wrote it: "#name", a channel id, or "@U…" for a direct message
Told: TypeAlias = Collection[tuple[str, Destination]]  # (key of a change, where it has been told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A piece of configuration: which changes (`on`) of which jobs (`globs`: every field must match one of its
    globs) go where (`to`), and who is rung there (`mention`).
    """

    name: str
    to: tuple[Destination, ...]
    on: frozenset[ChangeKind] = frozenset({ChangeKind.FAILED})
    globs: Mapping[Field, tuple[str, ...]]
    mention: tuple[str, ...] = ()
    goes_on: bool = False

    def matches(self, change: Change) -> bool:
        return change.kind in self.on and self.covers(change.job)

    def covers(self, job: Job) -> bool:
        return all(
            any(glob_matches(glob, field_of(job, field)) for glob in globs) for field, globs in self.globs.items()
        )


def destinations(rules: Iterable[Rule]) -> tuple[Destination, ...]:
    """Every place that a rule names, once."""
    return tuple(dict.fromkeys(destination for rule in rules for destination in rule.to))


@dataclass(frozen=True, slots=True)
class Route:
    """One place for one change: the first rule that reached it, and everybody whom any rule rings there."""

    destination: Destination
    rule: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    change: Change
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    change: Change
    reason: str


Verdict: TypeAlias = Alert | Silence

OLD = "old: it happened before the baseline, or longer ago than the store keeps"
NO_RULE = "no rule matches"
ALREADY_TOLD = "already told"


def decide(
    changes: Sequence[Change], rules: Sequence[Rule], told: Told, channels: Mapping[Destination, str]
) -> tuple[Verdict, ...]:
    """A verdict on every change. `channels` are the destinations resolved so far, so that a channel's name and its
    id count as one place.
    """
    places = frozenset((key, channels.get(destination, destination)) for key, destination in told)
    return tuple(_verdict(change, rules, places, channels) for change in changes)


@lru_cache(maxsize=1024)  # people write globs too
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.casefold()))


def glob_matches(glob: str, text: str) -> bool:
    return _pattern(glob).match(text.casefold()) is not None


def _verdict(change: Change, rules: Sequence[Rule], told: Told, channels: Mapping[Destination, str]) -> Verdict:
    if change.old:
        return Silence(change, OLD)
    matching = _matching(change, rules)
    if not matching:
        return Silence(change, NO_RULE)
    routes = tuple(route for place, route in _routes(matching, channels).items() if (change.key, place) not in told)
    return Alert(change, routes) if routes else Silence(change, ALREADY_TOLD)


def _matching(change: Change, rules: Sequence[Rule]) -> list[Rule]:
    """The first rule that matches, and those after it for as long as each says that later rules are tried too."""
    matching: list[Rule] = []
    for rule in rules:
        if rule.matches(change):
            matching.append(rule)
            if not rule.goes_on:
                break
    return matching


def _routes(rules: Sequence[Rule], channels: Mapping[Destination, str]) -> Mapping[str, Route]:
    routes: dict[str, Route] = {}
    for rule in rules:
        for destination in rule.to:
            place = channels.get(destination, destination)
            first = routes.get(place, Route(destination, rule.name, ()))
            mentions = tuple(dict.fromkeys((*first.mentions, *rule.mention)))
            routes[place] = Route(first.destination, first.rule, mentions)
    return routes
