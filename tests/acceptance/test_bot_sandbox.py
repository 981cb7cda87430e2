"""The sandbox as its visitor has it: one command, an alert within seconds, an answer, and nothing left behind."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import httpx

from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import Stage

COMMAND = (sys.executable, "-m", "bot", "sandbox", "--port", "0", "--speed", "5")


def children(pid: int) -> list[Path]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [Path("/proc", child) for child in found]


async def test_it_tells_an_alert_answers_a_command_and_leaves_nothing_behind(
    stage: Stage, figure: Callable[[str], None]
) -> None:
    began = perf_counter()
    async with (
        Bot.started(COMMAND, stage.environment(TMPDIR=str(stage.folder)), stage.folder) as sandbox,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        url = (await sandbox.says("The sandbox is open")).split()[-1]
        alert = await sandbox.says("#ml-", within=15)
        told = perf_counter() - began
        state = (await http.get(url + "state")).json()
        answer = (await http.post(url + "command", json={"text": "failed"})).json()
        bots = children(sandbox.process.pid)
        took = await sandbox.stops()
    alerts = [channel for channel in state["channels"] if channel["name"].startswith("ml-") and channel["messages"]]
    figure(
        f"sandbox: alert after {told:.1f} s, command answered in {answer['answer_ms']} ms, stopped in {took:.1f} s, "
        f"{sum(bot.exists() for bot in bots)} children left of {len(bots)}"
    )
    assert state["bot_alive"]
    assert "failed" in alert
    assert alerts
    assert answer["acked"]
    assert "Failed jobs" in answer["text"]
    assert len(bots) == 1
    assert not any(bot.exists() for bot in bots)
    assert not list(stage.folder.glob("jobsbot-sandbox-*"))
