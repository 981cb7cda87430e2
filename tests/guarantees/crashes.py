"""Killed at every point that can be told apart from outside. The points are read off a run that nobody disturbed, so
a new request joins them by itself; each of them then gets a run of its own.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from random import Random

from tests.acceptance.bot_process import Bot
from tests.guarantees.judging import Judgement, total
from tests.guarantees.proxy import Exchange, Mischief, Phase
from tests.guarantees.rows import Row
from tests.guarantees.stories import IN_THREAD, Story, one_by_one
from tests.guarantees.theatre import Event, Fate, Theatre, theatre

FEW = 20  # one point in so many may not come, because moments shift: more of them, and nothing is proven
LONGEST_LIFE = 2.5  # seconds after the first request, for a random kill
LEDGER_DIFFERS = "the bot's own ledger differs"
CROWD = tuple(f"team-{number}" for number in range(6))


class Death(Enum):
    """When the bot dies in an exchange; the value is what the proxy then sees."""

    UNHEARD = "asked, and the request is lost with it"
    UNANSWERED = "asked, and the request arrives all the same"
    AS_ANSWERED = "answered"
    AS_PASSED = "passed"

    @property
    def phase(self) -> Phase:
        match self:
            case Death.UNHEARD | Death.UNANSWERED:
                return Phase.ASKED
            case Death.AS_ANSWERED:
                return Phase.ANSWERED
            case Death.AS_PASSED:
                return Phase.PASSED


@dataclass(frozen=True, slots=True)
class Point:
    exchange: Exchange
    death: Death

    @property
    def is_edit(self) -> bool:
        return self.exchange.kind.startswith("chat.update")

    @property
    def is_reply(self) -> bool:
        return self.exchange.kind.endswith(IN_THREAD)

    def has_come(self, exchange: Exchange, phase: Phase) -> bool:
        return (exchange, phase) == (self.exchange, self.death.phase)

    def spoil(self, exchange: Exchange) -> Mischief | None:
        return Mischief.RESET_BEFORE if self.death is Death.UNHEARD and exchange == self.exchange else None


@dataclass(frozen=True, slots=True)
class Ended:
    """`came` says whether the bot died where it was to; `amiss` what is wrong although Slack has all."""

    judgement: Judgement
    came: bool
    amiss: str = ""


def points_of(events: Sequence[Event]) -> list[Point]:
    """Every death in every exchange, as far as it goes in the story; but a look that brings what the one before it
    brought is no new point.
    """
    answered = {event.exchange for event in events if event.phase is Phase.ANSWERED}
    idle = set(_idle(events))
    exchanges = dict.fromkeys(event.exchange for event in events if event.exchange not in idle)
    return [
        Point(exchange, death)
        for exchange in exchanges
        for death in Death
        if exchange in answered or death is Death.UNHEARD
    ]


def _idle(events: Iterable[Event]) -> Iterator[Exchange]:
    last: dict[str, str] = {}
    for event in events:
        if event.exchange.side == "jobs" and event.phase is Phase.ANSWERED:
            if last.get(event.exchange.kind) == event.digest:
                yield event.exchange
            last[event.exchange.kind] = event.digest


def sample_of(points: Sequence[Point], count: int, chance: Random) -> list[Point]:
    """As many of each sort: in edits, in replies, in all else; as far as there are so many."""
    drawn = chance.sample(points, len(points))
    sorts = [[p for p in drawn if p.is_edit], [p for p in drawn if p.is_reply]]
    sorts.append([p for p in drawn if not p.is_edit and not p.is_reply])
    return [point for place in zip_longest(*sorts) for point in place if point][:count]


@dataclass(frozen=True, slots=True)
class Recorded:
    points: Sequence[Point]
    ended: Ended


async def recorded(story: Story) -> Recorded:
    """A run that nobody disturbs but the story itself."""
    async with theatre(story) as stage:
        ended = await _lives(stage, kills=0)
        return Recorded(points_of(stage.events), ended)


async def killed_at(point: Point, story: Story) -> Ended:
    async with theatre(story) as stage:
        stage.moment, stage.spoil = point.has_come, point.spoil
        return await _lives(stage, kills=1)


async def killed_at_random(kills: int, seed: str) -> Ended:
    """Jobs fail all the time, six places are told, and nobody leaves the bot alone."""
    chance = Random(seed)  # noqa: S311  where to strike, no secret
    async with theatre(one_by_one(2 * kills, CROWD)) as stage:
        stage.stage.slack.limits = False  # so many starts would be refused before they come to anything
        for _ in range(kills):
            async with stage.life() as bot:
                await stage.stirs()
                asyncio.get_running_loop().call_later(chance.uniform(0, LONGEST_LIFE), bot.process.kill)
                await bot.process.wait()
                _must_be_killed(bot)
        return await _lives(stage, kills=0)


async def _lives(stage: Theatre, kills: int) -> Ended:
    """One life, and one more for each time it dies as it is meant to; the last one goes on until all is told."""
    died = 0
    for _ in range(kills + 1):
        async with stage.life() as bot:
            if await stage.fate() is not Fate.DEAD:
                await bot.stops()
                break
            died += 1
            _must_be_killed(bot)
    agrees = await stage.ledger_agrees()
    return Ended(await stage.judgement(), died == kills, "" if agrees else LEDGER_DIFFERS)


def _must_be_killed(bot: Bot) -> None:
    assert bot.process.returncode == -9, f"it ended by itself: {bot.err[-5:]}"


def crash_row(points: Sequence[Point], ended: Sequence[Ended], of: int) -> Row:
    missed = sum(not each.came for each in ended)
    what = "SIGKILL at every generated point" if len(points) == of else f"SIGKILL at {len(points)} of {of} points"
    replies, edits = sum(point.is_reply for point in points), sum(point.is_edit for point in points)
    return Row(
        what=f"{what}: {replies} in replies, {edits} in edits" + (f"; {missed} did not come" if missed else ""),
        times=len(points) - missed,
        judgement=total(each.judgement for each in ended),
        amiss="; ".join(filter(None, [too_many(missed, len(points)), _amiss(points, ended)])),
    )


def too_many(missed: int, of: int) -> str:
    """What is amiss if the bot did not die where it was to; nothing if that is rare."""
    return f"{missed} of {of} did not come" if missed > max(1, of // FEW) else ""


def _amiss(points: Sequence[Point], ended: Sequence[Ended]) -> str:
    return "; ".join(
        f"{point.exchange} {point.death.name}: {each.judgement} {each.amiss}"
        for point, each in zip(points, ended, strict=True)
        if each.amiss or not each.judgement.kept
    )
