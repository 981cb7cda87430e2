"""What is wrong with the configuration, in words for the operator: where it stands, what is wrong, how to mend it.
A mistake never repeats a value that may be a secret.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot import BotError
from bot.core.masking import masked

_SECRETIVE = re.compile(r"\b(?-i:sk)[_-]|xox[a-z][-.]|xapp-|hooks\.slack|//[^/]*@|\A[0-9a-f]{20,}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """`place` is a variable, or the file and the path in it; `text` is a sentence without its full stop."""

    place: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        stop = "" if self.text.endswith(("?", "]")) else "."
        return masked(f"{self.place}: {self.text}{stop}")


class ConfigError(BotError):
    """Every mistake of a configuration at once."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        super().__init__(_paragraph(self.mistakes))


def _paragraph(mistakes: Collection[Mistake]) -> str:
    if len(mistakes) == 1:
        return f"There is a mistake in the configuration. {next(iter(mistakes))}"
    lines = [f"There are {len(mistakes)} mistakes in the configuration.", *(f"- {mistake}" for mistake in mistakes)]
    return "\n".join(lines)


def is_secretive(text: str) -> bool:
    """Whether it looks like a key, a token or an address with a password."""
    return _SECRETIVE.search(text) is not None


def shown(value: object, longest: int = 60) -> str:
    """The value as bot.toml would write it, short enough for a line; nothing of what may be a secret."""
    text = str(value)
    if is_secretive(text):
        return '"…" (not shown: it looks like a secret)'
    return json.dumps(text if len(text) <= longest else text[: longest - 1] + "…", ensure_ascii=False)


def nearest(word: str, words: Iterable[str]) -> str | None:
    by_folded = {other.casefold(): other for other in words}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """The end of a sentence that refuses the word: the nearest right one, else all of them."""
    near = nearest(word, words)
    return f"did you mean {json.dumps(near)}?" if near else f"it can be {', '.join(words)}"
