"""What the bot tells, and when: the baseline in silence, each failure within a poll and two seconds; or where it joins
the card of another, as soon as that is edited.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from bot.sandbox.jobs_sim import SimJob
from tests.acceptance.stage import ALERTS, Stage

Figure = Callable[[str], None]

POLL = 1.0  # seconds, as the stage configures it
LATENCY_MAX = POLL + 2.0
EDITS_EVERY = 3.0  # seconds between two edits of a card
JOINS_MAX = LATENCY_MAX + EDITS_EVERY
MEASURED = 5  # pipelines: as many cards take newcomers at a time
JOINING = 8
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
    jobs = [stage.world.add("run", status="RUNNING", age=900, pipeline_key=f"line-{n}") for n in range(MEASURED)]
    async with stage.running():
        took = [await seconds_until_told(stage, job) for job in jobs]
    figure(f"latency: median {median(took):.2f} s, most {max(took):.2f} s of {MEASURED} (bound {LATENCY_MAX:.1f} s)")
    assert max(took) <= LATENCY_MAX
    assert all(len(stage.naming(job)) == 1 for job in jobs)


async def test_a_failure_that_joins_a_card_is_on_it_with_its_next_edit(stage: Stage, figure: Figure) -> None:
    jobs = stage.add_running(1 + JOINING)
    async with stage.running():
        took = [await seconds_until_told(stage, job) for job in jobs][1:]
    figure(
        f"latency on a card: median {median(took):.2f} s, most {max(took):.2f} s of {JOINING} (bound {JOINS_MAX:.1f} s)"
    )
    assert max(took) <= JOINS_MAX
    assert len(stage.slack.state.top_level(ALERTS)) == 1


async def seconds_until_told(stage: Stage, job: SimJob) -> float:
    began = perf_counter()
    stage.world.fail(job.id, "CUDA out of memory")
    await stage.told(job)
    return perf_counter() - began
