"""Would the bot work? Whatever is missing is found, with its remedy; and what only could be better is no failure."""

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.check import Finding, Level, check_listen, check_rules, check_slack, check_source, check_store
from bot.core.alerts import Rule
from bot.core.jobs import Field
from bot.core.messages import Refused, Scope
from bot.sandbox import slack_faults as faults
from bot.sandbox.jobs_faults import FAULTS
from bot.store.lock import only_one
from bot.store.store import open_store
from tests.samples import KEEP, enqueue, message, rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")


async def slack_findings(world: World, *rules: Rule, app_token: str | None = None, send: bool = False) -> list[Finding]:
    token = world.slack.app_token if app_token is None else app_token
    found = check_slack(world.client, token, rules or (rule(),), world.clock, send=send)
    return [finding async for finding in found]


async def store_findings(path: Path, *sources: str) -> list[Finding]:
    return (await check_store(path, sources or ["default"]))[0]


def wrong(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.about: finding for finding in findings if finding.is_wrong}


async def source_findings(world: World) -> list[Finding]:
    known = await world.store.archive.organisations()
    return [finding async for finding in check_source(world.api, known["default"], world.clock())]


async def test_where_all_is_there_nothing_is_wrong_and_nothing_is_posted(world: World) -> None:
    findings = [*await slack_findings(world), *await source_findings(world)]
    assert wrong(findings) == {}
    assert world.post_calls() == 0


@pytest.mark.parametrize("destination", ["#ml-alerts", "@U0SANDBOX1", "an id"])
async def test_every_kind_of_destination_is_fine_with_the_scopes_of_the_manifest(
    world: World, destination: str
) -> None:
    place = world.slack.state.channel("ml-alerts").id if destination == "an id" else destination
    findings = await slack_findings(world, rule(place))
    assert wrong(findings) == {}
    assert f"destination {place}" in {finding.about for finding in findings if finding.level is Level.OK}


@pytest.mark.parametrize(
    ("scope", "to"),
    [
        ("commands", "#ml-alerts"),
        ("chat:write", "#ml-alerts"),
        ("channels:read", "#ml-alerts"),
        ("im:write", "@U0SANDBOX1"),
    ],
)
async def test_a_missing_scope_is_named_with_what_it_is_for_and_what_to_do(world: World, scope: str, to: str) -> None:
    world.slack.state.scopes.discard(scope)
    finding = wrong(await slack_findings(world, rule(to)))[f"scope {scope}"]
    assert "with it the bot" in finding.words
    assert f"add {scope}" in finding.remedy


@pytest.mark.parametrize("scope", ["app_mentions:read", "chat:write.public", "groups:read", "im:read"])
async def test_a_scope_that_the_bot_can_do_without_is_no_failure(world: World, scope: str) -> None:
    world.slack.state.scopes.discard(scope)
    assert wrong(await slack_findings(world, rule("#ml-alerts", "@U0SANDBOX1"))) == {}


async def test_a_channel_given_by_its_id_needs_no_scope_to_read(world: World) -> None:
    world.slack.state.scopes -= {"channels:read", "groups:read"}
    assert wrong(await slack_findings(world, rule(world.slack.state.channel("ml-alerts").id))) == {}


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_refused_bot_token_is_all_there_is_to_say(world: World, error: str) -> None:
    world.slack.state.token_errors[world.slack.bot_token] = error
    (finding,) = await slack_findings(world)
    assert finding.is_wrong
    assert all(word in finding.words for word in ("SLACK_BOT_TOKEN", error, "OAuth & Permissions"))


async def test_a_token_of_the_wrong_kind_is_found(world: World) -> None:
    (finding,) = await slack_findings(world, app_token=world.slack.bot_token)
    assert "SLACK_APP_TOKEN: not_allowed_token_type" in finding.words
    world.client.token = world.slack.app_token
    (finding,) = await slack_findings(world)
    assert "SLACK_BOT_TOKEN: not_allowed_token_type" in finding.words


async def test_both_tokens_in_each_other_s_place_are_named_at_once(world: World) -> None:
    world.client.token = world.slack.app_token
    (finding,) = await slack_findings(world, app_token=world.slack.bot_token)
    assert all(f"{name}: not_allowed_token_type" in finding.words for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"))


async def test_slack_out_of_reach_is_said_so(world: World) -> None:
    world.slack.fault(faults.HTML_502)
    (finding,) = await slack_findings(world)
    assert finding.is_wrong
    assert "502" in finding.words
    assert "reaches that address" in finding.remedy


@pytest.mark.parametrize(
    ("to", "why", "remedy"),
    [
        ("#nowhere", "channel_not_found", "invite the bot"),
        ("#secret", "channel_not_found", "invite the bot"),
        ("#retired", "is_archived", "unarchive"),
        ("@U0NOBODY", "user_not_found", "correct the id"),
        ("@U0SANDBOX2", "user_disabled", "correct the id"),
        ("C0NOWHERE", "channel_not_found", "correct its name"),
    ],
)
async def test_a_destination_that_cannot_be_reached_is_named_with_what_to_do(
    world: World, to: str, why: str, remedy: str
) -> None:
    state = world.slack.state
    state.add_channel("secret", private=True, member=False)
    state.add_channel("retired", archived=True)
    state.users["U0SANDBOX2"].deleted = True
    finding = wrong(await slack_findings(world, rule("#ml-alerts", to)))[f"destination {to}"]
    assert why in finding.words
    assert remedy in finding.remedy


async def test_a_public_channel_without_the_bot_in_it_is_fine_with_one_scope_and_wrong_without(world: World) -> None:
    world.slack.state.add_channel("ml-alerts", member=False)
    assert wrong(await slack_findings(world)) == {}
    world.slack.state.scopes.discard("chat:write.public")
    finding = wrong(await slack_findings(world))["destination #ml-alerts"]
    assert (finding.words, "invite" in finding.remedy) == ("not_in_channel", True)


async def test_a_test_message_goes_to_each_destination_once_and_where_it_does_not_arrive_is_wrong(world: World) -> None:
    findings = await slack_findings(world, rule("#ml-alerts", "@U0SANDBOX1"), rule("#ml-alerts", name="b"), send=True)
    assert wrong(findings) == {}
    assert [len(world.posts(place)) for place in ("ml-alerts", "U0SANDBOX1")] == [1, 1]
    world.slack.fault(faults.refused("restricted_action"), method="chat.postMessage")
    assert "test message to #ml-alerts" in wrong(await slack_findings(world, send=True))


@pytest.mark.parametrize("fault", ["unauthorized", "forbidden", "server_error", "html_page", "bad_gateway"])
async def test_a_job_api_that_does_not_answer_as_it_should_is_wrong(world: World, fault: str) -> None:
    world.jobs.fault(FAULTS[fault], times=None)
    (finding,) = await source_findings(world)
    assert (finding.is_wrong, finding.about) == (True, "source default")
    assert finding.words


async def test_clocks_that_differ_are_noted(world: World) -> None:
    world.jobs.clock_skew = 300
    notes = [finding for finding in await source_findings(world) if finding.level is Level.NOTE]
    assert [("5m" in note.words, "NTP" in note.remedy) for note in notes] == [(True, True)]


async def test_the_state_file_is_counted_and_parked_routes_in_it_are_wrong(world: World, tmp_path: Path) -> None:
    (finding,) = await store_findings(tmp_path / "state.db")
    assert (finding.level, "1 job" in finding.words) == (Level.OK, True)
    await enqueue(world.store, message())
    (parcel,) = await world.store.outbox.claim_due(world.clock())
    await world.store.outbox.settle(parcel, Refused("not_in_channel", Scope.CHANNEL), world.clock(), 0.0)
    finding = wrong(await store_findings(tmp_path / "state.db"))["route #ml-alerts"]
    assert "not_in_channel" in finding.words
    assert "invite" in finding.remedy


def block(name: str) -> Callable[[Path], None]:
    """Something else lies where the bot needs a file of its own; also the administrator cannot write to that."""
    return lambda folder: (folder / name).mkdir()


def replace_by_rubbish(folder: Path) -> None:
    (folder / "state.db").write_bytes(b"no database" * 100)


def damage(folder: Path) -> None:
    with (folder / "state.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)


def make_newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "state.db")) as db, db:
        db.execute("INSERT INTO migrations (name) VALUES ('9999_later.sql')")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (block("state.db-wal"), "Cannot use the state file"),
        (block("state.db.lock"), "Cannot write beside the state file"),
        (replace_by_rubbish, "damaged"),
        (damage, "damaged"),
        (make_newer, "newer jobsbot"),
    ],
)
async def test_a_state_file_on_which_no_bot_could_run_is_wrong(
    tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    async with open_store(tmp_path / "state.db", KEEP):
        pass
    harm(tmp_path)
    (finding,) = await store_findings(tmp_path / "state.db")
    assert (finding.is_wrong, words in finding.words) == (True, True), finding.words


async def test_to_check_changes_nothing_in_the_state_file(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state.db", KEEP):
        pass
    before = (tmp_path / "state.db").read_bytes()
    assert wrong(await store_findings(tmp_path / "state.db")) == {}
    assert (tmp_path / "state.db").read_bytes() == before


async def test_a_bot_that_writes_just_now_is_no_failure(world: World) -> None:
    with only_one(world.store.path):
        async with world.store.db.transaction():
            assert wrong(await store_findings(world.store.path)) == {}


async def test_a_source_that_is_configured_no_more_is_noted(world: World) -> None:
    notes = [one for one in await store_findings(world.store.path, "renamed") if one.level is Level.NOTE]
    assert [note.about for note in notes] == ["source default"]


async def test_a_key_of_another_organisation_is_wrong(world: World) -> None:
    for id_ in list(world.jobs.world.jobs):
        world.jobs.world.delete(id_)
    world.jobs.world.org_id = "org_other"
    world.jobs.world.add("theirs", status="FAILED", age=5)
    finding = wrong(await source_findings(world))["source default"]
    assert ("swapped key" in finding.words, "old key" in finding.remedy) == (True, True)


async def test_a_port_in_use_is_wrong_unless_a_bot_that_runs_has_it(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert (
            "[server] listen"
            in wrong([await check_listen("127.0.0.1", port, state)])[f"server on 127.0.0.1:{port}"].words
        )
        with only_one(state):
            assert not (await check_listen("127.0.0.1", port, state)).is_wrong
    assert not (await check_listen("127.0.0.1", port, state)).is_wrong


async def test_no_state_file_yet_is_no_failure(tmp_path: Path) -> None:
    (finding,) = await store_findings(tmp_path / "state.db")
    assert (finding.level, "jobsbot run" in finding.remedy) == (Level.NOTE, True)


async def test_a_folder_that_is_missing_or_none_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        (finding,) = await store_findings(tmp_path / folder / "state.db")
        assert (finding.is_wrong, str(tmp_path / folder) in finding.words, "url" in finding.remedy) == (
            True,
            True,
            True,
        )


async def test_a_damaged_state_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database" * 100)
    (finding,) = await store_findings(tmp_path / "state.db")
    assert (finding.is_wrong, "damaged" in finding.words) == (True, True)


def test_a_rule_of_a_source_that_is_not_configured_is_noted() -> None:
    rules = [replace(rule(), globs={Field.SOURCE: globs}) for globs in (("prod", "lab-*"), ("stage",))]
    (finding,) = check_rules([rule(), *rules], ["default", "lab-2"])
    assert (finding.level, finding.about) == (Level.NOTE, "rule failures")
    assert finding.words == "covers no job: no source is called “stage”; there is “default”, “lab-2”"
    assert "[[sources]]" in finding.remedy
