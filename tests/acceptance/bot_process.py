"""The bot as a process: started, listened to, asked to end. It ends with its block, by its own handle, also when a
test fails. Nothing here waits by the clock but to give up.
"""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGTERM
from time import perf_counter

from bot.sandbox.slack_bell import Bell

LONGEST_LINE = 1 << 22
STARTS_WITHIN = 60.0  # seconds, however busy the machine is


class Bot:
    def __init__(self, process: Process) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.bell = Bell()
        self.process = process

    def logged(self, event: str) -> list[dict[str, object]]:
        """The log lines that say so, in full or at their beginning."""
        lines = (json.loads(line) for line in self.err if line.startswith("{"))
        return [line for line in lines if str(line.get("event", "")).startswith(event)]

    async def logs(self, event: str, *, times: int = 1, within: float = STARTS_WITHIN) -> dict[str, object]:
        """The log line that says so, as soon as it is there so many times."""
        await self._until(lambda: len(self.logged(event)) >= times, within)
        return self.logged(event)[times - 1]

    async def says(self, words: str, *, within: float = STARTS_WITHIN) -> str:
        """The first line on stdout with these words in it."""
        await self._until(lambda: any(words in line for line in self.out), within)
        return next(line for line in self.out if words in line)

    async def _until(self, condition: Callable[[], bool], within: float) -> None:
        """The process that ends instead tells its last words."""
        await self.bell.until(lambda: condition() or self.process.returncode is not None, within)
        assert condition(), f"the bot ended with {self.process.returncode}: {self.err[-5:]}"

    async def ends(self, *, within: float) -> int:
        """Its exit status."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def stops(self, *, within: float = 10.0) -> float:
        """Seconds until it has ended as it was asked to, and said so with 0."""
        began = perf_counter()
        self.process.send_signal(SIGTERM)
        status = await self.ends(within=within)
        assert status == 0, self.err[-5:]
        return perf_counter() - began

    async def killed(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def _read(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        while stream is not None and (line := await stream.readline()):
            lines.append(line.decode(errors="replace").rstrip("\n"))
            self.bell.ring()
        self.bell.ring()

    @classmethod
    @asynccontextmanager
    async def started(cls, command: Sequence[str], env: Mapping[str, str], folder: Path) -> AsyncIterator["Bot"]:
        process = await asyncio.create_subprocess_exec(
            *command, env=env, cwd=folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE
        )
        bot = cls(process)
        readers = [
            asyncio.create_task(bot._read(process.stdout, bot.out)),
            asyncio.create_task(bot._read(process.stderr, bot.err)),
        ]
        try:
            yield bot
        finally:
            await bot.killed()
            await asyncio.gather(*readers)
