"""What the world outside repeats of the bot's own keys and tokens, or lets slip of others, goes nowhere from here."""

from bot.sandbox.jobs_faults import Fault
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_faults import refused
from tests.acceptance.bot_process import Bot
from tests.acceptance.stage import Stage

SIGNED = "0123456789abcdef0123456789abcdef"


async def tempted(stage: Stage, bot: Bot) -> None:
    """What the bot may repeat is said to it: in a job's error, and by the job API."""
    [job] = stage.add_running(1)
    await stage.jobs.seen(len(stage.jobs.requests) + 2)
    stage.world.fail(job.id, f"403 for https://store.example/in.csv?X-Amz-Signature={SIGNED}")
    await stage.told(job)
    echo = f'{{"detail": "refused: Authorization: Bearer {stage.jobs.key}"}}'
    stage.jobs.fault(Fault(status=500, body=echo.encode()), times=None)
    await bot.logs("cannot see the jobs")


async def test_no_key_and_no_token_is_repeated_anywhere(stage: Stage) -> None:
    stage.slack.fault(refused(f"fatal {stage.slack.bot_token}"), method="auth.test")
    async with stage.running() as bot:
        await tempted(stage, bot)
        health = await stage.command("jobs", "health")
        await bot.stops()
    stored = b"".join(file.read_bytes() for file in stage.folder.glob("state.db*")).decode(errors="replace")
    everything = "\n".join([*bot.err, health.out, stored, *map(rendered_text, stage.slack.state.posts("ml-alerts"))])
    for secret in (stage.jobs.key, stage.slack.bot_token, stage.slack.app_token, SIGNED):
        assert secret not in everything
    assert "Slack answered fatal xoxb-" in everything
    assert "refused: Authorization: …" in health.out
    assert "https://store.example/in.csv?…" in stored
