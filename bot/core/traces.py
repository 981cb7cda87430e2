"""What a long error comes to. A Python traceback tells its reason last, so that is what stands for it where there is
little room; other traces begin with theirs.
"""

import re
from itertools import takewhile

from bot.core.texts import shorten

_HEAD = "Traceback (most recent call last):"
_MAX_PREFIX = 80  # characters that some write before each line
_TRACE = re.compile(  # to its exception: what stands left of all its lines, and before its head
    rf"^([ \t|]*+)(?>([^\n]*?){re.escape(_HEAD)})[^\n]*+\n(?:\1[ \t]++[^\n]*+\n|[ \t\r]*+\n)*+(?=\1[^\s|+])",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\d+")
_IGNORED = re.compile(  # what went wrong while Python cleaned up
    rf"^([ \t]*+)Exception ignored in[^\n]*\n\1{re.escape(_HEAD)}[^\n]*\n(?:\1[ \t]++[^\n]*+(?:\n|\Z))*+[^\n]*\n?",
    re.MULTILINE,
)
_FOLLOWER = re.compile(r"[ \t]*+(?:\w+\.)*ChildFailedError\b")  # tells only that another process failed
_SPACE = re.compile(r"\s")


def gist(error: str) -> str:
    """Of a Python traceback the exception that tells why, after what led to it in the same line; any other error as it
    is.
    """
    if _HEAD not in error:
        return error
    bare = _bare(error)
    traces, end = _telling(bare)
    if not traces:
        return error
    left = traces[-1][1]
    lines = takewhile(lambda line: line.startswith(left), bare[traces[-1].end() : end].splitlines())
    return (traces[0][2] + "\n".join(line.removeprefix(left) for line in lines)).rstrip()


def abridged(error: str, limit: int) -> str:
    """The beginning of a longer error, and its end: of a traceback its exception."""
    if len(error) <= limit:
        return error
    error = _bare(error) if _HEAD in error else error
    half = limit // 2
    start = _exception(error) or _space(error, len(error) - half)
    end = shorten(error[start:], max(half, limit - start))
    whole = start + len(end) <= limit
    return (error[:start] if whole else shorten(error, limit - len(end))) + end


def _bare(error: str) -> str:
    """Without what stands before every line of a traceback, and without what Python ignored."""
    if prefix := _prefix(error):
        error = re.sub(rf"^{prefix}", "", error, flags=re.MULTILINE)
    return _IGNORED.sub("", error) if "Exception ignored in" in error else error


def _prefix(error: str) -> str:
    """A pattern of what stands before the head of the first traceback and before the line after it."""
    head = error.find(_HEAD)
    prefix = error[error.rfind("\n", 0, head) + 1 : head]
    if len(prefix) > _MAX_PREFIX or not prefix.strip(" \t|+"):
        return ""
    pattern = _NUMBER.sub(r"\\d+", re.escape(prefix))
    return pattern if re.compile(rf"{pattern}[ \t]").match(error, error.find("\n", head) + 1) else ""


def _telling(error: str) -> tuple[list[re.Match[str]], int]:
    """The tracebacks, the last of them the one that tells why, and where what it says ends."""
    traces, end = list(_TRACE.finditer(error)), len(error)
    while len(traces) > 1 and _FOLLOWER.match(error, traces[-1].end()):
        end = traces.pop().start()
    return traces, end


def _exception(error: str) -> int:
    """Where the line before the exception ends; 0 if there is none."""
    traces, _ = _telling(error) if _HEAD in error else ([], 0)
    return traces[-1].end() - 1 if traces else 0


def _space(text: str, start: int) -> int:
    found = _SPACE.search(text, start)
    return found.start() if found else len(text)
