"""What is said of a wrong configuration. Each file in configs/wrong is named after what is wrong with it, and ends with
the sentences that are expected, as comments.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import SETTINGS, Config, ConfigError, Need, load

WRONG = Path(__file__).parent / "configs" / "wrong"
ENVIRON = {
    "ATAI_API_KEY": "key-of-the-job-api",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_SIGNING_SECRET": "hush",
}

KEYS = st.sampled_from(sorted({word for setting in SETTINGS for word in (setting.section, setting.key, "else")}))
WORDS = st.sampled_from(["", "#a", "C1", "@U1", "failed", "15s", "socket", ":80", "a*", "https://a.example/{job_id}"])
PLAIN = WORDS | st.text(st.characters(codec="ascii")) | st.integers(-9, 2000) | st.booleans()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value).replace("\x7f", "")


def refused(file: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(file, ENVIRON, Need.EVERYTHING)
    return caught.value


@pytest.mark.parametrize("name", sorted(file.stem for file in WRONG.glob("*.toml")))
def test_a_wrong_file_gets_every_expected_sentence_and_no_other(name: str) -> None:
    file = WRONG / f"{name}.toml"
    _, _, comments = file.read_text("utf-8").partition("# expected:\n")
    expected = [line.removeprefix("#").strip() for line in comments.splitlines()]
    said = [str(mistake).removeprefix(str(file)).lstrip(", ").split("\n")[0] for mistake in refused(file).mistakes]
    assert said == expected
    assert expected


def test_a_single_mistake_is_one_paragraph() -> None:
    file = WRONG / "mode.toml"
    assert str(refused(file)) == (
        "There is a mistake in the configuration. "
        f'{file} line 2, slack.mode: there is no mode "sockets"; write "socket" or "http".'
    )


def test_several_mistakes_are_counted_and_listed() -> None:
    first, *rest = str(refused(WRONG / "out-of-bounds.toml")).splitlines()
    assert first == "There are 3 mistakes in the configuration."
    assert all(line.startswith("- ") for line in rest)


def test_mistakes_in_the_file_and_in_the_environment_are_told_together() -> None:
    with pytest.raises(ConfigError) as caught:
        load(WRONG / "mode.toml", {"JOBSBOT_POLL__EVERY": "0s"}, Need.EVERYTHING)
    places = [mistake.place.rpartition(" ")[2] for mistake in caught.value.mistakes]
    assert places == ["slack.mode", "JOBSBOT_POLL__EVERY", "SLACK_BOT_TOKEN", "ATAI_API_KEY"]


def test_a_missing_file_is_answered_with_one_to_begin_with(tmp_path: Path) -> None:
    said = str(refused(tmp_path / "bot.toml"))
    assert "there is no such file" in said
    (tmp_path / "bot.toml").write_text("\n".join(said.splitlines()[1:]))
    assert load(tmp_path / "bot.toml", ENVIRON, Need.EVERYTHING).rules[0].name == "failures"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in str(refused(tmp_path))


def test_a_syntax_error_is_told_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text("[poll]\nevery = = 3\n")
    assert "this is no valid TOML" in str(refused(file))
    assert "line 2, column 9" in str(refused(file))


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_bytes('[[rules]]\nname = "é"'.encode("latin-1"))
    assert "not in UTF-8 (byte 19)" in str(refused(file))


@settings(max_examples=20)
@given(tables=st.dictionaries(KEYS, VALUES, max_size=5))
def test_whatever_a_file_says_the_answer_is_a_configuration_or_its_mistakes(
    tables: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("config") / "bot.toml"
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in tables.items()), "utf-8")
    try:
        config: Config | ConfigError = load(file, ENVIRON, Need.EVERYTHING)
    except ConfigError as error:
        config = error
    assert isinstance(config, Config) or "valid TOML" not in str(config)
