"""Whom a message rings, as the configuration names them: a person, a user group, or everybody here. What is none of
these is mere text.
"""

import re
from collections.abc import Sequence
from itertools import accumulate

from bot.core.texts import tame, width
from bot.slack.elements import Element, escape, words

NAME_MAX = 80
CALLED_MAX = 1_000  # characters of all mentions together, as a text has them
_KINDS = (  # how it is written, the element with what it names, and the same in a text
    (re.compile(r"@([UW][A-Z0-9]+)"), "user", "user_id", "<@{}>"),
    (re.compile(r"@(S[A-Z0-9]+)"), "usergroup", "usergroup_id", "<!subteam^{}>"),
    (re.compile(r"@(here|channel|everyone)"), "broadcast", "range", "<!{}>"),
)


def called(mentions: Sequence[str]) -> list[Element]:
    """The mentions, with a space between any two; of very many the first ring, and the others are counted."""
    ringing = _ringing(mentions)
    elements = [element for mention in ringing for element in (words(" "), _element(mention))][1:]
    return [*elements, *(words(f" {more}") for more in _left_out(mentions, ringing))]


def called_in_text(mentions: Sequence[str]) -> list[str]:
    ringing = _ringing(mentions)
    return [*map(_markup, ringing), *_left_out(mentions, ringing)]


def _ringing(mentions: Sequence[str]) -> Sequence[str]:
    """Those that there is room for: an edit whose text is too long would be refused for ever."""
    ends = accumulate(width(_markup(mention)) + 1 for mention in mentions)
    return mentions[: sum(end <= CALLED_MAX for end in ends)]


def _left_out(mentions: Sequence[str], ringing: Sequence[str]) -> list[str]:
    more = len(mentions) - len(ringing)
    return [f"and {more} more"] if more else []


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
