"""Everything that may happen to a request, as Slack's own client meets it, and whether the work was done."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import slack_faults
from bot.sandbox.slack_faults import KINDS, Kind, Stall
from bot.sandbox.slack_limits import Limits, Tier
from bot.sandbox.slack_server import SlackServer


@pytest.mark.parametrize("name", KINDS)
async def test_a_fault_befalls_one_call_whose_work_is_done_or_not(
    slack: SlackServer, client: AsyncWebClient, name: str
) -> None:
    kind = KINDS[name]
    slack.fault(kind, method="chat.postMessage")
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await client.chat_postMessage(channel="ml-alerts", text="one")
    assert len(slack.state.posts("ml-alerts")) == (1 if kind.after_work else 0)
    assert (await client.chat_postMessage(channel="ml-alerts", text="two"))["ok"]
    assert len(slack.state.calls) == 2


@pytest.mark.parametrize(
    ("kind", "status", "data"),
    [
        (slack_faults.http_error(500), 500, ""),
        (slack_faults.HTML_502, 502, {}),
        (slack_faults.refused("missing_scope", needed="chat:write"), 200, {"needed": "chat:write"}),
    ],
)
async def test_an_answer_in_place_of_the_true_one_arrives_as_it_is(
    slack: SlackServer, client: AsyncWebClient, kind: Kind, status: int, data: object
) -> None:
    slack.fault(kind, method="auth.test")
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == status
    if isinstance(data, dict):
        assert data.items() <= dict(caught.value.response.data).items()


async def test_a_rate_limit_carries_its_wait(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.fault(slack_faults.rate_limited(30), method="chat.postMessage")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="ml-alerts", text="one")
    assert caught.value.response.headers["Retry-After"] == "30"
    assert (slack.state.calls[-1].status, slack.state.calls[-1].error) == (429, "ratelimited")


async def test_a_fault_may_concern_one_channel_and_several_calls(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.fault(slack_faults.refused("fatal_error"), method="chat.postMessage", channel="#ml-alerts", times=2)
    await client.chat_postMessage(channel="general", text="fine")
    for address in ("ml-alerts", slack.state.channel("ml-alerts").id):
        with pytest.raises(SlackApiError, match="fatal_error"):
            await client.chat_postMessage(channel=address, text="x")
    await client.chat_postMessage(channel="ml-alerts", text="fine")


async def test_faults_come_in_the_order_they_were_asked_for_until_cleared(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    slack.fault(slack_faults.refused("fatal_error"))
    slack.fault(slack_faults.refused("internal_error"), times=None)
    for error in ("fatal_error", "internal_error", "internal_error"):
        with pytest.raises(SlackApiError, match=error):
            await client.auth_test()
    slack.clear_faults()
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize("after_work", [False, True])
async def test_a_stalled_call_goes_on_when_released(
    slack: SlackServer, client: AsyncWebClient, *, after_work: bool
) -> None:
    kind = slack_faults.stall(after_work=after_work)
    slack.fault(kind, method="chat.postMessage")
    posting = asyncio.ensure_future(client.chat_postMessage(channel="ml-alerts", text="one"))
    await slack.state.bell.until(lambda: len(slack.state.calls) == 1, 2)
    assert isinstance(kind.effect, Stall)
    assert not posting.done()
    kind.effect.release.set()
    assert (await posting)["ok"]
    assert len(slack.state.posts("ml-alerts")) == 1


async def test_a_stalled_call_whose_client_has_gone_is_never_worked(slack: SlackServer) -> None:
    kind = slack_faults.stall()
    slack.fault(kind, method="chat.postMessage")
    impatient = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=0.1)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        await impatient.chat_postMessage(channel="ml-alerts", text="one")
    (call,) = slack.state.calls
    await slack.state.bell.until(lambda: call.gone, 2)
    slack.clear_faults()
    assert slack.state.posts("ml-alerts") == []
    assert call.status is None


async def test_a_server_that_ends_lets_go_of_what_it_holds() -> None:
    async with SlackServer() as slack:
        slack.fault(slack_faults.stall(), method="auth.test")
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        asking = asyncio.ensure_future(client.auth_test())
        await slack.state.bell.until(lambda: len(slack.state.calls) == 1, 2)
    await asyncio.wait([asking], timeout=2)
    assert asking.done()
    assert asking.exception() is None


def test_a_tier_gives_its_calls_back_with_time() -> None:
    limits = Limits()
    waits = [limits.admit("conversations.list", Tier.TWO, "", 0.0) for _ in range(21)]
    assert waits == [None] * 20 + [3]
    assert limits.admit("users.list", Tier.TWO, "", 0.0) is None
    assert limits.admit("conversations.list", Tier.TWO, "", 3.0) is None


def test_posts_have_a_burst_by_channel_and_a_sum_by_workspace() -> None:
    limits = Limits()
    limits.post_burst, limits.posts_per_minute = 2, 3
    waits = [limits.admit("chat.postMessage", Tier.POST, channel, 0.0) for channel in "aaabb"]
    assert waits == [None, None, 1, None, 20]
