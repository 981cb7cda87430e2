"""Slack does what it was asked to and the bot never hears so: every post and every reply in a thread of a run, and each
edit when it is made for the first time, in one of four ways.
"""

from dataclasses import dataclass

from tests.guarantees.crashes import LEDGER_DIFFERS
from tests.guarantees.proxy import Exchange, Mischief
from tests.guarantees.rows import Row
from tests.guarantees.stories import IN_THREAD, card_by_card
from tests.guarantees.theatre import Fate, theatre

WAYS = {
    Mischief.RESET_AFTER: "the connection is reset",
    Mischief.ERROR_500: "the answer is a 500",
    Mischief.STALL: "the answer comes after the client's timeout",
    Mischief.RUBBISH: "the answer is rubbish",
}


@dataclass(slots=True)
class Loss:
    """Counts what it takes away. An edit is made again after that, and then the answer comes."""

    way: Mischief
    posts: int = 0
    replies: int = 0
    edits: int = 0

    def spoil(self, exchange: Exchange) -> Mischief | None:
        method, _, rest = exchange.kind.partition(" ")
        match method:
            case "chat.postMessage" if rest.endswith(IN_THREAD):
                self.replies += 1
            case "chat.postMessage":
                self.posts += 1
            case "chat.update" if exchange.number % 2:
                self.edits += 1
            case _:
                return None
        return self.way


async def with_lost_answers(way: Mischief, places: int, cards: int) -> Row:
    """So many cards in each of so many places, at once."""
    async with theatre(card_by_card(cards, [f"team-{number}" for number in range(places)])) as stage:
        loss = Loss(way)
        stage.spoil = loss.spoil
        async with stage.life() as bot:
            fate = await stage.fate()
            await bot.stops()
        amiss = "" if fate is Fate.SETTLED and await stage.ledger_agrees() else LEDGER_DIFFERS
        return Row(
            what=f"lost answer to {loss.posts} posts, {loss.replies} replies and {loss.edits} edits: {WAYS[way]}",
            times=loss.posts + loss.replies + loss.edits,
            judgement=await stage.judgement(),
            amiss=amiss,
        )
