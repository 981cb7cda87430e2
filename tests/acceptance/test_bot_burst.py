"""A thousand jobs fail within a minute: the channel sees a handful of posts, the card counts them all, the ledger tells
each as told, and whoever reads another channel waits no longer than ever.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.slack_model import Message
from tests.acceptance.stage import ALERTS, RULE, TRAINING, Stage

Figure = Callable[[str], None]

AT_ONCE = 500
EACH_LOOK = 10
LOOKS = 50
JOBS = AT_ONCE + EACH_LOOK * LOOKS
MINUTE = 60.0
POSTS_MAX = 3
EDITS_MAX = 40  # a minute
NEWCOMERS_WITHIN = 90.0  # seconds: they are told at most once a minute
POLL = 1.0
ELSEWHERE_MAX = POLL + 3.0  # seconds
ELSEWHERE = (0, 12, 24, 36, 48)  # the looks at which a job of the other channel fails, with a card of its own
RULES = f"""\
[[rules]]
name = "training"
type = "training"
to = "#{TRAINING}"

{RULE}"""


def counted(card: Message) -> int:
    """The jobs of the card, all of which failed, by its own words."""
    found = re.match(r"(\d+) jobs failed", card.text)
    return int(found[1]) if found else 1


def most_in_a_minute(moments: Sequence[float]) -> int:
    return max(sum(begin <= moment < begin + MINUTE for moment in moments) for begin in moments)


async def seconds_until_told_elsewhere(stage: Stage, job: SimJob) -> float:
    began = perf_counter()
    stage.world.fail(job.id, "loss is not finite")
    await stage.told(job, place=TRAINING)
    return perf_counter() - began


async def all_named(stage: Stage) -> None:
    """The last newcomers are told, and the card shows how many there are."""
    state = stage.slack.state
    [card] = stage.cards()
    await state.bell.until(lambda: any(f"{JOBS} in all" in m.text for m in state.thread(card)), NEWCOMERS_WITHIN)
    await state.bell.until(lambda: counted(card) == JOBS, 10)


async def test_a_thousand_failures_drown_nobody_and_none_is_lost(stage: Stage, figure: Figure) -> None:
    stage.rules = RULES
    jobs = iter(stage.add_running(JOBS))
    elsewhere = [
        stage.world.add(f"tune {n}", status="RUNNING", age=600, pipeline_type="training", pipeline_key=f"tuning-{n}")
        for n in range(len(ELSEWHERE))
    ]
    took: list[float] = []
    async with stage.running() as bot:
        for _ in range(AT_ONCE):
            stage.world.fail(next(jobs).id, "CUDA out of memory: 4 GiB")
        for look in range(LOOKS):
            if look in ELSEWHERE:
                took.append(await seconds_until_told_elsewhere(stage, elsewhere[len(took)]))
            for _ in range(EACH_LOOK):
                stage.world.fail(next(jobs).id, "CUDA out of memory: 4 GiB")
            await stage.looks(1)
        await all_named(stage)
        ledger = await stage.all_told(JOBS + len(elsewhere), within=20)
        await bot.stops()
    cards, broadcasts = stage.cards(), stage.slack.state.broadcasts(ALERTS)
    edits = [call.at for call in stage.slack.state.calls if call.method == "chat.update"]
    replies = len(stage.alerts()) - len(cards)
    figure(
        f"burst: {JOBS} failures in {len(cards)} post and {replies} replies, {len(broadcasts)} broadcast (bound "
        f"{POSTS_MAX} each); at most {most_in_a_minute(edits)} edits a minute (bound {EDITS_MAX}); {len(ledger)} told; "
        f"another channel {max(took):.2f} s at most after the failure (bound {ELSEWHERE_MAX:.0f} s)"
    )
    assert len(cards) <= POSTS_MAX
    assert len(broadcasts) <= POSTS_MAX
    assert sum(map(counted, cards)) == JOBS
    assert most_in_a_minute(edits) <= EDITS_MAX
    assert set(Counter(entry["job_id"] for entry in ledger).values()) == {1}
    assert len(ledger) == JOBS + len(elsewhere)
    assert set(stage.posted_keys().values()) == {1}
    assert max(took) <= ELSEWHERE_MAX
