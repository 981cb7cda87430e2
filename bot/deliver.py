"""Out of the outbox and to the people. One message is under way for each destination at a time, so a channel that
hangs delays nobody else; a message that must wait lets the others of its channel pass.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from bot.core.instants import Instant
from bot.core.messages import Outcome, Parcel
from bot.store.outbox import Outbox, Settled


class Sink(Protocol):
    """Where messages go."""

    async def resolve(self, destination: str) -> str | Outcome:
        """The channel id of a destination, or why it cannot be had now."""

    async def deliver(self, parcel: Parcel, channel: str) -> Outcome:
        """Says the message once, and what came of it."""


async def deliver_due(
    outbox: Outbox, sink: Sink, clock: Callable[[], Instant], chance: Callable[[], float]
) -> list[Settled]:
    """Delivers what may go out now, and returns what became of it. May run while an earlier call still waits for an
    answer: what that one has claimed is not claimed again.
    """
    parcels = await outbox.claim_due(clock())
    return list(await asyncio.gather(*(_deliver(parcel, outbox, sink, clock, chance) for parcel in parcels)))


async def _deliver(
    parcel: Parcel, outbox: Outbox, sink: Sink, clock: Callable[[], Instant], chance: Callable[[], float]
) -> Settled:
    channel = parcel.channel or await sink.resolve(parcel.message.destination)
    if isinstance(channel, str):
        if parcel.channel is None:
            await outbox.resolve(parcel.message.destination, channel)
        outcome = await sink.deliver(parcel, channel)
    else:
        outcome = channel
    return await asyncio.shield(outbox.settle(parcel, outcome, clock(), chance()))
