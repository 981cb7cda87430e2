"""Slack does what it was asked to and the bot never hears so: every post of a run, in one of four ways."""

from tests.guarantees.proxy import Exchange, Mischief
from tests.guarantees.rows import Row
from tests.guarantees.stories import one_by_one
from tests.guarantees.theatre import Fate, theatre

WAYS = {
    Mischief.RESET_AFTER: "the post is stored, then the connection is reset",
    Mischief.ERROR_500: "the post is stored, the answer is a 500",
    Mischief.STALL: "the post is stored, the answer comes after the client's timeout",
    Mischief.RUBBISH: "the post is stored, the answer is rubbish",
}


async def with_lost_replies(way: Mischief, places: int, failures: int) -> Row:
    """So many failures, each told in so many places at once."""
    async with theatre(one_by_one(failures, [f"team-{number}" for number in range(places)])) as stage:

        def spoil(exchange: Exchange) -> Mischief | None:
            return way if exchange.kind.startswith("chat.postMessage") else None

        stage.spoil = spoil
        async with stage.life() as bot:
            fate = await stage.fate()
            await bot.stops()
        posts = sum(count for kind, count in stage.slack.counts.items() if kind.startswith("chat.postMessage"))
        amiss = "" if fate is Fate.SETTLED and await stage.ledger_agrees() else "the bot's own ledger differs"
        return Row(what=f"lost reply: {WAYS[way]}", times=posts, judgement=stage.judgement(), amiss=amiss)
