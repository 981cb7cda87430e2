"""What each of Slack's errors means for a message. The classes are Slack's documented errors of chat.postMessage and
its kin; an error that nobody knows may have come after the work was done.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.masking import masked
from bot.core.messages import Failure, Gone, Refused, Scope, TryLater, Unknown

CREDENTIALS: Final = frozenset({
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type",
    "org_login_required", "two_factor_setup_required", "access_denied", "accesslimited", "app_access_restricted",
})  # fmt: skip
ROUTE: Final = frozenset({
    "missing_scope", "channel_not_found", "not_in_channel", "is_archived", "is_inactive", "ekm_access_denied",
    "no_permission", "messages_tab_disabled", "team_not_found", "message_limit_exceeded", "posting_to_channel_denied",
    "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot",
    "method_not_supported_for_channel_type",
})  # fmt: skip
PAYLOAD: Final = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_attachments",
    "too_many_attachments", "attachment_payload_limit_exceeded", "markdown_text_conflict", "invalid_arguments",
    "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_form_data", "invalid_post_type",
    "missing_post_type", "block_mismatch", "view_too_large",
})  # fmt: skip
ASTRAY: Final = frozenset({
    "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "cannot_reply_to_message",
    "invalid_thread_ts",
})  # fmt: skip  # the message that it is about is not there any more, or must stay as it is
UNEDITABLE: Final = frozenset({"cant_update_message", "edit_window_closed"})
METADATA: Final = ("invalid_metadata", "metadata_")  # so the errors begin that are about a message's metadata
WAIT: Final = frozenset({"ratelimited", "rate_limited", "external_channel_migrating", "team_added_to_org"})
MAX_RETRY_AFTER = 3_600.0  # seconds

TOO_MANY_REQUESTS = 429


def is_payload(error: Exception) -> bool:
    """Whether Slack refused the form of a message, so that a plainer one may pass."""
    return isinstance(error, SlackApiError) and _is_payload(error_name(error))


def is_metadata(error: SlackApiError) -> bool:
    return error_name(error).startswith(METADATA)


def outcome_of(error: Exception) -> Failure:
    """What came of a request that failed so."""
    match error:
        case SlackApiError():
            return _outcome_of_answer(error)
        case aiohttp.ClientConnectorError():
            return TryLater(f"Slack cannot be reached: {masked(str(error))}")
        case asyncio.TimeoutError():
            return Unknown("Slack did not answer in time")
        case aiohttp.ClientError() | SlackClientError() | OSError() | ValueError():
            return Unknown(f"the connection to Slack broke: {type(error).__name__} {masked(str(error))}".strip())
        case AttributeError() | RecursionError():  # the SDK stumbles over what is no JSON object, or too deep a one
            return Unknown("Slack's answer cannot be read")
        case _:
            raise error


def error_name(error: SlackApiError) -> str:
    """Slack's own name of the error; empty where the answer has none."""
    return masked(str(_data(error).get("error") or ""))


def scopes_needed(error: SlackApiError) -> str:
    return masked(str(_data(error).get("needed") or ""))


def _outcome_of_answer(error: SlackApiError) -> Failure:
    name = error_name(error)
    if name in WAIT or _status(error) == TOO_MANY_REQUESTS:
        return TryLater(f"Slack asks to wait: {name or 'HTTP 429'}", _retry_after(error), Scope.CHANNEL)
    if name in CREDENTIALS:
        return Refused(name, Scope.WORKSPACE)
    if name in ROUTE or name.startswith("restricted_action"):
        needed = scopes_needed(error)
        return Refused(f"{name} (needed: {needed})" if needed else name, Scope.CHANNEL)
    if _is_payload(name):
        return Refused(name, Scope.MESSAGE)
    if name in ASTRAY:
        return Gone(name, uneditable=name in UNEDITABLE)
    return Unknown(f"Slack answered {name or f'HTTP {_status(error)} without a readable body'}")


def _is_payload(name: str) -> bool:
    return name in PAYLOAD or name.startswith(METADATA)


def _data(error: SlackApiError) -> Mapping[str, object]:
    """The body; empty where it was no JSON, in which case the SDK hands over something else."""
    data = getattr(error.response, "data", None)
    return data if isinstance(data, Mapping) else error.response if isinstance(error.response, Mapping) else {}


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", None) or getattr(error.response, "status", None) or 0)


def _retry_after(error: SlackApiError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    try:
        seconds = float(next(value for name, value in headers.items() if name.lower() == "retry-after"))
    except (StopIteration, ValueError):
        return None
    return min(seconds, MAX_RETRY_AFTER) if seconds >= 0 else None
