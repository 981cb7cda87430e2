"""Untrusted text made fit to stand beside ours: nothing invisible, nothing that turns the line around, no more than
there is room for. It never interprets: what looks like markup stays as it was written.
"""

import re
import unicodedata
from functools import lru_cache

NOTHING = "\N{EN DASH}"  # stands where there is nothing to say
READ = 20_000  # characters of a text that are looked at
_JOINERS = "\u200c\u200d"  # parts of words and of emoji, and harmless
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ESCAPES = re.compile(  # what colours a terminal, and what names its window or links there
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d]*+(?:\x07|\x1b\\|\x9c)"
)
_UNSEEN = (  # of the characters that are never shown
    r"\0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0001\U000e0020-\U000e007f"
)
_HIDDEN = re.compile(  # where there is nothing to join, joiners and the like, too
    rf"(?<=[!-~])[{_UNSEEN}{_JOINERS}\u034f\ufe00-\ufe0f]++(?=[!-~])|[{_UNSEEN}]"
)
_ODD = re.compile(r"[^ -~\n\w]")  # what may not be fit to be seen
_ISOLATE, _POP = "\u2068", "\u2069"


def tame(text: str, limit: int) -> str:
    """The text in one line of at most `limit` characters; a dash where there is none."""
    line = one_line(text[: 4 * limit])  # enough of most
    if len(line) <= limit and len(text) > 4 * limit:
        line = one_line(text)
    return isolated(shorten(line, limit)) or NOTHING


def tame_lines(text: str, limit: int) -> str:
    """The text with its lines kept, at most `limit` characters; empty where there is none."""
    lines = (line.rstrip() for line in _visible(text[:READ]).splitlines())
    return shorten("\n".join(lines).strip(f"\n{_JOINERS}"), limit)


@lru_cache(maxsize=2048)  # a job's error is looked at again and again
def one_line(text: str) -> str:
    line = " ".join(text[:READ].split())
    return (line if line.isprintable() else " ".join(_visible(line).split())).strip(_JOINERS)


def uncoloured(text: str) -> str:
    """The text without what it says to a terminal alone."""
    return text if text.isprintable() else _ESCAPES.sub("", text)


def revealed(text: str) -> str:
    """The text as it will be read: nothing invisible parts a word, so that what to leave out of it is found."""
    return text if text.isprintable() and text.isascii() else _HIDDEN.sub("", text)


def first_line(text: str) -> str:
    """The first line that has anything on it."""
    return next((line for line in map(one_line, text[:READ].splitlines()) if line), "")


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def isolated(text: str) -> str:
    """Text that runs from right to left, fenced so that it cannot reorder what stands beside it."""
    return f"{_ISOLATE}{text}{_POP}" if _RIGHT_TO_LEFT.search(text) else text


def width(text: str) -> int:
    """The length as Slack may count it: a character beyond the basic plane counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _visible(text: str) -> str:
    return text if text.isprintable() else _ODD.sub(lambda found: _seen(found[0]), uncoloured(text))


def _seen(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return character if character.isspace() else " "
        case "Cf":
            return character if character in _JOINERS else ""
        case "Cs":
            return "\ufffd"
        case "Zl" | "Zp":
            return "\n"
        case _:
            return character
