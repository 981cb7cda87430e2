"""The bot as a child process in a group of its own: started, listened to, ended with all it started itself.
Knows nothing of what it runs; it gets an environment and keeps the last lines that it says.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from bot.sandbox.slack_bell import Bell

_LAST_LINES = 15
_LONGEST_LINE = 1 << 20


class Child:
    """`last_lines` are the last that it printed, on either stream."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], folder: Path, grace_seconds: float = 10.0
    ) -> None:
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._command = command
        self._env = env
        self._folder = folder
        self._grace_seconds = grace_seconds
        self._bell = Bell()
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._env,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.alive:
            self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._grace_seconds):
                await self.ended()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.ended()

    async def ended(self) -> int:
        """Its exit status, once it has ended and all it said was read."""
        status = await self._process.wait()
        await asyncio.wait({self._reading})  # unlike a plain await, this leaves the reading be if we are cancelled
        return status

    async def said(self, line: str, timeout: float) -> None:  # noqa: ASYNC109
        """Returns once it has printed this line; TimeoutError if it does not within `timeout` seconds."""
        await self._bell.until(lambda: line in self.last_lines, timeout)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _read(self) -> None:
        stream = self._process.stdout
        while stream is not None and (line := await stream.readline()):
            self.last_lines.append(line.decode(errors="replace").rstrip())
            self._bell.ring()
