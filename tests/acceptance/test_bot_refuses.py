"""Whatever the job API answers in place of its list: nothing is concluded from it, it is said once, and the next good
look tells what was missed.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import stamina
import structlog
from structlog.testing import capture_logs

from bot.clock import now
from bot.core.alerts import Rule
from bot.jobs_api.client import JobsApi
from bot.poll import Look, Looked, poll_once
from bot.report import Reporter
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.jobs_server import JobsServer
from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.store.store import Store, open_store
from bot.telemetry import Metrics
from bot.vitals import Sight, Vitals
from tests.acceptance.stage import Stage

EVERYWHERE = "/batch/jobs*"  # a gateway before the API spoils the single jobs too
LOOKS = 3
ANSWER_WITHIN = 1.0  # seconds, however busy the machine is; the real bound of 10 s would only make the test long
SAID = ("cannot see the jobs", "the listing is suspect")
KEEP = timedelta(days=90)
RULE = Rule(name="failures", to=("#ml-alerts",), globs={})


class Watch:
    """The loop of the looks without its waits."""

    def __init__(self, jobs: JobsServer, store: Store, http: httpx.AsyncClient) -> None:
        self.jobs = jobs
        self.world = jobs.world
        self.store = store
        self._api = JobsApi("default", http, 100, now)
        vitals = Vitals({"default": Sight()})
        self._reporter = Reporter(structlog.get_logger(), Metrics(), vitals)

    async def look(self) -> Look:
        look = await poll_once(self._api, self.store.looks, [RULE], {"default": ""}, now)
        self._reporter.looked("default", look, now(), 0.0)
        return look

    async def memory(self) -> list[tuple[object, ...]]:
        async with self.store.db.transaction() as db:
            return [tuple(row) for row in await db.query("SELECT * FROM jobs ORDER BY id", {})]


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    stamina.set_testing(True, attempts=2)  # no waits
    world = JobsWorld(seed=3, now=time.time)
    world.populate(40, failed=6)
    async with AsyncExitStack() as stack:
        jobs = await stack.enter_async_context(JobsServer(world))
        key = {"Authorization": f"Bearer {jobs.key}"}
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=jobs.url, headers=key, timeout=ANSWER_WITHIN, trust_env=False)
        )
        store = await stack.enter_async_context(open_store(tmp_path / "state.db", KEEP))
        yield Watch(jobs, store, http)
    stamina.set_testing(False)


def failures(look: Look) -> list[tuple[str, str]]:
    assert isinstance(look, Looked)
    return [(member.entry.job_id, member.entry.kind) for member in look.composed.members]


@pytest.mark.parametrize("name", FAULTS)
async def test_a_wrong_answer_changes_nothing_and_is_said_once(watch: Watch, name: str) -> None:
    job: SimJob = watch.world.add("run", status="RUNNING", age=600)
    await watch.look()
    before = await watch.memory()
    watch.world.fail(job.id, "out of memory")
    watch.jobs.fault(FAULTS[name], times=None, path=EVERYWHERE)
    with capture_logs() as logs:
        spoilt = [await watch.look() for _ in range(LOOKS)]
        assert await watch.memory() == before
        watch.jobs.clear_faults()
        good = await watch.look()
    assert not any(isinstance(look, Looked) and look.composed.messages for look in spoilt)
    assert [line["event"] in SAID for line in logs].count(True) == 1
    assert failures(good) == [(job.id, "failed")]


async def test_every_fault_of_the_table_was_tried(figure: Callable[[str], None]) -> None:
    figure(f"refused input: {len(FAULTS)} faults, {LOOKS} looks each, memory untouched, said once, then told")
    assert len(FAULTS) >= 30


async def test_a_bot_at_work_says_each_kind_once_and_tells_what_it_missed(
    stage: Stage, figure: Callable[[str], None]
) -> None:
    stage.world.populate(300, failed=24)
    jobs = stage.add_running(2)
    spoilt = (("not_found", "request refused", 2), ("html_page", "garbled answer", 4))  # requests: two looks at least
    async with stage.running() as bot:
        for job, (fault, kind, wanted) in zip(jobs, spoilt, strict=True):
            stage.jobs.fault(FAULTS[fault], times=None)
            stage.world.fail(job.id)
            asked = len(stage.jobs.requests)
            await stage.jobs.seen(asked + wanted, timeout=10)
            await bot.logs("cannot see the jobs", times=jobs.index(job) + 1)
            requests = len(stage.jobs.requests) - asked
            stage.jobs.clear_faults()
            await stage.told(job)
            said = sum(kind in line for line in bot.err)
            figure(f"refused input: {requests} requests answered with {fault}, {said} line said so")
            assert said == 1
