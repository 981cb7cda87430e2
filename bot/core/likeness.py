"""When two errors are of one kind: what belongs to one job alone (ids, numbers, paths, times, hex) is taken out, the
words stay. An error that then says nothing is like no other.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from bot.core.instants import Instant
from bot.core.texts import one_line
from bot.core.traces import gist

MAX_LIKENESS = 200  # characters; a longer one ends in a digest of the whole
READ = 1_000  # characters at either end of a long error that are read: no more than is kept of one
_TELLING = 600  # characters of what remains of either end: where a long error is cut depends on its job
GAP = "#"  # stands where something was taken out
_UNIT = r"(?:%|[kmgt]?i?b|bytes?|[munµ]?s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|[ap]m)(?!\w)"
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?"
_FILE = (
    "arrow|avi|bin|ckpt|csv|feather|gz|h5|hdf5|jpe?g|json|jsonl|log|mat|mov|mp4|npy|npz|onnx|parquet|pkl|png|pth?"
    "|safetensors|tar|tdms|txt|wav|xlsx|ya?ml|zip"
)
_OWN = re.compile(  # what of a word belongs to one job alone, and can be told by its form
    rf"(?:(?<!\w)|(?=\d))(?:"  # nowhere else does any of it begin: most of a text is passed over
    rf"(?<!\w)[a-z][a-z0-9+.-]{{1,15}}://[^\s'\"<>()\[\]]+"
    rf"|(?<![\w/\\.])(?:~|\.\.?|[a-z]:)?(?:[\\/]+[^\s\\/'\"`:;,()<>\[\]{{}}|=]+)+[\\/]?"
    rf"|(?<![\w./\\@%+-])[\w.@%+-]++(?:[\\/][\w.@%+-]++){{2,}}"
    rf"|(?<![\w./\\@%+-])[\w./\\@%+-]+\.(?:{_FILE})(?!\w)"
    rf"|(?<!\w)[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}(?!\w)"
    rf"|(?<!\w)[a-z]+_[0-9a-hjkmnp-tv-z]{{26}}(?!\w)"
    rf"|(?<!\w)0x[0-9a-f]+"
    rf"|(?<!\w)[a-f]{{8,}}(?!\w)"
    rf"|(?<![\w:])(?=[a-f:]*\d)[0-9a-f]{{0,4}}(?:::?[0-9a-f]{{1,4}}){{2,7}}(?![\w.])"
    rf"|\d{{4}}-\d\d-\d\d(?:t{_CLOCK}(?:z|[+-]\d\d:?\d\d)?)?"
    rf"|(?<![\w-])[+-]?\d[\d.,:]*(?:e[+-]?\d+)?(?:{_UNIT})?(?![\w-])"
    rf"|(?<!\w)\w*+…)"  # what was left out before
)
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"  # letters that Kubernetes names its pods with, so that they spell no words
_POD = re.compile(
    rf"(?<=\w)-(?:(?:[0-9a-f]{{6,10}}|{_SAFE}{{8,10}})-)?(?!https|pgsql|mssql|btrfs){_SAFE}{{5}}(?![\w-])"
)
_WORD = re.compile(r"(?<![\w-])[\w-]*\d[\w-]*")
_ID = re.compile(r"[0-9a-f]{6,}|.*\d[_-]*[^\W\d_][\w-]*\d.*")  # hex, or letters between digits
_DIGITS = re.compile(r"\d+")
_SIGN = re.compile(r"(?<![\w#])[+-]#")
_GAPS = re.compile(rf"#(?: {_UNIT}|[\s,.:;x+-]*#)+")
_MONTHS = frozenset({
    "jan", "january", "feb", "february", "mar", "march", "apr", "april", "may", "jun", "june", "jul", "july", "aug",
    "august", "sep", "sept", "september", "oct", "october", "nov", "november", "dec", "december",
})  # fmt: skip
_DAY = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, reverse=True))})[.,]?"
_MONTH_WORDS = frozenset(month + end for month in _MONTHS for end in ("", ".", ","))
_DATE = re.compile(rf"(?:(?<!\w){_DAY},? )?(?<!\w)(?:{_MONTH} #|# {_MONTH} #)")
_KEYS = re.compile(r"\"[^\"]*\"\s*:")  # of JSON
_WORDS = re.compile(r"[^\W\d_]{2,}")
_HOLLOW = frozenset({
    "an", "code", "err", "error", "errors", "exception", "exit", "exited", "fail", "failed", "failure", "false", "job",
    "message", "na", "nan", "nil", "none", "null", "of", "reason", "status", "the", "true", "undefined", "unknown",
    "validation", "with",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """How often errors of one kind were seen, in how many pipelines, and the first of them."""

    times: int
    pipelines: int
    since: Instant


@lru_cache(maxsize=4096)  # jobs that fail together often fail alike
def likeness(error: str) -> str:
    """What errors of this kind have in common, in one line; empty where it says nothing, or no more than a code."""
    bare = _bare(gist(error).casefold())
    said = (word[0] for word in _WORDS.finditer(_KEYS.sub("", bare)))
    return "" if all(word in _HOLLOW for word in said) else _bounded(bare)


def _bare(text: str) -> str:
    """Without what belongs to one job alone; of a longer text the beginning and the end, so much that it does not
    depend on where the text was cut.
    """
    if len(text) > 2 * READ:
        head, tail = _without_own(_until_space(text[:READ])), _without_own(_from_space(text[-READ:]))
    else:
        head = tail = _without_own(text)
    is_cut = len(head) > _TELLING and text.endswith("…")
    if head is tail and len(head) <= 2 * _TELLING and not is_cut:
        return head
    return _GAPS.sub(GAP, f"{head[:_TELLING]} {GAP} {'' if is_cut else tail[-_TELLING:]}").rstrip()


def _until_space(text: str) -> str:
    return text.rpartition(" ")[0] or text


def _from_space(text: str) -> str:
    return text.partition(" ")[2] or text


def _without_own(text: str) -> str:
    return _GAPS.sub(GAP, " ".join(filter(None, map(_bare_line, text.splitlines()))))


@lru_cache(maxsize=1024)  # most of the lines of a long error are those of another
def _bare_line(line: str) -> str:
    words = one_line(line).split(" ")
    bare = _GAPS.sub(GAP, " ".join(map(_bare_word, words)))
    return bare if _MONTH_WORDS.isdisjoint(words) else _GAPS.sub(GAP, _DATE.sub(GAP, bare))


@lru_cache(maxsize=16_384)  # most of the words of an error are those of another
def _bare_word(word: str) -> str:
    known = _POD.sub(f"-{GAP}", _OWN.sub(GAP, word))
    return _SIGN.sub(GAP, _WORD.sub(_without_digits, known))


def _without_digits(word: re.Match[str]) -> str:
    return GAP if _ID.fullmatch(word[0]) else _DIGITS.sub(GAP, word[0])


def _bounded(text: str) -> str:
    if len(text) <= MAX_LIKENESS:
        return text
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{text[: MAX_LIKENESS - len(digest) - 1]}…{digest}"
