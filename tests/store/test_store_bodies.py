"""What is stored as JSON, in the form in which the first release writes it (`bodies.json`), can be read. A release that
writes another form adds its own beside it, and brings a migration that rewrites the earlier one or reads both.
"""

import json
from dataclasses import replace
from pathlib import Path

from bot.core.alerts import Broadcast
from bot.core.cards import Member
from bot.core.messages import About, Message, News, Notice, Opening, ThreadReply
from bot.sql.sqlite import Value
from bot.store.cards import board_of
from bot.store.store import Store
from tests.samples import NOW, PLACE, card, entry

BODIES = json.loads(Path(__file__).with_name("bodies.json").read_text())
URL = "https://console.example/jobs/job_00001"
ENTRY = entry(1, inferred=True, url=URL, detail="3 of 100 inputs", tries=2)
CARD = replace(
    card("m1", mentions=("@U1",), broadcast=Broadcast.ALWAYS, told_at=NOW + 2, loud_at=NOW + 3),
    overflow=True,
    size=3,
    show_source=True,
)
NEWS = News(
    rule="failures",
    label=("machine-state",),
    entries=(ENTRY,),
    counts={"failed": 1},
    jobs=1,
    total=3,
    show_source=True,
)
MESSAGES: dict[str, Message] = {
    "opening": Opening(
        key="m1",
        destination=PLACE,
        card="m1",
        mentions=("@U1",),
        tells=("c1",),
        created_at=NOW,
        due_at=NOW + 1,
        anew=2,
    ),
    "steps": ThreadReply(
        key="m2",
        destination="#other",
        card="m1",
        about=About.STEPS,
        mentions=("@U1",),
        loud=True,
        broadcast=True,
        news=NEWS,
        tells=("c1",),
        created_at=NOW,
        due_at=NOW + 1,
    ),
    "notice": Notice(
        key="m3",
        destination="#third",
        about="blind",
        source="default",
        since=NOW,
        why="HTTP 503",
        created_at=NOW + 1,
    ),
}


async def put(store: Store) -> None:
    """The bodies as they are, whatever writes them today."""
    body = {name: json.dumps(value) for name, value in BODIES.items()}
    async with store.db.transaction() as db:
        card: dict[str, Value] = {
            "key": "m1",
            "destination": PLACE,
            "opened_at": NOW,
            "until": NOW,
            "now": NOW,
            "pace": 0,
        }
        await db.run("put_card", **card, body=body["card"])
        where: dict[str, Value] = {"channel": "C1", "ts": "1.0", "shown": "a digest", "version": 1, "rung": "[]"}
        await db.run("anchor_card", key="m1", now=NOW, **where)
        member: dict[str, Value] = {
            "source": "default",
            "job_id": ENTRY.job_id,
            "kind": "failed",
            "at": NOW,
            "likeness": "",
            "card": "m1",
        }
        await db.run("put_member", **member, ended_at=None, entry=body["entry"])
        for kind, message in MESSAGES.items():
            values: dict[str, Value] = {
                "key": message.key,
                "destination": message.destination,
                "kind": kind,
                "rank": 0,
            }
            await db.run("enqueue_message", **values, card="m1", body=body[kind], now=NOW, due_at=NOW)


async def test_messages_can_be_read(store: Store) -> None:
    await put(store)
    parcels = await store.outbox.claim_due(NOW)
    assert {parcel.message.key: parcel.message for parcel in parcels} == {each.key: each for each in MESSAGES.values()}


async def test_cards_and_the_jobs_on_them_can_be_read(store: Store) -> None:
    await put(store)
    async with store.db.transaction() as db:
        board = await board_of(db, [(ENTRY.job, NOW)], NOW, NOW)
    assert board.cards == (CARD,)
    assert board.members == (Member(card="m1", entry=ENTRY, likeness="", ended_at=None),)
