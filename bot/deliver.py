"""Out of the outbox and to the people. One message is under way for each destination at a time, so a channel that
hangs delays nobody else; a message that must wait lets the others of its channel pass.
"""

import asyncio
from collections.abc import Callable, Collection

from bot.core.instants import Instant
from bot.core.messages import Parcel
from bot.slack.sink import SlackSink
from bot.store.outbox import Outbox, Settled


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
    outbox: Outbox, sink: SlackSink, clock: Callable[[], Instant], chance: Callable[[], float]
) -> list[Settled]:
    """Delivers what may go out now, and returns what became of it. May run while an earlier call still waits for an
    answer: what that one has claimed is not claimed again.
    """
    parcels = await outbox.claim_due(clock())
    return list(await asyncio.gather(*(_deliver(parcel, outbox, sink, clock, chance) for parcel in parcels)))


async def _deliver(
    parcel: Parcel, outbox: Outbox, sink: SlackSink, clock: Callable[[], Instant], chance: Callable[[], float]
) -> Settled:
    channel = parcel.channel or await sink.resolve(parcel.message.destination)
    if isinstance(channel, str):
        if parcel.channel is None:
            await outbox.resolve(parcel.message.destination, channel)
        outcome = await sink.deliver(parcel, channel)
    else:
        outcome = channel
    settling = asyncio.ensure_future(outbox.settle(parcel, outcome, clock(), chance()))
    try:
        return await asyncio.shield(settling)
    except asyncio.CancelledError:
        await settling  # before whoever cancels goes on and closes the store
        raise
