"""bot.toml as a file: its tables as TOML tells them, and on which line each key stands. What the keys mean is judged
elsewhere.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bot.config.errors import ConfigError, Mistake

Loc: TypeAlias = tuple[str | int, ...]  # the way to a value: ("rules", 1, "on", 0)

TO_BEGIN_WITH = """\
    [[rules]]
    name = "failures"
    on = ["failed"]
    to = ["#ml-alerts"]"""

_HEADER = re.compile(r"\s*(\[{1,2})\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    tables: Mapping[str, object]
    lines: Mapping[Loc, int]

    def mistake(self, loc: Loc, text: str) -> Mistake:
        """A mistake at this place, as in `bot.toml line 12, rules[1].on[0]: …`."""
        line = self._line(loc)
        place = f"{self.path} line {line}" if line else str(self.path)
        return Mistake(f"{place}, {_dotted(self._as_written(loc))}", text, line)

    def _line(self, loc: Loc) -> int:
        """The line of the value, or of what holds it; 0 where nobody knows."""
        return next((self.lines[loc[:end]] for end in range(len(loc), 0, -1) if loc[:end] in self.lines), 0)

    def _as_written(self, loc: Loc) -> Loc:
        """Without the number of an item, where one text stands for the list of it."""
        value: object = self.tables
        for depth, step in enumerate(loc):
            if isinstance(step, int) and not isinstance(value, list):
                return loc[:depth]
            value = _item(value, step)
        return loc


def read_document(path: Path) -> Document:
    """The file's tables. Raises ConfigError if it cannot be read or is no TOML."""
    text = _read(path)
    try:
        return Document(path, tomllib.loads(text), dict(_lines(text)))
    except tomllib.TOMLDecodeError as error:
        mistake = Mistake(str(path), f"this is no valid TOML: {error}")
    raise ConfigError([mistake])


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        problem = (
            "there is no such file; name another with --config or JOBSBOT_CONFIG, or write one that begins so:\n"
            f"{TO_BEGIN_WITH}"
        )
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}; mend its permissions or name another with --config"
    except UnicodeDecodeError as error:
        problem = f"the file is not in UTF-8 (byte {error.start + 1}); save it as UTF-8"
    raise ConfigError([Mistake(str(path), problem)])


def _item(value: object, step: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _dotted(loc: Loc) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).removeprefix(".")


def _lines(text: str) -> Iterator[tuple[Loc, int]]:
    """The line of every header and key that begins one; inside a text of several lines nothing begins."""
    table: Loc = ()
    counts: dict[str, int] = {}
    for number, line in _outside_long_texts(text):
        if header := _HEADER.match(line):
            name = header[2]
            counts[name] = counts.get(name, -1) + 1
            table = (name, counts[name]) if header[1] == "[[" else (name,)
            yield (name,), number
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, key[1]), number


def _outside_long_texts(text: str) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if not inside:
            yield number, line
        if (line.count('"""') + line.count("'''")) % 2:
            inside = not inside
