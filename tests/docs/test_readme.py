"""The README says all that there is, and nothing that is not."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import MENDABLE, app
from bot.config import SETTINGS, VARIABLES, Setting, Variable
from bot.core.cards import MILESTONES, TROUBLES
from bot.core.changes import ChangeKind
from bot.core.commands import FILTER_HELP, HELP
from bot.core.grammar import parse
from bot.core.history import Entry, Telling
from bot.core.jobs import View
from bot.core.remedies import REMEDIES
from bot.sandbox.reading import rendered_text
from bot.telemetry import Metrics
from tests.docs.documents import GUARANTEES, README, ROOT, fenced, section

COMMANDS = sorted(str(command.callback.__name__) for command in app.registered_commands if command.callback)
EXPOSED = {
    f"{family.name}_total" if family.type == "counter" else family.name
    for family in Metrics().registry.collect()
    if family.name.startswith("jobsbot_")
}
TRY = section(README, "## Try it")
TEST = section(README, "## Run the tests")


def as_slack_shows(golden: str) -> str:
    return rendered_text(json.loads((ROOT / "tests/slack/golden" / f"{golden}.json").read_text("utf-8")))


@pytest.mark.parametrize("golden", ["card_group_3", "thread_failed_again"])
def test_what_it_shows_of_a_channel_is_what_the_bot_writes(golden: str) -> None:
    assert as_slack_shows(golden) in section(README, "## What it looks like")


def test_the_answer_it_shows_is_one_that_the_bot_writes() -> None:
    shown = section(README, "## What it looks like")
    rows = [line for line in as_slack_shows("reply_list").splitlines() if " | " in line]
    assert all(f"\n| {row} |\n" in shown for row in rows)


def test_what_it_shows_of_a_preview_is_what_the_bot_prints(tmp_path: Path) -> None:
    least = tmp_path / "bot.toml"
    least.write_text(fenced(section(README, "## Connect a real workspace"), "toml")[0], "utf-8")
    asked = CliRunner().invoke(app, ["preview", "--config", str(least), "--count", "3"], env={"COLUMNS": "100"})
    (shown,) = fenced(section(README, "### What a rule would post"), "text")
    assert "\n".join(map(str.rstrip, asked.output.splitlines())).startswith(shown.rstrip())


def test_the_table_of_its_guarantees_is_the_one_that_was_measured() -> None:
    measured = re.findall(r"^\| (?:SIGKILL|crash|lost answer|state file)\b.*$", GUARANTEES, re.MULTILINE)
    assert len(measured) == 9
    assert "\n".join(measured) in section(README, "## What it promises, and where that ends")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting.section}.{setting.key}")
def test_it_tells_every_setting_with_its_default(setting: Setting) -> None:
    heading = f"`[[{setting.section}]]`" if not setting.variable else f"`[{setting.section}]`"
    default = f"`{setting.default}`" if setting.default else "none"
    assert f"\n| `{setting.key}` | {default} | {setting.meaning} |\n" in section(README, f"### {heading}")


@pytest.mark.parametrize("name", [setting.variable for setting in SETTINGS if setting.variable])
def test_it_tells_every_variable_that_overrides_a_setting(name: str) -> None:
    assert f"`{name}`" in section(README, "### Environment")


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_it_tells_every_variable_with_its_default(variable: Variable) -> None:
    default = f"`{variable.default}`" if variable.default else "none"
    assert f"\n| `{variable.name}` | {default} | {variable.meaning} |\n" in section(README, "### Environment")


@pytest.mark.parametrize("command", COMMANDS)
def test_it_tells_every_command(command: str) -> None:
    assert f"\n| `jobsbot {command}` |" in section(README, "## Command line")


@pytest.mark.parametrize("command", COMMANDS)
def test_it_tells_every_option(command: str) -> None:
    asked = CliRunner().invoke(app, [command, "--help"])
    options = set(re.findall(r"^ +(--[a-z-]+)", asked.output, re.MULTILINE)) - {"--help"}
    assert {option for option in options if option not in section(README, "## Command line")} == set()


@pytest.mark.parametrize("code", [0, 1, MENDABLE])
def test_it_tells_every_exit_code(code: int) -> None:
    assert f"\n| {code} | " in section(README, "## Command line")


@pytest.mark.parametrize(("typed", "does"), HELP)
def test_it_tells_the_whole_grammar(typed: str, does: str) -> None:
    assert f"\n| `{typed}` | {does} |\n" in section(README, "## Asking in Slack")


@pytest.mark.parametrize("word", [f"`{view}`" for view in View] + [f"`{name}:`" for name in FILTER_HELP])
def test_it_tells_every_view_and_filter(word: str) -> None:
    assert word in section(README, "## Asking in Slack")


@pytest.mark.parametrize("kind", ChangeKind)
def test_it_tells_every_kind_of_change(kind: ChangeKind) -> None:
    assert f"\n| `{kind}` | " in section(README, "#### Kinds of change")


@pytest.mark.parametrize("word", [f"`{kind}`" for kind in sorted(TROUBLES)] + [f"{size:,}th" for size in MILESTONES])
def test_it_tells_all_that_makes_a_card_worse(word: str) -> None:
    assert word in section(README, "#### Cards")


def test_it_tells_of_every_metric_and_of_no_other() -> None:
    assert set(re.findall(r"^\| `(jobsbot_\w+)` \|", section(README, "### Metrics"), re.MULTILINE)) == EXPOSED


def test_the_metrics_worth_an_alert_are_there() -> None:
    assert set(re.findall(r"jobsbot_\w+", section(README, "### Metrics"))) == EXPOSED


@pytest.mark.parametrize("field", [field.name for kind in (Entry, Telling) for field in fields(kind)])
def test_it_tells_every_field_of_the_ledger(field: str) -> None:
    assert f"`{field}`" in section(README, "## Command line")


@pytest.mark.parametrize("code", REMEDIES)
def test_it_tells_what_to_do_about_every_refusal_that_has_a_remedy(code: str) -> None:
    assert f"`{code}`" in section(README, "## Troubleshooting")


def test_a_supervisor_does_not_restart_what_the_operator_must_mend() -> None:
    assert f"RestartPreventExitStatus={MENDABLE}\n" in section(README, "### systemd")


@pytest.mark.parametrize("text", [TRY, TEST], ids=["sandbox", "tests"])
def test_its_two_commands_are_one_line_each_and_stand_first(text: str) -> None:
    assert re.match(r"\n```sh\n[^\n]+\n```\n", text)


@pytest.mark.parametrize(("text", "lock"), [(TRY, "requirements.lock"), (TEST, "requirements-dev.lock")])
def test_its_two_commands_install_from_a_lock_by_hash(text: str, lock: str) -> None:
    steps = text.split("```")[1].removeprefix("sh\n").strip().split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[1].endswith(f"--require-hashes -r {lock}")
    assert all(step.startswith(".venv/bin/") for step in steps[1:])
    assert (ROOT / lock).is_file()


@pytest.mark.parametrize("typed", sorted(set(re.findall(r"`/jobs( [^`]*)?`", README))))
def test_every_question_in_it_is_understood(typed: str) -> None:
    assert type(parse(typed.strip())).__name__ != "Mistake"
