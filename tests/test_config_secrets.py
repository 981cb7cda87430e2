"""A secret shows itself to nobody who does not ask for it."""

import json
import traceback
from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import ConfigError, Need, Secret, load

CONFIGS = Path(__file__).parent / "configs"
WRONG = sorted((CONFIGS / "wrong").glob("*.toml"))
BROKEN = ("{0} {0}", '"{0}{0}"', "xapp-{0}", "xoxp-{0}", "{0}é")
contents = st.text(min_size=8).map("S3cr3t!".__add__)
visible = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=8).map("S3cr3t!".__add__)


@given(contents)
def test_a_secret_is_blind(content: str) -> None:
    secret = Secret(content)
    assert repr(secret) == str(secret) == f"{secret}" == "Secret('…')"
    assert secret.reveal() == content
    with pytest.raises(TypeError) as caught:
        json.dumps({"key": secret})
    assert content not in str(caught.value)


@given(contents, contents)
def test_secrets_are_equal_when_their_contents_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) == Secret(one)
    assert len({Secret(one), Secret(one)}) == 1
    assert Secret(one) != one


@settings(max_examples=20)
@given(key=visible, bot=visible, app=visible)
def test_no_secret_is_in_any_form_of_the_config(key: str, bot: str, app: str) -> None:
    environ = {"ATAI_API_KEY": key, "SLACK_BOT_TOKEN": bot, "SLACK_APP_TOKEN": app}
    config = load(CONFIGS / "right" / "least.toml", environ, Need.EVERYTHING)
    forms = (repr(config), str(config), json.dumps(asdict(config), default=repr), f"{config.slack} {config.sources}")
    assert not [secret for secret in (key, bot, app) for form in forms if secret in form]
    with pytest.raises(TypeError):
        msgspec.json.encode(config)


@settings(max_examples=20)
@given(secret=visible, file=st.sampled_from(WRONG), broken=st.sampled_from(BROKEN))
def test_no_secret_is_in_what_is_said_of_a_wrong_configuration(secret: str, file: Path, broken: str) -> None:
    content = broken.format(secret)
    names = ("ATAI_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ATAI_API_ENDPOINT", "SLACK_API_URL")
    with pytest.raises(ConfigError) as caught:
        load(file, dict.fromkeys(names, content), Need.EVERYTHING)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.mistakes)
    assert secret not in told
    assert caught.value.__context__ is None


@pytest.mark.parametrize("secret", ["hunter2", "hush"])
def test_no_secret_of_a_file_is_repeated(secret: str) -> None:
    files = [file for file in WRONG if secret in file.read_text("utf-8")]
    assert files
    for file in files:
        with pytest.raises(ConfigError) as caught:
            load(file, {}, Need.STORE)
        assert secret not in str(caught.value)
