"""What the job API says, in words: an error of any shape as text that can be stored. What a job was given to work on
is no part of it, wherever it stands and however it is written: it may hold prompts and internal addresses.
"""

import json
import re
from collections.abc import Iterator, Mapping

from bot.core.texts import READ, masked, uncoloured, without_queries
from bot.core.traces import abridged

MAX_ERROR = 2_000  # characters of an error that are kept
MAX_DEPTH = 8  # levels of an error that are looked into
MISSES = 50  # places of a text where JSON may seem to begin and does not

_TOLD_BY = (  # in this order, none is documented
    "message", "msg", "errormessage", "detail", "details", "reason", "description", "errordescription", "error",
    "errors", "exception", "title", "traceback", "stacktrace",
)  # fmt: skip
_CODES = ("code", "type", "errorcode", "errortype")
_GIVEN = "(?:parameters?|params?|arguments?|args|kwargs|inputs?|config|payload|prompts?)"  # how such names end
_IS_GIVEN = re.compile(f".*{_GIVEN}", re.IGNORECASE | re.DOTALL)
_OPENING = re.compile(  # of what was given, after its name; of an object; of an object in a string
    rf"(?P<given>(?<![\w-])[\w-]*{_GIVEN}(?:\\*+[\"']\s*+:\s*+(?=[\\\[{{\"'])|[\s:=]*+(?=\[?\s*+\{{)))"
    r"|\{(?=\s*+\")"
    r"|\"(?=\s*+[\[{][\s\[{]*+\\++\")",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"[^\n]*(?:\n[ \t}\])][^\n]*)*")  # to the end of the line, with the lines that are of it
_JSON = json.JSONDecoder(strict=False)


def read_error(error: object) -> str:
    """A job's error, or the message of an event, as it is stored."""
    text = abridged(error_text(error), READ)
    return abridged(clean(masked(without_queries(text)), READ), MAX_ERROR)


def clean(text: str, limit: int) -> str:
    """The text as it can be stored: no lone surrogates, no NUL, not without end."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "").strip()[:limit]


def error_text(error: object, depth: int = MAX_DEPTH) -> str:
    """A job's error, which may have any shape, as text; empty where it says nothing."""
    match error:
        case None:
            return ""
        case str():
            return _read(uncoloured(error), depth)
        case list() | dict() if not depth:
            return "…"
        case list():
            return "; ".join(filter(None, (error_text(part, depth - 1) for part in error)))
        case dict():
            return _told_by(error, depth - 1) if error else ""
        case _:
            return json.dumps(error)


def _told_by(error: Mapping[str, object], depth: int) -> str:
    told = {name.casefold().replace("_", ""): value for name, value in error.items()}
    code = _place(told) or _code(told, depth)
    words = next(filter(None, (error_text(told.get(name), depth) for name in _TOLD_BY)), "")
    if not words:
        return code or _whole(error, depth)
    return words if not code or code in words else f"{code}: {words}"


def _place(told: Mapping[str, object]) -> str:
    """What of a request is wrong: `body.name`."""
    match told:
        case {"loc": [*parts], "msg": str()} if all(isinstance(part, str | int) for part in parts):
            return ".".join(map(str, parts))
        case _:
            return ""


def _code(told: Mapping[str, object], depth: int) -> str:
    codes = (told[name] for name in _CODES if isinstance(told.get(name), str))
    return next(filter(None, (error_text(code, depth) for code in codes)), "")


def _whole(error: Mapping[str, object], depth: int) -> str:
    told = _tellable(error, depth + 1)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""


def _tellable(error: object, depth: int) -> object:
    match error:
        case str():
            return error_text(error, depth)
        case dict() | list() if not depth:
            return "…"
        case dict():
            return {name: _tellable(part, depth - 1) for name, part in error.items() if not _IS_GIVEN.fullmatch(name)}
        case list():
            return [_tellable(part, depth - 1) for part in error]
        case _:
            return error


def _read(text: str, depth: int) -> str:
    """The text, with what JSON in it tells in its place."""
    bare = text.strip()
    if bare.startswith(("{", "[", '"')):
        value, end = _json_at(bare, 0)
        if end == len(bare):
            return error_text(value, depth - 1) if depth else "…"
    return "".join(_parts(text, depth))


def _parts(text: str, depth: int) -> Iterator[str]:
    end = start = misses = 0
    while found := _OPENING.search(text, start):
        opening = found.end() if found["given"] else found.start()
        value, start = _json_at(text, opening) if misses < MISSES else (None, 0)
        misses += not start
        if found["given"]:
            start = start or _end_of_block(text, opening)
            yield f"{text[end:opening]}…"
            end = start
        elif start:
            yield text[end:opening]
            yield error_text(value, depth - 1) if depth else "…"
            end = start
        else:
            start = opening + 1
    yield text[end:]


def _json_at(text: str, start: int) -> tuple[object, int]:
    """The JSON that begins there, and where it ends; 0 if it is none."""
    try:
        return _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, 0


def _end_of_block(text: str, start: int) -> int:
    block = _BLOCK.match(text, start)
    return block.end() if block else start
