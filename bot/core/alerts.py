"""Which changes matter, to whom. Every change gets a verdict: an alert, a step on a card that is open already, or a
silence that says why nobody is told.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from typing import TypeAlias

from bot.core.changes import Change, ChangeKind
from bot.core.jobs import Field, Job, field_of

Destination: TypeAlias = str  # as the operator wrote it: "#name", a channel id, or "@U…" for a direct message
Told: TypeAlias = Collection[tuple[str, Destination]]  # (key of a change, where it has been told)
JobRef: TypeAlias = tuple[str, str]  # (source, id of a job)


class GroupBy(StrEnum):
    """What the jobs of one card have in common, as bot.toml writes it; ERROR is the likeness of their errors."""

    PIPELINE = "pipeline"
    TYPE = "type"
    SOURCE = "source"
    ERROR = "error"


class Broadcast(StrEnum):
    """Which replies in a card's thread are shown in the channel too."""

    NEVER = "never"
    WORSE = "worse"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A piece of configuration: which changes (`on`) of which jobs (`globs`: every field must match one of its
    globs) go where (`to`), and who is rung there (`mention`). Jobs that have `group_by` in common share a card if each
    follows within `group_window` of the one before, up to `group_max` after the first.
    """

    name: str
    to: tuple[Destination, ...]
    on: frozenset[ChangeKind] = frozenset({ChangeKind.FAILED})
    globs: Mapping[Field, tuple[str, ...]]
    mention: tuple[str, ...] = ()
    goes_on: bool = False
    group_by: tuple[GroupBy, ...] = (GroupBy.PIPELINE,)
    group_window: timedelta = timedelta(seconds=60)
    group_max: timedelta = timedelta(minutes=15)
    broadcast: Broadcast = Broadcast.WORSE

    def matches(self, change: Change) -> bool:
        return change.kind in self.on and self.covers(change.job)

    def covers(self, job: Job) -> bool:
        return covers(self.globs, job)

    def covers_source(self, source: str) -> bool:
        """Whether it may cover a job of this source."""
        globs = self.globs.get(Field.SOURCE)
        return globs is None or any(glob_matches(glob, source) for glob in globs)


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
class Follow:
    """A place where a card tells the job's story already, and the `rule` that opened it. `asked` says whether a rule
    matches this change there, `mentions` are whom those rules ring; `told` that it was told there before: the job is as
    it was once, and only the card has to show that.
    """

    destination: Destination
    rule: str
    mentions: tuple[str, ...] = ()
    asked: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """A change that opens a card, or joins one, in each of its `routes`; where one follows the job, it is a step."""

    change: Change
    routes: tuple[Route, ...]
    follows: tuple[Follow, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    change: Change
    follows: tuple[Follow, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    change: Change
    reason: str


Verdict: TypeAlias = Alert | Step | Silence
Followed: TypeAlias = Mapping[JobRef, Iterable[Follow]]

OLD = "old: it happened before the baseline, or longer ago than the store keeps"
NO_RULE = "no rule matches"
ALREADY_TOLD = "already told"


def decide(
    changes: Iterable[Change],
    rules: Sequence[Rule],
    told: Told,
    channels: Mapping[Destination, str],
    followed: Followed,
) -> tuple[Verdict, ...]:
    """A verdict on every change. `followed` tells which cards there are for a job; what opens one makes steps of the
    job's later changes. `channels` are the destinations resolved so far, so that a channel's name and its id count as
    one place.
    """
    return tuple(_Judge(rules, told, channels, followed).verdicts(changes))


@lru_cache(maxsize=1024)  # people write globs too
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.casefold()))


def glob_matches(glob: str, text: str) -> bool:
    return _pattern(glob).match(text.casefold()) is not None


def job_ref(job: Job) -> JobRef:
    return (job.source, job.id)


def covers(globs: Mapping[Field, Iterable[str]], job: Job) -> bool:
    """Whether each of the job's fields that is named matches one of the globs for it."""
    return all(any(glob_matches(glob, field_of(job, field)) for glob in any_of) for field, any_of in globs.items())


class _Judge:
    """Remembers, from change to change, which cards there are for each job, by place."""

    def __init__(
        self, rules: Sequence[Rule], told: Told, channels: Mapping[Destination, str], followed: Followed
    ) -> None:
        self._rules = rules
        self._channels = channels
        self._told = {(key, self._place(destination)) for key, destination in told}
        self._followed: dict[JobRef, dict[str, Follow]] = {}
        for job, follows in followed.items():
            for follow in follows:
                self._followed.setdefault(job, {}).setdefault(self._place(follow.destination), follow)

    def verdicts(self, changes: Iterable[Change]) -> Iterator[Verdict]:
        for change in changes:
            verdict = Silence(change, OLD) if change.old else self._verdict(change)
            if isinstance(verdict, Alert):
                cards = self._followed.setdefault(job_ref(change.job), {})
                for route in verdict.routes:
                    cards[self._place(route.destination)] = Follow(route.destination, route.rule)
            self._told |= {(change.key, place) for place in self._followed.get(job_ref(change.job), {})}
            yield verdict

    def _verdict(self, change: Change) -> Verdict:
        matching = self._matching(change)
        reached = self._routes(matching)
        cards = self._followed.get(job_ref(change.job), {})
        routes = tuple(
            route for place, route in reached.items() if place not in cards and (change.key, place) not in self._told
        )
        follows = tuple(self._follow(change, place, follow, reached.get(place)) for place, follow in cards.items())
        if routes:
            return Alert(change, routes, follows)
        if follows:
            return Step(change, follows)
        return Silence(change, ALREADY_TOLD if matching else NO_RULE)

    def _follow(self, change: Change, place: str, follow: Follow, route: Route | None) -> Follow:
        told, mentions = (change.key, place) in self._told, route.mentions if route else ()
        return Follow(follow.destination, follow.rule, mentions, asked=route is not None, told=told)

    def _matching(self, change: Change) -> list[Rule]:
        """The first rule that matches, and those after it for as long as each says that later rules are tried too."""
        matching: list[Rule] = []
        for rule in self._rules:
            if rule.matches(change):
                matching.append(rule)
                if not rule.goes_on:
                    break
        return matching

    def _routes(self, rules: Sequence[Rule]) -> Mapping[str, Route]:
        routes: dict[str, Route] = {}
        for rule in rules:
            for destination in rule.to:
                place = self._place(destination)
                first = routes.get(place, Route(destination, rule.name, ()))
                mentions = tuple(dict.fromkeys((*first.mentions, *rule.mention)))
                routes[place] = Route(first.destination, first.rule, mentions)
        return routes

    def _place(self, destination: Destination) -> str:
        return self._channels.get(destination, destination)
