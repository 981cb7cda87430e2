"""Changes that one row alone does not tell: what came before counts, from look to look and over a restart."""

from collections import Counter
from datetime import timedelta

import pytest

from bot.core.alerts import Alert, Rule, Silence
from bot.core.changes import ChangeKind
from bot.core.faults import Fault
from bot.core.jobs import Field
from bot.core.thrashing import Thrashing
from bot.poll import Limits
from bot.sandbox.jobs_faults import FAULTS
from bot.sandbox.reading import rendered_text
from bot.store.store import open_store
from tests.samples import KEEP, PLACE
from tests.world import World

HOURS = 3600  # seconds

pytestmark = pytest.mark.usefixtures("at_once")


async def kinds(world: World, job_id: str) -> list[str]:
    """What is in the ledger of the job, oldest first, but for its appearance."""
    return [entry.kind for entry in reversed(await world.history()) if entry.job_id == job_id][1:]


async def preempt(world: World, job_id: str, minutes: float = 10) -> None:
    """Once, found at once; and it runs again at the next look."""
    for step in (world.jobs.world.preempt, world.jobs.world.start):
        step(job_id)
        await world.good_look()
        world.clock.advance(minutes * 30)


async def running(world: World) -> str:
    job = world.jobs.world.add("press", status="RUNNING", age=60)
    await world.good_look()
    return job.id


async def completed_after_a_failure(world: World, inputs: dict[str, int]) -> str:
    """Whose inputs are counted so; a look has found it."""
    (job,) = await world.fail("press")
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.complete):
        step(job)
    world.jobs.world.edit(job, input_progress=inputs)
    await world.good_look()
    return job


async def test_a_job_that_failed_is_retried_and_completes_has_recovered(world: World) -> None:
    (job,) = await world.fail("press")
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.complete):
        world.clock.advance(60)
        step(job)
        await world.good_look()
    assert await kinds(world, job) == ["started", "failed", "retried", "started", "completed", "recovered"]


async def test_a_completion_with_failed_inputs_is_incomplete_though_they_are_counted_late(world: World) -> None:
    world.rules = [Rule(name="all", to=(PLACE,), on=frozenset(ChangeKind), globs={})]
    job = await running(world)
    counts = {"pending": 0, "processing": 0, "completed": 20, "failed": 0}
    world.jobs.world.complete(job)
    world.jobs.world.edit(job, input_progress=counts)
    await world.good_look()
    world.clock.advance(300)
    world.jobs.world.edit(job, input_progress={**counts, "completed": 17, "failed": 3})
    look = await world.good_look()
    assert await kinds(world, job) == ["started", "completed", "incomplete"]
    (member,) = look.composed.members
    assert (member.entry.kind, member.entry.detail) == ("incomplete", "3 of 20 inputs")
    assert (await world.history())[0].detail == "3 of 20 inputs"


async def test_inputs_that_are_counted_later_still_make_its_card_right_and_tell_nobody_anew(world: World) -> None:
    world.rules = [Rule(name="done", to=(PLACE,), on=frozenset({ChangeKind.INCOMPLETE}), globs={})]
    job = await running(world)
    counts = {"pending": 0, "processing": 0, "completed": 11, "failed": 1}
    world.jobs.world.complete(job)
    for failed in (1, 7):
        world.jobs.world.edit(job, input_progress={**counts, "completed": 12 - failed, "failed": failed})
        look = await world.good_look()
        world.clock.advance(10)
        await world.deliver()
    assert not look.verdicts
    assert ["7 of 12 inputs" in rendered_text(post) for post in world.posts()] == [True]
    assert len(world.slack.state.edits()) == 1
    assert (await world.history())[0].detail == "7 of 12 inputs"
    world.clock.advance(600)
    await world.good_look()
    world.jobs.world.edit(job, input_progress={**counts, "completed": 0, "failed": 12})
    await world.good_look()
    assert await world.edit() == []


async def test_inputs_that_were_counted_while_nobody_could_look_are_not_lost(world: World) -> None:
    counts = {"pending": 0, "processing": 0, "completed": 20, "failed": 0}
    job = await completed_after_a_failure(world, counts)
    world.clock.advance(60)
    world.jobs.world.edit(job, input_progress={**counts, "completed": 18, "failed": 2})
    world.clock.advance(12 * 60)
    world.jobs.fault(FAULTS["server_error"])
    assert isinstance(await world.look(), Fault)
    look = await world.good_look()
    assert (await kinds(world, job))[-2:] == ["recovered", "incomplete"]
    (member,) = look.composed.members
    assert (member.entry.kind, member.entry.detail) == ("incomplete", "2 of 20 inputs")


async def test_so_are_those_of_a_completion_that_was_found_late_before_a_day_without_a_look(world: World) -> None:
    (job,) = await world.fail("press")
    counts = {"pending": 0, "processing": 0, "completed": 20, "failed": 0}
    for step in (world.jobs.world.retry, world.jobs.world.start, world.jobs.world.complete):
        step(job)
    world.jobs.world.edit(job, input_progress=counts)
    world.clock.advance(10)
    await world.good_look()
    world.clock.advance(30 * HOURS)
    world.jobs.world.edit(job, input_progress={**counts, "completed": 18, "failed": 2})
    await world.good_look()
    assert await card_shows(world) == "🟡 press completed with 2 of 20 inputs failed"


async def test_three_preemptions_within_an_hour_are_told_once(world: World) -> None:
    job = await running(world)
    for _ in range(4):
        await preempt(world, job)
    assert (await kinds(world, job)).count("thrashing") == 1
    (told,) = [entry for entry in await world.history() if entry.kind == "thrashing"]
    assert told.detail == "3 times in 20m"


async def test_those_that_no_look_saw_alone_count_too_at_once_and_later(world: World) -> None:
    job, mill = await running(world), world.jobs.world.add("mill", status="RUNNING", age=60).id
    await world.good_look()
    for step in (world.jobs.world.preempt, world.jobs.world.start, world.jobs.world.preempt):
        step(job)
        step(mill)
    world.jobs.world.start(job)
    world.jobs.world.preempt(job)
    await world.good_look()
    assert (await kinds(world, job))[-2:] == ["preempted", "thrashing"]
    assert "thrashing" not in await kinds(world, mill)
    world.jobs.world.start(mill)
    await preempt(world, mill)
    assert "thrashing" in await kinds(world, mill)


async def test_they_are_counted_over_a_restart_and_by_the_limits_that_are_set(world: World) -> None:
    job = await running(world)
    await preempt(world, job)
    path = world.store.path
    async with open_store(path, KEEP) as again:
        world.store = again
        world.limits = Limits(thrashing=Thrashing(times=2, within=timedelta(minutes=11)))
        await preempt(world, job)
        assert "thrashing" in await kinds(world, job)


async def test_three_preemptions_over_a_longer_time_are_not_thrashing(world: World) -> None:
    job = await running(world)
    for _ in range(4):
        await preempt(world, job, minutes=31)
    assert (await kinds(world, job)).count("preempted") == 4
    assert "thrashing" not in await kinds(world, job)


async def preempt_unseen(world: World, job: str, *minutes: float) -> None:
    """Before each preemption so long passes, and after the last one the time that is left of ten hours."""
    for wait in minutes:
        world.clock.advance(wait * 60)
        world.jobs.world.preempt(job)
        world.jobs.world.start(job)
    world.clock.advance(10 * HOURS - sum(minutes) * 60)
    await world.good_look()


async def test_preemptions_of_a_time_that_is_longer_than_the_window_count_as_one(world: World) -> None:
    job = await running(world)
    await preempt_unseen(world, job, 180, 180, 180)
    await preempt(world, job)
    assert "thrashing" not in await kinds(world, job)
    await preempt(world, job)
    assert (await kinds(world, job)).count("thrashing") == 1


async def test_a_preemption_that_is_old_news_counts_for_nothing(world: World) -> None:
    job = world.jobs.world.add("press", status="PREEMPTED", age=7_200, preemption_count=1).id
    await world.good_look()
    world.jobs.world.start(job)
    for _ in range(2):
        await preempt(world, job)
    assert (await kinds(world, job)).count("preempted") == 3
    assert "thrashing" not in await kinds(world, job)


ON_ANY = Rule(name="all", to=(PLACE,), on=frozenset(ChangeKind), globs={})


async def card_shows(world: World) -> str:
    """The title of the first card, once all is said and edited."""
    for _ in range(3):
        world.clock.advance(5)
        await world.deliver()
    return rendered_text(world.posts()[0]).split("\n")[0]


@pytest.mark.parametrize(
    ("why", "status", "shown"),
    [
        ("it was sent back to wait", "PENDING", "⚪ press is pending again"),
        ("nobody knows this status", "SUSPENDED", "❔ press is SUSPENDED"),
    ],
)
async def test_wherever_a_job_goes_its_card_goes_with_it(world: World, why: str, status: str, shown: str) -> None:
    world.rules = [ON_ANY]
    job = await running(world)
    for step in (world.jobs.world.preempt, world.jobs.world.start):
        step(job)
        await world.good_look()
    before = await card_shows(world)
    world.jobs.world.edit(job, status=status)
    await world.good_look()
    assert await card_shows(world) == shown, why
    world.jobs.world.edit(job, status="RUNNING")
    await world.good_look()
    assert await card_shows(world) == before == "🔵 press is running", why


async def test_what_thrashes_stands_so_on_its_card_though_it_runs_again(world: World) -> None:
    world.rules = [Rule(name="thrashing", to=(PLACE,), on=frozenset({ChangeKind.THRASHING}), globs={})]
    job = await running(world)
    for _ in range(3):
        world.jobs.world.preempt(job)
        world.jobs.world.start(job)
    await world.good_look()
    assert await card_shows(world) == "🌀 press was preempted 3 times between two looks"


async def test_failed_inputs_of_an_earlier_try_that_are_counted_at_first_spoil_no_recovery(world: World) -> None:
    counts = {"pending": 0, "processing": 0, "completed": 17, "failed": 3}
    job = await completed_after_a_failure(world, counts)
    assert await card_shows(world) == "🟡 press completed with 3 of 20 inputs failed"
    world.jobs.world.edit(job, input_progress={**counts, "completed": 20, "failed": 0})
    await world.good_look()
    assert (await kinds(world, job))[-3:] == ["completed", "incomplete", "recovered"]
    assert await card_shows(world) == "✅ press recovered"


@pytest.mark.parametrize(
    ("why", "progress"),
    [
        ("nothing", {}),
        ("not how many failed", {"pending": 0, "processing": 0, "completed": 17}),
        ("nobody knows how many failed", {"pending": 0, "processing": 0, "completed": 17, "failed": None}),
        ("no inputs at all", {"pending": 0, "processing": 0, "completed": 0, "failed": 0}),
    ],
)
async def test_a_count_that_is_not_told_takes_back_nothing(
    world: World, why: str, progress: dict[str, int | None]
) -> None:
    world.rules = [ON_ANY]
    job = await running(world)
    world.jobs.world.complete(job, failed_inputs=3)
    await world.good_look()
    before = await card_shows(world)
    assert "inputs failed" in before
    world.jobs.world.edit(job, input_progress=progress)
    await world.good_look()
    assert await card_shows(world) == before, why


async def overdue_twice(world: World) -> list[str]:
    """What two looks that follow each other find overdue, after so long."""
    looks = [await world.good_look(), await world.good_look()]
    return [verdict.change.job.name for look in looks for verdict in look.verdicts if verdict.change.kind == "overdue"]


async def test_a_job_that_runs_too_long_is_told_once_and_not_again_after_a_restart(world: World) -> None:
    job = await running(world)
    world.clock.advance(72 * HOURS)
    assert await overdue_twice(world) == ["press"]
    async with open_store(world.store.path, KEEP) as again:
        world.store = again
        assert await overdue_twice(world) == []
        assert await kinds(world, job) == ["started", "overdue"]


@pytest.mark.parametrize("seconds", [-5, 5])
async def test_a_start_that_is_dated_late_or_otherwise_makes_no_second_one(world: World, seconds: int) -> None:
    job = await running(world)
    started = world.jobs.world.jobs[job].started_at
    world.jobs.world.edit(job, started_at=None)
    await world.good_look()
    world.clock.advance(72 * HOURS + 60)
    assert await overdue_twice(world) == ["press"]
    world.jobs.world.edit(job, started_at=(started or 0) + seconds)
    assert await overdue_twice(world) == []


@pytest.mark.parametrize(
    "steps", [("fail", "retry", "start"), ("preempt", "start"), ("preempt",)], ids=["retried", "preempted", "waiting"]
)
async def test_another_stage_may_be_overdue_too_whatever_our_clock_says(world: World, steps: tuple[str, ...]) -> None:
    job = await running(world)
    world.clock.advance(73 * HOURS)
    world.jobs.clock_skew = -600
    assert await overdue_twice(world) == ["press"]
    for step in steps:
        getattr(world.jobs.world, step)(job)
        await world.good_look()
    world.clock.advance(73 * HOURS)
    assert await overdue_twice(world) == ["press"]


async def test_a_job_whose_row_cannot_be_read_is_not_overdue_until_it_can(world: World) -> None:
    job = await running(world)
    world.clock.advance(73 * HOURS)
    world.jobs.bad_rows[job] = {"id": job, "status": 17}
    assert await overdue_twice(world) == []
    world.jobs.bad_rows.clear()
    assert await overdue_twice(world) == ["press"]


async def test_a_deadline_that_had_passed_at_the_baseline_is_not_told(world: World) -> None:
    world.rules = [Rule(name="late", to=(PLACE,), on=frozenset({ChangeKind.OVERDUE}), globs={})]
    world.jobs.world.add("press", status="PENDING", age=7 * HOURS)
    world.jobs.world.add("mill", status="PENDING", age=5 * HOURS)
    world.clock.advance(2 * HOURS)
    late = [verdict for verdict in (await world.good_look()).verdicts if verdict.change.kind is ChangeKind.OVERDUE]
    assert {verdict.change.job.name: type(verdict) for verdict in late} == {"press": Silence, "mill": Alert}


async def test_a_job_is_overdue_again_in_its_next_stage(world: World) -> None:
    job = await running(world)
    world.clock.advance(73 * HOURS)
    await world.good_look()
    world.jobs.world.preempt(job)
    await world.good_look()
    world.clock.advance(7 * HOURS)
    await world.good_look()
    assert await kinds(world, job) == ["started", "overdue", "preempted", "overdue"]


async def test_a_job_that_a_look_does_not_bring_is_judged_by_the_next_one_that_does(world: World) -> None:
    job = await running(world)
    world.clock.advance(73 * HOURS)
    world.jobs.bad_rows[job] = "rubbish"
    world.jobs.fault(FAULTS["server_error"], times=None, path=f"/batch/jobs/{job}")
    look = await world.good_look()
    assert look.listing.unseen == {job}
    assert not look.verdicts
    world.jobs.bad_rows.clear()
    assert await overdue_twice(world) == ["press"]


async def test_a_job_that_vanished_and_is_listed_again_has_reappeared(world: World) -> None:
    job = await running(world)
    gone = world.jobs.world.jobs[job]
    world.jobs.world.delete(job)
    await world.good_look()
    world.jobs.world.jobs[job] = gone
    world.jobs.world.population += 1
    await world.good_look()
    assert await kinds(world, job) == ["started", "vanished", "reappeared"]


@pytest.mark.parametrize(
    ("why", "on", "globs", "expected"),
    [
        ("completions only", {"completed", "recovered", "incomplete"}, {}, {"completed": 2}),
        ("everything of one pipeline", ChangeKind, {Field.PIPELINE: ("press-*",)}, {"appeared": 1, "completed": 1}),
    ],
)
async def test_a_rule_may_want(
    world: World, why: str, on: set[str], globs: dict[Field, tuple[str, ...]], expected: dict[str, int]
) -> None:
    rule = Rule(name=why, to=(PLACE,), on=frozenset(map(ChangeKind, on)), globs=globs)
    world.rules = [rule]
    for pipeline in ("press-1", "mill-1"):
        job = world.jobs.world.add(pipeline, status="COMPLETED", age=5)
        world.jobs.world.edit(job.id, pipeline_key=pipeline)
    world.jobs.world.add("broken", status="FAILED", age=5)
    look = await world.good_look()
    told = Counter(verdict.change.kind for verdict in look.verdicts if not isinstance(verdict, Silence))
    assert told == expected
