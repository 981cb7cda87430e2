"""Every method of the Web API that this workspace knows, with its tier of rate limit.
A table and nothing else: a method that is not in it is an unknown_method.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox import slack_chat as chat
from bot.sandbox import slack_conversations as conversations
from bot.sandbox import slack_directory as directory
from bot.sandbox.slack_limits import Tier
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Arguments, Wire


@dataclass(frozen=True, slots=True)
class Method:
    run: Callable[[SlackState, Arguments], Wire]
    tier: Tier


METHODS = {
    "api.test": Method(directory.api_test, Tier.SPECIAL),
    "auth.test": Method(directory.auth_test, Tier.SPECIAL),
    "bots.info": Method(directory.bots_info, Tier.THREE),
    "chat.delete": Method(chat.delete, Tier.THREE),
    "chat.getPermalink": Method(chat.get_permalink, Tier.SPECIAL),
    "chat.postEphemeral": Method(chat.post_ephemeral, Tier.FOUR),
    "chat.postMessage": Method(chat.post_message, Tier.POST),
    "chat.update": Method(chat.update, Tier.THREE),
    "conversations.history": Method(conversations.history, Tier.THREE),
    "conversations.info": Method(conversations.info, Tier.THREE),
    "conversations.join": Method(conversations.join, Tier.THREE),
    "conversations.list": Method(conversations.list_channels, Tier.TWO),
    "conversations.members": Method(conversations.members, Tier.FOUR),
    "conversations.open": Method(conversations.open_conversation, Tier.THREE),
    "conversations.replies": Method(conversations.replies, Tier.THREE),
    "reactions.add": Method(chat.add_reaction, Tier.THREE),
    "team.info": Method(directory.team_info, Tier.THREE),
    "usergroups.list": Method(directory.usergroups_list, Tier.TWO),
    "users.info": Method(directory.users_info, Tier.FOUR),
    "users.list": Method(directory.users_list, Tier.TWO),
    "views.open": Method(directory.views_open, Tier.FOUR),
    "views.publish": Method(directory.views_publish, Tier.FOUR),
    "views.update": Method(directory.views_update, Tier.FOUR),
}
