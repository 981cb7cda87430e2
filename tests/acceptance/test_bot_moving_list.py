"""A list that is read seven rows at a time while rows come and go between the pages, in any order: every failure is
told, and once. What one look finds has a card of its own here, so that nothing waits to be told.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from bot.sandbox.jobs_listing import Order
from bot.sandbox.jobs_sim import SimJob
from tests.acceptance.stage import CARD_A_LOOK, Stage, delivered, message_keys

FAILURES = 24
MOVES = 120  # pages between which the list moves; then it comes to rest


class Mover:
    """Between two pages: one job more, one finished job less, and now and then a failure."""

    def __init__(self, stage: Stage, jobs: list[SimJob]) -> None:
        self.moves = 0
        self.failed: list[SimJob] = []
        self._world = stage.world
        self._jobs = jobs

    def __call__(self) -> None:
        if self.moves >= MOVES:
            return
        self.moves += 1
        self._world.add(f"new-{self.moves}")
        finished = [job.id for job in self._world.jobs.values() if job.status == "COMPLETED"]
        self._world.delete(finished[37 * self.moves % len(finished)])
        if self.moves % (MOVES // FAILURES) == 0:
            self.failed.append(self._world.fail(self._jobs[len(self.failed)].id))


@pytest.mark.parametrize("order", Order)
async def test_every_failure_is_told_once_while_the_list_moves(
    stage: Stage, order: Order, figure: Callable[[str], None]
) -> None:
    stage.page_size, stage.jobs.order, stage.rules = 7, order, CARD_A_LOOK
    stage.world.populate(160, failed=5)
    jobs = stage.add_running(FAILURES)
    for number, job in enumerate(jobs):
        job.created_at -= 700_001 * number % 2_000_000  # all over the list
    mover = Mover(stage, jobs)
    async with stage.running() as bot:
        stage.jobs.between_pages = mover
        await stage.all_told(FAILURES, within=30)
        looks = len(stage.jobs.requests)
        await stage.jobs.seen(looks + 60, timeout=10)
        await bot.stops()
    ledger = [entry for entry in await stage.history() if entry["kind"] == "failed" and entry["verdict"] == "alert"]
    posts = stage.posted_keys()
    told = Counter(str(entry["job_id"]) for entry in ledger if all(posts[key] == 1 for key in message_keys(entry)))
    twice = sum(count - 1 for count in posts.values())
    figure(
        f"moving list, {order.name}: {mover.moves} moves between pages, {len(told)} of {FAILURES} failures told, "
        f"{twice} twice, {len(bot.logged('the listing is suspect'))} times suspect"
    )
    assert told == Counter(job.id for job in mover.failed)
    assert len(mover.failed) == FAILURES
    assert all(map(delivered, ledger))
    assert not twice
