"""What the operator can do about a refusal. The codes are those of Slack's Web API, which a route's reason carries."""

_INVITE = "invite the bot there, for example with /invite"
_TOKEN = "renew SLACK_BOT_TOKEN and start the bot again"  # noqa: S105 - the setting's name
_ADDRESS = "correct the id in bot.toml"

REMEDIES = {
    "not_in_channel": _INVITE,
    "channel_not_found": "correct its name in bot.toml, or, if it is private, invite the bot there",
    "is_archived": "unarchive the channel, or send its rules elsewhere",
    "missing_scope": "install the app again with the scopes of manifest.yml",
    "restricted_action": "ask a workspace admin who may post there",
    "user_not_found": _ADDRESS,
    "users_not_found": _ADDRESS,
    "user_disabled": "the account is closed: correct the id in bot.toml",
    "cannot_dm_bot": "a bot cannot be told: name a person in bot.toml",
    "messages_tab_disabled": "allow messages to the app in its App Home settings",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "account_inactive": _TOKEN,
}


def remedy(reason: str) -> str:
    """What to do; empty where only the reason itself can say."""
    return next((remedy for code, remedy in REMEDIES.items() if code in reason), "")
