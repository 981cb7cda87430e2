"""Whom a message rings, as the configuration names them: a person, a user group, or everybody here. What is none of
these is mere text.
"""

import re
from collections.abc import Iterable, Sequence

from bot.core.texts import tame
from bot.slack.elements import Element, escape, words

NAME_MAX = 80
_KINDS = (  # how it is written, the element with what it names, and the same in a text
    (re.compile(r"@([UW][A-Z0-9]+)"), "user", "user_id", "<@{}>"),
    (re.compile(r"@(S[A-Z0-9]+)"), "usergroup", "usergroup_id", "<!subteam^{}>"),
    (re.compile(r"@(here|channel|everyone)"), "broadcast", "range", "<!{}>"),
)


def called(mentions: Sequence[str]) -> list[Element]:
    """The mentions, with a space between any two."""
    return [element for mention in mentions for element in (words(" "), _element(mention))][1:]


def called_in_text(mentions: Iterable[str]) -> list[str]:
    return list(map(_markup, mentions))


def _element(mention: str) -> Element:
    for pattern, kind, named, _ in _KINDS:
        if whom := pattern.fullmatch(mention):
            return {"type": kind, named: whom.group(1)}
    return words(tame(mention, NAME_MAX))


def _markup(mention: str) -> str:
    for pattern, _, _, markup in _KINDS:
        if whom := pattern.fullmatch(mention):
            return markup.format(whom.group(1))
    return escape(tame(mention, NAME_MAX))
