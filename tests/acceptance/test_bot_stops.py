"""Asked to stop, the bot ends with 0 within ten seconds and leaves nothing half done; asked twice, at once."""

from collections.abc import Callable
from contextlib import closing
from signal import SIGTERM
from sqlite3 import connect
from time import perf_counter

import pytest

from bot.sandbox.slack_faults import stall
from tests.acceptance.stage import Stage, delivered, message_keys

Figure = Callable[[str], None]

STOP_MAX = 10.0  # seconds
AT_ONCE = 1.0  # seconds


def integrity(stage: Stage) -> str:
    with closing(connect(stage.state)) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


async def test_it_stops_when_there_is_nothing_to_do(stage: Stage, figure: Figure) -> None:
    stage.world.populate(3_000, failed=240)
    async with stage.running() as bot:
        took = await bot.stops(within=STOP_MAX)
    figure(f"stop: idle {took:.2f} s (bound {STOP_MAX:.0f} s), state file {integrity(stage)}")
    assert integrity(stage) == "ok"
    assert "Traceback" not in "\n".join(bot.err)


async def test_it_stops_in_the_middle_of_a_look_while_slack_stalls_and_tells_both_once_afterwards(
    stage: Stage, figure: Figure
) -> None:
    told, seen = jobs = stage.add_running(2)
    async with stage.running() as bot:
        stage.slack.fault(stall(), method="chat.postMessage")
        stage.world.fail(told.id)
        await stage.slack.state.bell.until(lambda: stage.slack.state.calls[-1].method == "chat.postMessage", 10)
        stage.jobs.hold_pages()
        await stage.jobs.seen(len(stage.jobs.requests) + 1)
        stage.world.fail(seen.id)
        took = await bot.stops(within=STOP_MAX)
    figure(f"stop: a look hanging, a post stalling {took:.2f} s (bound 10 s), state file {integrity(stage)}")
    assert integrity(stage) == "ok"
    assert "Traceback" not in "\n".join(bot.err)
    stage.jobs.release_pages()
    stage.slack.clear_faults()
    async with stage.bot("run") as again:
        await stage.told(*jobs, within=20)  # what was under way is looked for ten seconds long
        await again.logs("told", times=2, within=20)
        await again.stops()
    ledger = [entry for entry in await stage.history() if entry["kind"] == "failed"]
    assert all(map(delivered, ledger))
    assert sorted(stage.posted_keys().items()) == sorted((key, 1) for entry in ledger for key in message_keys(entry))


async def test_whoever_asked_before_it_was_told_to_stop_is_answered(stage: Stage, figure: Figure) -> None:
    async with stage.running() as bot:
        stage.slack.fault(stall(), method="response_url")
        asked = await stage.slack.slash("health")
        bot.process.send_signal(SIGTERM)
        with pytest.raises(TimeoutError):  # one that does not wait for its answer has ended by then
            await bot.ends(within=AT_ONCE)
        stage.slack.clear_faults()
        answer = await asked.answer()
        status = await bot.ends(within=STOP_MAX)
    figure(f"stop: with a question open status {status}, answered: {str(answer['text'])[:40]}")
    assert (asked.acked, status) == (True, 0)


async def test_the_second_signal_ends_it_at_once(stage: Stage, figure: Figure) -> None:
    async with stage.running() as bot:
        stage.jobs.hold_pages()
        await stage.jobs.seen(len(stage.jobs.requests) + 1)
        bot.process.send_signal(SIGTERM)
        await bot.logs("stopping")
        began = perf_counter()
        bot.process.send_signal(SIGTERM)
        status = await bot.ends(within=AT_ONCE)
    figure(f"stop: at the second signal {perf_counter() - began:.2f} s (bound {AT_ONCE:.0f} s), status {status}")
    assert status == 0
    assert integrity(stage) == "ok"
