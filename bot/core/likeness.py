"""When two errors are of one kind: what belongs to one job alone (ids, numbers, paths, times, hex) is taken out, the
words stay. An error that then says nothing is like no other.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.core.instants import Instant
from bot.core.texts import one_line
from bot.core.traces import gist

MAX_LIKENESS = 200  # characters; of a longer one its beginning and its end
READ = 200  # characters at either end of a long error that are read: a thousand jobs may fail in one look
GAP = "#"  # stands where something was taken out
_UNIT = r"(?:\s?(?:%|[kmgt]?i?b|bytes?|[munµ]?s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|[ap]m)(?!\w))?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?"
_FILE = "csv|json|jsonl|parquet|txt|ya?ml|log|bin|zip|gz|tar|mp4|avi|mov|png|jpe?g|wav|npy|npz|pth?|onnx|safetensors"
_OWN = re.compile(  # what belongs to one job alone, and can be told by its form
    rf"(?:(?<!\w)|(?=\d))(?:"  # nowhere else does any of it begin: most of a text is passed over
    rf"(?<!\w)[a-z][a-z0-9+.-]{{1,15}}://[^\s'\"<>()\[\]]+"
    rf"|(?<![\w/\\.])(?:~|\.\.?|[a-z]:)?(?:[\\/]+[^\s\\/'\"`:;,()<>\[\]{{}}|=]+)+[\\/]?"
    rf"|(?<![\w./\\@%+-])[\w.@%+-]++(?:[\\/][\w.@%+-]++){{2,}}"
    rf"|(?<![\w./\\@%+-])[\w./\\@%+-]+\.(?:{_FILE})(?!\w)"
    rf"|(?<!\w)[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}(?!\w)"
    rf"|(?<!\w)[a-z]+_[0-9a-hjkmnp-tv-z]{{26}}(?!\w)"
    rf"|(?<!\w)0x[0-9a-f]+"
    rf"|(?<![\w:])(?=[a-f:]*\d)[0-9a-f]{{0,4}}(?:::?[0-9a-f]{{1,4}}){{2,7}}(?![\w.])"
    rf"|\d{{4}}-\d\d-\d\d(?:[t ]{_CLOCK}\s?(?:z|[+-]\d\d:?\d\d)?)?"
    rf"|(?:(?<!\w)(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?<!\w)(?:{_MONTH}\s+\d\d?|\d\d?\s+{_MONTH}),?"
    rf"(?:\s+{_CLOCK}|\s+\d{{4}}(?!\w))"
    rf"|(?<![\w-])[+-]?\d[\d.,:]*(?:e[+-]?\d+)?{_UNIT}(?![\w-]))"
)
_WORD = re.compile(r"(?<![\w-])[\w-]*\d[\w-]*")
_ID = re.compile(r"[0-9a-f]{6,}|.*\d[_-]*[^\W\d_][\w-]*\d.*")  # hex, or letters between digits
_DIGITS = re.compile(r"\d+")
_KEYS = re.compile(r"\"[^\"]*\"\s*:")  # of JSON
_WORDS = re.compile(r"[^\W\d_]{2,}")
_HOLLOW = frozenset({
    "an", "code", "err", "error", "errors", "exception", "exit", "exited", "fail", "failed", "failure", "false", "job",
    "message", "na", "nan", "nil", "none", "null", "of", "reason", "status", "the", "true", "undefined", "unknown",
    "validation", "with",
})  # fmt: skip
_GAPS = re.compile(r"(?:(?<![\w#])[+-])?#(?:[\s,.:;x+-]*#)*")


@dataclass(frozen=True, slots=True)
class Seen:
    """How often errors of one kind were seen, in how many pipelines, and the first of them."""

    times: int
    pipelines: int
    since: Instant


@lru_cache(maxsize=4096)  # jobs that fail together often fail alike
def likeness(error: str) -> str:
    """What errors of this kind have in common, in one line; empty where it says nothing, or no more than a code."""
    known = _OWN.sub(GAP, _ends(gist(error)).casefold())
    bare = _GAPS.sub(GAP, _WORD.sub(_without_digits, known))
    return "" if _HOLLOW.issuperset(_WORDS.findall(_KEYS.sub("", bare))) else _bounded(bare)


def _ends(text: str) -> str:
    """In one line, and cut between words, where there are any."""
    if len(text) <= 2 * READ:
        return one_line(text)
    head, tail = one_line(text[:READ]), one_line(text[-READ:])
    return f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"


def _without_digits(word: re.Match[str]) -> str:
    return GAP if _ID.fullmatch(word[0]) else _DIGITS.sub(GAP, word[0])


def _bounded(text: str) -> str:
    if len(text) <= MAX_LIKENESS:
        return text
    half = MAX_LIKENESS // 2
    return f"{text[: half - 1]}…{text[-half:]}"
