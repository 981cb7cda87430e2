"""Every statement by its name, from the .sql files in this folder; `sqlite` runs them.
Knows SQL, and nothing of jobs.
"""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """Name → statement, as they stand in statements.sql under `-- name --`."""
    _, *parts = _NAME.split(files(__package__).joinpath("statements.sql").read_text())
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def migrations() -> list[tuple[str, str]]:
    """The name and the script of every migration, in order."""
    folder = files(__package__).joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name, folder.joinpath(name).read_text()) for name in names]
