"""Each value of bot.toml, from what TOML or the environment says to what it means. A function here takes one value
and yields its meaning, or raises ValueError with a sentence that shows the right spelling; it reads nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bot.config.errors import did_you_mean, is_secretive, shown
from bot.core.alerts import Broadcast, GroupBy
from bot.core.changes import ChangeKind
from bot.core.deadlines import LIVE
from bot.core.doubts import OnDoubt
from bot.core.instants import exact_duration, parse_duration
from bot.core.jobs import Status

API_VERSION = "/v0.5"
JOB_ID = "{job_id}"
NEVER = "never"

_SQLITE = "sqlite:///"
_TOP_PORT = 65_535
_SOURCE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_Word = TypeVar("_Word", bound=StrEnum)


class Mode(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the server listens. An empty host is every interface, port 0 any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be text in quotes")  # noqa: TRY004 - the validation collects no other kind
    if not value.strip():
        raise ValueError("it is empty")
    return value


def one_or_list(value: object) -> object:
    """A list as it is, one text as a list of it."""
    if isinstance(value, list):
        return value
    return [text(value)]


def duration(low: timedelta, high: timedelta) -> Callable[[object], timedelta]:
    bounds = f"{exact_duration(low)} to {exact_duration(high)}"

    def parse(value: object) -> timedelta:
        if not isinstance(value, str):
            raise ValueError('a duration is text with a unit, for example "15s", "10m", "24h" or "7d"')  # noqa: TRY004 - as in text
        try:
            length = parse_duration(value)
        except ValueError:
            raise ValueError(f"{shown(value)} is no duration; write for example 15s, 10m, 24h or 7d") from None
        if not low <= length <= high:
            raise ValueError(f"{shown(value)} is out of bounds: it can be from {bounds}")
        return length

    return parse


def whole_number(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)  # the environment holds only text
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"it must be a whole number from {low} to {high}")  # noqa: TRY004 - as in text
        if not low <= value <= high:
            raise ValueError(f"{value} is out of bounds: it can be from {low} to {high}")
        return value

    return parse


def one_of(words: type[_Word], refusal: str, remedy: str = "") -> Callable[[object], _Word]:
    """What is said of any other word begins with `refusal` and ends with `remedy`, else with the nearest right one."""

    def parse(value: object) -> _Word:
        word = text(value)
        if word not in tuple(words):
            raise ValueError(f"{refusal} {shown(word)}; {remedy or did_you_mean(word, tuple(words))}")
        return words(word)

    return parse


mode = one_of(Mode, "there is no mode", 'write "socket" or "http"')
on_doubt = one_of(OnDoubt, "there is no choice", 'write "repeat" or "hold"')
kind = one_of(ChangeKind, "there is no kind of change")
group_by = one_of(GroupBy, "jobs cannot be grouped by")
broadcast = one_of(Broadcast, "there is no choice")


def after(value: object) -> timedelta | None:
    """A duration; None for "never"."""
    return None if value == NEVER else duration(timedelta(seconds=1), timedelta(days=3650))(value)


def live_status(value: object) -> Status:
    word = text(value)
    if word.upper() not in LIVE:
        raise ValueError(f"no job can be late in the status {shown(word)}; {did_you_mean(word, LIVE)}")
    return Status(word.upper())


LISTEN_BY_DEFAULT = Listen("127.0.0.1", 8080)


def listen(value: object) -> Listen | None:
    if value == "":
        return None
    match = re.fullmatch(r"(?:\[([^\[\]\s]+)\]|([^:/\s\[\]]*)):(\d{1,5})", text(value))
    if match is None or int(match[3]) > _TOP_PORT:
        raise ValueError(
            f'{shown(value)} is no address to listen on; write for example "127.0.0.1:8080", ":8080" (every interface)'
            ' or "[::1]:8080", with a port up to 65535; "" switches the server off'
        )
    return Listen(match[1] or match[2], int(match[3]))


def store_url(value: object) -> str:
    url = text(value)
    scheme = url.partition(":")[0].casefold()
    if scheme.startswith(("postgres", "psql")):
        raise ValueError(f'PostgreSQL is not there yet; write "{_SQLITE}state.db"')
    if not url.startswith(_SQLITE) or url.endswith("/"):
        raise ValueError(f'the store is a file: write "{_SQLITE}state.db" (in this folder) or "{_SQLITE}/var/state.db"')
    if url.endswith(":memory:"):
        raise ValueError(f'the store must outlive the bot: write "{_SQLITE}state.db"')
    return url


def store_path(url: str) -> Path:
    return Path(url.removeprefix(_SQLITE))


def web_address(value: object) -> str:
    """An http or https address with a host. It is not repeated in the sentence: it may hold a password."""
    address = text(value)
    try:
        parts = urlsplit(address)
        right = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port >= 0)
    except ValueError:
        right = False
    if not right or re.search(r"\s", address):
        raise ValueError('it must be a web address that begins with "https://" or "http://"')
    if "@" in parts.netloc:
        raise ValueError("a user name or password cannot stand in the address")
    return address


def endpoint(value: object) -> str:
    """The base of the job API: the API's version is added where the address names none."""
    address = web_address(value)
    parts = urlsplit(address)
    if parts.query or parts.fragment:
        raise ValueError("a base address has no ? and no #")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or API_VERSION}"


def slack_api_url(value: object) -> str:
    return web_address(value).rstrip("/") + "/"


def job_url(value: object) -> str:
    url = text(value)
    if JOB_ID not in url:
        raise ValueError(f"it must contain {JOB_ID}, which is replaced by the job's id")
    if re.search(r"[{}]", url.replace(JOB_ID, "")):
        raise ValueError(f"only {JOB_ID} is replaced; take the other braces out")
    web_address(url.replace(JOB_ID, "job"))
    return url


def source_name(value: object) -> str:
    name = text(value)
    if not _SOURCE_NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} cannot name a source: it takes letters, digits, _ . and -")
    return name


def variable_name(value: object) -> str:
    """The name is not repeated in the sentence: the key itself is easily written in its place."""
    name = text(value)
    if not _VARIABLE.fullmatch(name) or is_secretive(name):
        raise ValueError('it must be the name of an environment variable that holds the key, such as "ATAI_API_KEY"')
    return name


def is_glob(value: object) -> bool:
    """Whether a rule's `name` is meant for the names of jobs rather than for the rule itself."""
    return isinstance(value, list) or (isinstance(value, str) and re.search(r"[*?\[]", value) is not None)


def rule_name(value: object) -> str | tuple[str, ...]:
    """A text is the rule's own name, a tuple holds globs for the names of jobs."""
    if isinstance(value, list) and not value:
        raise ValueError("the list is empty")
    if isinstance(value, list):
        return tuple(text(glob) for glob in value)
    return (text(value),) if is_glob(value) else text(value)


def rule_called(name: object, number: int) -> str:
    """What the rule with this number (from 0) is called: its name, or where it stands."""
    return name if isinstance(name, str) and name and not is_glob(name) else f"rule {number + 1}"
