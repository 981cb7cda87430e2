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


RULE = '[[rules]]\nto = "#ml-alerts"\n'
PASTED = ("sk_live_0123456789abcdef", "sk-0123456789abcdef", "xoxb-0123456789abcdef", "abcdef0123456789abcdef")


@pytest.mark.parametrize("secret", PASTED)
@pytest.mark.parametrize("key", ["key_env", "key_file", "name", "endpoint", "job_url", "x"])
def test_a_secret_that_was_pasted_in_a_wrong_place_is_not_repeated(tmp_path: Path, secret: str, key: str) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(f'{RULE}[[sources]]\nname = "lab"\n{key} = "{secret}"\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, {"SLACK_BOT_TOKEN_FILE": secret, "SLACK_APP_TOKEN": "xapp-1"}, Need.EVERYTHING)
    assert "0123456789abcdef" not in str(caught.value)


def test_a_token_that_was_pasted_as_a_key_of_the_file_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(f"{RULE}[sk_live_0123456789abcdef]\nxoxb-0123456789abcdef = 1\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, {}, Need.STORE)
    assert "0123456789abcdef" not in str(caught.value)


@pytest.mark.parametrize("name", ["LAB_KEY", "SK_LAB", "lab_key_2"])
def test_the_name_of_a_variable_that_is_not_set_is_said(tmp_path: Path, name: str) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(f'{RULE}[[sources]]\nname = "lab"\nkey_env = "{name}"\n', "utf-8")
    with pytest.raises(ConfigError, match=f'{name}: it is not set, and the source "lab" needs it'):
        load(file, {}, Need.EVERYTHING)


def test_a_mark_that_some_editors_put_before_a_text_is_no_part_of_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbfS3cr3t\r\n")
    environ = {"ATAI_API_KEY_FILE": str(file), "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    config = load(CONFIGS / "right" / "least.toml", environ, Need.EVERYTHING)
    assert config.sources[0].key == Secret("S3cr3t")


@pytest.mark.parametrize("secret", ["hunter2", "hush"])
def test_no_secret_of_a_file_is_repeated(secret: str) -> None:
    files = [file for file in WRONG if secret in file.read_text("utf-8")]
    assert files
    for file in files:
        with pytest.raises(ConfigError) as caught:
            load(file, {}, Need.STORE)
        assert secret not in str(caught.value)
