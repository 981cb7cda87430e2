"""What it costs to put back the state file of an hour ago: it no longer knows what it told since. Measured, because
it cannot be had for nothing.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory

from bot.core.messages import Delivered
from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_model import Message
from bot.store.store import open_store
from tests.guarantees.drawing import judge_cards
from tests.guarantees.judging import Judgement, said
from tests.guarantees.rows import Row
from tests.guarantees.witness import Witness
from tests.samples import KEEP
from tests.world import World, open_world

PLACE = "ml-alerts"
AN_HOUR = 60  # minutes, in each of which a job fails
SETTLED = 30  # seconds


async def restored(*, history: bool) -> Row:
    """One message is under way and one waits while the copy is made; then a job fails in each minute of an hour. In the
    end all are retried, and the state file that was taken away is the witness.
    """
    with TemporaryDirectory(prefix="guarantees-") as folder:
        async with open_world(Path(folder)) as world:
            watching = Witness(world.store, world.api, world.rules, world.clock)
            ids = await _an_hour(world, Path(folder) / "copy.db")
            before = len(world.posts(PLACE))
            if not history:
                world.slack.state.scopes.discard("channels:history")
            async with open_store(Path(folder) / "copy.db", KEEP) as world.store:
                again, repeated = await _told_again(world, before)
                lost = _unnamed(world, ids)
                for id_ in ids:
                    world.jobs.world.retry(id_)
                await world.good_look()
                await _settle(world)
            await watching.look()
            stand = [said(PLACE, post, rendered_text(post)) for post in world.posts(PLACE)]
            cards = judge_cards(stand, await watching.drawn())
    messages = "1 message" if again == 1 else f"{again} messages"
    return Row(
        what=f"state file of an hour ago put back, history {'readable' if history else 'hidden'}: {messages} more",
        times=1,
        judgement=Judgement(len(ids), lost, repeated) + cards,
        asked=None,
    )


async def _told_again(world: World, before: int) -> tuple[int, int]:
    """How many messages that are, and how many facts they carry."""
    await world.store.outbox.requeue_unfinished(world.clock())
    await world.good_look()
    await _settle(world)
    again = world.posts(PLACE)[before:]
    return len(again), await _told_by(world, again)


async def _an_hour(world: World, copy: Path) -> list[str]:
    """The jobs that failed; the copy is of its beginning."""
    ids = await world.fail("under way")
    (parcel,) = await world.store.outbox.claim_due(world.clock())
    ids += await world.fail("waiting")
    _copy(copy.parent / "state.db", copy)
    channel = world.slack.state.channel(PLACE).id
    outcome = await world.sink.deliver(parcel, channel)
    assert isinstance(outcome, Delivered)
    await world.store.outbox.settle(parcel, outcome, world.clock(), 0.0)
    for minute in range(AN_HOUR):
        ids += await world.fail(f"minute {minute}")
        await world.deliver()
        world.clock.advance(59)
    await _settle(world)
    return ids


async def _settle(world: World) -> None:
    for _ in range(SETTLED):
        await world.deliver()
        world.clock.advance(1)


def _unnamed(world: World, ids: Iterable[str]) -> int:
    """How many of the jobs no message names."""
    texts = [rendered_text(post) for post in world.posts(PLACE)]
    return sum(not any(id_ in text for text in texts) for id_ in ids)


def _copy(state: Path, copy: Path) -> None:
    with closing(connect(state)) as source, closing(connect(copy)) as target:
        source.backup(target)


async def _told_by(world: World, posts: Sequence[Message]) -> int:
    """How many facts these messages carry, also those that they only count."""
    keys = {(post.metadata or {})["event_payload"]["key"] for post in posts}
    tellings = [telling for entry in await world.history() for telling in entry.tellings]
    return sum(telling.message_key in keys for telling in tellings)
