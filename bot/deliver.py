"""Out of the outbox and to the people. One message is under way for each destination at a time, so a channel that
hangs delays nobody else; a message that must wait lets the others of its channel pass.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from bot.core.doubts import OnDoubt, clear_up
from bot.core.instants import Instant
from bot.core.messages import Outcome, Parcel, Refused, Scope, TryLater, Unknown
from bot.slack.sink import SlackSink
from bot.store.outbox import Outbox, Settled

log = logging.getLogger(__name__)


async def resolve_routes(outbox: Outbox, sink: SlackSink, destinations: Collection[str]) -> dict[str, str]:
    """Finds every destination before it is needed, so that a channel's name and its id count as one place from the
    first alert on. Those that cannot be found now, with the reason.
    """
    found = await asyncio.gather(*(sink.resolve(destination) for destination in destinations))
    troubles: dict[str, str] = {}
    for destination, channel in zip(destinations, found, strict=True):
        if isinstance(channel, str):
            await outbox.resolve(destination, channel)
        else:
            troubles[destination] = channel.reason
    return troubles


async def deliver_due(
    outbox: Outbox, sink: SlackSink, on_doubt: OnDoubt, clock: Callable[[], Instant], chance: Callable[[], float]
) -> list[Settled]:
    """Delivers what may go out now, and returns what became of it. May run while an earlier call still waits for an
    answer: what that one has claimed is not claimed again.
    """

    async def deliver(parcel: Parcel) -> Settled:
        try:
            attempted, outcome = await _attempt(parcel, outbox, sink, on_doubt, clock)
        except Exception as error:
            log.exception("a message could not be handled")
            attempted, outcome = parcel, Refused(f"a bug of the bot: {error!r}", Scope.MESSAGE)  # costs no other
        settling = asyncio.ensure_future(outbox.settle(attempted, outcome, clock(), chance()))
        try:
            return await asyncio.shield(settling)
        except asyncio.CancelledError:
            await settling  # before whoever cancels goes on and closes the store
            raise

    return list(await asyncio.gather(*map(deliver, await outbox.claim_due(clock()))))


async def _attempt(
    parcel: Parcel, outbox: Outbox, sink: SlackSink, on_doubt: OnDoubt, clock: Callable[[], Instant]
) -> tuple[Parcel, Outcome]:
    """What came of the parcel. If an earlier attempt may have arrived, that is looked for first; a parcel whose doubt
    is cleared up comes back without it.
    """
    channel = parcel.channel or await sink.resolve(parcel.message.destination)
    if not isinstance(channel, str):
        return parcel, TryLater(channel.reason) if isinstance(channel, Unknown) else channel
    if parcel.channel is None:
        await outbox.resolve(parcel.message.destination, channel)
    if parcel.doubt is not None:
        sight = await sink.find(parcel.message.key, channel, parcel.doubt.began)
        if isinstance(sight, TryLater | Refused | Unknown):
            return parcel, sight
        if outcome := clear_up(sight, parcel.doubt, on_doubt, clock()):
            return parcel, outcome
    return replace(parcel, doubt=None), await sink.deliver(parcel, channel)
