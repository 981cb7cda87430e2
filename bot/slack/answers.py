"""What stands in an answer of Slack that says ok. One that lacks what it must hold leaves a doubt, and is no fault of
the bot: it is raised as an error of the SDK, so that whoever asked treats it as such.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from slack_sdk.errors import SlackRequestError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

Fields: TypeAlias = Mapping[str, object]


def fields(answer: AsyncSlackResponse) -> Fields:
    return _fields(answer.data, "what it is asked for")


def text(told: Fields, name: str) -> str:
    """A text that is not empty."""
    value = told.get(name)
    if isinstance(value, str) and value:
        return value
    raise _missing(name)


def inner(told: Fields, name: str) -> Fields:
    return _fields(told.get(name), name)


def rows(told: Fields, name: str) -> Sequence[Fields]:
    value = told.get(name)
    if isinstance(value, list):
        return [_fields(row, name) for row in value]
    raise _missing(name)


def next_cursor(told: Fields, cursor: str) -> str:
    """Where the page after that of `cursor` begins; empty after the last one. It never leads back to the same page,
    and is there if there is more.
    """
    following = inner(told, "response_metadata").get("next_cursor") if told.get("response_metadata") else None
    if not following and not told.get("has_more"):
        return ""
    if isinstance(following, str) and following not in {"", cursor}:
        return following
    raise _missing("next_cursor")


def _fields(value: object, name: str) -> Fields:
    if isinstance(value, Mapping):
        return value
    raise _missing(name)


def _missing(name: str) -> SlackRequestError:
    return SlackRequestError(f"the answer does not say {name}")
