"""A rehearsal shows what the store would have drawn."""

import pytest

from bot.core.alerts import Broadcast, GroupBy, Rule, decide
from bot.core.board import Board, Composed, Terms, compose, followed
from bot.core.cards import Face
from bot.core.changes import Change, ChangeKind
from bot.core.deadlines import DEADLINES
from bot.core.jobs import Status
from bot.core.made_up import NOW, sorts, story
from bot.core.rehearsal import rehearse
from bot.core.thrashing import Thrashing
from bot.store.cards import draw
from bot.store.store import Store
from tests.samples import HOUR, MINUTE, job, rule


@pytest.mark.parametrize("group_by", [(), (GroupBy.PIPELINE,), (GroupBy.ERROR,)])
@pytest.mark.parametrize("count", [1, 40])
async def test_a_card_is_drawn_as_from_the_store(store: Store, group_by: tuple[GroupBy, ...], count: int) -> None:
    rule = Rule(name="r", to=("#a", "#b"), globs={}, group_by=group_by, broadcast=Broadcast.NEVER)
    looks = story(rule, ChangeKind.FAILED, next(sorts(rule, ("default",), count)), count, DEADLINES, Thrashing())
    composed = compose(decide(looks[0], [rule], (), {}, {}), Board(), Terms([rule], {}, {}), NOW)
    async with store.looks.transaction() as ledger:
        await ledger.compose(composed, NOW)
    said = {each.message.key: each.face for each in rehearse(rule, looks, {}, NOW)}
    drawn = {
        parcel.message.key: parcel.face
        for later in range(len(said))
        for parcel in await store.outbox.claim_due(NOW + later * MINUTE)
    }
    assert drawn.items() <= said.items()
    assert len(drawn) >= len(rule.to)


def changed(kind: ChangeKind, source: str, number: int) -> Change:
    status = Status.FAILED if kind is ChangeKind.FAILED else Status.COMPLETED
    return Change(
        job=job(number, source=source, status=status),
        kind=kind,
        was=None,
        status=status,
        retry_count=0,
        preemption_count=0,
        at=NOW - HOUR + number * MINUTE,
    )


async def told(store: Store, looks: tuple[tuple[Change, ...], ...]) -> Composed:
    """What the last of the looks makes of the cards."""
    composed, rules = Composed(), [rule()]
    for changes in looks:
        async with store.looks.transaction() as ledger:
            board = await ledger.board(changes, NOW, NOW)
            composed = compose(decide(changes, rules, (), {}, followed(board)), board, Terms(rules, {}, {}), NOW)
            await ledger.compose(composed, NOW)
    return composed


async def drawn_both_ways(store: Store, *looks: tuple[Change, ...]) -> Face:
    composed = await told(store, looks)
    async with store.db.transaction() as db:
        face = await draw(db, composed.cards[0], ())
    assert [said.face for said in rehearse(rule(), looks, {}, NOW)] == [face]
    return face


async def test_whoever_is_still_in_trouble_is_named_though_ten_have_recovered_since(store: Store) -> None:
    failed = tuple(changed(ChangeKind.FAILED, "prod", number) for number in range(1, 13))
    recovered = tuple(changed(ChangeKind.RECOVERED, "prod", number) for number in range(3, 13))
    face = await drawn_both_ways(store, failed, recovered)
    assert [(entry.kind, entry.name) for entry in face.entries[:3]] == [
        ("failed", "nightly-2"),
        ("failed", "nightly-1"),
        ("recovered", "nightly-12"),
    ]
    assert (len(face.entries), face.unnamed) == (10, 2)


async def test_who_is_named_of_jobs_that_have_time_and_id_in_common_is_the_same_each_time(store: Store) -> None:
    failed = tuple(changed(ChangeKind.FAILED, source, number) for number in range(1, 7) for source in ("prod", "lab"))
    face = await drawn_both_ways(store, failed, (changed(ChangeKind.RECOVERED, "lab", 6),))
    assert [entry.source for entry in face.entries] == ["prod", *["lab", "prod"] * 4, "lab"]
