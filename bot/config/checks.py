"""The tables of bot.toml and the overrides of the environment, judged: what is right in them, and every mistake in the
words of the operator. Secrets are not looked at here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource

from bot.config.document import TO_BEGIN_WITH, Document, Loc
from bot.config.errors import Mistake, did_you_mean, nearest, shown
from bot.config.file import DELIMITER, PLAIN_SECTIONS, PREFIX, BotToml
from bot.config.schema import SETTINGS, Setting, keys_of, variable_of
from bot.config.values import is_glob, rule_called

SECTIONS = (*PLAIN_SECTIONS, "rules", "deadlines", "sources")
_NO_RULE = f"there is no rule, so nobody would be told of anything; write for example\n{TO_BEGIN_WITH}"
_LISTS = ("rules", "deadlines", "sources")
_OVERRIDABLE: Mapping[str, Setting] = {setting.variable: setting for setting in SETTINGS if setting.variable}
_SECRETS = {
    "token": "SLACK_BOT_TOKEN",
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
    "key": "ATAI_API_KEY",
    "api_key": "ATAI_API_KEY",
}
_OTHER_WORDS = {"channel": "to", "channels": "to", "destination": "to", "status": "on", "kind": "on", "user": "mention"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is right in the settings: a section or an entry with a mistake is left out, its section named in `wrong`."""

    settings: BotToml
    wrong: frozenset[str]
    mistakes: tuple[Mistake, ...]


def judge(document: Document, environ: Mapping[str, str]) -> Judged:
    overrides = {name: environ[name] for name in _OVERRIDABLE if name in environ}
    tables = {section: table for section, table in document.tables.items() if section in SECTIONS}
    unknown = [section for section in document.tables if section not in SECTIONS]
    others = [*_across(document), *_misnamed(environ)]
    others += [document.mistake((word,), _about_unknown_section(word)) for word in unknown]
    meant = frozenset(filter(None, (nearest(word, SECTIONS) for word in unknown)))
    try:
        return Judged(_validated(tables, overrides), meant, _by_line(others))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    wrong = frozenset(str(detail["loc"][0]) for detail in details)
    right = {name: text for name, text in overrides.items() if _OVERRIDABLE[name].section not in wrong}
    settings = _validated(_without(tables, [detail["loc"] for detail in details]), right)
    mistakes = (_mistake(document, overrides, detail) for detail in details)
    return Judged(settings, wrong | meant, _by_line([*mistakes, *others]))


def _by_line(mistakes: Sequence[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(mistakes, key=lambda mistake: (mistake.line == 0, mistake.line)))


class _Overriding(EnvSettingsSource):
    """The environment that was handed in, never the process's own."""

    def __init__(self, settings_cls: type[BaseSettings], overrides: Mapping[str, str]) -> None:
        self._overrides = overrides
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): text for name, text in self._overrides.items()}


def _validated(tables: Mapping[str, object], overrides: Mapping[str, str]) -> BotToml:
    class Sourced(BotToml):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Overriding(settings_cls, overrides), InitSettingsSource(settings_cls, dict(tables))

    return Sourced()  # type: ignore[call-arg]  # its fields come from the sources


def _without(tables: Mapping[str, object], wrong: Sequence[Loc]) -> dict[str, object]:
    """The tables but for those that hold a mistake; of the rules and the sources, but for such entries."""
    whole = {loc[0] for loc in wrong if loc[0] not in _LISTS or len(loc) == 1}
    entries = {loc[:2] for loc in wrong}
    rest: dict[str, object] = {"rules": []}
    for section, value in tables.items():
        if section not in whole:
            rest[section] = (
                [entry for number, entry in enumerate(value) if (section, number) not in entries]
                if isinstance(value, list)
                else value
            )
    return rest


def _mistake(document: Document, overrides: Mapping[str, str], detail: ErrorDetails) -> Mistake:
    loc = detail["loc"]
    variable = variable_of(str(loc[0]), str(loc[1])) if len(loc) > 1 else ""
    text = _sentence(detail, loc)
    if variable in overrides:
        return Mistake(variable, text)
    return document.mistake(loc[:-1] if detail["type"] == "missing" and len(loc) > 1 else loc, text)


def _sentence(detail: ErrorDetails, loc: Loc) -> str:
    match detail["type"]:
        case "value_error":
            sentence = str(detail["ctx"]["error"])
        case "extra_forbidden" | "unexpected_keyword_argument":
            sentence = _about_unknown_key(*map(str, loc))
        case "missing" if len(loc) == 1:
            sentence = _NO_RULE
        case "missing" if loc[0] == "deadlines":
            sentence = f'there is no "{loc[-1]}"; write for example after = "6h", or after = "never"'
        case "missing":
            sentence = f'there is no "{loc[-1]}", so nobody would be told; write for example to = ["#ml-alerts"]'
        case "dataclass_type" | "tuple_type":
            sentence = f"this is a table of its own: write {_header(str(loc[0]))} on a line, and its keys below"
        case "too_short":
            sentence = "the list is empty"
        case "too_long":
            there, most = detail["ctx"]["actual_length"], detail["ctx"]["max_length"]
            sentence = f"the list has {there} entries; it can have up to {most}"
        case "bool_type":
            sentence = "it must be true or false, without quotes"
        case _:
            sentence = detail["msg"]
    return sentence


def _header(section: str) -> str:
    return f"[[{section}]]" if section in _LISTS else f"[{section}]"


def _about_unknown_section(word: str) -> str:
    near = nearest(word, SECTIONS)
    headers = ", ".join(_header(section) for section in SECTIONS)
    return f"there is no such section; {f'did you mean {_header(near)}?' if near else f'it can be {headers}'}"


def _about_unknown_key(section: str, *within: str) -> str:
    word, keys = within[-1], keys_of(section)
    if word in _SECRETS:
        return f"a secret does not belong in this file; set {_SECRETS[word]} in the environment"
    synonym = nearest(word, _OTHER_WORDS) if section == "rules" else None
    meant = _OTHER_WORDS[synonym] if synonym and not nearest(word, keys) else word
    return f"there is no such key; {did_you_mean(meant, keys)}"


def _misnamed(environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Overrides of nothing. Without the delimiter a name is another program's affair (a cluster makes JOBSBOT_PORT),
    unless it is a setting's name but for one underscore.
    """
    single = {name.replace(DELIMITER, "_"): name for name in _OVERRIDABLE}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in _OVERRIDABLE:
            continue
        section, delimiter, _ = name.removeprefix(PREFIX).lower().partition(DELIMITER)
        if name in single:
            yield Mistake(name, f"two underscores stand between section and key; write {single[name]}")
        elif delimiter and section in _LISTS:
            yield Mistake(name, f"{section} cannot be set in the environment; write them in the file")
        elif delimiter:
            yield Mistake(name, f"there is no such setting; {did_you_mean(name, tuple(_OVERRIDABLE))}")


def _across(document: Document) -> Iterator[Mistake]:
    """What is wrong between several values, each of which may be right."""
    if document.tables.get("rules") == []:
        yield document.mistake(("rules",), _NO_RULE)
    rules, sources = _entries(document, "rules"), _entries(document, "sources")
    yield from _twice(document, "rules", {n: rule_called(rule.get("name"), n) for n, rule in rules.items()})
    yield from _twice(document, "sources", {n: source.get("name", "default") for n, source in sources.items()})
    for number, rule in rules.items():
        if "job" in rule and is_glob(rule.get("name")):
            yield document.mistake(("rules", number, "job"), '"name" holds globs for the job\'s name too; keep one')
    for number, source in sources.items():
        if "key_env" in source and "key_file" in source:
            yield document.mistake(("sources", number, "key_file"), "key_env is there too; keep one")


def _entries(document: Document, section: str) -> dict[int, Mapping[str, object]]:
    entries = document.tables.get(section)
    listed = entries if isinstance(entries, list) else []
    return {number: entry for number, entry in enumerate(listed) if isinstance(entry, Mapping)}


def _twice(document: Document, section: str, names: Mapping[int, object]) -> Iterator[Mistake]:
    seen: set[object] = set()
    for number, name in names.items():
        if isinstance(name, str) and name in seen:
            yield document.mistake((section, number, "name"), f"the name {shown(name)} is taken; each has its own")
        if isinstance(name, str):
            seen.add(name)
