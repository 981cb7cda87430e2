"""What editors are told of bot.toml agrees with what is loaded."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from bot.config import SETTINGS, Need, load, schema

CONFIGS = Path(__file__).parent / "configs"
RIGHT = sorted((CONFIGS / "right").glob("*.toml"))
Rule: TypeAlias = dict[str, Any]
DEFINITIONS = cast("dict[str, Rule]", schema()["definitions"])
# What a schema of single values cannot see: what stands between several, and the length of a duration.
BEYOND = {"http-without-listen", "name-and-job", "names-twice", "out-of-bounds", "too-long"}
BEYOND |= {"store-in-memory", "listen-port-too-high", "window-beyond-max"}


def accepts(rule: Rule, value: object) -> bool:
    """As much of JSON Schema as the schema uses."""
    if "$ref" in rule:
        return accepts(DEFINITIONS[rule["$ref"].rpartition("/")[2]], value)
    if "anyOf" in rule:
        return any(accepts(each, value) for each in rule["anyOf"])
    if "enum" in rule:
        return value in rule["enum"]
    return _fits(rule, value)


def _fits(rule: Rule, value: object) -> bool:
    match rule["type"], value:
        case "object", dict():
            known, needed = rule["properties"], rule.get("required", ())
            known_values = all(key in known and accepts(known[key], each) for key, each in value.items())
            return known_values and all(key in value for key in needed)
        case "array", list():
            fits = rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value))
            return fits and all(accepts(rule["items"], each) for each in value)
        case "string", str():
            return len(value) >= rule.get("minLength", 0) and re.search(rule.get("pattern", ""), value) is not None
        case "integer", int() if not isinstance(value, bool):
            return bool(rule["minimum"] <= value <= rule["maximum"])
        case _:
            return rule["type"] == "boolean" and isinstance(value, bool)


def nodes(value: object) -> Iterator[Rule]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_the_schema_accepts_a_right_file(file: Path) -> None:
    assert accepts(schema(), tomllib.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("name", sorted({file.stem for file in (CONFIGS / "wrong").glob("*.toml")}))
def test_the_schema_refuses_a_wrong_file_where_it_can_see_it(name: str) -> None:
    tables = tomllib.loads((CONFIGS / "wrong" / f"{name}.toml").read_text("utf-8"))
    assert not accepts(schema(), tables) or name in BEYOND


def test_no_table_takes_an_unknown_key() -> None:
    tables = [node for node in nodes(schema()) if node.get("type") == "object"]
    assert len(tables) == 9
    assert all(table["additionalProperties"] is False for table in tables)


def test_every_key_is_described() -> None:
    properties = [node["properties"] for node in nodes(schema()) if node.get("type") == "object"]
    assert all(what["description"] for table in properties for what in table.values())


def test_every_default_and_every_example_is_accepted() -> None:
    told = [node for node in nodes(schema()) if "examples" in node or "default" in node]
    assert all(accepts(node, example) for node in told for example in node.get("examples", []))
    assert all(accepts(node, node["default"]) for node in told if "default" in node)


def test_every_default_that_is_told_is_the_one_that_holds(tmp_path: Path) -> None:
    plain = [setting for setting in SETTINGS if setting.variable]
    written = "".join(f"{setting.section}.{setting.key} = {setting.default}\n" for setting in plain)
    for name, text in (("told", written), ("least", "")):
        (tmp_path / name).write_text(f'{text}[[rules]]\nto = "#a"\n')
    assert load(tmp_path / "told", {}, Need.STORE) == load(tmp_path / "least", {}, Need.STORE)


def test_the_settings_are_every_key_of_the_file() -> None:
    assert [(setting.section, setting.key) for setting in SETTINGS][:7] == [
        ("poll", "every"),
        ("poll", "page_size"),
        ("store", "url"),
        ("store", "keep"),
        ("slack", "mode"),
        ("slack", "on_doubt"),
        ("server", "listen"),
    ]
    assert {setting.key for setting in SETTINGS if setting.section == "rules"} == {
        *("name", "on", "pipeline", "type", "source", "job", "to", "mention", "continue"),
        *("group_by", "group_window", "group_max", "broadcast"),
    }
    assert {setting.key for setting in SETTINGS if setting.section == "sources"} == {
        *("name", "endpoint", "key_env", "key_file", "job_url")
    }
