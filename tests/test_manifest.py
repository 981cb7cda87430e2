"""manifest.yml makes the app that the code needs: what the listeners hear, what the methods ask for, and no more."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "manifest.yml").read_text("utf-8")
HTTP_LINE = re.compile(r"^(\s*)# ((?:request_)?url: )", re.MULTILINE)

# The bot scopes of each method of the Web API, from its page under https://docs.slack.dev/reference/methods.
# conversations.* ask for the scope of each kind of conversation that they are used for.
METHODS: dict[str, set[str]] = {
    "apps_connections_open": set(),  # takes the app-level token
    "auth_test": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write", "chat:write.public"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
}
EVENTS = {"app_mention": {"app_mentions:read"}}
HEARS = {"command", "action", "event", "view", "shortcut", "options", "message"}  # of Bolt's App


def read(text: str) -> dict[str, object]:
    return cast("dict[str, object]", yaml.safe_load(text))


def at(manifest: object, path: str) -> object:
    """What stands at a path such as `settings.interactivity`; None where nothing does."""
    for key in path.split("."):
        manifest = cast("dict[str, object]", manifest).get(key) if isinstance(manifest, dict) else None
    return manifest


def texts(path: str) -> list[str]:
    return cast("list[str]", at(MANIFEST, path) or [])


def nodes(*places: str) -> Iterator[ast.AST]:
    files = [file for place in places for file in [ROOT / place, *(ROOT / place).rglob("*.py")] if file.is_file()]
    return (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))


def calls(*places: str) -> list[ast.Call]:
    return [node for node in nodes(*places) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def methods_called() -> set[str]:
    """The methods of the Web API that the bot calls, as the SDK spells them."""
    known = {name for name in dir(AsyncWebClient) if re.fullmatch(r"[a-z]+(\.?_[A-Za-z]+)+", name)}
    named = {node.attr for node in nodes("bot/slack", "bot/check.py", "bot/app.py") if isinstance(node, ast.Attribute)}
    return known & named


def heard() -> dict[str, set[str]]:
    """What the listeners hear: `command`, `action`, `event` and so on, each with what it names."""
    found: dict[str, set[str]] = {}
    for call in calls("bot/slack/listeners.py"):
        receiver = cast("ast.Attribute", call.func).value
        if isinstance(receiver, ast.Name) and receiver.id == "app" and _name(call) in HEARS:
            found.setdefault(_name(call), set()).add(ast.unparse(call.args[0]).strip("'"))
    return found


def _name(call: ast.Call) -> str:
    return cast("ast.Attribute", call.func).attr


MANIFEST = read(TEXT)
COMMANDS = cast("list[dict[str, object]]", at(MANIFEST, "features.slash_commands"))


def test_the_listeners_are_found_where_they_are_looked_for() -> None:
    assert {"command", "action", "event"} <= heard().keys()


def test_every_method_that_is_called_has_its_scopes_in_the_table() -> None:
    assert methods_called() == METHODS.keys()


def test_it_asks_for_the_scopes_in_use_and_for_no_other() -> None:
    for_methods = {scope for method in methods_called() for scope in METHODS[method]}
    for_events = {scope for event in heard()["event"] for scope in EVENTS[event]}
    for_commands = {"commands"} if "command" in heard() else set()
    assert set(texts("oauth_config.scopes.bot")) == for_methods | for_events | for_commands


def test_no_scope_is_asked_for_twice_and_none_of_a_user() -> None:
    scopes = texts("oauth_config.scopes.bot")
    assert scopes == sorted(set(scopes))
    assert at(MANIFEST, "oauth_config.scopes.user") is None


def test_every_event_that_is_listened_to_is_subscribed_and_the_reverse() -> None:
    assert set(texts("settings.event_subscriptions.bot_events")) == heard()["event"]


def test_commands_are_there_because_somebody_listens_to_them() -> None:
    assert [command["command"] for command in COMMANDS] == ["/jobs"]
    assert "command" in heard()


def test_interactivity_is_on_because_buttons_are_listened_to() -> None:
    listened = bool(heard().keys() & {"action", "view", "shortcut", "options"})
    assert at(MANIFEST, "settings.interactivity.is_enabled") is listened


def test_the_command_hands_over_names_of_channels_and_people_escaped() -> None:
    assert all(command["should_escape"] is True for command in COMMANDS)


def test_direct_messages_can_arrive() -> None:
    assert at(MANIFEST, "features.app_home.messages_tab_enabled") is True


def test_as_it_stands_it_is_for_socket_mode_and_names_no_address() -> None:
    assert at(MANIFEST, "settings.socket_mode_enabled") is True
    assert re.search(r"^\s*(request_)?url:", TEXT, re.MULTILINE) is None


def test_its_commented_lines_make_it_a_manifest_for_http_mode() -> None:
    http = read(HTTP_LINE.sub(r"\1\2", TEXT))
    addresses = [
        cast("list[dict[str, object]]", at(http, "features.slash_commands"))[0]["url"],
        at(http, "settings.event_subscriptions.request_url"),
        at(http, "settings.interactivity.request_url"),
    ]
    assert addresses == ["https://jobsbot.example/slack/events"] * 3


@pytest.mark.parametrize(
    ("path", "least", "most"),
    [
        ("display_information.name", 1, 35),
        ("display_information.description", 1, 140),
        ("display_information.long_description", 175, 4000),
        ("features.bot_user.display_name", 1, 80),
    ],
)
def test_its_texts_are_as_long_as_slack_allows(path: str, least: int, most: int) -> None:
    assert least <= len(str(at(MANIFEST, path))) <= most


def test_its_command_is_as_slack_allows() -> None:
    assert len(COMMANDS) <= 50
    for command in COMMANDS:
        assert re.fullmatch(r"/\S{1,31}", str(command["command"]))
        assert 1 <= len(str(command["description"])) <= 2000
        assert 1 <= len(str(command["usage_hint"])) <= 1000


def test_its_lists_are_as_long_as_slack_allows() -> None:
    assert len(texts("oauth_config.scopes.bot")) <= 255
    assert len(texts("settings.event_subscriptions.bot_events")) <= 100
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", str(at(MANIFEST, "display_information.background_color")))


def test_it_has_no_part_that_slack_does_not_know() -> None:
    assert MANIFEST.keys() == {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert at(MANIFEST, "_metadata") == {"major_version": 2, "minor_version": 1}
