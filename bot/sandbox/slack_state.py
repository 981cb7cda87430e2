"""The simulated workspace: who and what is in it, what was said, and who is told that something was said.
Pure state: it must never touch the network, and it knows the time only as it is given.
"""

import copy
from collections.abc import Callable, Iterator
from itertools import count

from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_model import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Call,
    Channel,
    Edit,
    Message,
    Orphans,
    User,
    UserGroup,
)
from bot.sandbox.slack_wire import Refused, Wire

__all__ = ["Call", "Channel", "Message", "SlackState", "User", "UserGroup"]

TYPICAL_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "users:read",
    }
)
DEFAULT_CHANNELS = ("general", "ml-alerts", "ml-training")
TRIGGER_SECONDS = 3.0

Listener = Callable[[Message], None]


class SlackState:
    team_id = TEAM_ID
    team_domain = TEAM_DOMAIN
    app_id = APP_ID
    bot_id = BOT_ID
    bot_user_id = BOT_USER_ID

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.scopes: set[str] = set(TYPICAL_SCOPES)
        self.token_errors: dict[str, str] = {}
        """Tokens that are refused, and with which word: token_revoked, account_inactive, invalid_auth..."""
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.calls: list[Call] = []
        self.views: dict[str, Wire] = {}
        self.bell = Bell()
        self.edit_window: float | None = None
        """For how many seconds a message may be edited; None: for ever, as where no admin has set a limit."""
        self.orphans = Orphans.REFUSED
        self.threads_locked = False
        """Whether an admin lets nobody reply in threads."""
        self._triggers: dict[str, float] = {}
        self._listeners: list[Listener] = []
        self._numbers = count(1)
        self._last_micros = 0
        self._populate()

    def _populate(self) -> None:
        self.add_user("U0SANDBOX1", "ada", "Ada Lovelace")
        self.add_user("U0SANDBOX2", "grace", "Grace Hopper")
        self.users[BOT_USER_ID] = User(BOT_USER_ID, "jobsbot", "jobsbot", is_bot=True)
        self.groups["S0SANDBOX1"] = UserGroup("S0SANDBOX1", "ml-oncall", "ML on call", ["U0SANDBOX1"])
        for name in DEFAULT_CHANNELS:
            self.add_channel(name)

    def add_user(self, user: str, name: str, real_name: str = "") -> User:
        self.users[user] = User(user, name, real_name or name)
        for channel in self.channels.values():
            if not channel.is_im:
                channel.members.append(user)
        return self.users[user]

    def add_channel(self, name: str, *, private: bool = False, archived: bool = False, member: bool = True) -> Channel:
        """A channel of this name that is as asked for: a new one, or the one that is there, changed."""
        channel = self.lookup(name) or self._new_channel(name)
        channel.is_private, channel.is_archived, channel.is_member = private, archived, member
        return channel

    def _new_channel(self, name: str) -> Channel:
        members = [user.id for user in self.users.values() if not user.is_bot]
        channel = Channel(f"C0SANDBX{next(self._numbers):03}", name, members=members)
        self.channels[channel.id] = channel
        return channel

    def open_im(self, user: str) -> Channel:
        for channel in self.channels.values():
            if channel.is_im and channel.user == user:
                return channel
        im = Channel(f"D0SANDBX{next(self._numbers):03}", "", is_private=True, is_im=True, user=user)
        im.members = [user]
        self.channels[im.id] = im
        return im

    def lookup(self, address: str) -> Channel | None:
        """By id, `name`, `#name`, or `U…` and `@U…` for the direct messages with that user."""
        name = address.removeprefix("#").removeprefix("@")
        if name in self.users:
            return self.open_im(name)
        named = (channel for channel in self.channels.values() if channel.name == name and not channel.is_im)
        return self.channels.get(name) or next(named, None)

    def channel(self, address: str) -> Channel:
        found = self.lookup(address)
        if found is None:
            raise KeyError(address)
        return found

    def posts(self, address: str) -> list[Message]:
        """What all can see in a channel and its threads, oldest first."""
        messages = self.channel(address).messages
        return [message for message in messages if message.ephemeral_for is None and not message.deleted]

    def top_level(self, address: str) -> list[Message]:
        """Of the posts, those that are in no thread."""
        return [message for message in self.posts(address) if not message.is_reply]

    def thread(self, parent: Message) -> list[Message]:
        """The replies below it, oldest first, broadcast ones among them; also below what was deleted."""
        return self.channels[parent.channel].replies(parent.ts)

    def broadcasts(self, address: str) -> list[Message]:
        """Of the replies, those that the channel itself shows too."""
        return [message for message in self.posts(address) if message.reply_broadcast]

    def edits(self, *addresses: str) -> list[tuple[Message, Edit]]:
        """Every edit of what all can see, deleted since or not; in these places, or in the whole workspace."""
        places = [self.channel(address) for address in addresses] or self.channels.values()
        messages = (m for place in places for m in place.messages if m.ephemeral_for is None)
        return sorted(((m, edit) for m in messages for edit in m.edits), key=lambda each: each[1].at)

    def find_message(self, ts: str) -> Message | None:
        """A `ts` is given out once in the whole workspace, which is more than Slack promises."""
        return next((m for channel in self.channels.values() for m in channel.messages if m.ts == ts), None)

    def post(self, channel: Channel, message: Message) -> Message:
        message.blocks = list(self._with_ids(message.blocks))
        channel.messages.append(message)
        self._tell(message)
        return message

    def edit(self, message: Message, *, text: str, blocks: list[Wire], args: Wire) -> None:
        message.text, message.args = text, args
        message.blocks = list(self._with_ids(blocks))
        message.edits.append(Edit(self.now(), text, message.blocks))
        self._tell(message)

    def delete(self, message: Message) -> None:
        """By whomever: the bot by chat.delete, or a person by hand."""
        message.deleted = True
        self.bell.ring()

    def _with_ids(self, blocks: list[Wire]) -> Iterator[Wire]:
        """Slack stores a copy in which every block, and every button, can be named."""
        for given in blocks:
            block = copy.deepcopy(given)
            block.setdefault("block_id", f"block{next(self._numbers)}")
            for element in [*block.get("elements", []), block.get("accessory", {})]:
                if element.get("type") == "button":
                    element.setdefault("action_id", f"action{next(self._numbers)}")
            yield block

    def next_ts(self) -> str:
        self._last_micros = max(int(self.now() * 1_000_000), self._last_micros + 1)
        seconds, micros = divmod(self._last_micros, 1_000_000)
        return f"{seconds}.{micros:06}"

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):09}"

    def new_trigger(self) -> str:
        trigger = f"{next(self._numbers)}.{self._last_micros}.sandbox"
        self._triggers[trigger] = self.now()
        return trigger

    def use_trigger(self, trigger: str) -> None:
        """A trigger opens one modal, and only within three seconds of the gesture."""
        if trigger not in self._triggers:
            raise Refused("invalid_trigger_id")
        issued = self._triggers[trigger]
        if issued < 0:
            raise Refused("exchanged_trigger_id")
        if self.now() - issued > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        self._triggers[trigger] = -1.0

    def require(self, *scopes: str) -> None:
        missing = [scope for scope in scopes if scope not in self.scopes]
        if missing:
            raise Refused("missing_scope", needed=",".join(missing), provided=",".join(sorted(self.scopes)))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """The listener hears of each message posted or edited; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, message: Message) -> None:
        for listener in list(self._listeners):
            listener(message)
        self.bell.ring()

    async def wait_for(self, predicate: Callable[[Message], bool], timeout: float) -> Message:  # noqa: ASYNC109
        """The first message that answers to the predicate, now or within `timeout` seconds."""

        def matches() -> list[Message]:
            messages = (m for channel in self.channels.values() for m in channel.messages)
            return [message for message in messages if not message.deleted and predicate(message)]

        await self.bell.until(lambda: bool(matches()), timeout)
        return matches()[0]
