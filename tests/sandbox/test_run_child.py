"""The child ends when its block does, with all that it started."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.sandbox.child import Child

HEEDS = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
WAITS = "print('ready', flush=True)\nwhile True: signal.pause()\n"
FORKS = "if os.fork() == 0: signal.pause()\n"


@pytest.fixture
def child(tmp_path: Path) -> Callable[[str], Child]:
    def make(script: str) -> Child:
        command = (sys.executable, "-I", "-c", f"import os, signal, sys\n{script}")
        return Child(command, env=dict(os.environ), folder=tmp_path, grace_seconds=0.5)

    return make


async def test_it_is_asked_to_end_and_does(child: Callable[[str], Child]) -> None:
    async with child(HEEDS + WAITS) as running:
        await running.said("ready", 10)
        assert running.alive
    assert await running.ended() == 0


async def test_one_that_does_not_heed_the_signal_is_killed(child: Callable[[str], Child]) -> None:
    async with child(DEAF + WAITS) as running:
        await running.said("ready", 10)
    assert await running.ended() == -9


async def test_what_it_started_itself_ends_with_it_even_if_it_does_not_heed_the_signal(
    child: Callable[[str], Child],
) -> None:
    async with child(DEAF + FORKS + HEEDS + WAITS) as running:
        await running.said("ready", 10)
    async with asyncio.timeout(1):
        assert await running.ended() == 0, "the pipe is closed by all who held it"


async def test_its_last_lines_are_kept_from_either_stream(child: Callable[[str], Child]) -> None:
    script = "for n in range(20): print(n)\nsys.stdout.flush()\nsys.exit('the end')\n"
    async with child(script) as running:
        assert await running.ended() == 1
    assert list(running.last_lines) == [*map(str, range(6, 20)), "the end"]
