"""The chat.* methods: post, update, delete, whisper, permalink, with Slack's own order of refusals.
Each is a function of the state and the arguments; none knows of HTTP.
"""

import re
from typing import assert_never

from bot.sandbox import blocks as block_kit
from bot.sandbox.slack_model import Channel, Message, Orphans
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Arguments, Refused, Wire

POST_TEXT_MAX = 40_000
UPDATE_TEXT_MAX = 4_000
ATTACHMENTS_MAX = 100
TS_FORM = re.compile(r"\d+\.\d{6}")


def find_destination(state: SlackState, address: str) -> Channel | None:
    """Posting takes an id, a name with or without its `#`, or a user's id; `@name` has long stopped to work."""
    return None if address.startswith("@") else state.lookup(address)


def visible_channel(state: SlackState, channel_id: str) -> Channel:
    """By id alone, as every method but those that post wants it. A private channel hides from strangers."""
    channel = state.channels.get(channel_id)
    if channel is None or (channel.is_private and not channel.is_member):
        raise Refused("channel_not_found")
    return channel


def post_message(state: SlackState, args: Arguments) -> Wire:
    state.require("chat:write")
    channel = _writable(state, args)
    message = _message(state, channel, args)
    warnings = []
    if len(message.text) > POST_TEXT_MAX:
        message.text = message.text[:POST_TEXT_MAX]
        warnings = ["message_truncated"]
    message.thread_ts = _thread(state, channel, args)
    message.reply_broadcast = message.is_reply and args.flag("reply_broadcast")
    state.post(channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": message.wire()} | _warned(warnings)


def _warned(warnings: list[str]) -> Wire:
    return {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}} if warnings else {}


def _writable(state: SlackState, args: Arguments) -> Channel:
    channel = find_destination(state, args.text("channel"))
    if channel is None or (channel.is_private and not channel.is_member):
        raise Refused("channel_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    if not channel.is_member and "chat:write.public" not in state.scopes:
        raise Refused("not_in_channel")
    return channel


def _message(state: SlackState, channel: Channel, args: Arguments) -> Message:
    blocks = content_blocks(args)
    return Message(
        ts=state.next_ts(),
        channel=channel.id,
        text=args.text("text"),
        user=state.bot_user_id,
        blocks=blocks,
        metadata=_metadata(args),
        args=dict(args.values),
    )


def content_blocks(args: Arguments) -> list[Wire]:
    """The blocks that a message brings, once they and the text beside them are found fit to be said."""
    blocks = args.json("blocks", error="invalid_blocks_format") or []
    attachments = args.json("attachments", error="invalid_attachments") or []
    if not args.text("text") and not blocks and not attachments:
        raise Refused("no_text")
    if len(attachments) > ATTACHMENTS_MAX:
        raise Refused("too_many_attachments")
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    refuse_bad_blocks(block_kit.form_problems(blocks))
    if block_kit.total_text(blocks) > block_kit.TOTAL_TEXT_MAX:
        raise Refused("msg_blocks_too_long")
    return blocks


def refuse_bad_blocks(problems: list[str]) -> None:
    if problems:
        worded = [f"[ERROR] {problem}" for problem in problems]
        raise Refused("invalid_blocks", errors=problems, response_metadata={"messages": worded})


def _metadata(args: Arguments) -> Wire | None:
    metadata = args.json("metadata", error="invalid_metadata_format")
    if metadata is None or metadata == {}:
        return None
    problem = block_kit.metadata_problem(metadata)
    if problem is not None or not isinstance(metadata, dict):
        raise Refused(problem or "invalid_metadata_format")
    return metadata


def _thread(state: SlackState, channel: Channel, args: Arguments) -> str | None:
    ts = args.text("thread_ts")
    if not ts:
        return None
    if not TS_FORM.fullmatch(ts):
        raise Refused("invalid_thread_ts")
    parent = channel.find(ts)
    if parent is None:
        raise Refused("thread_not_found")
    if parent.is_reply or parent.ephemeral_for is not None:
        raise Refused("cannot_reply_to_message")
    if state.threads_locked:
        raise Refused("restricted_action_thread_locked")
    return _below_deleted(state.orphans, ts) if parent.deleted else ts


def _below_deleted(orphans: Orphans, ts: str) -> str | None:
    match orphans:
        case Orphans.REFUSED:
            raise Refused("thread_not_found")
        case Orphans.KEPT:
            return ts
        case Orphans.UNTHREADED:
            return None
        case _:
            assert_never(orphans)


def update(state: SlackState, args: Arguments) -> Wire:
    """Replaces text and blocks alike: text that comes alone takes the blocks away. Metadata stays unless given."""
    state.require("chat:write")
    channel, message = _own_message(state, args, not_mine="cant_update_message")
    if channel.is_archived:
        raise Refused("is_inactive")
    if state.edit_window is not None and state.now() - float(message.ts) > state.edit_window:
        raise Refused("edit_window_closed")
    if len(args.text("text")) > UPDATE_TEXT_MAX:
        raise Refused("msg_too_long")
    blocks = content_blocks(args)
    if "metadata" in args:
        message.metadata = _metadata(args)
    state.edit(message, text=args.text("text"), blocks=blocks, args=dict(args.values))
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.wire()}


def delete(state: SlackState, args: Arguments) -> Wire:
    state.require("chat:write")
    channel, message = _own_message(state, args, not_mine="cant_delete_message")
    state.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def _own_message(state: SlackState, args: Arguments, *, not_mine: str) -> tuple[Channel, Message]:
    channel = visible_channel(state, args.text("channel"))
    message = standing_message(channel, args.text("ts"))
    if message.user != state.bot_user_id:
        raise Refused(not_mine)
    return channel, message


def standing_message(channel: Channel, ts: str) -> Message:
    message = channel.find(ts)
    if message is None or message.deleted or message.ephemeral_for is not None:
        raise Refused("message_not_found")
    return message


def post_ephemeral(state: SlackState, args: Arguments) -> Wire:
    state.require("chat:write")
    channel = _writable(state, args)
    if not channel.is_member:
        raise Refused("not_in_channel")
    user = args.text("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    message = _message(state, channel, args)
    message.thread_ts, message.ephemeral_for = _thread(state, channel, args), user
    state.post(channel, message)
    return {"message_ts": message.ts}


def get_permalink(state: SlackState, args: Arguments) -> Wire:
    channel = visible_channel(state, args.text("channel"))
    message = standing_message(channel, args.text("message_ts"))
    digits = message.ts.replace(".", "")
    link = f"https://{state.team_domain}.slack.com/archives/{channel.id}/p{digits}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    return {"channel": channel.id, "permalink": link + thread}


def add_reaction(state: SlackState, args: Arguments) -> Wire:
    state.require("reactions:write")
    message = standing_message(visible_channel(state, args.text("channel")), args.text("timestamp"))
    name = args.text("name").strip(":")
    if not name:
        raise Refused("invalid_name")
    if name in message.reactions:
        raise Refused("already_reacted")
    message.reactions.append(name)
    state.bell.ring()
    return {}
