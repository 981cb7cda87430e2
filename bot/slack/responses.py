"""Answers out to Slack: by the URL that came with the gesture, and where that no longer works by an ephemeral post.
An answer that is lost is worth no repetition, the asker will ask again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.errors import is_payload, outcome_of
from bot.slack.render import Rendered

OK = 200
TROUBLE = (aiohttp.ClientError, asyncio.TimeoutError, SlackClientError, OSError)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where, and the URL that answers go to."""

    user: str
    channel: str
    response_url: str


class Responses:
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def respond(self, asker: Asker, rendered: Rendered, *, shared: bool, replace: bool) -> None:
        """To the asker alone, or, shared, to everybody; in the place of the message that a button stands on."""
        if await self._by_url(asker.response_url, rendered, shared=shared, replace=replace and not shared):
            return
        if shared:
            await self._post(asker.channel, rendered)
        else:
            post = partial(self._client.chat_postEphemeral, channel=asker.channel, user=asker.user, parse="none")
            await _say(post, rendered)

    async def say_in_thread(self, channel: str, thread: str, rendered: Rendered) -> None:
        await self._post(channel, rendered, thread)

    async def _post(self, channel: str, rendered: Rendered, thread: str | None = None) -> None:
        post = partial(self._client.chat_postMessage, channel=channel, thread_ts=thread, parse="none")
        await _say(partial(post, unfurl_links=False, unfurl_media=False), rendered)

    async def _by_url(self, url: str, rendered: Rendered, *, shared: bool, replace: bool) -> bool:
        """Whether Slack took the answer; the URL works five times within half an hour."""
        if not url:
            return False
        webhook = AsyncWebhookClient(url, session=self._client.session, retry_handlers=[])
        try:
            answer = await webhook.send(
                text=rendered.text,
                blocks=rendered.blocks,
                response_type="in_channel" if shared else "ephemeral",
                replace_original=replace,
                unfurl_links=False,
                unfurl_media=False,
            )
        except TROUBLE:
            return False
        return answer.status_code == OK


async def _say(post: Callable[..., Awaitable[object]], rendered: Rendered) -> None:
    """With its blocks, or, if Slack refuses their form, the text alone."""
    try:
        try:
            await post(text=rendered.text, blocks=rendered.blocks)
        except SlackApiError as error:
            if not is_payload(error):
                raise
            await post(text=rendered.text)
    except Exception as error:  # noqa: BLE001  what is no trouble with Slack is raised again by `outcome_of`
        log.warning("an answer did not reach Slack: %s", outcome_of(error).reason)
