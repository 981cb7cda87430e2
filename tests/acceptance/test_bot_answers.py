"""How fast `/jobs` is answered, with 3,000 jobs stored, while a look is under way; and that it is answered alike
through a socket and through signed requests.
"""

from collections.abc import Callable
from statistics import quantiles

import httpx

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_exchange import Exchange
from tests.acceptance.stage import BASELINE, SLACK_OPEN, Stage, buttons, free_port, share_button

Figure = Callable[[str], None]

ACK_MAX = 0.050  # seconds
ANSWER_MAX = 0.300  # seconds
SLASH = (
    "",
    "failed",
    "running",
    "all limit:50",
    "failed pipeline:machine-* -type:training since:30d",
    "completed name:*night* out of memory",
    "show {id}",
    "health",
    "help",
    "faild",
)


async def ask(stage: Stage, job_id: str) -> list[Exchange]:
    """Every kind of command three times, then three buttons on their answers."""
    said = []
    for text in SLASH * 3:
        said.append(await stage.slack.slash(text.format(id=job_id)))
        await said[-1].answer()
    for exchange in said[:3]:
        answer = exchange.answers[0]
        said.append(await stage.slack.click(message=answer, action=next(buttons(answer))))
        await said[-1].answer()
    return said


def spread(seconds: list[float]) -> str:
    points = quantiles(seconds, n=100, method="inclusive")
    return f"p50 {points[49] * 1000:.1f}, p95 {points[94] * 1000:.1f}, most {max(seconds) * 1000:.1f} ms"


def judge(exchanges: list[Exchange], figure: Figure, when: str) -> None:
    acks = [exchange.ack_seconds for exchange in exchanges]
    answers = [exchange.first_answer_seconds or 9.9 for exchange in exchanges]
    figure(f"commands, {when}: {len(exchanges)} acknowledged {spread(acks)} (bound 50 ms)")
    figure(f"commands, {when}: {len(exchanges)} answered {spread(answers)} (bound 300 ms)")
    assert all(exchange.acked for exchange in exchanges)
    assert max(acks) < ACK_MAX
    assert max(answers) < ANSWER_MAX


async def test_commands_are_acknowledged_and_answered_at_once_while_a_look_hangs(stage: Stage, figure: Figure) -> None:
    stage.world.populate(3_000, failed=240)
    async with stage.running():
        stage.jobs.hold_pages()
        await stage.jobs.seen(len(stage.jobs.requests) + 1)
        judge(await ask(stage, next(iter(stage.world.jobs))), figure, "a look hanging")


async def test_commands_are_answered_at_once_while_looks_turn_at_full_speed(stage: Stage, figure: Figure) -> None:
    stage.world.populate(3_000, failed=240)
    async with stage.running():
        judge(await ask(stage, next(iter(stage.world.jobs))), figure, "looks turning")


async def test_an_answer_says_how_old_it_is_when_the_jobs_cannot_be_seen(stage: Stage, figure: Figure) -> None:
    stage.world.populate(50, failed=4)
    async with stage.running():
        stage.jobs.hold_pages()
        exchange = await stage.slack.slash("failed")
        text = rendered_text(await exchange.answer())
    footer = next(line for line in text.splitlines() if "4 of 4 match" in line)
    figure(f"age of an answer: “{footer}”")
    assert "as of" in footer


async def test_the_same_command_is_answered_through_signed_requests(stage: Stage, figure: Figure) -> None:
    stage.world.populate(200, failed=16)
    stage.listen, stage.mode = f"127.0.0.1:{free_port()}", "http"
    stage.slack.request_url = f"http://{stage.listen}/slack/events"
    env = {name: value for name, value in stage.environment().items() if name != "SLACK_APP_TOKEN"}
    async with stage.bot("run", env=env) as bot:
        await bot.logs(BASELINE)
        await bot.logs(SLACK_OPEN)
        assert (await stage.slack.verify_url()).acked
        async with httpx.AsyncClient(trust_env=False) as http:
            ready = await http.get(f"http://{stage.listen}/readyz")
        exchange = await stage.slack.slash("failed")
        text = rendered_text(await exchange.answer())
        answer = exchange.answers[0]
        pressed = await stage.slack.click(message=answer, action=share_button(answer))
        await pressed.answer()
        stage.slack.signing_secret = "another"
        forged = await stage.slack.slash("failed")
        await bot.stops()
    figure(
        f"http mode: answered after {(exchange.first_answer_seconds or 9) * 1000:.0f} ms, "
        f"a forged request gets {forged.status}, /readyz {ready.status_code}"
    )
    assert "16 match" in text
    assert (forged.acked, forged.status) == (False, 401)
    assert ready.status_code == 200
