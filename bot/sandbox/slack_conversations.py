"""The conversations.* methods: which channels there are, who is in them, and what was said, page by page.
They read the state and, but for join and open, never change it.
"""

from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack_chat import visible_channel
from bot.sandbox.slack_model import Channel, Message, instant
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Arguments, Refused, Wire

KIND_SCOPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}
CURSOR = "next:"

T = TypeVar("T")


def page_of(items: Sequence[T], args: Arguments, *, default: int = 100, most: int = 1000) -> tuple[list[T], str]:
    """The page that limit and cursor ask for, and the cursor of the next one: empty after the last."""
    limit = args.number("limit", default, least=1, most=most)
    cursor = args.text("cursor")
    place = cursor.removeprefix(CURSOR) if cursor else "0"
    if (cursor and not cursor.startswith(CURSOR)) or not place.isdecimal():
        raise Refused("invalid_cursor")
    start = int(place)
    end = start + limit
    return list(items[start:end]), f"{CURSOR}{end}" if end < len(items) else ""


def list_channels(state: SlackState, args: Arguments) -> Wire:
    """Private channels and direct messages only as far as the bot is in them."""
    kinds = [kind.strip() for kind in args.text("types", "public_channel").split(",") if kind.strip()]
    if not all(kind in KIND_SCOPES for kind in kinds):
        raise Refused("invalid_types")
    state.require(*(KIND_SCOPES[kind] for kind in kinds))
    hide_archived = args.flag("exclude_archived")
    channels = [
        channel
        for channel in state.channels.values()
        if channel.kind in kinds
        and (channel.is_member or not channel.is_private)
        and not (hide_archived and channel.is_archived)
    ]
    page, cursor = page_of(channels, args)
    return {"channels": [c.wire() for c in page], "response_metadata": {"next_cursor": cursor}}


def info(state: SlackState, args: Arguments) -> Wire:
    channel = _readable(state, args, "read")
    return {"channel": channel.wire()}


def members(state: SlackState, args: Arguments) -> Wire:
    channel = _readable(state, args, "read")
    everyone = [*channel.members, *([state.bot_user_id] if channel.is_member else [])]
    page, cursor = page_of(everyone, args)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def join(state: SlackState, args: Arguments) -> Wire:
    state.require("channels:join")
    channel = visible_channel(state, args.text("channel"))
    if channel.is_private:
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    warning = {"warning": "already_in_channel"} if channel.is_member else {}
    channel.is_member = True
    return {"channel": channel.wire()} | warning


def open_conversation(state: SlackState, args: Arguments) -> Wire:
    """Direct messages with one user; groups of several are beyond this sandbox."""
    state.require("im:write")
    users = [user.strip() for user in args.text("users").split(",") if user.strip()]
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1 or users[0] not in state.users:
        raise Refused("user_not_found")
    if state.users[users[0]].deleted:
        raise Refused("user_disabled")
    im = state.open_im(users[0])
    shown = im.wire() if args.flag("return_im") else {"id": im.id}
    return {"channel": shown}


def history(state: SlackState, args: Arguments) -> Wire:
    channel = _readable(state, args, "history")
    messages = _within(channel.timeline(), args)[::-1]
    page, cursor = page_of(messages, args, most=999)
    more = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": _shown(channel, page, args), "has_more": bool(cursor), **more}


def replies(state: SlackState, args: Arguments) -> Wire:
    """A thread, oldest first. Its parent leads every page, whatever window of time was asked for."""
    channel = _readable(state, args, "history")
    parent = channel.find(args.text("ts"))
    if parent is None or parent.ephemeral_for is not None:
        raise Refused("thread_not_found")
    below = channel.replies(parent.ts)
    if parent.deleted and not below:
        raise Refused("thread_not_found")
    thread = _within(below, args)
    page, cursor = page_of(thread, args, most=999)
    more = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": _shown(channel, [parent, *page], args), "has_more": bool(cursor), **more}


def _readable(state: SlackState, args: Arguments, right: str) -> Channel:
    """Info may be read from outside a public channel, what was said in it only by a member."""
    channel = visible_channel(state, args.text("channel"))
    state.require(f"{channel.scope_word}:{right}")
    if right == "history" and not channel.is_member:
        raise Refused("not_in_channel")
    return channel


def _within(messages: list[Message], args: Arguments) -> list[Message]:
    try:
        oldest, latest = instant(args.text("oldest")), instant(args.text("latest"))
    except ArithmeticError as mistake:
        raise Refused("invalid_ts_oldest") from mistake
    edges = {oldest, latest} if args.flag("inclusive") else set()
    return [
        message
        for message in messages
        if (at := instant(message.ts)) in edges or (oldest < at and (not latest or at < latest))
    ]


def _shown(channel: Channel, messages: list[Message], args: Arguments) -> list[Wire]:
    with_metadata = args.flag("include_all_metadata")
    return [channel.show(message, with_metadata=with_metadata) for message in messages]
