"""Secrets, and the variables that hold them or name a file that does. A secret is blind: nothing here writes its
content anywhere, and only `reveal` yields it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path

from bot.config.errors import Mistake, shown

SUFFIX = "_FILE"
_LONGEST_PATH = 1000
_VISIBLE = re.compile(r"[!-~]+")
_QUOTED = re.compile(r"(['\"]).*\1")

# Slack's prefixes (docs.slack.dev/authentication/tokens). One that is not listed is let through.
_KINDS: Mapping[str, str] = {
    "xoxb-": "a bot token",
    "xoxe.xoxb-": "a bot token",
    "xapp-": "an app-level token",
    "xoxp-": "a user token",
    "xoxe.xoxp-": "a user token",
    "xoxe-": "a refresh token",
    "xoxc-": "a browser's token",
    "xoxd-": "a browser's cookie",
    "xoxs-": "a browser's token",
    "https://hooks.slack.com": "a webhook's address",
}


class Secret:
    """A text that shows itself to nobody but who asks by `reveal`."""

    __slots__ = ("_content",)

    def __init__(self, content: str) -> None:
        self._content = content

    def reveal(self) -> str:
        return self._content

    def __repr__(self) -> str:
        return "Secret('…')"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(self._content.encode(), other._content.encode())

    def __hash__(self) -> int:
        return hash(self._content)


@dataclass(frozen=True, slots=True)
class Variable:
    """What the operator should know of a variable: what it holds, what is meant when it is absent (None: it must be
    set where it is needed), what to put in. `wants` is the kind of Slack's token that belongs in it.
    """

    name: str
    meaning: str
    default: str | None = None
    remedy: str = ""
    wants: str = ""


_APPS = "your app's page at https://api.slack.com/apps"
API_KEY = Variable("ATAI_API_KEY", "the key of the job API", remedy="your organisation's API key from Archetype AI")
API_ENDPOINT = Variable(
    "ATAI_API_ENDPOINT",
    "the base address of the job API, with or without its version",
    default="https://api.u1.archetypeai.app/v0.5",
)
BOT_TOKEN = Variable(
    "SLACK_BOT_TOKEN",
    "the bot token",
    remedy=f'the bot token (xoxb-…) from "OAuth & Permissions" on {_APPS}',
    wants="a bot token",
)
APP_TOKEN = Variable(
    "SLACK_APP_TOKEN",
    "the app-level token, for Socket Mode",
    remedy=f'an app-level token (xapp-…) with connections:write, made under "Basic Information" on {_APPS}',
    wants="an app-level token",
)
SIGNING_SECRET = Variable(
    "SLACK_SIGNING_SECRET",
    "the signing secret, for HTTP mode",
    remedy=f'the signing secret from "Basic Information" on {_APPS}',
)
SLACK_API_URL = Variable("SLACK_API_URL", "the base address of Slack's Web API", default="https://slack.com/api/")
VARIABLES = (API_KEY, API_ENDPOINT, BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, SLACK_API_URL)


class VariableError(Exception):
    """A variable, or the file that it names, says nothing usable."""

    def __init__(self, place: str, text: str) -> None:
        self.mistake = Mistake(place, text)
        super().__init__(str(self.mistake))


def read_variable(environ: Mapping[str, str], name: str) -> str:
    """What the variable holds, or the file that NAME_FILE names; empty where neither is set. Raises VariableError."""
    here, file = environ.get(name, ""), environ.get(name + SUFFIX, "")
    if here and file:
        raise VariableError(name, f"{name} and {name}{SUFFIX} are both set; keep one of them")
    return read_file(f"{name}{SUFFIX}", file) if file else here.rstrip("\r\n")


def read_file(place: str, path: str) -> str:
    file = shown(path, _LONGEST_PATH)
    try:
        content = Path(path).read_text("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise VariableError(place, f"the file {file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise VariableError(place, f"the file {file} is no text in UTF-8") from None
    if not content:
        raise VariableError(place, f"the file {file} is empty")
    return content


def read_secret(environ: Mapping[str, str], variable: Variable, why: str = "") -> Secret:
    """The secret in the variable. Raises VariableError if it is absent or cannot be what belongs there."""
    content = read_variable(environ, variable.name)
    if not content:
        raise VariableError(
            variable.name,
            f"it is not set{why}: put in {variable.remedy}, or the path of its file in {variable.name}{SUFFIX}",
        )
    place = variable.name if environ.get(variable.name) else variable.name + SUFFIX
    return checked(place, content, variable.wants, variable.remedy)


def checked(place: str, content: str, wants: str, remedy: str) -> Secret:
    if _QUOTED.fullmatch(content):
        raise VariableError(place, "there are quotes around the secret; take them off")
    if not _VISIBLE.fullmatch(content):
        raise VariableError(
            place, "there is a space, a line break or a letter inside that no secret has; copy it again"
        )
    kind = next((kind for prefix, kind in _KINDS.items() if content.startswith(prefix)), "")
    if kind and kind != wants:
        raise VariableError(place, f"this is {kind}; put in {remedy}")
    return Secret(content)
