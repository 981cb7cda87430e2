"""Every statement by its name, from the .sql files in this folder; `sqlite` runs them.
Knows SQL, and nothing of jobs.
"""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """Name → statement, as they stand under `-- name --` in the files of `statements`, one for each table."""
    named: dict[str, str] = {}
    for _, text in _scripts("statements"):
        _, *parts = _NAME.split(text)
        named.update(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    return named


def migrations() -> list[tuple[str, str]]:
    """The name and the script of every migration, in order."""
    return _scripts("migrations")


def _scripts(folder: str) -> list[tuple[str, str]]:
    scripts = [entry for entry in files(__package__).joinpath(folder).iterdir() if entry.name.endswith(".sql")]
    return sorted((script.name, script.read_text()) for script in scripts)
