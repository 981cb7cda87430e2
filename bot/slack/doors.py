"""Whether Slack lets the bot in, asked once at the start and by `check`. The libraries would try a refused token for
ever without a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.messages import Failure, Gone, Refused, Scope, TryLater, Unknown
from bot.slack.answers import fields, text
from bot.slack.errors import outcome_of


@dataclass(frozen=True, slots=True)
class Door:
    """How Slack answered. `refusal` is for the operator to mend, `trouble` will pass; else the rest is known.
    `date` is Slack's clock as the answer's header gives it.
    """

    team: str = ""
    bot_user: str = ""
    scopes: frozenset[str] = frozenset()
    date: str = ""
    refusal: str = ""
    trouble: str = ""

    @property
    def is_open(self) -> bool:
        return not self.refusal and not self.trouble


async def knock(client: AsyncWebClient, app_token: str | None) -> Door:
    """Tries the bot token and, if it is given, the app-level token of Socket Mode; says so if both are refused."""
    front = await _identity(client)
    if front.trouble or not app_token:
        return front
    back = await _connection(client, app_token)
    if front.refusal and back.refusal:
        return Door(refusal=f"{front.refusal} {back.refusal}")
    return front if front.refusal or back.is_open else back


async def _identity(client: AsyncWebClient) -> Door:
    try:
        answer = await client.auth_test()
        identity = fields(answer)
        team, bot_user = text(identity, "team"), text(identity, "user_id")
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        return _shut(outcome_of(error), "SLACK_BOT_TOKEN", "the bot token (xoxb-…) from “OAuth & Permissions”")
    headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
    return Door(
        team=team,
        bot_user=bot_user,
        scopes=frozenset(scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()),
        date=headers.get("date", ""),
    )


async def _connection(client: AsyncWebClient, app_token: str) -> Door:
    try:
        text(fields(await client.apps_connections_open(app_token=app_token)), "url")
    except Exception as error:  # noqa: BLE001  as above
        where = "an app-level token (xapp-…) with connections:write from “Basic Information”"
        return _shut(outcome_of(error), "SLACK_APP_TOKEN", where)
    return Door()


def _shut(outcome: Failure, variable: str, remedy: str) -> Door:
    match outcome:
        case Refused(reason=reason, scope=Scope.WORKSPACE | Scope.CHANNEL):
            return Door(
                refusal=f"Slack refuses {variable}: {reason}. Put in {remedy} of your app's pages, and start again."
            )
        case Refused(reason=reason) | TryLater(reason=reason) | Unknown(reason=reason) | Gone(reason=reason):
            return Door(trouble=reason)
