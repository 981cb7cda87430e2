"""What a right configuration means. The files stand in configs/right."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, Listen, Mode, Need, Poll, Secret, Server, StoreSettings, find, load
from bot.core.alerts import Broadcast, GroupBy, Rule
from bot.core.changes import ChangeKind
from bot.core.deadlines import DEADLINES, Deadline
from bot.core.jobs import Field, Status
from bot.core.thrashing import Thrashing

RIGHT = Path(__file__).parent / "configs" / "right"
ENVIRON = {
    "ATAI_API_KEY": "key-of-the-job-api",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_SIGNING_SECRET": "hush",
}


def loaded(name: str, environ: Mapping[str, str] = ENVIRON) -> Config:
    return load(RIGHT / f"{name}.toml", environ, Need.EVERYTHING)


def test_everything_but_one_rule_has_a_default() -> None:
    config = loaded("least")
    assert config.poll == Poll(timedelta(seconds=15), 100)
    assert config.store == StoreSettings("sqlite:///state.db", timedelta(days=90))
    assert config.server == Server(Listen("127.0.0.1", 8080))
    assert (config.slack.mode, config.slack.api_url) == (Mode.SOCKET, "https://slack.com/api/")
    assert config.rules == (Rule(name="rule 1", to=("#ml-alerts",), on=frozenset({ChangeKind.FAILED}), globs={}),)
    assert config.deadlines == DEADLINES
    assert config.thrashing == Thrashing(3, timedelta(hours=1))
    (source,) = config.sources
    assert (source.name, source.endpoint) == ("default", "https://api.u1.archetypeai.app/v0.5")
    assert source.key == Secret("key-of-the-job-api")


def test_every_section_is_understood() -> None:
    config = loaded("every-section")
    assert config.rules == (
        Rule(
            name="failures",
            to=("#ml-alerts", "@U0123456"),
            on=frozenset({ChangeKind.FAILED}),
            globs={Field.PIPELINE: ("machine-*",)},
            mention=("@U0123456", "@S0123456"),
        ),
    )
    assert config.deadlines == (
        Deadline(
            statuses=frozenset({Status.RUNNING}),
            globs={Field.PIPELINE: ("fine-tuning-*",)},
            after=timedelta(days=7),
        ),
        Deadline(
            statuses=frozenset({Status.PENDING, Status.ADMITTED}),
            globs={Field.TYPE: ("batch",), Field.NAME: ("nightly-*",), Field.SOURCE: ("prod",)},
            after=timedelta(minutes=90),
        ),
        Deadline(after=None),
    )
    assert config.thrashing == Thrashing(4, timedelta(hours=2))
    assert (config.sources[0].name, config.sources[0].job_url) == ("prod", "https://console.example/jobs/{job_id}")


def test_one_value_stands_for_a_list_of_it() -> None:
    (rule,) = loaded("one-instead-of-a-list").rules
    assert (rule.name, rule.to, rule.mention) == ("nightly", ("C1",), ("@here",))
    assert rule.on == {ChangeKind.VANISHED}
    assert rule.globs == {
        Field.PIPELINE: ("machine-*",),
        Field.TYPE: ("training",),
        Field.NAME: ("nightly-*",),
        Field.SOURCE: ("default",),
    }


def test_a_name_with_wildcards_or_a_list_of_names_is_meant_for_the_jobs() -> None:
    nightly, listed, others = loaded("globs-under-name").rules
    assert (nightly.name, nightly.globs, nightly.goes_on) == ("rule 1", {Field.NAME: ("nightly-*",)}, True)
    assert (listed.name, listed.globs) == ("rule 2", {Field.NAME: ("weekly", "monthly")})
    assert (others.name, others.globs, others.on) == ("all the others", {}, frozenset(ChangeKind))


def test_a_rule_says_which_jobs_share_a_card_and_how_loud_it_is() -> None:
    together, by_error, by_type = loaded("cards").rules
    assert (together.group_by, together.group_window, together.broadcast) == ((), timedelta(), Broadcast.NEVER)
    assert by_error.group_by == (GroupBy.SOURCE, GroupBy.ERROR)
    assert (by_error.group_window, by_error.group_max) == (timedelta(hours=1), timedelta(hours=24))
    assert by_error.broadcast is Broadcast.ALWAYS
    assert (by_type.group_by, by_type.group_window) == ((GroupBy.TYPE,), timedelta(minutes=15))


def test_a_destination_written_twice_is_one() -> None:
    assert loaded("globs-under-name").rules[1].to == ("D0123456", "@W0SANDBOX1")


def test_each_source_has_its_endpoint_and_its_key() -> None:
    prod, lab = loaded(
        "several-sources", ENVIRON | {"LAB_KEY": "lab-key", "ATAI_API_ENDPOINT": "https://a.example"}
    ).sources
    assert (prod.endpoint, prod.key) == ("https://a.example/v0.5", Secret("key-of-the-job-api"))
    assert (lab.endpoint, lab.key) == ("http://127.0.0.1:9000/v0.5", Secret("lab-key"))


def test_a_source_may_take_its_key_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-the-file\n")
    file = tmp_path / "bot.toml"
    file.write_text(f'[[rules]]\nto = "#a"\n[[sources]]\nkey_file = "{tmp_path}/key"\n')
    (source,) = load(file, ENVIRON, Need.EVERYTHING).sources
    assert (source.name, source.key) == ("default", Secret("from-the-file"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://a.example", "https://a.example/v0.5"),
        ("https://a.example/", "https://a.example/v0.5"),
        ("https://a.example/v0.5", "https://a.example/v0.5"),
        ("https://a.example/v0.5/", "https://a.example/v0.5"),
        ("https://a.example/api", "https://a.example/api"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/v0.5"),
        ("http://[::1]:9000", "http://[::1]:9000/v0.5"),
        ("", "https://api.u1.archetypeai.app/v0.5"),
    ],
)
def test_an_endpoint_is_accepted_with_or_without_its_version(written: str, meant: str) -> None:
    assert loaded("least", ENVIRON | {"ATAI_API_ENDPOINT": written}).sources[0].endpoint == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:8080", Listen("127.0.0.1", 8080)),
        ("localhost:0", Listen("localhost", 0)),
        (":8080", Listen("", 8080)),
        ("[::1]:8080", Listen("::1", 8080)),
        ("", None),
    ],
)
def test_an_address_to_listen_on_is_host_and_port_or_nothing(written: str, meant: Listen | None) -> None:
    assert loaded("least", ENVIRON | {"JOBSBOT_SERVER__LISTEN": written}).server.listen == meant
    assert meant is None or str(meant) == written


@pytest.mark.parametrize(("url", "path"), [("sqlite:///a/b.db", "a/b.db"), ("sqlite:////var/b.db", "/var/b.db")])
def test_the_store_is_a_file_by_its_path_from_here_or_from_the_root(url: str, path: str) -> None:
    assert loaded("least", ENVIRON | {"JOBSBOT_STORE__URL": url}).store.path == Path(path)


def test_a_file_may_begin_with_a_byte_order_mark_and_have_the_line_ends_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_bytes(b'\xef\xbb\xbf[[rules]]\r\nto = "#ml-alerts"\r\n')
    assert load(file, ENVIRON, Need.EVERYTHING).rules[0].to == ("#ml-alerts",)


def test_the_option_goes_before_the_variable_and_the_variable_before_the_file_here() -> None:
    environ = {"JOBSBOT_CONFIG": "/etc/jobsbot.toml"}
    assert find(Path("mine.toml"), environ) == Path("mine.toml")
    assert find(None, environ) == Path("/etc/jobsbot.toml")
    assert find(None, {"JOBSBOT_CONFIG": ""}) == find(None, {}) == Path("bot.toml")


def test_the_store_alone_needs_no_secret_and_reads_none() -> None:
    environ = {"SLACK_BOT_TOKEN_FILE": "/nowhere/at/all", "SLACK_APP_TOKEN": "xoxb-wrong"}
    config = load(RIGHT / "every-section.toml", environ, Need.STORE)
    assert config.store.path == Path("state.db")
    assert (config.slack.bot_token, config.slack.app_token, config.sources[0].key) == (None, None, None)


def test_each_mode_reads_the_secret_that_it_needs() -> None:
    assert loaded("least").slack.app_token == Secret("xapp-1")
    assert loaded("least").slack.signing_secret is None
    assert loaded("http-mode").slack.app_token is None
    assert loaded("http-mode").slack.signing_secret == Secret("hush")


def test_without_any_secret_every_one_that_is_needed_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        loaded("least", {})
    assert [mistake.place for mistake in caught.value.mistakes] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "ATAI_API_KEY",
    ]
    with pytest.raises(ConfigError) as caught:
        loaded("http-mode", {})
    assert "SLACK_SIGNING_SECRET: it is not set, and HTTP mode needs it" in str(caught.value)
