"""From what somebody typed, and what Slack made of it, to tokens; and from a value back to text that is read as it.
Knows quotes, escapes and invisible characters, and never what a word means. Takes any text and never raises.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_DOUBLE = '"\u201c\u201d\u201e\u00ab\u00bb'
_SINGLE = "'\u2018\u2019\u201a"
# Each pair as its language writes it, then any two that a keyboard or an editor mixed. A single quote is closed only at
# the end of a word, because it may be an apostrophe.
_QUOTED = re.compile(
    r'"[^"]*"'
    r"|[\u201c\u201d][^\u201d]*\u201d"
    r"|\u201e[^\u201c\u201d]*[\u201c\u201d]"
    r"|[\u00ab\u00bb][^\u00ab\u00bb]*[\u00ab\u00bb]"
    rf"|[{_DOUBLE}][^{_DOUBLE}]*[{_DOUBLE}]"
    rf"|[{_SINGLE}].*?[{_SINGLE}](?!\S)"
)
_DASH = r"[-\u2013\u2014\u2212]"
_TOKEN = re.compile(
    rf"(?:(?P<dash>{_DASH}?)(?P<key>[^\W\d_]\w*):)?(?P<quoted>{_QUOTED.pattern})?(?P<tail>\S*)",
)
_SAFE = re.compile(r"[\w*?!./+\[\]-]+")

# Invisible, but part of a name where they stand between letters or emoji that need them; anywhere else they are litter.
_JOINERS = "\u200c\u200d"
_JOINED = rf"[^\x00-\x7f{_DOUBLE}{_SINGLE}{_JOINERS}]"
_STRAY_JOINERS = re.compile(rf"(?<!{_JOINED})[{_JOINERS}]+|[{_JOINERS}]+(?!{_JOINED}|[{_JOINERS}])")
_FRONT = re.compile(r"(?: *(?:<@[^<>]*>[:,]?|@\S+|/?jobs(?!\S)))*", re.IGNORECASE)
_WORDS = re.compile(r"\w")
_PLEASE = re.compile(r"(?<![\s,])[\s,]+please[\s.!?]*\Z", re.IGNORECASE)
_LINK = re.compile(r"<(?:[@#!]|(?=[a-z][a-z0-9+.-]*:))(?P<target>[^<>|\s]+)(?:\|(?P<label>[^<>]*))?>", re.IGNORECASE)
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"'}
_ESCAPED = re.compile("|".join(_ESCAPES))


@dataclass(frozen=True, slots=True)
class Token:
    """One word or quoted phrase. `key` and `value` are what stands before and after its colon, if it has one outside of
    quotes; `dashed` tells that a dash stands before the key; `text` is the whole.
    """

    text: str
    key: str = ""
    value: str = ""
    dashed: bool = False


def plain(text: str) -> str:
    """The text as it was meant: nothing invisible, no white space but single-width blanks, no mention or command name
    in front, and the shown name of each person, channel or link that Slack has wrapped. `<`, `>` and `&` stay escaped.
    """
    seen = _STRAY_JOINERS.sub("", "".join(map(_seen, text)))
    return _LINK.sub(_shown, _FRONT.sub("", seen, count=1)).strip()


def addressed(text: str, bot: str) -> str:
    """What somebody asks who mentions the bot, by its user's id, anywhere: what stands behind the mention, or, where
    there are no words behind it, what stands before; and no “please” at the end.
    """
    if not bot:
        return text
    before, *behind = re.split(rf"<@{re.escape(bot)}(?:\|[^<>]*)?>", text)
    asked = " ".join(behind).lstrip(" ,:;")
    if _WORDS.search(before) and not _WORDS.search(asked):
        asked = before
    return _PLEASE.sub("", asked)


def joined(arguments: Sequence[str]) -> str:
    """The text whose quotes a shell has taken away; a single argument is the whole text, quotes and all."""
    return arguments[0] if len(arguments) == 1 else " ".join(map(_wrapped, arguments))


def tokens(text: str) -> tuple[Token, ...] | None:
    """The tokens of text that has been through `plain`; None where a quote is opened and never closed."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        tail: str = match["tail"]
        if match["quoted"] is None and tail.startswith(tuple(_DOUBLE)):
            return None
        if match[0]:
            found.append(_token(match))
    return tuple(found)


def phrase(text: str) -> str:
    """Text that has been through `plain`, read as one value, with or without quotes around it."""
    return _unescaped(text[1:-1] if _QUOTED.fullmatch(text) else " ".join(text.split()))


def quoted(value: str) -> str:
    """What `tokens` reads as this value, alone or after a key."""
    return value if _SAFE.fullmatch(value) else f'"{_escaped(value)}"'


def quoted_phrase(value: str) -> str:
    """What `phrase` reads as this value."""
    regular = value == " ".join(value.split()) and not value.startswith(tuple(_DOUBLE + _SINGLE))
    return _escaped(value) if regular else f'"{_escaped(value)}"'


def _wrapped(argument: str) -> str:
    if " " not in argument or not set(argument).isdisjoint(_DOUBLE):
        return argument
    key, colon, value = argument.partition(":")
    return f'{key}:"{value}"' if colon and " " not in key and not value.startswith(" ") else f'"{argument}"'


def _token(match: re.Match[str]) -> Token:
    value = _unescaped((match["quoted"] or "")[1:-1] + match["tail"])
    if match["key"] is None:
        return Token(value)
    return Token(f"{match['dash']}{match['key']}:{value}", match["key"], value, dashed=bool(match["dash"]))


def _seen(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zs" | "Zl" | "Zp":
            return " "
        case "Cf" if character not in _JOINERS:
            return ""
        case "Cs":
            return ""
        case _:
            return character


def _shown(link: re.Match[str]) -> str:
    return (link["label"] or "").strip() or str(link["target"])


def _escaped(text: str) -> str:
    for escape, character in _ESCAPES.items():  # `&` comes first, or the others' own would be escaped again
        text = text.replace(character, escape)
    return text


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES[match[0]], text)
