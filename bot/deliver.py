"""Out of the outbox and to the people. One message is under way for each channel at a time, so one that hangs
delays nobody else; a message that must wait lets the others of its channel pass.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from bot.core.doubts import OnDoubt, clear_up, to_send
from bot.core.instants import Instant
from bot.core.messages import Gone, Notice, Outcome, Parcel, Refused, Scope, TryLater, Unknown, told_by
from bot.slack.sink import SlackSink
from bot.sql.sqlite import may_pass
from bot.store.cards import Cards, Edited
from bot.store.outbox import Outbox, Settled

SETTLE_AGAIN = 1.0  # seconds
log = logging.getLogger(__name__)

T = TypeVar("T")


async def resolve_routes(
    outbox: Outbox, sink: SlackSink, destinations: Collection[str], clock: Callable[[], Instant]
) -> dict[str, str]:
    """Finds every destination before it is needed, so that a channel's name and its id count as one place from the
    first alert on. Each is written down as soon as it is found, or parked. Those that cannot be found now, with the
    reason.
    """

    async def resolve(destination: str) -> str:
        found = await sink.resolve(destination)
        if isinstance(found, str):
            await outbox.resolve(destination, found)
            return ""
        if isinstance(found, Refused) and found.scope is Scope.CHANNEL:
            await outbox.lose(destination, found.reason, clock())
        return found.reason

    reasons = await asyncio.gather(*map(resolve, destinations))
    return {destination: why for destination, why in zip(destinations, reasons, strict=True) if why}


async def deliver_due(
    outbox: Outbox, sink: SlackSink, on_doubt: OnDoubt, clock: Callable[[], Instant], chance: Callable[[], float]
) -> list[Settled]:
    """Delivers what may go out now, and returns what became of it. May run while an earlier call still waits for an
    answer: what that one has claimed is not claimed again.
    """

    async def deliver(parcel: Parcel) -> Settled:
        try:
            attempted, outcome = await _attempt(parcel, outbox, sink, on_doubt, clock)
        except sqlite3.Error as error:  # no fault of the message, which has not been sent
            if not may_pass(error):
                raise
            attempted, outcome = parcel, TryLater(f"the state file: {error}")
        except Exception as error:
            log.exception("a message could not be handled")
            attempted, outcome = parcel, Refused(f"a bug of the bot: {error!r}", Scope.MESSAGE)  # costs no other
        return await _persistently(lambda: outbox.settle(attempted, outcome, clock(), chance()))

    done = await asyncio.gather(*map(deliver, await outbox.claim_due(clock())), return_exceptions=True)
    for error in done:
        if isinstance(error, BaseException):
            raise error  # once the others are settled
    return [settled for settled in done if isinstance(settled, Settled)]


async def edit_due(
    cards: Cards, sink: SlackSink, clock: Callable[[], Instant], chance: Callable[[], float]
) -> Edited | None:
    """Edits the card that has waited longest, if Slack takes an edit now. One that may have arrived is made again."""
    if (edit := await cards.claim_edit(clock())) is None:
        return None
    try:
        outcome = await sink.edit(edit)
    except Exception as error:
        log.exception("a card could not be edited")
        outcome = Refused(f"a bug of the bot: {error!r}", Scope.MESSAGE)
    return await _persistently(lambda: cards.settle(edit, outcome, clock(), chance()))


async def _persistently(settle: Callable[[], Awaitable[T]]) -> T:
    """Settles, however often the state file fails that for the moment: what went out must not stay unsettled. Whoever
    cancels ends it; then the message is looked for at the next start.
    """
    while True:
        settling = asyncio.ensure_future(settle())
        try:
            return await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.gather(settling, return_exceptions=True)  # before whoever cancels closes the store
            raise
        except sqlite3.Error as error:
            if not may_pass(error):
                raise
        await asyncio.sleep(SETTLE_AGAIN)


async def _attempt(
    parcel: Parcel, outbox: Outbox, sink: SlackSink, on_doubt: OnDoubt, clock: Callable[[], Instant]
) -> tuple[Parcel, Outcome]:
    """How the parcel went out, and what came of it. If an earlier attempt may have arrived, it is looked for first."""
    channel = parcel.channel or await sink.resolve(parcel.message.destination)
    if not isinstance(channel, str):
        return parcel, TryLater(channel.reason) if isinstance(channel, Unknown) else channel
    if parcel.channel is None:
        await outbox.resolve(parcel.message.destination, channel)
    if parcel.doubt is not None:
        sight = await sink.find(parcel.message.key, channel, parcel.doubt)
        if isinstance(sight, TryLater | Refused | Unknown | Gone):
            return parcel, sight
        if outcome := clear_up(sight, parcel.doubt, on_doubt, clock()):
            return parcel, outcome
        parcel = to_send(parcel, sight)
    elif not isinstance(parcel.message, Notice):
        twins = await outbox.twins(parcel.message.key, channel)
        if told := told_by(twins, parcel.message):
            return parcel, told
    return parcel, await sink.deliver(parcel, channel)
