"""What bot.toml may say, told to others: the JSON Schema for editors, and every setting as a row for the documentation.
Both are derived from the shape of the file; nothing is described here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from pydantic.json_schema import GenerateJsonSchema

from bot.config.file import DELIMITER, PLAIN_SECTIONS, PREFIX, BotToml
from bot.config.values import Listen
from bot.core.instants import exact_duration

_DIALECT = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is as bot.toml writes it, empty where there is none; `variable` overrides it, where one
    can.
    """

    section: str
    key: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        return variable_of(self.section, self.key) if self.section in PLAIN_SECTIONS else ""


def variable_of(section: str, key: str) -> str:
    return f"{PREFIX}{section}{DELIMITER}{key}".upper()


class _Schema(GenerateJsonSchema):
    def encode_default(self, dft: object) -> object:
        """The default as bot.toml would write it."""
        match dft:
            case timedelta():
                return exact_duration(dft)
            case Listen():
                return str(dft)
            case _:
                return super().encode_default(dft)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - a title would repeat the key
        return False


def schema() -> dict[str, object]:
    """The JSON Schema of bot.toml, in draft 7, which TOML editors speak."""
    body = BotToml.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Schema)
    definitions = body.pop("$defs")
    body["properties"]["rules"]["minItems"] = 1
    tables = {name: _without_empty_defaults(table) for name, table in definitions.items()}
    return {"$schema": _DIALECT, **body, "title": "bot.toml", "definitions": tables}


def _without_empty_defaults(table: Mapping[str, object]) -> dict[str, object]:
    """What is absent by default has no default to show: an empty list would even be refused."""
    properties = cast("dict[str, dict[str, object]]", table["properties"])
    lean = {
        key: {word: value for word, value in what.items() if word != "default" or value not in (None, [], "")}
        for key, what in properties.items()
    }
    return {**table, "properties": lean}


def _settings() -> Iterator[Setting]:
    whole = schema()
    properties = cast("dict[str, dict[str, object]]", whole["properties"])
    definitions = cast("dict[str, dict[str, dict[str, dict[str, object]]]]", whole["definitions"])
    for section, what in properties.items():
        items = cast("dict[str, object]", what.get("items", what))
        table = definitions[str(items["$ref"]).rpartition("/")[2]]
        for key, setting in table["properties"].items():
            default = json.dumps(setting["default"]) if "default" in setting else ""
            yield Setting(section, key, default, str(setting["description"]))


SETTINGS = tuple(_settings())


def keys_of(section: str) -> tuple[str, ...]:
    return tuple(setting.key for setting in SETTINGS if setting.section == section)
