"""The nouns of the simulated workspace: users, groups, channels, messages, and the calls that were made.
They hold and show what they are; who may do what with them is decided elsewhere.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

from bot.sandbox.slack_wire import Wire

TEAM_ID = "T0SANDBOX1"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0SANDBOX1"
BOT_ID = "B0SANDBOX1"
BOT_USER_ID = "U0SANDBOT1"
TOMBSTONE = "This message was deleted."


@dataclass(slots=True)
class User:
    id: str
    name: str
    real_name: str
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Europe/London"

    def wire(self) -> Wire:
        profile = {"real_name": self.real_name, "display_name": self.name}
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "tz": self.tz,
            "profile": profile,
        }


@dataclass(slots=True)
class UserGroup:
    id: str
    handle: str
    name: str
    users: list[str]

    def wire(self) -> Wire:
        counts = {"user_count": len(self.users), "users": list(self.users)}
        return {"id": self.id, "team_id": TEAM_ID, "handle": self.handle, "name": self.name, **counts}


class Orphans(Enum):
    """What becomes of a reply to a message that was deleted. Reports differ, so each can be tried."""

    REFUSED = auto()
    """thread_not_found."""
    KEPT = auto()
    """It stands in the thread, below the tombstone."""
    UNTHREADED = auto()
    """It is posted as no reply at all, which only the missing `thread_ts` in the answer tells."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a message became, and when: `at` in seconds since 1970."""

    at: float
    text: str
    blocks: list[Wire]


@dataclass(slots=True)
class Message:
    """`args` are the arguments of the call that posted or last edited it; `ephemeral_for` is who alone sees it.
    People are shown that it was edited only if it has no blocks.
    """

    ts: str
    channel: str
    text: str
    user: str
    blocks: list[Wire] = field(default_factory=list)
    metadata: Wire | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    args: Wire = field(default_factory=dict)
    ephemeral_for: str | None = None
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    """Each state that it was given after the first, oldest first."""

    @property
    def edited(self) -> bool:
        return bool(self.edits)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def wire(self, *, with_metadata: bool = True) -> Wire:
        if self.deleted:
            return {"type": "message", "subtype": "tombstone", "ts": self.ts, "text": TOMBSTONE}
        shown: Wire = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": TEAM_ID}
        if self.user == BOT_USER_ID:
            shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.blocks:
            shown["blocks"] = self.blocks
        if self.thread_ts is not None:
            shown["thread_ts"] = self.thread_ts
        if self.reply_broadcast:
            shown["subtype"] = "thread_broadcast"
        if self.edited and not self.blocks:
            shown["edited"] = {"user": self.user, "ts": self.ts}
        if self.metadata:
            shown["metadata"] = self._metadata(with_payload=with_metadata)
        if self.reactions:
            shown["reactions"] = [{"name": name, "count": 1, "users": [BOT_USER_ID]} for name in self.reactions]
        return shown

    def _metadata(self, *, with_payload: bool) -> Wire:
        """History strips the payload unless `include_all_metadata` asks for it."""
        metadata = self.metadata or {}
        return metadata if with_payload else {"event_type": metadata.get("event_type"), "event_payload": {}}


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = True
    is_im: bool = False
    user: str | None = None
    members: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def scope_word(self) -> str:
        """The first half of the scopes that this kind of conversation asks for."""
        if self.is_im:
            return "im"
        return "groups" if self.is_private else "channels"

    @property
    def kind(self) -> str:
        if self.is_im:
            return "im"
        return "private_channel" if self.is_private else "public_channel"

    def find(self, ts: str) -> Message | None:
        return next((message for message in self.messages if message.ts == ts), None)

    def replies(self, ts: str) -> list[Message]:
        thread = [m for m in self.messages if m.thread_ts == ts and m.is_reply]
        return [message for message in thread if not message.deleted and message.ephemeral_for is None]

    def timeline(self) -> list[Message]:
        """What stands in the channel itself, oldest first; a deleted parent leaves a tombstone."""
        open_to_all = (m for m in self.messages if m.ephemeral_for is None)
        return [
            message
            for message in open_to_all
            if (not message.is_reply or message.reply_broadcast) and (not message.deleted or self.replies(message.ts))
        ]

    def show(self, message: Message, *, with_metadata: bool) -> Wire:
        """A message as history tells it, with what is known of the thread below it."""
        shown = message.wire(with_metadata=with_metadata)
        replies = [] if message.is_reply else self.replies(message.ts)
        if replies:
            shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        return shown

    def wire(self) -> Wire:
        if self.is_im:
            return {"id": self.id, "is_im": True, "user": self.user, "is_archived": self.is_archived}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": self.is_member,
            "num_members": len(self.members),
        }


@dataclass(slots=True)
class Call:
    """One request to the Web API. `status` stays None while it is held and when it was never answered."""

    method: str
    args: Wire
    at: float
    status: int | None = None
    error: str | None = None
    gone: bool = False
    """The client hung up while it was held."""


def instant(ts: str) -> Decimal:
    """A `ts` as a number that can be compared: never a float, which would lose its last digits."""
    return Decimal(ts or "0")
