"""What the bot tells, and when: the baseline in silence, each failure within a poll and two seconds."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from tests.acceptance.stage import Stage

Figure = Callable[[str], None]

POLL = 1.0  # seconds, as the stage configures it
LATENCY_MAX = POLL + 2.0
MEASURED = 8
KB = 1_024


async def test_the_baseline_of_3000_jobs_is_taken_in_silence_and_under_1_kb_a_job(stage: Stage, figure: Figure) -> None:
    stage.world.populate(3_000, failed=240)
    async with stage.running() as bot:
        await stage.jobs.seen(len(stage.jobs.requests) + 70, timeout=10)
        assert bot.logged("the baseline is taken")[0]["jobs"] == 3_000
        await bot.stops()
    posted = [call for call in stage.slack.state.calls if call.method == "chat.postMessage"]
    size = sum(file.stat().st_size for file in stage.folder.glob("state.db*"))
    figure(f"baseline: {len(posted)} messages, {size / 3_000:.0f} bytes a job (bound {KB})")
    assert not posted
    assert size / 3_000 < KB


async def test_a_failure_is_told_within_one_poll_and_two_seconds(stage: Stage, figure: Figure) -> None:
    stage.world.populate(3_000, failed=240)
    jobs = stage.add_running(MEASURED)
    took = []
    async with stage.running():
        for job in jobs:
            stage.world.fail(job.id, "CUDA out of memory")
            began = perf_counter()
            await stage.told(job)
            took.append(perf_counter() - began)
    figure(f"latency: median {median(took):.2f} s, most {max(took):.2f} s of {MEASURED} (bound {LATENCY_MAX:.1f} s)")
    assert max(took) <= LATENCY_MAX
    assert all(len(stage.naming(job)) == 1 for job in jobs)
