"""A parcel becomes one post, as the contract has it: told in full, parsed never, found again by its key."""

from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.messages import Delivered, Parcel, Receipt
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import links, rendered_text, rings
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from bot.slack.sink import SlackSink
from tests.samples import Clock, entry, face, message

HOSTILE = "<!channel> *x* & <http://evil|click> @here https://evil.example"


@pytest.fixture
def sink(client: AsyncWebClient) -> SlackSink:
    return SlackSink(client, Channels(client, Clock()))


def parcel(**changes: str) -> Parcel:
    """The message of one job, of which some things are said otherwise."""
    return Parcel(message(), attempts=1, channel="", face=face(replace(entry(), **changes)))  # type: ignore[arg-type]


async def send(slack: SlackServer, sink: SlackSink, sent: Parcel) -> Delivered:
    outcome = await sink.deliver(sent, slack.state.channel("ml-alerts").id)
    assert isinstance(outcome, Delivered), outcome
    return outcome


async def test_a_post_goes_to_a_channel_s_id_and_its_receipt_says_where_it_is(
    slack: SlackServer, sink: SlackSink
) -> None:
    outcome = await send(slack, sink, parcel())
    (post,) = slack.state.posts("ml-alerts")
    assert outcome.receipt == Receipt(post.channel, post.ts)
    assert post.args["channel"] == slack.state.channel("ml-alerts").id


async def test_a_post_carries_a_sentence_blocks_and_its_key(slack: SlackServer, sink: SlackSink) -> None:
    await send(slack, sink, parcel())
    (post,) = slack.state.posts("ml-alerts")
    assert "nightly-1" in post.text
    assert "job_00001" in rendered_text(post)
    assert post.metadata == {"event_type": "jobsbot_message", "event_payload": {"key": "m1"}}


@pytest.mark.parametrize("plain", [False, True])
async def test_nothing_is_unfurled_or_parsed(slack: SlackServer, sink: SlackSink, *, plain: bool) -> None:
    if plain:
        slack.fault(faults.refused("invalid_blocks"), method="chat.postMessage")
    await send(slack, sink, parcel())
    (post,) = slack.state.posts("ml-alerts")
    assert (post.args["unfurl_links"], post.args["unfurl_media"], post.args["parse"]) == (False, False, "none")
    assert not post.args.get("link_names")


@pytest.mark.parametrize("plain", [False, True])
async def test_what_a_job_says_of_itself_rings_nobody_and_links_nothing(
    slack: SlackServer, sink: SlackSink, *, plain: bool
) -> None:
    if plain:
        slack.fault(faults.refused("invalid_blocks"), method="chat.postMessage")
    await send(slack, sink, parcel(name=HOSTILE, error=HOSTILE, pipeline=HOSTILE))
    (post,) = slack.state.posts("ml-alerts")
    assert (rings(post), links(post)) == (set(), set())
    assert "<!channel> *x* & <http://evil|click>" in rendered_text(post)


async def test_a_key_that_slack_will_not_take_is_left_out(slack: SlackServer, sink: SlackSink) -> None:
    slack.fault(faults.refused("invalid_metadata_format"), method="chat.postMessage")
    outcome = await send(slack, sink, parcel())
    (post,) = slack.state.posts("ml-alerts")
    assert (post.metadata, "invalid_metadata_format" in outcome.degraded) == (None, True)


async def test_plain_text_says_as_much(slack: SlackServer, sink: SlackSink) -> None:
    slack.fault(faults.refused("msg_blocks_too_long"), method="chat.postMessage")
    await send(slack, sink, parcel())
    (post,) = slack.state.posts("ml-alerts")
    assert all(word in post.text for word in ("nightly-1", "job_00001", "machine-state", "out of memory"))
