"""The Dockerfile, read as text: no engine is needed to see whether it keeps its promises."""

import json
import re
from pathlib import Path

import pytest

from bot.config import SETTINGS
from bot.config.values import listen, store_path, store_url

ROOT = Path(__file__).resolve().parents[1]
WHOLE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
STEPS = [
    (step[0].upper(), step[2])
    for line in WHOLE.splitlines()
    if line and not line.startswith("#")
    for step in [line.partition(" ")]
]
STAGES = [number for number, (word, _) in enumerate(STEPS) if word == "FROM"]
LAST = STEPS[STAGES[-1] :]


def said(word: str) -> list[str]:
    """What the last stage says with this instruction."""
    return [rest for step, rest in LAST if step == word]


def copied_from_here() -> set[str]:
    copies = [rest.split() for word, rest in STEPS if word == "COPY"]
    return {source for words in copies if not words[0].startswith("--from") for source in words[:-1]}


ENV = dict(re.findall(r"(\w+)=(\S+)", " ".join(said("ENV"))))


def test_the_image_is_built_in_a_stage_of_its_own() -> None:
    assert len(STAGES) == 2
    assert [rest.startswith("--from=build ") for rest in said("COPY")] == [True]


def test_every_base_image_is_pinned_to_a_version() -> None:
    bases = [rest.split()[0] for word, rest in STEPS if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim", base) for base in bases)


def test_what_is_installed_comes_from_the_lock_by_its_hash() -> None:
    installs = [rest for word, rest in STEPS if word == "RUN" and "pip install" in rest]
    assert all("--require-hashes -r requirements.lock" in line or "--no-deps" in line for line in installs)
    assert len(installs) == 2


@pytest.mark.parametrize("source", sorted(copied_from_here()))
def test_what_is_copied_is_there_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    assert f"!{source}" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_nothing_else_reaches_the_build() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied_from_here()


def test_it_runs_as_a_user_with_a_fixed_number_who_is_not_root() -> None:
    (user,) = said("USER")
    assert re.fullmatch(r"([1-9]\d*):\1", user)
    assert f"--uid {user.partition(':')[0]} " in " ".join(said("RUN"))


def test_what_it_remembers_lies_on_the_volume() -> None:
    (volume,) = said("VOLUME")
    assert store_path(store_url(ENV["JOBSBOT_STORE__URL"])).parent == Path(volume)


def test_its_server_can_be_reached_from_outside_the_container() -> None:
    where = listen(ENV["JOBSBOT_SERVER__LISTEN"])
    assert where is not None
    assert (where.host, str(where.port)) == ("0.0.0.0", *said("EXPOSE"))  # noqa: S104  the container is the border


def test_it_sets_no_variable_that_the_bot_does_not_know() -> None:
    ours = {name for name in ENV if name.startswith("JOBSBOT_")}
    assert ours <= {"JOBSBOT_CONFIG", *(setting.variable for setting in SETTINGS)}


def test_no_secret_is_in_it() -> None:
    assert re.search(r"TOKEN|SECRET|API_KEY", WHOLE) is None


def test_its_health_check_asks_the_server_for_its_health() -> None:
    (check,) = said("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    assert f"http://127.0.0.1:{said('EXPOSE')[0]}/healthz" in command[2]
    compile(command[2], "HEALTHCHECK", "exec")


def test_signals_reach_the_bot_itself() -> None:
    assert json.loads(*said("ENTRYPOINT")) == ["jobsbot"]
    assert json.loads(*said("CMD")) == ["run"]
    assert said("STOPSIGNAL") == ["SIGTERM"]
