"""A look, from the job API's pages to the outbox: everything in one transaction, nothing from a look that failed."""

import pytest

from bot.core.board import Composed
from bot.core.faults import Fault, FaultKind
from bot.core.messages import Opening, ThreadReply
from bot.sandbox.jobs_faults import FAULTS
from tests.samples import rule
from tests.world import World

pytestmark = pytest.mark.usefixtures("at_once")


async def waiting(world: World) -> int:
    return (await world.store.archive.queue()).waiting


async def test_the_baseline_tells_nobody_anything(world: World) -> None:
    assert await world.history() == ()
    assert await waiting(world) == 0
    (source,) = await world.store.archive.sources()
    assert source.jobs == 1


async def test_only_the_first_complete_look_is_the_baseline(world: World) -> None:
    assert not (await world.good_look()).first


async def test_a_failure_is_in_the_ledger_and_in_the_outbox(world: World) -> None:
    (failed,) = await world.fail("press")
    newest = (await world.history())[0]
    assert (newest.job_id, newest.kind, newest.was, newest.verdict) == (failed, "failed", "RUNNING", "alert")
    assert [telling.state for telling in newest.tellings] == ["queued"]
    assert await waiting(world) == 1


async def test_what_no_rule_wants_is_in_the_ledger_all_the_same(world: World) -> None:
    world.jobs.world.add("press", status="RUNNING", age=5)
    await world.good_look()
    assert [(entry.kind, entry.verdict, entry.reason) for entry in await world.history()] == [
        ("started", "silence", "no rule matches"),
        ("appeared", "silence", "no rule matches"),
    ]


async def test_the_same_list_read_again_yields_nothing(world: World) -> None:
    await world.fail("press")
    before = await world.history()
    look = await world.good_look()
    assert (look.verdicts, look.composed) == ((), Composed())
    assert await world.history() == before
    assert await waiting(world) == 1


async def test_failures_of_one_look_share_a_message(world: World) -> None:
    await world.fail("press", "mill", "lathe")
    assert await waiting(world) == 1


async def test_a_failed_look_concludes_nothing_and_is_written_down(world: World) -> None:
    world.jobs.world.add("press", status="FAILED", age=5)
    world.jobs.fault(FAULTS["unavailable"])
    look = await world.look()
    assert isinstance(look, Fault)
    assert await world.history() == ()
    (source,) = await world.store.archive.sources()
    assert (source.jobs, source.failures, source.trouble) == (1, 1, str(look))


async def test_a_look_that_breaks_off_on_a_later_page_concludes_nothing(world: World) -> None:
    for number in range(150):
        world.jobs.world.add(f"job {number}", status="FAILED", age=number / 10)
    world.jobs.fault(FAULTS["cut"], at_offset=95)
    assert isinstance(await world.look(), Fault)
    assert await world.history() == ()


async def test_what_was_missed_meanwhile_is_told_by_the_next_good_look(world: World) -> None:
    job = world.jobs.world.add("press", status="RUNNING", age=60)
    await world.good_look()
    world.jobs.world.fail(job.id)
    world.jobs.fault(FAULTS["server_error"])
    assert isinstance(await world.look(), Fault)
    world.jobs.world.retry(job.id)
    look = await world.good_look()
    opening, reply = look.composed.messages
    failed = next(entry for entry in await world.history() if entry.kind == "failed")
    assert isinstance(opening, Opening)
    assert opening.tells == (failed.key,)
    assert isinstance(reply, ThreadReply)
    assert [entry.kind for entry in reply.news.entries] == ["retried", "failed"]
    assert failed.inferred


async def test_a_deleted_job_is_gone_only_when_the_api_says_so(world: World) -> None:
    job = world.jobs.world.add("press", status="RUNNING", age=60)
    await world.good_look()
    world.jobs.world.delete(job.id)
    await world.good_look()
    assert (await world.history())[0].kind == "vanished"
    assert await world.store.archive.find(job.id, 1) == ((), 0)


async def test_a_key_of_another_organisation_ends_the_look(world: World) -> None:
    for job in list(world.jobs.world.jobs):
        world.jobs.world.delete(job)
    world.jobs.world.org_id = "org_other"
    world.jobs.world.add("theirs", status="FAILED", age=5)
    look = await world.look()
    assert isinstance(look, Fault)
    assert (look.kind, look.needs_operator) == (FaultKind.SWAPPED_KEY, True)
    (source,) = await world.store.archive.sources()
    assert (source.jobs, source.failures) == (1, 1)


async def test_three_short_listings_in_a_row_are_believed(world: World) -> None:
    jobs = [world.jobs.world.add(f"job {number}", status="COMPLETED", age=60) for number in range(40)]
    await world.good_look()
    for job in jobs:
        world.jobs.world.delete(job.id)
    complete = []
    for _ in range(3):
        world.clock.advance(15)
        complete.append((await world.good_look()).listing.certificate.complete)
    assert complete == [False, False, True]
    assert {entry.kind for entry in await world.history()} >= {"vanished"}


async def test_a_place_reached_by_two_rules_is_told_once_and_rings_for_both(world: World) -> None:
    world.rules = [
        rule("#ml-alerts", name="first", mention=["@U0SANDBOX1"], goes_on=True),
        rule("#ml-alerts", "#general", name="second", mention=["@U0SANDBOX2"]),
    ]
    await world.fail("press")
    (entry,) = [entry for entry in await world.history() if entry.kind == "failed"]
    assert (entry.rule, entry.reason) == ("first", "rule first, second")
    messages = [parcel.message for parcel in await world.store.outbox.claim_due(world.clock())]
    assert {(message.destination, message.mentions) for message in messages if isinstance(message, Opening)} == {
        ("#ml-alerts", ("@U0SANDBOX1", "@U0SANDBOX2")),
        ("#general", ("@U0SANDBOX2",)),
    }
