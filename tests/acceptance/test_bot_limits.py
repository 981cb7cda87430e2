"""At Slack's limits, and where it says twice to wait for 30 s: every story is told in the end, and in its order."""

from collections.abc import Callable
from time import perf_counter

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.slack_faults import rate_limited
from bot.sandbox.slack_model import Message
from tests.acceptance.stage import Stage, delivered, message_keys

PLACES = ("ml-alerts", "ml-training", "general")
STORIES = 4  # in each place, each with a card of its own
WAIT = 30  # seconds, as Slack says them
ALL_WITHIN = 120.0
WORDS = ("was retried and waits, try 2", "is running again, try 2", "recovered on try 2")
RULES = "\n".join(f'[[rules]]\npipeline = "{place}-*"\nto = "#{place}"' for place in PLACES)


def cards_of(stage: Stage, job: SimJob) -> list[Message]:
    return [card for place in PLACES for card in stage.cards(place) if job.id in card.text]


def thread_of(stage: Stage, job: SimJob) -> list[str]:
    [card] = cards_of(stage, job)
    return [reply.text for reply in stage.slack.state.thread(card)]


def is_told(stage: Stage, job: SimJob) -> bool:
    [card] = cards_of(stage, job)
    return WORDS[-1] in card.text and len(thread_of(stage, job)) >= len(WORDS)


async def test_at_the_limits_nothing_is_lost_and_each_story_is_told_in_its_order(
    stage: Stage, figure: Callable[[str], None]
) -> None:
    stage.rules, stage.slack.rates.post_burst = RULES, 1
    pipelines = [f"{place}-{number}" for place in PLACES for number in range(STORIES)]
    jobs = [stage.world.add(f"run {key}", status="RUNNING", age=900, pipeline_key=key) for key in pipelines]
    state = stage.slack.state
    async with stage.running() as bot:
        for job in jobs:
            stage.world.fail(job.id, "CUDA out of memory: 4 GiB")
        await state.bell.until(lambda: all(cards_of(stage, job) for job in jobs), 30)
        began = perf_counter()
        for method in ("chat.postMessage", "chat.update"):
            stage.slack.fault(rate_limited(WAIT), method=method)
        for act in (stage.world.retry, stage.world.start, stage.world.complete):
            for job in jobs:
                act(job.id)
            await stage.looks(2)  # the first of them may have begun before
        await state.bell.until(lambda: all(is_told(stage, job) for job in jobs), ALL_WITHIN)
        took = perf_counter() - began
        await bot.stops()
    refused = [call.method for call in state.calls if call.status == 429]
    posts = {key: times for place in PLACES for key, times in stage.posted_keys(place).items()}
    ledger = [entry for entry in await stage.history() if entry["verdict"] != "silence"]
    lost = [entry["key"] for entry in ledger if not (delivered(entry) and posts.keys() >= set(message_keys(entry)))]
    figure(
        f"limits: {len(jobs)} stories in {len(PLACES)} places, told {took:.0f} s after two waits of {WAIT} s were "
        f"asked for; {refused.count('chat.postMessage')} posts and {refused.count('chat.update')} edits refused, "
        f"{len(lost)} of {len(ledger)} changes lost"
    )
    assert set(refused) == {"chat.postMessage", "chat.update"}
    assert not lost
    assert set(posts.values()) == {1}
    for job in jobs:
        told = thread_of(stage, job)
        assert [words in text for words, text in zip(WORDS, told, strict=True)] == [True] * len(WORDS), told
