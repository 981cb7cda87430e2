"""What each of Slack's errors means for a message: the classes of Slack's own documentation, row by row."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.core.messages import About, Delivered, Outcome, Parcel, Refused, Scope, TryLater, Unknown
from bot.core.threads import Said, thread_reply
from bot.sandbox import slack_faults as faults
from bot.sandbox.slack_server import SlackServer
from bot.slack.channels import Channels
from bot.slack.errors import is_payload, outcome_of
from bot.slack.sink import SlackSink
from tests.samples import NOW, Clock, card, entry, face, message
from tests.world import slack_client

CREDENTIALS = """not_authed invalid_auth account_inactive token_revoked token_expired not_allowed_token_type
    org_login_required two_factor_setup_required access_denied accesslimited app_access_restricted"""
ROUTE = """missing_scope channel_not_found not_in_channel is_archived is_inactive restricted_action
    restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_non_threadable_channel
    restricted_action_thread_locked ekm_access_denied no_permission messages_tab_disabled team_not_found
    message_limit_exceeded posting_to_channel_denied"""
PAYLOAD = """invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text invalid_attachments
    too_many_attachments attachment_payload_limit_exceeded markdown_text_conflict metadata_too_large
    invalid_metadata_format invalid_metadata_schema invalid_metadata_key
    metadata_must_be_sent_from_app invalid_arguments invalid_arg_name invalid_array_arg
    invalid_charset invalid_form_data invalid_post_type missing_post_type block_mismatch view_too_large"""
WAIT = "ratelimited rate_limited external_channel_migrating team_added_to_org"
IN_DOUBT = """internal_error fatal_error request_timeout service_unavailable update_failed
    duplicate_message_not_found duplicate_channel_not_found something_new"""


REPLY = Parcel(
    thread_reply(card(), About.STEPS, Said((entry(kind="retried"),)), NOW, NOW),
    attempts=1,
    channel=None,
    thread="1.000001",
)


@pytest.fixture
async def sink(slack: SlackServer) -> AsyncIterator[SlackSink]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        client = slack_client(slack, session)
        yield SlackSink(client, Channels(client, Clock()))


async def send(slack: SlackServer, sink: SlackSink, fault: faults.Kind) -> Outcome:
    slack.fault(fault, method="chat.postMessage", times=None)
    channel = slack.state.channel("ml-alerts").id
    return await sink.deliver(Parcel(message(), attempts=1, channel=channel, face=face()), channel)


@pytest.mark.parametrize("error", CREDENTIALS.split())
async def test_refused_credentials_concern_everything(slack: SlackServer, sink: SlackSink, error: str) -> None:
    assert await send(slack, sink, faults.refused(error)) == Refused(error, Scope.WORKSPACE)


@pytest.mark.parametrize("error", ROUTE.split())
async def test_a_route_that_must_be_mended_concerns_its_channel(
    slack: SlackServer, sink: SlackSink, error: str
) -> None:
    assert await send(slack, sink, faults.refused(error)) == Refused(error, Scope.CHANNEL)


async def test_a_missing_scope_is_named(slack: SlackServer, sink: SlackSink) -> None:
    outcome = await send(slack, sink, faults.refused("missing_scope", needed="chat:write", provided="commands"))
    assert outcome == Refused("missing_scope (needed: chat:write)", Scope.CHANNEL)


@pytest.mark.parametrize("error", PAYLOAD.split())
async def test_a_form_that_is_refused_is_tried_once_more_as_plain_text(
    slack: SlackServer, sink: SlackSink, error: str
) -> None:
    assert await send(slack, sink, faults.refused(error)) == Refused(error, Scope.MESSAGE)
    *first, last = (call.args for call in slack.state.calls)
    assert ("blocks" in first[-1], "blocks" in last) == (True, False)
    assert ("metadata" in last) == ("metadata" not in error)


@pytest.mark.parametrize("error", [error for error in PAYLOAD.split() if "metadata" in error])
async def test_a_key_that_is_refused_is_left_out_and_the_form_stays(
    slack: SlackServer, sink: SlackSink, error: str
) -> None:
    slack.fault(faults.refused(error), method="chat.postMessage")
    outcome = await sink.deliver(Parcel(message(), 1, None, face=face()), slack.state.channel("ml-alerts").id)
    assert isinstance(outcome, Delivered)
    (post,) = slack.state.posts("ml-alerts")
    assert (post.metadata, bool(post.blocks)) == (None, True)


@pytest.mark.parametrize("why", ["non_threadable_channel", "thread_locked"])
async def test_where_a_thread_takes_no_reply_it_stands_in_the_channel(
    slack: SlackServer, sink: SlackSink, why: str
) -> None:
    slack.fault(faults.refused(f"restricted_action_{why}"), method="chat.postMessage")
    outcome = await sink.deliver(REPLY, slack.state.channel("ml-alerts").id)
    assert isinstance(outcome, Delivered)
    (post,) = slack.state.top_level("ml-alerts")
    assert "nightly-1" in post.text


@pytest.mark.parametrize("error", WAIT.split())
async def test_what_passes_by_itself_waits_for_that_channel(slack: SlackServer, sink: SlackSink, error: str) -> None:
    outcome = await send(slack, sink, faults.refused(error))
    assert outcome == TryLater(f"Slack asks to wait: {error}", None, Scope.CHANNEL)


async def test_a_rate_limit_names_its_time(slack: SlackServer, sink: SlackSink) -> None:
    outcome = await send(slack, sink, faults.rate_limited(7))
    assert outcome == TryLater("Slack asks to wait: ratelimited", 7.0, Scope.CHANNEL)


async def test_a_rate_limit_without_a_body_waits_all_the_same(slack: SlackServer, sink: SlackSink) -> None:
    outcome = await send(slack, sink, faults.EMPTY_429)
    assert outcome == TryLater("Slack asks to wait: HTTP 429", None, Scope.CHANNEL)


@pytest.mark.parametrize(
    ("header", "after"), [("2.5", 2.5), ("soon", None), ("-1", None), ("nan", None), ("1e9", 3600)]
)
async def test_a_time_to_wait_is_read_with_care(
    slack: SlackServer, sink: SlackSink, header: str, after: float | None
) -> None:
    effect = faults.Reply(429, headers={"Retry-After": header})
    outcome = await send(slack, sink, faults.Kind(effect))
    assert isinstance(outcome, TryLater)
    assert outcome.after == after


@pytest.mark.parametrize("error", IN_DOUBT.split())
async def test_the_rest_may_have_come_after_the_work_was_done(slack: SlackServer, sink: SlackSink, error: str) -> None:
    outcome = await send(slack, sink, faults.refused(error))
    assert outcome == Unknown(f"Slack answered {error}")
    assert len(slack.state.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.HTML_502,
        faults.http_error(500),
        faults.http_error(503),
        faults.http_error(408),
        faults.DROPPED,
        faults.LOST_REPLY,
        faults.ERROR_AFTER_WORK,
        faults.GARBAGE_AFTER_WORK,
        faults.http_error(200, "[]", "application/json"),
        faults.http_error(200, "null", "application/json"),
        faults.http_error(200, "{}", "application/json"),
        faults.http_error(200, '{"ok": true}', "application/json"),
        faults.http_error(200, '{"ok": true, "channel": "C1", "ts": 1}', "application/json"),
        faults.http_error(200, "[1]", "application/json"),
        faults.http_error(200, "[" * 100_000, "application/json"),
        faults.http_error(200, "Sign in to the network", "text/plain"),
    ],
)
async def test_an_unreadable_answer_or_a_broken_connection_leaves_a_doubt_and_no_second_post(
    slack: SlackServer, sink: SlackSink, fault: faults.Kind
) -> None:
    assert isinstance(await send(slack, sink, fault), Unknown)
    assert len(slack.state.calls) == 1


async def test_an_answer_that_does_not_come_leaves_a_doubt(slack: SlackServer, sink: SlackSink) -> None:
    assert await send(slack, sink, faults.stall()) == Unknown("Slack did not answer in time")


async def test_nobody_there_is_surely_not_sent(slack: SlackServer, sink: SlackSink) -> None:
    await slack.__aexit__(None, None, None)
    outcome = await sink.deliver(Parcel(message(), 1, "C1", face=face()), "C1")
    assert isinstance(outcome, TryLater)
    assert outcome.scope is Scope.MESSAGE


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectionError("cannot send Authorization: Bearer xoxb-1-0123456789abcdef"),
        ValueError("wss://wss.example/?ticket=0123456789abcdef is no address"),
        SlackApiError("no", {"ok": False, "error": "not xapp-1-0123456789abcdef"}),  # type: ignore[no-untyped-call]
        SlackApiError("no", {"error": "missing_scope", "needed": "xoxb-0123456789abcdef"}),  # type: ignore[no-untyped-call]
    ],
)
def test_a_token_in_an_error_is_left_out(error: Exception) -> None:
    assert "0123456789abcdef" not in outcome_of(error).reason


def test_a_bug_is_no_outcome() -> None:
    with pytest.raises(ZeroDivisionError):
        outcome_of(ZeroDivisionError())


def test_only_slack_refuses_a_form() -> None:
    assert not is_payload(TimeoutError())
    assert is_payload(SlackApiError("", {"ok": False, "error": "invalid_blocks"}))  # type: ignore[no-untyped-call]


async def test_warnings_that_come_with_a_yes_are_no_trouble(slack: SlackServer, sink: SlackSink) -> None:
    body = '{"ok": true, "channel": "C1", "ts": "1.000001", "warning": "missing_charset"}'
    assert isinstance(await send(slack, sink, faults.http_error(200, body, "application/json")), Delivered)
