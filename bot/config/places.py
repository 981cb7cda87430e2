"""Who is told, as a rule writes it: a channel, a person, a user group. Only the spelling is judged here: whether
Slack knows the place is not.
"""

import re

from bot.config.errors import shown
from bot.config.values import text
from bot.core.alerts import Destination

# Slack promises no length for its ids, so any number of capitals and digits is taken for one.
DESTINATION = r"#[^\sA-Z#@<>,]{1,80}|[CGD][A-Z0-9]+|@[UW][A-Z0-9]+"
MENTION = r"@[UWS][A-Z0-9]+|@here|@channel|@everyone"

_EVERYBODY = ("here", "channel", "everyone")
_PERSON = re.compile(r"[UW][A-Z0-9]*\d[A-Z0-9]*")
_GROUP = re.compile(r"S[A-Z0-9]*\d[A-Z0-9]*")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]*\d[A-Z0-9]*")
_NO_NAME = re.compile(r"[\s#@<>,]+")


def destination(value: object) -> Destination:
    place = text(value)
    if not re.fullmatch(DESTINATION, place):
        raise ValueError(_about_destination(place))
    return place


def mention(value: object) -> str:
    whom = text(value)
    if not re.fullmatch(MENTION, whom):
        raise ValueError(_about_mention(whom))
    return whom


def _about_destination(place: str) -> str:
    bare = place.lstrip("#@")
    if _CHANNEL.fullmatch(bare):
        return f'a channel\'s id stands alone: write "{bare}"'
    if _PERSON.fullmatch(bare):
        return f'{shown(place)} is no destination; for a direct message write "@{bare}"'
    if _GROUP.fullmatch(bare) or (place.startswith("@") and bare in _EVERYBODY):
        return f'{shown(place)} can only be rung: write it under "mention", and a channel under "to"'
    if place.startswith("@"):
        return (
            f"{shown(place)} is no destination; a person is written by the member ID from the Slack profile, "
            'for example "@U0123456"'
        )
    return f"{shown(place)} is no destination; {_as_channel(bare)}"


def _as_channel(bare: str) -> str:
    name = _NO_NAME.sub("-", bare.strip()).strip("-").lower()
    if re.fullmatch(DESTINATION, f"#{name}") and shown(name) == f'"{name}"':
        return f'write "#{name}"'
    return 'write for example "#ml-alerts", "C0123456" or "@U0123456"'


def _about_mention(whom: str) -> str:
    bare = whom.lstrip("@!")
    if bare.lower() in _EVERYBODY:
        return f'{shown(whom)} rings nobody; write "@{bare.lower()}"'
    if _PERSON.fullmatch(bare) or _GROUP.fullmatch(bare):
        return f'{shown(whom)} rings nobody; write "@{bare}"'
    return (
        f"{shown(whom)} rings nobody; write a person or a user group by id, "
        'for example "@U0123456" or "@S0123456", or "@here"'
    )
