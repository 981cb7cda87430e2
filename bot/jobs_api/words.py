"""What the job API says, in words: an error of any shape as text that can be stored, without what the job was given."""

import json
import re
from collections.abc import Iterator, Mapping

from bot.core.likeness import likeness
from bot.core.masking import masked, names_secret, without_queries
from bot.core.texts import READ, revealed, uncoloured
from bot.core.traces import abridged
from bot.jobs_api.given import BEFORE_GIVEN, instead_of_given, names_given, without_flags
from bot.jobs_api.parameters import without_parameters

MAX_ERROR = 2_000  # characters of an error that are kept
MAX_DEPTH = 8  # levels of an error that are looked into
LOOKS = 100  # places of a text where JSON, or what was given, is read to its end

_TOLD_BY = (  # in this order, none is documented
    "message", "msg", "errormessage", "detail", "details", "reason", "cause", "description", "errordescription",
    "error", "errors", "exception", "title", "traceback", "stacktrace", "stderr", "text", "value",
)  # fmt: skip
_INLINE = frozenset(_TOLD_BY) - {"description", "title", "text", "value"}  # in a sentence, only these stand for it
_CODES = ("code", "type", "errorcode", "errortype")
_NAMING = ("reason", "error")  # stand for a code too, where they are one word beside a message
_DEEPER = ("cause", "causedby", "details", "stderr")  # say more than a message that says something
_GIVEN = re.compile(BEFORE_GIVEN, re.IGNORECASE)
_OPENING = re.compile(rf"{BEFORE_GIVEN}|\{{(?=\s*+\")|\"(?=\s*+[\[{{][\s\[{{]*+\\++\")", re.IGNORECASE)  # or of JSON
_NOTHING = re.compile(  # names in JSON, and values that tell nothing
    r"(?:\"[^\"]*+\"\s*+:|[\s\[\]{}\"',:;]|(?:null|none|nil|nan|undefined|true|false|0)\b)*+", re.IGNORECASE
)
_JSON = json.JSONDecoder(strict=False)


def read_error(error: object, parameters: object = None) -> str:
    """A job's error without what its parameters say, or the message of an event, as it is stored; empty where it says
    nothing.
    """
    text = without_flags(abridged(error_text(error), READ))
    if _NOTHING.fullmatch(text):
        return ""
    told = without_parameters(text, parameters) if text and parameters else text
    return abridged(clean(without_queries(masked(told)), READ), MAX_ERROR)


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
            return _read(revealed(uncoloured(error)), depth)
        case list() | dict() if not depth:
            return "…"
        case list():
            return "; ".join(filter(None, (error_text(part, depth - 1) for part in error)))
        case dict():
            return _told_by(error, depth - 1) if error else ""
        case _:
            return json.dumps(error)


def _told_by(error: Mapping[str, object], depth: int) -> str:
    told = {_folded(name): value for name, value in error.items()}
    if names_secret(str(told.get("name", ""))):  # of a variable
        error = {name: "…" if _folded(name) == "value" else value for name, value in error.items()}
        told.pop("value", None)
    code = _place(told) or _code(told, depth) or _named(told)
    words = _words(told, depth) or (_rest(error, depth) if code else "")
    if not words:
        return code or _whole(error, depth)
    deeper = next(filter(likeness, (error_text(told.get(name), depth) for name in _DEEPER)), "")
    return _joined(_joined(code, words), deeper)


def _joined(words: str, more: str) -> str:
    """Both; one alone, if that says the other, too."""
    if _says(words, more):
        return words
    return more if _says(more, words) else f"{words}: {more}"


def _says(text: str, part: str) -> bool:
    return not part or re.search(rf"(?<!\w){re.escape(part.strip())}(?!\w)", text, re.IGNORECASE) is not None


def _folded(name: str) -> str:
    return name.casefold().replace("_", "")


def _words(told: Mapping[str, object], depth: int) -> str:
    """The first that says something, or else the first."""
    said = [words for name in _TOLD_BY if (words := _of_fields(name, told, depth) or error_text(told.get(name), depth))]
    return next(filter(likeness, said), next(iter(said), ""))


def _of_fields(name: str, told: Mapping[str, object], depth: int) -> str:
    """What is wrong with each field of a request, whatever the field is called."""
    match told.get(name):
        case dict() as errors if name == "errors" and all(map(_is_texts, errors.values())):
            return "; ".join(f"{field}: {error_text(texts, depth)}" for field, texts in errors.items())
        case _:
            return ""


def _is_texts(texts: object) -> bool:
    return isinstance(texts, list) and all(isinstance(text, str) for text in texts)


def _rest(error: Mapping[str, object], depth: int) -> str:
    """What an object says beside its code; nothing where that has no words."""
    words = _whole({name: part for name, part in error.items() if _folded(name) not in _CODES}, depth)
    return words if likeness(words) else ""


def _place(told: Mapping[str, object]) -> str:
    """What of a request is wrong: `body.name`."""
    match told:
        case {"loc": [*parts], "msg": str()} if all(isinstance(part, str | int) for part in parts):
            return ".".join(map(str, parts))
        case {"field": str(field), "message": str()}:
            return field
        case _:
            return ""


def _code(told: Mapping[str, object], depth: int) -> str:
    codes = (told[name] for name in _CODES if isinstance(told.get(name), str))
    return next(filter(None, (error_text(code, depth) for code in codes)), "")


def _named(told: Mapping[str, object]) -> str:
    """One word for what is wrong."""
    words = (word for name in _NAMING if isinstance(word := told.get(name), str) and len(word.split()) == 1)
    return next(filter(likeness, words), "")


def _whole(error: Mapping[str, object], depth: int) -> str:
    return json.dumps(_tellable(error, depth + 1), ensure_ascii=False, separators=(",", ":"))


def _tellable(error: object, depth: int) -> object:
    match error:
        case str():
            return error_text(error, depth)
        case dict() | list() if not depth:
            return "…"
        case dict():
            return {name: _part(name, part, depth - 1) for name, part in error.items()}
        case list():
            return [_tellable(part, depth - 1) for part in error]
        case _:
            return error


def _part(name: str, part: object, depth: int) -> object:
    return "…" if names_given(name) else _tellable(part, depth)


def _read(text: str, depth: int) -> str:
    """The text, with what JSON in it tells in its place."""
    bare = text.strip()
    if bare.startswith(("{", "[", '"')):
        value, end = _json_at(bare, 0)
        if end == len(bare):
            return error_text(value, depth - 1) if depth else "…"
    return "".join(_parts(text, depth))


def _parts(text: str, depth: int) -> Iterator[str]:
    end = start = looks = 0
    while found := (_OPENING if looks < LOOKS else _GIVEN).search(text, start):
        looks += 1
        opening = found.end() if found["given"] else found.start()
        if found["given"]:
            told, start = instead_of_given(text, opening, exactly=looks < LOOKS)
        else:
            told, start = _inline(text, opening, depth)
        yield text[end:opening] + told
        end = start
    yield text[end:]


def _inline(text: str, start: int, depth: int) -> tuple[str, int]:
    """What the JSON that begins there tells, and where it ends; if it is none, its first character."""
    value, end = _json_at(text, start)
    if not end:
        return text[start], start + 1
    if not depth:
        return "…", end
    if isinstance(value, dict) and _INLINE.isdisjoint(_folded(name) for name in value):
        return _whole(value, depth - 1), end
    return error_text(value, depth - 1), end


def _json_at(text: str, start: int) -> tuple[object, int]:
    """The JSON that begins there, and where it ends; 0 if it is none."""
    try:
        return _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, 0
