"""`preview` shows what a rule would post: the very thing, of jobs that are made up, and without a secret."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from bot import BotError
from bot.cli import MENDABLE, app, main
from bot.config import VARIABLES, Config, Need, load
from bot.core.alerts import GroupBy
from bot.core.changes import ChangeKind
from bot.preview import payloads, show
from bot.sandbox.blocks import problems

FOLDER = Path(__file__).parent
BOT_TOML = FOLDER / "previews" / "bot.toml"
RIGHT = sorted((FOLDER / "configs" / "right").glob("*.toml"))
WIDTH = 100
TEXT = st.text(alphabet="ab Z19*?[]!-_.é", min_size=1, max_size=8).filter(str.strip)


def configured(path: Path = BOT_TOML) -> Config:
    return load(path, {variable.name: variable.default for variable in VARIABLES if variable.default}, Need.STORE)


def written(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "bot.toml"
    path.write_text(text, "utf-8")
    return configured(path)


def shown(config: Config, name: str | None = None, kind: str | None = None, count: int = 1) -> str:
    screen = Console(file=StringIO(), width=WIDTH, highlight=False)
    show(config, name, kind, count, screen)
    assert isinstance(screen.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in screen.file.getvalue().splitlines())


def posts(config: Config, name: str | None = None, kind: str | None = None, count: int = 1) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(payloads(config, name, kind, count)[0])
    return made


@pytest.mark.parametrize("count", [1, 17])
def test_it_looks_as_it_did(count: int) -> None:
    golden = FOLDER / "previews" / f"failed_{count}.txt"
    text = shown(configured(), count=count)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8"), f"{golden} differs; UPDATE_GOLDEN=1 writes it anew"


def test_what_it_shows_in_json_is_what_slack_is_given_in_each_place() -> None:
    made = posts(configured(), count=17)
    assert [post["channel"] for post in made] == ["#nightly", "@U0123456"]
    assert all(json.dumps(post["blocks"][0], ensure_ascii=False) in shown(configured(), count=17) for post in made)
    assert all(value is not None for post in made for value in post.values())


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
@pytest.mark.parametrize("count", [1, 12])
def test_every_rule_shows_every_kind_that_it_tells_of(path: Path, count: int) -> None:
    config = configured(path)
    for rule in config.rules:
        for kind in rule.on:
            made = posts(config, rule.name, kind, count)
            assert [problems(post["blocks"]) for post in made] == [[]] * len(made)
            assert {post["channel"] for post in made} == set(rule.to)
            assert shown(config, rule.name, kind, count)


def test_every_kind_of_change_has_something_to_show(tmp_path: Path) -> None:
    config = written(tmp_path, f'[[rules]]\nto = "#a"\non = {json.dumps(list(ChangeKind))}\n')
    assert all(len(posts(config, kind=kind, count=1000)) == 1 for kind in ChangeKind)


@settings(max_examples=60)
@given(
    globs=st.dictionaries(st.sampled_from(["pipeline", "type", "job"]), st.lists(TEXT, min_size=1, max_size=2)),
    on=st.sets(st.sampled_from(ChangeKind), min_size=1),
    group_by=st.sets(st.sampled_from(GroupBy)),
    count=st.integers(1, 20),
)
def test_every_rule_that_loads_shows_what_it_posts_or_says_that_there_is_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    globs: dict[str, list[str]],
    on: set[ChangeKind],
    group_by: set[GroupBy],
    count: int,
) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in globs.items()]
    lines += [f"on = {json.dumps(sorted(on))}", f"group_by = {json.dumps(sorted(group_by))}"]
    config = written(tmp_path_factory.mktemp("rule"), "\n".join(['[[rules]]\nto = "#a"', *lines]))
    try:
        made = posts(config, count=count)
    except BotError as error:
        made = []
        wrong = str(error)
    assert made or ("covers no job" in wrong and "[" in str(globs)), "without classes a glob can always be filled"


def test_the_first_rule_and_failures_are_shown_unless_others_are_asked_for() -> None:
    config = configured()
    assert shown(config) == shown(config, "nightly", "failed")
    assert "is gone from the API" in shown(config, "everything else")


def test_what_follows_a_failure_is_told_in_the_thread_of_its_card() -> None:
    text = shown(configured(), kind="recovered")
    assert "to #nightly, in the thread of its card · rings nobody\n" in text
    assert "the card then shows\n\n  ✅ nightly-train-1 recovered\n" in text
    assert all("thread_ts" in post for post in posts(configured(), kind="recovered"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("retried", "nightly-train-1 (job_00000000000000000000000001) was retried and waits, try 2."),
        ("recovered", "nightly-train-1 (job_00000000000000000000000001) recovered on try 2."),
    ],
)
def test_the_thread_does_not_repeat_what_the_posted_card_told(kind: str, text: str) -> None:
    assert [post["text"] for post in posts(configured(), kind=kind)] == [text, text]
    assert "CUDA" not in shown(configured(), kind=kind).split("the card then shows")[0]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"name": "nightyl"}, 'no rule "nightyl": did you mean "nightly"? It can be "nightly", "everything else".'),
        ({"kind": "recoverd"}, 'no kind of change "recoverd": did you mean "recovered"? It can be "appeared",'),
        ({"kind": "overdue"}, 'The rule "nightly" never tells of "overdue". It tells of: failed, retried, recovered.'),
    ],
)
def test_a_mistake_gets_the_nearest_right_spelling_and_all_there_are(asked: dict[str, str], words: str) -> None:
    with pytest.raises(BotError) as error:
        shown(configured(), **asked)  # type: ignore[arg-type]
    assert words in str(error.value)


def test_a_rule_of_a_source_that_is_not_configured_says_so(tmp_path: Path) -> None:
    rule = '[[rules]]\nname = "lab"\nto = "#a"\nsource = ["lab", "lab-*"]\n'
    for sources, there in (("", "default"), ('[[sources]]\nname = "prod"\n', "prod")):
        with pytest.raises(BotError) as error:
            posts(written(tmp_path, f"{rule}\n{sources}"))
        assert str(error.value) == (
            f'The rule "lab" covers no job: no source is called “lab”, “lab-*”; there is “{there}”.'
        )


def test_jobs_come_to_the_rule_if_any_do_and_else_it_says_which_rule_takes_them(tmp_path: Path) -> None:
    rules = '[[rules]]\nname = "{}"\nto = "#a"\n{}\n'
    first = rules.format("machines", 'pipeline = "machine-*"')
    assert "fine-tuning-omega" in shown(written(tmp_path, first + rules.format("all", "")), "all")
    caught = shown(written(tmp_path, rules.format("all", "") + rules.format("late", "")), "late")
    assert caught.startswith('! The rule "all" above takes such jobs.')
    _, warning = payloads(written(tmp_path, rules.format("all", "") + rules.format("late", "")), "late", None, 1)
    assert warning.startswith('The rule "all" above takes such jobs.')
    goes_on = rules.format("all", "continue = true") + rules.format("late", "")
    assert not shown(written(tmp_path, goes_on), "late").startswith("!")


LATE = '[[rules]]\nto = "#a"\non = ["failed", "overdue", "thrashing"]\n'


@pytest.mark.parametrize(
    ("kind", "limits", "words"),
    [
        ("overdue", "", "has been RUNNING for 3d 1h"),
        ("overdue", '[[deadlines]]\nafter = "2h"', "has been RUNNING for 2h 1m"),
        ("overdue", '[[deadlines]]\nstatus = "PENDING"\nafter = "12h"', "has been PENDING for 12h 10m"),
        ("overdue", '[[deadlines]]\npipeline = "omega"\nafter = "7d"', "has been RUNNING for 7d 2h"),
        ("thrashing", "", "was preempted 3 times in 40m"),
        ("thrashing", '[thrashing]\ntimes = 10\nwithin = "10m"', "was preempted 10 times in 6m"),
    ],
)
def test_what_takes_too_long_or_comes_too_often_does_so_by_the_configuration(
    tmp_path: Path, kind: str, limits: str, words: str
) -> None:
    config = written(tmp_path, f"{LATE}{limits}\n")
    assert words in shown(config, kind=kind)
    assert words in posts(config, kind=kind)[0]["text"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            '[[deadlines]]\nafter = "never"',
            'No job is ever overdue: every deadline in [[deadlines]] has after = "never".',
        ),
        (
            '[[deadlines]]\nafter = "never"\n\n[[deadlines]]\nafter = "1h"',
            'The rule "rule 1" covers no job that can be made up and is ever overdue: look at its globs, and at',
        ),
    ],
)
def test_if_no_job_can_be_overdue_it_says_so(tmp_path: Path, limits: str, words: str) -> None:
    config = written(tmp_path, f"{LATE}{limits}\n")
    with pytest.raises(BotError) as error:
        shown(config, kind="overdue")
    assert words in str(error.value)


def test_the_heading_says_where_whom_it_rings_and_how_it_groups() -> None:
    assert shown(configured()).startswith(
        "to #nightly · rings @U0123456, @S0123456\none card per pipeline, within 1m up to 15m · broadcast worse\n"
    )
    assert shown(configured(), "everything else").startswith(
        "to #ml-alerts · rings nobody\none card per look · broadcast never\n"
    )


def test_a_mistake_ends_with_2_and_one_paragraph(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["jobsbot", "preview", "--config", str(BOT_TOML), "--rule", "nigthly"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == MENDABLE
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("jobsbot: There is no rule")


def test_a_full_disk_ends_it_with_2_and_one_paragraph() -> None:
    command = [sys.executable, "-m", "bot", "preview", "--config", str(BOT_TOML)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
    assert ended.returncode == MENDABLE
    assert ended.stderr == "jobsbot: There is no space left where the output goes; make some, or send it elsewhere.\n"


@pytest.mark.parametrize("count", ["0", "1001"])
def test_it_takes_1_to_1000_jobs(count: str) -> None:
    assert CliRunner().invoke(app, ["preview", "--config", str(BOT_TOML), "--count", count]).exit_code == MENDABLE


def test_it_needs_nothing_but_the_configuration() -> None:
    bare = dict.fromkeys(os.environ)
    ended = CliRunner().invoke(app, ["preview", "--config", str(BOT_TOML), "--json", "--count", "2"], env=bare)
    assert ended.exit_code == 0
    assert len(json.loads(ended.output)) == 2
