"""A story is told in its order: no message that tells of a job passes an earlier one there that tells of it too."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.alerts import Alert, Route
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND
from bot.core.messages import Delivered, Outcome, Receipt, Refused, Scope, TryLater
from bot.sql import statements
from bot.store.store import Store
from tests.samples import NOW, PLACE, enqueue, job, message

SENT = Delivered(Receipt("C1", "1.000001"), shown="a digest")
LATER = TryLater("it may have arrived; not found yet", after=9.0)
MANY = 40
A_FEW = 25  # instructions for each message


async def fails(store: Store, number: int, *, tries: int, place: str = PLACE) -> str:
    """The key of the message that the job has failed."""
    change = Change(
        job=job(number), kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=tries, preemption_count=0
    )
    async with store.looks.transaction() as ledger:
        await ledger.record([Alert(change, (Route(place, "failures", ()),))], NOW)
    key = f"{change.key} in {place}"
    await enqueue(store, message(key, place, tells=(change.key,)))
    return key


async def claim(store: Store, now: int = NOW) -> list[str]:
    return [parcel.message.key for parcel in await store.outbox.claim_due(now)]


async def delay(store: Store) -> None:
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, LATER, NOW, 0.0)


async def test_a_message_about_a_job_waits_for_the_one_before_it(store: Store) -> None:
    first = await fails(store, 1, tries=0)
    await delay(store)
    await fails(store, 1, tries=1)
    assert await claim(store) == []
    assert await store.outbox.next_due() == NOW + 9 * SECOND
    assert await claim(store, NOW + 9 * SECOND) == [first]


async def test_it_goes_once_that_one_has_gone(store: Store) -> None:
    await fails(store, 1, tries=0)
    (parcel,) = await store.outbox.claim_due(NOW)
    second = await fails(store, 1, tries=1)
    await store.outbox.settle(parcel, SENT, NOW, 0.0)
    assert await claim(store) == [second]


async def test_a_message_about_another_job_and_one_to_another_place_do_not_wait(store: Store) -> None:
    await fails(store, 1, tries=0)
    await delay(store)
    others = [await fails(store, 2, tries=0), await fails(store, 1, tries=1, place="#other")]
    assert await claim(store) == others


async def test_it_waits_also_for_one_to_the_same_channel_by_another_name(store: Store) -> None:
    for name in (PLACE, "C1"):
        await store.outbox.resolve(name, "C1")
    await fails(store, 1, tries=0)
    await delay(store)
    await fails(store, 1, tries=1, place="C1")
    assert await claim(store) == []


ASKED = pytest.mark.parametrize("name", ["claimable", "next_due"])


@ASKED
async def test_what_was_said_long_ago_is_not_read_again_to_find_what_is_due(store: Store, name: str) -> None:
    async with store.db.transaction() as db:
        plan = await db.query(f"EXPLAIN QUERY PLAN {statements()[name]}", {"now": NOW, "slack": 0})
    steps = [str(row["detail"]) for row in plan]
    assert "SEARCH b USING INDEX messages_of_card (card=? AND kind=? AND seq<?)" in steps
    small = {"SCAN routes", "SCAN c USING INDEX cards_to_edit", "SCAN d"}
    large = {step for step in steps if step.startswith("SCAN")} - small
    assert {step for step in large if "USING COVERING INDEX messages_open" not in step} == set()


@ASKED
@pytest.mark.parametrize("outcome", [LATER, Refused("is_archived", Scope.CHANNEL)])
async def test_of_what_waits_in_one_place_only_the_first_is_asked_what_it_waits_for(
    store: Store, path: Path, name: str, outcome: Outcome
) -> None:
    await fails(store, 0, tries=0)
    (parcel,) = await store.outbox.claim_due(NOW)
    await store.outbox.settle(parcel, outcome, NOW, 0.0)
    efforts = []
    for first in (1, 1 + MANY):
        for number in range(first, first + MANY):
            await fails(store, number, tries=0)
        efforts.append(effort(path, name))
    assert efforts[1] - efforts[0] < MANY * A_FEW


def effort(path: Path, name: str) -> int:
    """How many instructions SQLite needs."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    with closing(sqlite3.connect(path)) as db:
        db.set_progress_handler(step, 1)
        db.execute(statements()[name], {"now": NOW, "slack": 0}).fetchall()
    return count
