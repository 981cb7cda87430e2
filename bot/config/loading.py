"""bot.toml and the environment become one frozen Config, or a ConfigError with every mistake at once. Everything comes
in by the arguments; a secret is read only by a caller that needs it, and never shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from bot.config.checks import Judged, judge
from bot.config.document import read_document
from bot.config.errors import ConfigError, Mistake
from bot.config.file import DeadlineTable, Poll, RuleTable, Server, SourceTable, StoreSettings
from bot.config.secrets import (
    API_ENDPOINT,
    API_KEY,
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    SLACK_API_URL,
    Secret,
    Variable,
    VariableError,
    checked,
    read_file,
    read_secret,
    read_variable,
)
from bot.config.values import Mode, endpoint, rule_called, slack_api_url
from bot.core.alerts import Rule
from bot.core.deadlines import LIVE, Deadline
from bot.core.doubts import OnDoubt
from bot.core.jobs import Field
from bot.core.thrashing import Thrashing

T = TypeVar("T")

_HERE = Path("bot.toml")


class Need(Enum):
    """What the configuration is read for: the store alone, which takes no secret, or everything that `run` takes."""

    STORE = "store"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """`app_token` is there in Socket Mode alone, `signing_secret` in HTTP mode alone."""

    mode: Mode
    api_url: str
    on_doubt: OnDoubt = OnDoubt.REPEAT
    bot_token: Secret | None = None
    app_token: Secret | None = None
    signing_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One deployment of the job API. `job_url` is empty, or holds `{job_id}`."""

    name: str
    endpoint: str
    key: Secret | None = None
    job_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    poll: Poll
    store: StoreSettings
    slack: SlackSettings
    server: Server
    thrashing: Thrashing
    deadlines: tuple[Deadline, ...]
    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]

    @property
    def source_names(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.sources)


def find(option: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: what the option names, else JOBSBOT_CONFIG, else bot.toml here."""
    named = environ.get("JOBSBOT_CONFIG")
    return option or (Path(named) if named else _HERE)


def load(path: Path, environ: Mapping[str, str], need: Need) -> Config:
    judged = judge(read_document(path), environ)
    reading = _Environment(environ, need)
    slack, sources = reading.slack(judged), reading.sources(judged)
    mistakes = (*judged.mistakes, *_unheard(judged, path), *reading.mistakes)
    if mistakes:
        raise ConfigError(mistakes)
    settings = judged.settings
    return Config(
        poll=settings.poll,
        store=settings.store,
        slack=slack,
        server=settings.server,
        thrashing=Thrashing(settings.thrashing.times, settings.thrashing.within),
        deadlines=tuple(map(_deadline, settings.deadlines)),
        rules=tuple(_rule(table, number) for number, table in enumerate(settings.rules)),
        sources=sources,
    )


def _rule(table: RuleTable, number: int) -> Rule:
    return Rule(
        name=rule_called(table.name, number),
        to=tuple(dict.fromkeys(table.to)),
        on=table.on,
        globs=_globs(table, table.name if isinstance(table.name, tuple) else table.job),
        mention=tuple(dict.fromkeys(table.mention)),
        goes_on=table.goes_on,
        group_by=tuple(dict.fromkeys(table.group_by)),
        group_window=table.group_window,
        group_max=table.group_max,
        broadcast=table.broadcast,
    )


def _deadline(table: DeadlineTable) -> Deadline:
    return Deadline(statuses=frozenset(table.status or LIVE), globs=_globs(table, table.job), after=table.after)


def _globs(table: RuleTable | DeadlineTable, names: tuple[str, ...]) -> Mapping[Field, tuple[str, ...]]:
    globs = {
        Field.PIPELINE: table.pipeline,
        Field.TYPE: table.type,
        Field.NAME: names,
        Field.SOURCE: table.source,
    }
    return {field: patterns for field, patterns in globs.items() if patterns}


def _unheard(judged: Judged, path: Path) -> Sequence[Mistake]:
    if judged.wrong & {"slack", "server"}:
        return ()
    if judged.settings.slack.mode is Mode.HTTP and judged.settings.server.listen is None:
        return (Mistake(f"{path}, server.listen", 'in HTTP mode Slack posts to the bot: write "127.0.0.1:8080"'),)
    return ()


class _Environment:
    """What the environment says, and what is wrong with it."""

    def __init__(self, environ: Mapping[str, str], need: Need) -> None:
        self._environ = environ
        self._need = need
        self.mistakes: list[Mistake] = []

    def slack(self, judged: Judged) -> SlackSettings:
        mode = judged.settings.slack.mode
        certain = None if "slack" in judged.wrong else mode
        socket, http = certain is Mode.SOCKET, certain is Mode.HTTP
        return SlackSettings(
            mode=mode,
            on_doubt=judged.settings.slack.on_doubt,
            api_url=self._address(SLACK_API_URL, slack_api_url),
            bot_token=self._secret(BOT_TOKEN),
            app_token=self._secret(APP_TOKEN, ", and Socket Mode needs it") if socket else None,
            signing_secret=self._secret(SIGNING_SECRET, ", and HTTP mode needs it") if http else None,
        )

    def sources(self, judged: Judged) -> tuple[Source, ...]:
        tables = judged.settings.sources
        if not tables and "sources" not in judged.wrong:
            tables = (SourceTable(),)
        return tuple(self._source(table) for table in tables)

    def _source(self, table: SourceTable) -> Source:
        return Source(
            name=table.name,
            endpoint=table.endpoint or self._address(API_ENDPOINT, endpoint),
            key=self._key(table),
            job_url=table.job_url,
        )

    def _key(self, table: SourceTable) -> Secret | None:
        if table.key_file is None:
            name = table.key_env or API_KEY.name
            variable = Variable(name, API_KEY.meaning, remedy=API_KEY.remedy)
            return self._secret(variable, f', and the source "{table.name}" needs it')
        place, path = f'key_file of the source "{table.name}"', table.key_file
        return self._needed(lambda: checked(place, read_file(place, path), wants="", remedy=API_KEY.remedy))

    def _secret(self, variable: Variable, why: str = "") -> Secret | None:
        return self._needed(lambda: read_secret(self._environ, variable, why))

    def _needed(self, read: Callable[[], T]) -> T | None:
        return self._tried(read) if self._need is Need.EVERYTHING else None

    def _address(self, variable: Variable, parse: Callable[[object], str]) -> str:
        default = variable.default or ""

        def read() -> str:
            said = read_variable(self._environ, variable.name)
            try:
                return parse(said or default)
            except ValueError as error:
                problem = str(error)
            raise VariableError(variable.name, problem)

        return self._tried(read) or default

    def _tried(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except VariableError as error:
            self.mistakes.append(error.mistake)
            return None
