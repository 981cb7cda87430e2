"""What a job was given, told by its words: those of its own parameters are left out of its error, whatever stands
around them there. Parameters are looked at for that alone, and never kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, groupby

from bot.core.masking import names_secret

_LONG = 24  # bytes of a string that tells what a job works on, as the names of devices, modes and models do not,
_SENTENCE = 12  # or so many, if it is a path or has more than a word
_SPACED = re.compile(r"[\s/\\]")
_RUN = 6  # words in a row that are no chance: so much of a longer string is left out, too
_SECRET = 6  # bytes of what has the name of a secret,
_OF_SECRET = 4  # or of its words themselves: a letter among signs is found anywhere
_NO_SECRET = re.compile(  # what a model calls its special words, and a cluster its entries
    r"(?:pad|eos|bos|unk|mask|sep|cls|stop|start|end|special|image|pull)[_-]?(?:tokens?|secrets?)\Z", re.IGNORECASE
)
_LEAST = 8  # bytes of the words themselves: what is mere signs and figures is found anywhere
_WORD = re.compile(r"([A-Za-z0-9]+|[^\W\x00-\x7f])\0*")  # of other alphabets a letter: not all of them have spaces
_SIGNS = {code: " " for code in range(128) if not chr(code).isalnum()}
_ESCAPED = re.compile(  # in JSON, or in an address
    r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|[bfnrt])|((?:%(?:25)*[0-9A-Fa-f]{2})+)"
)


def without_parameters(text: str, parameters: object) -> str:
    """The text without those words, however they are set apart or escaped in it, in capitals or not."""
    words = list(_WORD.finditer(_unescaped(text)))
    said = [word[1].casefold() for word in words]
    telling, secret = _parts(parameters)
    found = chain(
        _repeated(said, _runs(telling, set(said)), _LEAST, _LONG),
        _repeated(said, _runs(secret, set(said)), _OF_SECRET, _OF_SECRET),
    )
    return "".join(_left(text, sorted((words[at].start(), words[last].end()) for at, last in found)))


def _runs(parts: Sequence[str], said: AbstractSet[str]) -> Mapping[int, set[tuple[str, ...]]]:
    """What may not be said, as words in a row, by how many they are; only what consists of words that are said."""
    runs: defaultdict[int, set[tuple[str, ...]]] = defaultdict(set)
    for part in parts:
        words = _words(part)
        size = min(len(words), _RUN)
        for is_said, row in groupby(words, said.__contains__):
            if is_said and len(stretch := list(row)) >= size:
                runs[size].update(_in_a_row(stretch, size))
    return runs


def _parts(parameters: object) -> tuple[Sequence[str], Sequence[str]]:
    """The strings that tell what a job works on, and those that are secrets by their names."""
    telling, secret = [], []
    left = [(parameters, False)]
    while left:
        match left.pop():
            case str(text), is_secret:
                if is_secret and _bytes(text.strip()) >= _SECRET:
                    secret.append(text)
                elif _is_telling(text):
                    telling.append(text)
            case list(parts), is_secret:
                left.extend((part, is_secret) for part in parts)
            case dict(named), is_secret:
                of_secret = is_secret or _is_secret(str(named.get("name", "")))  # as in an environment
                left.extend(
                    (part, _is_secret(str(name)) or (of_secret and name == "value")) for name, part in named.items()
                )
            case _:
                pass
    return telling, secret


def _is_secret(name: str) -> bool:
    return names_secret(name) and not _NO_SECRET.search(name)


def _words(text: str) -> list[str]:
    if text.isascii() and "\\" not in text and "%" not in text:  # quick
        return text.casefold().translate(_SIGNS).split()
    return [word.casefold() for word in _WORD.findall(_unescaped(text))]


def _is_telling(text: str) -> bool:
    bare = text.strip()
    return _bytes(bare) >= (_SENTENCE if _SPACED.search(bare) else _LONG)


def _in_a_row(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(size)), strict=False)


def _repeated(
    said: Sequence[str], runs: Mapping[int, set[tuple[str, ...]]], least: int, alone: int
) -> Iterator[tuple[int, int]]:
    """The first and the last word of each run that is said, and has at least so many bytes: or so many, if alone."""
    for size, given in runs.items():
        for at, run in enumerate(_in_a_row(said, size)):
            if run in given and _bytes("".join(run)) >= (least if size > 1 else alone):
                yield at, at + size - 1


def _left(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The text around the spans, with `…` for each of them."""
    end = 0
    for start, stop in spans:
        if start >= end:
            yield f"{text[end:start]}…"
        end = max(end, stop)
    yield text[end:]


def _unescaped(text: str) -> str:
    """The text, as long as it was, with the letters that are escaped in it, and something invisible after them."""
    if "\\" not in text and "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: _letters(found).ljust(len(found[0]), "\0"), text)


def _letters(escaped: re.Match[str]) -> str:
    if escaped[2]:
        return bytes.fromhex("".join(part[-2:] for part in escaped[2].split("%"))).decode("utf-8", "replace")
    return chr(int(escaped[1], 16)) if escaped[1] else " "


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
