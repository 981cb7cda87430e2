"""A rehearsal shows what the store would have drawn."""

import pytest

from bot.core.alerts import Broadcast, GroupBy, Rule, decide
from bot.core.board import Board, Terms, compose
from bot.core.changes import ChangeKind
from bot.core.deadlines import DEADLINES
from bot.core.made_up import NOW, sorts, story
from bot.core.rehearsal import rehearse
from bot.core.thrashing import Thrashing
from bot.store.store import Store
from tests.samples import MINUTE


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
