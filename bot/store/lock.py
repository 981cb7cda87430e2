"""One `run` at a time on a state file. The lock is the operating system's, so it ends with the process that holds it,
however that ends. It lies beside the state file: SQLite has locks of its own on the file itself.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot import BotError


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """BotError if another process holds the state file."""
    with _open(state) as handle:
        if not _taken(handle, fcntl.LOCK_EX):
            raise BotError(
                f"Another jobsbot already runs on the state file {state}. Stop it first, or give this one a state file "
                "of its own ([store] url): two bots on one file would tell everything twice."
            )
        yield


def is_held(state: Path) -> bool:
    """Whether a bot runs on the state file. BotError if none could."""
    if not _lock_of(state).exists():
        return False
    with _open(state) as handle:
        return not _taken(handle, fcntl.LOCK_SH)


def _lock_of(state: Path) -> Path:
    return state.with_name(state.name + ".lock")


def _open(state: Path) -> TextIO:
    try:
        return _lock_of(state).open("a")
    except OSError as error:
        raise BotError(
            f"Cannot write beside the state file {state}: {error.strerror}. Give this user a folder that it may write "
            "to, or set [store] url in the configuration to one."
        ) from error


def _taken(handle: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
