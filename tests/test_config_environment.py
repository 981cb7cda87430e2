"""What the environment may say, and what it may not."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import SETTINGS, Config, ConfigError, Mode, Need, Secret, load
from bot.core.thrashing import Thrashing

LEAST = Path(__file__).parent / "configs" / "right" / "least.toml"
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "hush"}
ENVIRON = {"ATAI_API_KEY": "key-of-the-job-api", **SLACK}


def loaded(**environ: str) -> Config:
    return load(LEAST, ENVIRON | environ, Need.EVERYTHING)


def said_of(environ: Mapping[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(LEAST, environ, Need.EVERYTHING)
    (mistake,) = caught.value.mistakes
    return str(mistake)


def test_a_plain_setting_is_overridden_by_its_variable() -> None:
    config = loaded(
        JOBSBOT_POLL__EVERY="2m",
        JOBSBOT_POLL__PAGE_SIZE="20",
        JOBSBOT_STORE__URL="sqlite:////var/b.db",
        JOBSBOT_STORE__KEEP="7d",
        JOBSBOT_SLACK__MODE="http",
        JOBSBOT_SERVER__LISTEN=":1",
        JOBSBOT_THRASHING__TIMES="5",
        JOBSBOT_THRASHING__WITHIN="30m",
    )
    assert (config.poll.every, config.poll.page_size) == (timedelta(minutes=2), 20)
    assert (config.store.path, config.store.keep) == (Path("/var/b.db"), timedelta(days=7))
    assert (config.slack.mode, str(config.server.listen)) == (Mode.HTTP, ":1")
    assert config.thrashing == Thrashing(5, timedelta(minutes=30))


def test_a_variable_mends_a_wrong_value_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text('[poll]\nevery = "0s"\n[[rules]]\nto = "#a"\n')
    assert load(file, ENVIRON | {"JOBSBOT_POLL__EVERY": "5s"}, Need.STORE).poll.every == timedelta(seconds=5)


def test_only_the_environment_that_is_handed_in_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSBOT_POLL__EVERY", "1m")
    monkeypatch.setenv("SLACK_API_URL", "https://elsewhere.example/")
    assert loaded().poll.every == timedelta(seconds=15)
    assert loaded().slack.api_url == "https://slack.com/api/"


@pytest.mark.parametrize("variable", [setting.variable for setting in SETTINGS if setting.variable])
def test_every_variable_of_a_plain_setting_is_heard(variable: str) -> None:
    assert said_of(ENVIRON | {variable: "?"}).startswith(f"{variable}: ")


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("JOBSBOT_POL__EVERY", 'did you mean "JOBSBOT_POLL__EVERY"?'),
        ("JOBSBOT_POLL__EVRY", 'did you mean "JOBSBOT_POLL__EVERY"?'),
        ("JOBSBOT_store__url", 'did you mean "JOBSBOT_STORE__URL"?'),
        ("JOBSBOT_POLL_EVERY", "write JOBSBOT_POLL__EVERY"),
        ("JOBSBOT_RULES__0__TO", "rules cannot be set in the environment"),
    ],
)
def test_an_override_of_nothing_is_a_mistake(variable: str, said: str) -> None:
    assert said in said_of(ENVIRON | {variable: "5s"})


def test_what_a_cluster_sets_for_a_service_called_jobsbot_is_no_mistake() -> None:
    loaded(JOBSBOT_PORT="tcp://10.0.0.1:80", JOBSBOT_SERVICE_HOST="10.0.0.1", JOBSBOT_CONFIG="elsewhere.toml")


def test_slacks_address_ends_with_one_slash() -> None:
    assert loaded(SLACK_API_URL="http://127.0.0.1:9000/api").slack.api_url == "http://127.0.0.1:9000/api/"


def test_an_address_without_a_scheme_is_a_mistake_that_does_not_repeat_it() -> None:
    assert "web address" in said_of(ENVIRON | {"SLACK_API_URL": "hush-hush"})
    assert "hush" not in said_of(ENVIRON | {"ATAI_API_ENDPOINT": "https://me:hush@a.example"})


@pytest.mark.parametrize("name", ["ATAI_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_secret_may_stand_in_a_file_that_ends_with_a_line_break(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{ENVIRON[name]}\r\n")
    others = {other: value for other, value in ENVIRON.items() if other != name}
    assert load(LEAST, others | {f"{name}_FILE": str(tmp_path / "secret")}, Need.EVERYTHING) == loaded()


def test_an_address_may_stand_in_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("https://a.example\n")
    assert loaded(ATAI_API_ENDPOINT_FILE=str(tmp_path / "address")).sources[0].endpoint == "https://a.example/v0.5"


def test_an_empty_variable_is_as_if_absent(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-the-file")
    config = loaded(ATAI_API_KEY="", ATAI_API_KEY_FILE=str(tmp_path / "key"))
    assert config.sources[0].key == Secret("from-the-file")
    assert "ATAI_API_KEY: it is not set" in said_of(ENVIRON | {"ATAI_API_KEY": ""})


def test_a_variable_and_its_file_together_are_a_mistake() -> None:
    assert "both set" in said_of(ENVIRON | {"SLACK_BOT_TOKEN_FILE": "/run/secrets/token"})


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), (b"\n", "is empty"), (b"\xff", "no text in UTF-8")]
)
def test_a_file_without_a_secret_is_named_with_its_variable(content: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    words = said_of({**ENVIRON, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(file)})
    assert words.startswith("SLACK_BOT_TOKEN_FILE: ")
    assert said in words
    assert file.name in words


@pytest.mark.parametrize(
    ("variable", "content", "said"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "this is an app-level token; put in the bot token (xoxb-…)"),
        ("SLACK_BOT_TOKEN", "xoxp-1", "this is a user token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxp-1", "this is a user token"),
        ("SLACK_APP_TOKEN", "xoxb-1", "this is a bot token; put in an app-level token (xapp-…)"),
        ("ATAI_API_KEY", "xoxb-1", "this is a bot token"),
        ("SLACK_BOT_TOKEN", "xoxb-1 2", "there is a space"),
        ("ATAI_API_KEY", "kéy", "that no secret has"),
        ("ATAI_API_KEY", '"key"', "there are quotes around the secret"),
    ],
)
def test_what_cannot_be_the_secret_is_a_mistake(variable: str, content: str, said: str) -> None:
    words = said_of(ENVIRON | {variable: content})
    assert words.startswith(f"{variable}: ")
    assert said in words


@pytest.mark.parametrize("token", ["xoxb-1", "xoxe.xoxb-1", "token-of-a-test-server"])
def test_a_token_of_an_unknown_kind_is_let_through(token: str) -> None:
    assert loaded(SLACK_BOT_TOKEN=token).slack.bot_token == Secret(token)
