"""The payloads of what people do, as Slack builds them: a command typed, a button pressed, the bot mentioned.
Pure: each is made from the state and what the person did.
"""

import re
from typing import TypeAlias

from bot.sandbox.slack_model import Channel, Message, User
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Wire

Origin: TypeAlias = tuple[User, Channel]
"""Who did it, and where."""

NAME = re.compile(r"(?<!\S)([#@])([\w.-]+)")
URL = re.compile(r"https?://[^\s<>]+")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str, state: SlackState) -> str:
    """What Slack makes of a line before it sends it, with `should_escape` on: names known here become ids."""
    named = NAME.sub(lambda match: _reference(match, state), escaped(text))
    return URL.sub(lambda match: f"<{match.group(0)}>", named)


def _reference(match: re.Match[str], state: SlackState) -> str:
    mark, name = match.groups()
    if mark == "@":
        user = next((user for user in state.users.values() if user.name == name), None)
        return f"<@{user.id}|{name}>" if user else match.group(0)
    channel = next((channel for channel in state.channels.values() if channel.name == name), None)
    if channel is None:
        return match.group(0)
    return f"<#{channel.id}|{'' if channel.is_private else name}>"


def slash_payload(state: SlackState, origin: Origin, command: str, text: str, response_url: str) -> Wire:
    user, channel = origin
    return {
        "token": "sandbox-verification",
        "team_id": state.team_id,
        "team_domain": state.team_domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": typed(text, state),
        "api_app_id": state.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": state.new_trigger(),
    }


def click_payload(state: SlackState, origin: Origin, message: Message | Wire, button: Wire, response_url: str) -> Wire:
    """An ephemeral message is named by its container, but not shown again."""
    user, channel = origin
    shown = message.wire() if isinstance(message, Message) else message
    ephemeral = isinstance(message, Message) and message.ephemeral_for is not None
    container = {"type": "message", "message_ts": shown.get("ts"), "channel_id": channel.id, "is_ephemeral": ephemeral}
    block_id = button.get("block_id") or _block_of(shown, button)
    return {
        "type": "block_actions",
        "team": {"id": state.team_id, "domain": state.team_domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": state.team_id},
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "api_app_id": state.app_id,
        "token": "sandbox-verification",
        "container": container,
        "trigger_id": state.new_trigger(),
        "enterprise": None,
        "is_enterprise_install": False,
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [{"type": "button", **button, "block_id": block_id, "action_ts": state.next_ts()}],
        **({} if ephemeral else {"message": shown}),
    }


def _block_of(message: Wire, button: Wire) -> str:
    for block in message.get("blocks") or []:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if isinstance(element, dict) and element.get("action_id") == button.get("action_id"):
                return str(block.get("block_id", ""))
    return ""


def mention_text(text: str, state: SlackState) -> str:
    """The mention itself is put before the text unless the text holds it already."""
    mention = f"<@{state.bot_user_id}>"
    return text if mention in text else f"{mention} {typed(text, state)}"


def mention_payload(state: SlackState, message: Message) -> Wire:
    event = {
        "type": "app_mention",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "channel": message.channel,
        "event_ts": message.ts,
        "team": state.team_id,
    }
    if message.thread_ts is not None:
        event["thread_ts"] = message.thread_ts
    return event_payload(state, event)


def event_payload(state: SlackState, event: Wire) -> Wire:
    """An event in the wrapping in which the Events API delivers it."""
    bot = {"enterprise_id": None, "team_id": state.team_id, "user_id": state.bot_user_id}
    return {
        "token": "sandbox-verification",
        "team_id": state.team_id,
        "api_app_id": state.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": state.new_id("Ev"),
        "event_time": int(state.now()),
        "authorizations": [{**bot, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
        "event_context": "sandbox",
    }
