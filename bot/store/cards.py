"""Cards as they are stored: what a look finds of them and leaves there, what they show, and the edits that make the
two agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.core.alerts import JobRef
from bot.core.board import Board, Composed
from bot.core.cards import (
    ALIKE,
    FOLLOWED,
    NAMED,
    TROUBLES,
    Card,
    Face,
    Likeness,
    Member,
    face_of,
    with_counts,
    with_detail,
    with_reason,
)
from bot.core.changes import Change
from bot.core.instants import SECOND, Instant
from bot.core.likeness import likeness
from bot.core.messages import (
    Delivered,
    Edit,
    Gone,
    Opening,
    Outcome,
    Receipt,
    Refused,
    Scope,
    ThreadReply,
    TryLater,
    Unknown,
    again_in,
    reopened,
)
from bot.core.pacing import EDIT_EVERY, EDITS_EVERY, edit_pace, park_time
from bot.core.threads import reply_with_reason
from bot.sql.sqlite import Connection, Database
from bot.store.routes import EDITS, heed
from bot.store.rows import (
    card_of,
    card_values,
    edit_of,
    entry_in,
    member_in,
    member_values,
    message_values,
    reply_of,
    rung_by,
    seen_of,
    to_json,
)

UNDER_WAY = 60 * SECOND  # no edit takes longer
UNPOSTED = "its card cannot be posted"
POSTED_ANEW_AT_MOST = 5  # in a row, if each post is refused


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of an edit. `news` is set when this was refused for the first time, or when nothing went out before
    because Slack refused everything.
    """

    edit: Edit
    outcome: Outcome
    news: bool


class Cards:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim_edit(self, now: Instant) -> Edit | None:
        """The card that has waited longest for an edit, as often as Slack takes one. From now on nobody knows what it
        shows. A clock that was set back holds nothing up.
        """
        async with self._db.transaction() as db:
            await db.run("mistrust_cards", now=now, ahead=now + EDIT_EVERY)
            if (due := await db.row("editable", now=now)) is None:
                return None
            await _pace(db, now)
            claimed = await db.row("claim_edit", key=due["key"], now=now, again_at=now + UNDER_WAY)
            await db.run("forget_shown", key=due["key"])
            return edit_of(claimed, await draw(db, card_of(claimed), rung_by(claimed))) if claimed else None

    async def settle(self, edit: Edit, outcome: Outcome, now: Instant, chance: float) -> Edited:
        """Writes down what became of the edit, and when it or its route is tried again. `chance` in [0, 1)."""
        news = False
        async with self._db.transaction() as db:
            match outcome:
                case Delivered():
                    news = await _arrived(db, edit, outcome, now)
                case Gone(uneditable=uneditable):
                    await open_anew(db, edit.card, edit.ts, now, uneditable=uneditable)
                case TryLater() | Unknown():
                    await _retry(db, edit, outcome, now, chance)
                case Refused(scope=Scope.WORKSPACE):
                    await _again(db, edit, now, now)
                    news = await heed(db, EDITS, outcome, now, now)
                case Refused():
                    await _pace(db, now)
                    await _again(db, edit, now + int(park_time(edit.attempts) * SECOND), now)
                    news = edit.attempts == 1
                case _:
                    assert_never(outcome)
        return Edited(edit, outcome, news)


async def _pace(db: Connection, now: Instant) -> None:
    """So much later another edit may be made, whatever card it is of."""
    await db.run("pace_more", destination=EDITS, now=now, every=EDITS_EVERY)


async def _arrived(db: Connection, edit: Edit, outcome: Delivered, now: Instant) -> bool:
    await db.run("settle_edit", key=edit.card, ts=edit.ts, shown=outcome.shown, version=edit.version, now=now)
    if outcome.degraded:
        await _pace(db, now)  # it took two
    if outcome.shown == edit.shown:
        return False  # Slack was not asked
    return await heed(db, EDITS, outcome, now, now)


async def _retry(db: Connection, edit: Edit, outcome: TryLater | Unknown, now: Instant, chance: float) -> None:
    again_at = now + max(EDIT_EVERY, again_in(outcome, edit.attempts, chance))  # it may have been made
    await _again(db, edit, again_at, now, shown=edit.shown if isinstance(outcome, TryLater) else "")
    await heed(db, EDITS, outcome, again_at, now)


async def _again(db: Connection, edit: Edit, due_at: Instant, now: Instant, *, shown: str = "") -> None:
    """The edit is made then; until then the card shows this, as far as anybody knows."""
    await db.run("retry_edit", key=edit.card, ts=edit.ts, shown=shown, due_at=due_at, now=now)


async def board_of(db: Connection, jobs: Sequence[tuple[JobRef, Instant]], now: Instant, began: Instant) -> Board:
    """The cards that follow one of the jobs or did so then, or take newcomers of a look that began then."""
    asked = to_json([(*job, at - FOLLOWED, at) for job, at in jobs])
    members = [member_in(row) for row in await db.rows("members_of", jobs=asked, since=now - FOLLOWED)]
    keys = to_json([member.card for member in members])
    cards = [card_of(row) for row in await db.rows("cards", keys=keys, began=began)]
    waiting = [reply_of(row) for row in await db.rows("waiting_newcomers")]
    return Board(tuple(cards), tuple(members), {reply.card: reply for reply in waiting}, began=began)


async def put(db: Connection, composed: Composed, now: Instant) -> None:
    """The cards and their jobs as they are from now on; what waits of them holds up nothing loud that comes."""
    await db.run_many("put_card", ({**card_values(card), "now": now, "pace": edit_pace(0)} for card in composed.cards))
    await db.run_many("put_member", map(member_values, composed.members))
    loud = {message.card for message in composed.messages if isinstance(message, ThreadReply) and message.loud}
    await db.run_many("hasten", ({"card": card, "loud": True} for card in loud))


async def explain(db: Connection, change: Change, reason: str) -> None:
    """Cards and replies that tell of the failure tell its reason, as far as they are still to be seen or sent; cards
    that came after it count it among those that were seen before, and no more as what it was taken for.
    """
    await _amend(db, change, lambda member: with_reason(member, change, reason))
    kind = likeness(reason)
    await db.run("touch_later", change_key=change.key, likeness=kind)  # while the ledger knows the one before
    await db.run("explain_change", key=change.key, likeness=kind)
    for row in await db.rows("replies_that_tell", change_key=change.key):
        reply = reply_with_reason(reply_of(row), change.key, reason)
        await db.run("amend_reply", key=row["key"], body=to_json(reply))


async def recount(db: Connection, change: Change) -> None:
    """Cards that show the change tell how much it is now."""
    await _amend(db, change, lambda member: with_detail(member, change))


async def _amend(db: Connection, change: Change, amend: Callable[[Member], Member]) -> None:
    """The job stands otherwise on its cards, where it does."""
    for row in await db.rows("members_like", source=change.job.source, job_id=change.job.id):
        member = member_in(row)
        if (amended := amend(member)) != member:
            await db.run("put_member", **member_values(amended))
            await db.run("touch_card", key=member.card)


async def draw(db: Connection, card: Card, rung: tuple[str, ...]) -> Face:
    """What the card is to show as it stands; its post `rung` them."""
    named = await db.rows("first_members", card=card.key, troubles=to_json(sorted(TROUBLES)), limit=NAMED)
    standing = await db.rows("standing", card=card.key)
    counts, with_error = {row["kind"]: row["jobs"] for row in standing}, sum(row["with_error"] for row in standing)
    return face_of(card, map(entry_in, named), counts, with_error, await _likenesses(db, card), rung)


async def _likenesses(db: Connection, card: Card) -> list[Likeness]:
    """How alike its errors are, and how often their like came up before it."""
    alike = await db.rows("likenesses", card=card.key, limit=ALIKE)
    asked = to_json([row["likeness"] for row in alike])
    seen = seen_of(await db.rows("seen_before", likenesses=asked, before=card.opened_at)) if alike else {}
    return [Likeness(row["error"], row["jobs"], seen.get(row["likeness"])) for row in alike]


async def anchor(db: Connection, opening: Opening, outcome: Delivered, version: int, now: Instant) -> None:
    """The card stands where its post arrived. If another post told all of it there, that one's card goes on with it."""
    receipt = outcome.receipt
    await db.run(
        "anchor_card",
        key=opening.card,
        channel=receipt.channel,
        ts=receipt.ts,
        shown=outcome.shown,
        version=version if outcome.shown else 0,
        rung=to_json(opening.mentions),
        now=now,
    )
    if outcome.by_twin:
        await _hand_over(db, opening.card, receipt, now)
        await _close(db, opening.card)


async def _hand_over(db: Connection, card: str, receipt: Receipt, now: Instant) -> None:
    """Jobs that have joined the card meanwhile go on with the one that stands there."""
    heir = await db.row("heir", key=card, channel=receipt.channel, ts=receipt.ts)
    if heir and await db.run("hand_over", key=card, heir=heir["key"]):
        counts = {row["kind"]: row["jobs"] for row in await db.rows("standing", card=heir["key"])}
        await put(db, Composed(cards=(with_counts(card_of(heir), counts),)), now)


async def lose(db: Connection, opening: Opening, now: Instant) -> None:
    """The card's post was given up. What waits to be told below it is no worse for that: it gets another post. If there
    is nothing, or that was tried often enough, nothing is told in its thread, and what follows opens another card.
    """
    waits = await db.row("waiting_reply", card=opening.card)
    card = await db.row("count_refusal", key=opening.card)
    if waits and card and card["refusals"] <= POSTED_ANEW_AT_MOST:
        await open_anew(db, opening.card, None, now, opening.mentions)
    else:
        await _close(db, opening.card)
        await db.run("refuse_replies", key=opening.card, why=UNPOSTED)


async def open_anew(
    db: Connection,
    card: str,
    ts: str | None,
    now: Instant,
    mentions: tuple[str, ...] = (),
    *,
    uneditable: bool = False,
) -> None:
    """The card is not where it was posted (None: nowhere yet). Its thread goes on under a new post, which rings these
    people.
    """
    for row in await db.rows("lose_anchor", key=card, ts=ts, uneditable=uneditable):
        await db.run("pace_card", key=card, pace=edit_pace(row["uneditable"]))
        opening = reopened(card, row["destination"], row["anew"], now, mentions)
        await db.run("enqueue_message", **message_values(opening), now=now)
        await db.run("hasten", card=card, loud=False)


async def _close(db: Connection, card: str) -> None:
    await db.run("close_card", key=card)
    await db.run("leave_card", key=card)
