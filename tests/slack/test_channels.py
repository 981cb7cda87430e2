"""From what an operator writes to channel ids: by few readings of the list, and anew when it may have changed."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.app import SLACK_TIMEOUT, slack_session
from bot.core.messages import Outcome, Refused, Scope, TryLater, Unknown
from bot.sandbox import slack_faults as faults
from bot.sandbox.slack_limits import Tier
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from tests.samples import Clock
from tests.world import slack_client

NO_SUCH_CHANNEL = Refused(
    "channel_not_found: no such channel, or it is private and the bot is not in it", Scope.CHANNEL
)
NO_SCOPE = Refused("missing_scope (needed: im:write)", Scope.CHANNEL)


@pytest.fixture
async def channels(slack: SlackServer, clock: Clock) -> AsyncIterator[Channels]:
    async with aiohttp.ClientSession() as session:
        yield Channels(slack_client(slack, session), clock)


def readings(slack: SlackServer) -> int:
    return sum(call.method == "conversations.list" for call in slack.state.calls)


async def test_a_name_becomes_the_channel_s_id(slack: SlackServer, channels: Channels) -> None:
    assert await channels.resolve("#ml-alerts") == slack.state.channel("ml-alerts").id


async def test_an_id_is_taken_as_it_is_and_costs_nothing(slack: SlackServer, channels: Channels) -> None:
    assert await channels.resolve("C0123456789") == "C0123456789"
    assert slack.state.calls == []


async def test_a_person_becomes_their_direct_messages(slack: SlackServer, channels: Channels) -> None:
    assert await channels.resolve("@U0SANDBOX2") == slack.state.channel("U0SANDBOX2").id


async def test_a_private_channel_is_found_where_the_bot_is_in_it(slack: SlackServer, channels: Channels) -> None:
    inside = slack.state.add_channel("inside", private=True)
    slack.state.add_channel("outside", private=True, member=False)
    assert await channels.resolve("#inside") == inside.id
    assert isinstance(await channels.resolve("#outside"), Refused)


async def test_without_the_scope_for_private_channels_the_public_ones_are_found(
    slack: SlackServer, channels: Channels
) -> None:
    slack.state.scopes.discard("groups:read")
    assert await channels.resolve("#ml-alerts") == slack.state.channel("ml-alerts").id


async def test_a_channel_on_a_later_page_is_found(slack: SlackServer, channels: Channels) -> None:
    for number in range(2_100):
        slack.state.add_channel(f"team-{number}")
    assert await channels.resolve("#team-2099") == slack.state.channel("team-2099").id
    assert readings(slack) == 3


async def test_no_more_is_read_than_is_needed(slack: SlackServer, channels: Channels) -> None:
    for number in range(2_100):
        slack.state.add_channel(f"team-{number}")
    for name in ("#ml-alerts", "#team-1500", "#team-7"):
        assert await channels.resolve(name) == slack.state.channel(name.removeprefix("#")).id
    assert readings(slack) == 2


async def test_a_workspace_of_more_pages_than_slack_gives_at_once_is_read_through_all_the_same(
    slack: SlackServer, channels: Channels, clock: Clock
) -> None:
    slack.rates.per_minute[Tier.TWO] = 2
    for number in range(4_100):
        slack.state.add_channel(f"team-{number}")
    for _ in range(2):
        assert isinstance(await channels.resolve("#team-4099"), TryLater)
        clock.advance(61)
    assert await channels.resolve("#team-4099") == slack.state.channel("team-4099").id
    assert readings(slack) == 7


async def test_a_place_in_the_list_that_slack_has_forgotten_is_read_up_to_anew(
    slack: SlackServer, channels: Channels, clock: Clock
) -> None:
    slack.rates.per_minute[Tier.TWO] = 2
    for number in range(2_100):
        slack.state.add_channel(f"team-{number}")
    assert isinstance(await channels.resolve("#team-2099"), TryLater)
    clock.advance(61)
    slack.fault(faults.refused("invalid_cursor"))
    assert isinstance(await channels.resolve("#team-2099"), Unknown)
    slack.rates.enabled = False
    assert await channels.resolve("#team-2099") == slack.state.channel("team-2099").id


async def test_an_archived_channel_counts_only_where_no_other_has_its_name(
    slack: SlackServer, channels: Channels
) -> None:
    slack.state.add_channel("old", archived=True)
    taken = slack.state.add_channel("taken", archived=True)
    taken.name = "renamed"
    live = slack.state.add_channel("taken")
    taken.name = "taken"
    assert await channels.resolve("#old") == slack.state.channel("old").id
    assert await channels.resolve("#taken") == live.id


async def test_names_are_read_once_a_minute_at_most(slack: SlackServer, channels: Channels, clock: Clock) -> None:
    for name in ("#ml-alerts", "#general", "#nowhere", "#nowhere"):
        await channels.resolve(name)
    assert readings(slack) == 1
    slack.state.add_channel("nowhere")
    clock.advance(60)
    assert await channels.resolve("#nowhere") == slack.state.channel("nowhere").id


async def test_a_name_that_has_gone_over_to_another_channel_leads_there(
    slack: SlackServer, channels: Channels, clock: Clock
) -> None:
    old = str(await channels.resolve("#ml-alerts"))
    slack.state.channels[old].name = "ml-alerts-old"
    slack.state.add_channel("ml-alerts")
    clock.advance(60)
    assert await channels.resolve("#ml-alerts") == slack.state.channel("ml-alerts").id != old


@pytest.mark.parametrize(
    ("destination", "fault", "outcome"),
    [
        ("#nowhere", None, NO_SUCH_CHANNEL),
        ("@U0NOBODY", None, Refused("user_not_found", Scope.CHANNEL)),
        ("@U0SANDBOX1", faults.refused("cannot_dm_bot"), Refused("cannot_dm_bot", Scope.CHANNEL)),
        ("#ml-alerts", faults.refused("invalid_auth"), Refused("invalid_auth", Scope.WORKSPACE)),
        ("#ml-alerts", faults.rate_limited(9), TryLater("Slack asks to wait: ratelimited", 9.0, Scope.CHANNEL)),
        ("@U0SANDBOX1", faults.refused("missing_scope", needed="im:write"), NO_SCOPE),
    ],
)
async def test_what_cannot_be_had_says_why(
    slack: SlackServer, channels: Channels, destination: str, fault: faults.Kind | None, outcome: Outcome
) -> None:
    if fault is not None:
        slack.fault(fault)
    assert await channels.resolve(destination) == outcome


NO_ANSWERS = [
    "{OK}",
    '{OK, "channels": null, "channel": null}',
    '{OK, "channels": {}, "channel": []}',
    '{OK, "channels": [null], "channel": "D1"}',
    '{OK, "channels": [{"name": "ml-alerts"}], "channel": {}}',
    '{OK, "channels": [{"name": 1, "id": 2}], "channel": {"id": 2}}',
    '{OK, "channels": [], "channel": {"id": ""}, "response_metadata": [1]}',
    '{OK, "channels": [], "channel": {"id": null}, "response_metadata": {"next_cursor": 5}}',
    "[1]",
    '"ok"',
]


@pytest.mark.parametrize("body", NO_ANSWERS)
@pytest.mark.parametrize("destination", ["#ml-alerts", "@U0SANDBOX1"])
async def test_an_answer_that_does_not_say_it_leaves_a_doubt(
    slack: SlackServer, channels: Channels, destination: str, body: str
) -> None:
    slack.fault(faults.http_error(200, body.replace("OK", '"ok": true'), "application/json"))
    assert isinstance(await channels.resolve(destination), Unknown)
    assert isinstance(await channels.resolve(destination), str)


async def test_a_list_that_leads_back_to_its_own_page_has_no_end_and_is_given_up(
    slack: SlackServer, channels: Channels
) -> None:
    again = '{"ok": true, "channels": [], "response_metadata": {"next_cursor": "next:0"}}'
    slack.fault(faults.http_error(200, again, "application/json"), times=None)
    assert isinstance(await channels.resolve("#ml-alerts"), Unknown)


async def test_a_reading_that_fails_is_not_kept(slack: SlackServer, channels: Channels) -> None:
    slack.fault(faults.http_error(500))
    assert not isinstance(await channels.resolve("#ml-alerts"), str)
    assert isinstance(await channels.resolve("#ml-alerts"), str)


async def test_a_request_that_hangs_ends_in_good_time() -> None:
    async with slack_session() as session:
        assert session.timeout.total == SLACK_TIMEOUT == 15
