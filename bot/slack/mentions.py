"""Whom a message rings, as the configuration names them: a person, a user group, or everybody here. What is none of
these is mere text.
"""

import re
from collections.abc import Iterable, Sequence

from bot.core.texts import tame
from bot.slack.elements import Element, escape, user, words

NAME_MAX = 80
_PERSON, _GROUP = re.compile(r"@([UW][A-Z0-9]+)"), re.compile(r"@(S[A-Z0-9]+)")
_BROADCAST = re.compile(r"@(here|channel|everyone)")


def called(mentions: Sequence[str]) -> list[Element]:
    """The mentions, with a space between any two."""
    return [element for mention in mentions for element in (words(" "), _element(mention))][1:]


def called_in_text(mentions: Iterable[str]) -> list[str]:
    return list(map(_markup, mentions))


def _element(mention: str) -> Element:
    if person := _PERSON.fullmatch(mention):
        return user(person.group(1))
    if group := _GROUP.fullmatch(mention):
        return {"type": "usergroup", "usergroup_id": group.group(1)}
    if broadcast := _BROADCAST.fullmatch(mention):
        return {"type": "broadcast", "range": broadcast.group(1)}
    return words(tame(mention, NAME_MAX))


def _markup(mention: str) -> str:
    if person := _PERSON.fullmatch(mention):
        return f"<@{person.group(1)}>"
    if group := _GROUP.fullmatch(mention):
        return f"<!subteam^{group.group(1)}>"
    if broadcast := _BROADCAST.fullmatch(mention):
        return f"<!{broadcast.group(1)}>"
    return escape(tame(mention, NAME_MAX))
