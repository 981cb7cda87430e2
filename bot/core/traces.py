"""What a long error comes to. A Python traceback tells its reason last, so that is what stands for it where there is
little room; other traces begin with theirs.
"""

import re
from itertools import takewhile

from bot.core.texts import shorten

_HEAD = "Traceback (most recent call last):"
_TRACE = re.compile(  # to its exception: what stands left of all its lines, and before its head
    rf"^([ \t|]*+)(?>([^\n]*?){re.escape(_HEAD)})[^\n]*+\n(?:\1[ \t]++[^\n]*+\n|[ \t\r]*+\n)*+(?=\1[^\s|+])",
    re.MULTILINE,
)
_SPACE = re.compile(r"\s")


def gist(error: str) -> str:
    """Of a Python traceback its last exception, after what led to it in the same line; any other error as it is."""
    traces = list(_TRACE.finditer(error)) if _HEAD in error else []
    if not traces:
        return error
    left = traces[-1][1]
    lines = takewhile(lambda line: line.startswith(left), error[traces[-1].end() :].splitlines())
    return traces[0][2] + "\n".join(line.removeprefix(left) for line in lines)


def abridged(error: str, limit: int) -> str:
    """The beginning of a longer error, and its end: of a traceback its exception."""
    if len(error) <= limit:
        return error
    half = limit // 2
    start = _exception(error) or _space(error, len(error) - half)
    end = shorten(error[start:], max(half, limit - start))
    whole = start + len(end) <= limit
    return (error[:start] if whole else shorten(error, limit - len(end))) + end


def _exception(error: str) -> int:
    """Where the line before the last exception ends; 0 if there is none."""
    return max((found.end() - 1 for found in _TRACE.finditer(error)), default=0)


def _space(text: str, start: int) -> int:
    found = _SPACE.search(text, start)
    return found.start() if found else len(text)
