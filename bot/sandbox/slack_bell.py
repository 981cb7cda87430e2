"""A bell that is rung when something has changed, and the wait for a condition that a change makes true.
It must never look at a clock but to give up.
"""

import asyncio
from collections.abc import Callable


class Bell:
    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        for event in self._waiting:
            event.set()

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:  # noqa: ASYNC109
        """Returns as soon as the condition holds; TimeoutError if it does not within `timeout` seconds."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    event.clear()
                    await event.wait()
        finally:
            self._waiting.discard(event)
