"""One `run` at a time on a state file. The lock is the operating system's, so it ends with the process that holds it,
however that ends. It lies beside the state file: SQLite has locks of its own on the file itself.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import BotError


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """BotError if another process holds the state file."""
    path = state.with_name(state.name + ".lock")
    try:
        handle = path.open("a")
    except OSError as error:
        raise BotError(
            f"Cannot write beside the state file {state}: {error.strerror}. Give this user a folder that it may write "
            "to, or set [store] url in the configuration to one."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BotError(
                f"Another jobsbot already runs on the state file {state}. Stop it first, or give this one a state file "
                "of its own ([store] url): two bots on one file would tell everything twice."
            ) from error
        yield
