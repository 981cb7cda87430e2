"""The other commands beside a live bot: what they print, and how they end."""

import json
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import refused
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import Stage, tellings

Figure = Callable[[str], None]

ENTRY = {"source", "job_id", "key", "kind", "inferred", "was", "status", "seen_at", "rule", "verdict", "reason"}
TELLING = {"destination", "message_key", "state", "attempts", "channel", "ts"}


@pytest.fixture
async def live(stage: Stage) -> AsyncIterator[Bot]:
    """A bot that knows 200 old jobs and has told one failure."""
    stage.world.populate(200, failed=16)
    [job] = stage.add_running(1)
    async with stage.running() as bot:
        stage.world.fail(job.id, "out of memory")
        await stage.told(job)
        await bot.logs("told")
        yield bot
        await bot.stops()


@pytest.mark.usefixtures("live")
async def test_the_slash_grammar_is_answered_in_a_terminal(stage: Stage, figure: Figure) -> None:
    asked = {
        "failed": "17 match",
        "all -pipeline:x": "201 match",
        "-pipeline:x": "201 match",
        "-pipeline:x all": "with “all”",
        "all since:1h name:run-*": "1 of 1 match",
        "show run-0": "out of memory",
        "health": "default",
        "help": "/jobs",
        "": "17 failed",
    }
    for words, shown in asked.items():
        ended = await stage.command("jobs", *words.split())
        assert (ended.status, ended.err) == (0, ""), words
        assert shown in ended.out, ended.out
    mistaken = await stage.command("jobs", "faild")
    figure(f"jobs: {len(asked)} questions end with 0, “faild” with {mistaken.status}: {mistaken.out}")
    assert mistaken.status == 2
    assert "Did you mean “failed”" in mistaken.out


@pytest.mark.usefixtures("live")
async def test_the_ledger_is_told_as_one_object_a_line(stage: Stage, figure: Figure) -> None:
    entries = await stage.history("--since", "1h")
    assert len(await stage.history()) == len(entries)
    [failed] = [entry for entry in entries if entry["kind"] == "failed"]
    [telling] = tellings(failed)
    figure(f"history: {len(entries)} lines, {json.dumps(failed)[:150]}…")
    assert set(failed) >= ENTRY
    assert set(telling) >= TELLING
    assert (failed["verdict"], failed["rule"], failed["was"], failed["status"]) == (
        "alert",
        "failures",
        "RUNNING",
        "FAILED",
    )
    assert (telling["state"], telling["attempts"], telling["destination"]) == ("delivered", 1, "#ml-alerts")
    assert telling["ts"] == stage.alerts()[0].ts
    shown = await stage.command("history", "--job", "run-0")
    assert (shown.status, "run-0" in shown.out) == (0, True)
    assert (await stage.command("history", "--since", "soon")).status == 2
    nobody = await stage.command("history", "--job", "nosuch")
    assert (nobody.status, nobody.out, "knows no job 'nosuch'" in nobody.err) == (2, "", True)


@pytest.mark.usefixtures("live")
async def test_check_finds_that_the_bot_would_work_and_can_show_it(stage: Stage, figure: Figure) -> None:
    quiet = await stage.command("check")
    assert (quiet.status, len(stage.alerts())) == (0, 1)
    loud = await stage.command("check", "--send")
    figure(f"check: {quiet.status}, “{quiet.out.splitlines()[-1]}”; with --send “{rendered_text(stage.alerts()[-1])}”")
    assert (loud.status, len(stage.alerts())) == (0, 2)
    assert "The bot would work." in quiet.out


async def test_check_tells_every_finding_with_its_remedy_and_ends_with_1(stage: Stage, figure: Figure) -> None:
    stage.slack.state.add_channel("ml-alerts", private=True, member=False)
    stage.slack.state.scopes -= {"commands", "groups:read"}
    ended = await stage.command("check", env=stage.environment(ATAI_API_KEY="sk_wrong"))
    wrong = [line for line in ended.out.splitlines() if line.startswith("wrong")]
    figure(f"check: {ended.status}, {len(wrong)} wrong, {ended.out.count('→')} remedies, {ended.out.splitlines()[-1]}")
    assert ended.status == 1
    assert "Traceback" not in ended.err
    assert {line.split()[1] for line in wrong} == {"source", "scope", "destination"}
    stage.slack.fault(refused("token_revoked"), method="auth.test", times=None)
    revoked = await stage.command("check")
    assert (revoked.status, "SLACK_BOT_TOKEN" in revoked.out) == (1, True)


async def test_a_port_that_the_sandbox_cannot_have_is_no_bug(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (99_999, -1, taken.getsockname()[1]):
            ended = await stage.command("sandbox", "--port", str(port))
            assert (ended.status, "--port" in ended.err, "Traceback" in ended.err) == (2, True, False), ended.err


async def test_schema_is_one_of_bot_toml(stage: Stage, figure: Figure) -> None:
    ended = await stage.command("schema")
    schema = json.loads(ended.out)
    figure(f"schema: {ended.status}, sections {', '.join(schema['properties'])}")
    assert ended.status == 0
    plain = {"poll", "store", "slack", "server", "thrashing"}
    assert set(schema["properties"]) == plain | {"rules", "deadlines", "sources"}


async def test_commands_that_need_a_state_file_say_so_without_one(stage: Stage, figure: Figure) -> None:
    for words in (["jobs", "failed"], ["history"]):
        ended = await stage.command(*words)
        assert ended.status == 2
        assert "Start `jobsbot run`" in ended.err
    figure("no state file: jobs and history end with 2 and say to start `jobsbot run`")
