"""The sandbox as a command: until Ctrl-C, with its story in the terminal."""

import asyncio
import signal
import sys

from bot import BotError
from bot.sandbox.run import run_sandbox


async def try_out(*, port: int, seed: int, speed: float, mode: str, jobs: int) -> int:
    """The exit code: 0 if it was stopped, 1 if the bot in it ended by itself."""
    if mode not in {"socket", "http"}:
        raise BotError(f'--mode is "socket" or "http", not {mode!r}.')
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        return await run_sandbox(port=port, seed=seed, speed=speed, mode=mode, jobs=jobs, out=_tell, stop=stop)
    except OSError as error:
        raise BotError(
            f"Cannot serve the sandbox's page on 127.0.0.1:{port}: {error.strerror or error}. Give it another port "
            "with --port, or --port 0 for any free one."
        ) from error


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
