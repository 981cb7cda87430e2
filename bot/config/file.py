"""The shape of bot.toml: every setting once, with its default, its meaning and its bounds. Whatever lists,
describes or checks settings is derived from here, and never writes one a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config import values
from bot.config.places import DESTINATION, MENTION, destination, mention
from bot.core.alerts import Broadcast, Destination, GroupBy
from bot.core.changes import ChangeKind
from bot.core.deadlines import DEADLINES, LIVE
from bot.core.doubts import OnDoubt
from bot.core.instants import exact_duration
from bot.core.jobs import Status
from bot.core.thrashing import Thrashing

PREFIX = "JOBSBOT_"
DELIMITER = "__"

_DAY = timedelta(days=1)
_MENTIONS = 20  # of one rule; a user group rings more
_TEXT = {"type": "string", "minLength": 1}
_DURATION = {"type": "string", "pattern": r"^(\d{1,9}\s*[smhdwSMHDW]\s*)+$"}


def _one_or_list(
    item: Mapping[str, object], *examples: object, least: int = 1, most: int | None = None
) -> WithJsonSchema:
    many = {"type": "array", "items": dict(item), "minItems": least, **({"maxItems": most} if most else {})}
    return WithJsonSchema({"anyOf": [dict(item), many], **({"examples": list(examples)} if examples else {})})


def _in_any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.lower()}]" for letter in word)


def _matching(pattern: str) -> dict[str, object]:
    return {"type": "string", "pattern": f"^({pattern})$"}


Globs: TypeAlias = Annotated[
    tuple[Annotated[str, PlainValidator(values.text)], ...],
    BeforeValidator(values.one_or_list),
    Field(min_length=1),
    _one_or_list(_TEXT),
]
Pipelines: TypeAlias = Annotated[
    Globs, Field(description="Globs for the pipeline's key. Absent: any.", examples=["machine-*"])
]
Types: TypeAlias = Annotated[
    Globs, Field(description="Globs for the pipeline's type. Absent: any.", examples=["training"])
]
Sources: TypeAlias = Annotated[Globs, Field(description="Globs for the source's name. Absent: any.", examples=["prod"])]
Names: TypeAlias = Annotated[Globs, Field(description="Globs for the job's name. Absent: any.", examples=["nightly-*"])]
Statuses: TypeAlias = Annotated[
    tuple[Annotated[Status, PlainValidator(values.live_status)], ...],
    BeforeValidator(values.one_or_list),
    Field(min_length=1),
    _one_or_list(_matching("|".join(map(_in_any_case, LIVE))), "RUNNING", ["PENDING", "ADMITTED"]),
]
Kinds: TypeAlias = Annotated[
    frozenset[Annotated[ChangeKind, PlainValidator(values.kind)]],
    BeforeValidator(values.one_or_list),
    Field(min_length=1),
    _one_or_list({"enum": [str(kind) for kind in ChangeKind]}, "failed", ["failed", "vanished"]),
]
Destinations: TypeAlias = Annotated[
    tuple[Annotated[Destination, PlainValidator(destination)], ...],
    BeforeValidator(values.one_or_list),
    Field(min_length=1),
    _one_or_list(_matching(DESTINATION), "#ml-alerts", ["C0123456", "@U0123456"]),
]
Mentions: TypeAlias = Annotated[
    tuple[Annotated[str, PlainValidator(mention)], ...],
    BeforeValidator(values.one_or_list),
    Field(max_length=_MENTIONS),
    _one_or_list(_matching(MENTION), "@U0123456", ["@S0123456", "@here"], least=0, most=_MENTIONS),
]
Groups: TypeAlias = Annotated[
    tuple[Annotated[GroupBy, PlainValidator(values.group_by)], ...],
    BeforeValidator(values.one_or_list),
    _one_or_list({"enum": [str(by) for by in GroupBy]}, "error", ["pipeline", "source"], [], least=0),
]


@dataclass(frozen=True, slots=True)
class Poll:
    every: Annotated[
        timedelta,
        PlainValidator(values.duration(timedelta(seconds=1), timedelta(hours=1))),
        WithJsonSchema({**_DURATION, "examples": ["15s", "1m"]}),
        Field(description="From the start of one look at the jobs to the start of the next; 1s to 1h."),
    ] = timedelta(seconds=15)
    page_size: Annotated[
        int,
        PlainValidator(values.whole_number(1, 1000)),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 1000, "examples": [100]}),
        Field(description="How many jobs are asked for at once; 1 to 1000."),
    ] = 100


@dataclass(frozen=True, slots=True)
class StoreSettings:
    url: Annotated[
        str,
        PlainValidator(values.store_url),
        WithJsonSchema(_matching("sqlite:///.*[^/]") | {"examples": ["sqlite:///state.db", "sqlite:////var/state.db"]}),
        Field(description="Where the bot remembers: a file, by its path from the working directory or from the root."),
    ] = "sqlite:///state.db"
    keep: Annotated[
        timedelta,
        PlainValidator(values.duration(_DAY, 3650 * _DAY)),
        WithJsonSchema({**_DURATION, "examples": ["90d"]}),
        Field(description="For how long it remembers; 1d to 3650d."),
    ] = 90 * _DAY

    @property
    def path(self) -> Path:
        return values.store_path(self.url)


@dataclass(frozen=True, slots=True)
class SlackTable:
    mode: Annotated[
        values.Mode,
        PlainValidator(values.mode),
        WithJsonSchema({"enum": [str(mode) for mode in values.Mode]}),
        Field(description="How Slack reaches the bot: by a socket that the bot opens, or by posts to /slack/events."),
    ] = values.Mode.SOCKET
    on_doubt: Annotated[
        OnDoubt,
        PlainValidator(values.on_doubt),
        WithJsonSchema({"enum": [str(choice) for choice in OnDoubt]}),
        Field(
            description="What to do with a message that may have arrived, where the bot cannot look: repeat or hold."
        ),
    ] = OnDoubt.REPEAT


@dataclass(frozen=True, slots=True)
class Server:
    listen: Annotated[
        values.Listen | None,
        PlainValidator(values.listen),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": r"^((\[[^\[\]\s]+\]|[^:/\s\[\]]*):\d{1,5})?$",
                "examples": ["127.0.0.1:8080", ":8080", ""],
            }
        ),
        Field(
            description="Where /healthz, /readyz and /metrics are, and /slack/events in HTTP mode;"
            ' "" switches the server off.'
        ),
    ] = values.LISTEN_BY_DEFAULT


@dataclass(frozen=True, slots=True)
class ThrashingTable:
    times: Annotated[
        int,
        PlainValidator(values.whole_number(2, 1000)),
        WithJsonSchema({"type": "integer", "minimum": 2, "maximum": 1000, "examples": [3]}),
        Field(description="How many preemptions of a job are told as thrashing; 2 to 1000."),
    ] = Thrashing().times
    within: Annotated[
        timedelta,
        PlainValidator(values.duration(timedelta(minutes=1), _DAY)),
        WithJsonSchema({**_DURATION, "examples": ["1h"]}),
        Field(description="Within how long; 1m to 1d. It is told once in this time."),
    ] = Thrashing().within


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTable:
    name: Annotated[
        str | tuple[str, ...],
        PlainValidator(values.rule_name),
        _one_or_list(_TEXT, "failures", "nightly-*"),
        Field(description="What the rule is called; with * ? or [, or as a list: globs for the names of jobs."),
    ] = ""
    on: Annotated[Kinds, Field(description="Which changes are told.")] = frozenset({ChangeKind.FAILED})
    pipeline: Pipelines = ()
    type: Types = ()
    source: Sources = ()
    job: Names = ()
    to: Annotated[Destinations, Field(description="Who is told: #name, a channel's id, or @id of a person.")]
    mention: Annotated[
        Mentions,
        Field(
            description="Who is rung: @id of a person or a user group, @here, @channel, @everyone; "
            f"at most {_MENTIONS}."
        ),
    ] = ()
    goes_on: Annotated[bool, Field(alias="continue", strict=True, description="Whether later rules are tried too.")] = (
        False
    )
    group_by: Annotated[
        Groups,
        Field(
            description="What the jobs of one card have in common: pipeline, type, source, error. []: only the rule."
        ),
    ] = (GroupBy.PIPELINE,)
    group_window: Annotated[
        timedelta,
        PlainValidator(values.duration(timedelta(), timedelta(hours=1))),
        WithJsonSchema({**_DURATION, "examples": ["60s", "0s"]}),
        Field(description="How long a card waits for the next job after each that came; 0s to 1h."),
    ] = timedelta(seconds=60)
    group_max: Annotated[
        timedelta,
        PlainValidator(values.duration(timedelta(minutes=1), _DAY)),
        WithJsonSchema({**_DURATION, "examples": ["15m"]}),
        Field(description="How long after its first job a card takes others at most; 1m to 1d."),
    ] = timedelta(minutes=15)
    broadcast: Annotated[
        Broadcast,
        PlainValidator(values.broadcast),
        WithJsonSchema({"enum": [str(choice) for choice in Broadcast]}),
        Field(description="Which replies in a card's thread the channel sees too: never, worse or always."),
    ] = Broadcast.WORSE

    def __post_init__(self) -> None:
        if self.group_max < self.group_window:
            window, most = exact_duration(self.group_window), exact_duration(self.group_max)
            raise ValueError(
                f'group_window is {window} and group_max less: {most}; write group_max = "{window}" or more'
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineTable:
    status: Annotated[
        Statuses, Field(description="In which status: PENDING, ADMITTED, RUNNING, PREEMPTED. Absent: in any of these.")
    ] = ()
    pipeline: Pipelines = ()
    type: Types = ()
    source: Sources = ()
    job: Names = ()
    after: Annotated[
        timedelta | None,
        PlainValidator(values.after),
        WithJsonSchema(
            {"type": "string", "pattern": f"{_DURATION['pattern']}|^{values.NEVER}$", "examples": ["6h", values.NEVER]}
        ),
        Field(description='Longer than this in its status, a job is overdue; "never" if it may stay there.'),
    ]


def _usual_deadlines() -> tuple[DeadlineTable, ...]:
    return tuple(DeadlineTable(status=tuple(usual.statuses), after=usual.after) for usual in DEADLINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    name: Annotated[
        str,
        PlainValidator(values.source_name),
        WithJsonSchema(_matching("[A-Za-z0-9_.-]+") | {"examples": ["prod"]}),
        Field(description="What the source is called."),
    ] = "default"
    endpoint: Annotated[
        str | None,
        PlainValidator(values.endpoint),
        WithJsonSchema(_matching(r"https?://\S+") | {"examples": ["https://api.u1.archetypeai.app/v0.5"]}),
        Field(description="The base address of its job API. Absent: what ATAI_API_ENDPOINT says."),
    ] = None
    key_env: Annotated[
        str | None,
        PlainValidator(values.variable_name),
        WithJsonSchema(_matching("[A-Za-z_][A-Za-z0-9_]*") | {"examples": ["ATAI_API_KEY"]}),
        Field(description="The variable that holds its key. Absent, and without key_file: ATAI_API_KEY."),
    ] = None
    key_file: Annotated[
        str | None,
        PlainValidator(values.text),
        WithJsonSchema(_TEXT | {"examples": ["/run/secrets/prod_key"]}),
        Field(description="The file that holds its key, instead of key_env."),
    ] = None
    job_url: Annotated[
        str,
        PlainValidator(values.job_url),
        WithJsonSchema(_matching(r"https?://.*\{job_id\}.*") | {"examples": ["https://console.example/jobs/{job_id}"]}),
        Field(description="The page of a job, for a link on every job; {job_id} is replaced."),
    ] = ""


class BotToml(BaseSettings):
    """bot.toml, the settings of jobsbot."""

    model_config = SettingsConfigDict(
        extra="forbid", validate_default=False, env_prefix=PREFIX, env_nested_delimiter=DELIMITER
    )

    poll: Annotated[Poll, Field(default_factory=Poll, description="How the jobs are looked at.")]
    store: Annotated[StoreSettings, Field(default_factory=StoreSettings, description="What the bot remembers.")]
    slack: Annotated[SlackTable, Field(default_factory=SlackTable, description="How the bot and Slack meet.")]
    server: Annotated[Server, Field(default_factory=Server, description="The bot's own web server.")]
    thrashing: Annotated[
        ThrashingTable, Field(default_factory=ThrashingTable, description="When a job is preempted too often.")
    ]
    rules: Annotated[tuple[RuleTable, ...], Field(description="Which changes matter, to whom; the first that matches.")]
    deadlines: Annotated[
        tuple[DeadlineTable, ...],
        Field(
            default_factory=_usual_deadlines,
            description="How long jobs may stay in one status; the first that matches.",
        ),
    ]
    sources: Annotated[
        tuple[SourceTable, ...],
        Field(default=(), description="The deployments of the job API, where there is more than the default one."),
    ]


PLAIN_SECTIONS = ("poll", "store", "slack", "server", "thrashing")
