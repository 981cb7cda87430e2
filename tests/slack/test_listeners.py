"""What people do in Slack, through Socket Mode and through signed requests: acknowledged at once, answered where it
was done, and never met with silence.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import pytest
from prometheus_client import CollectorRegistry
from slack_sdk.signature import SignatureVerifier

from bot.answer import answer
from bot.app import slack_session
from bot.core.commands import Command
from bot.core.replies import Note, Reply
from bot.sandbox import slack_faults as faults
from bot.sandbox.reading import links, rendered_text, rings
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_gestures import event_payload
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_wire import Wire
from bot.server import routes, serve
from bot.slack import http, socket
from bot.slack.listeners import UnderWay, build_app
from bot.store.store import open_store
from tests.samples import EVERY, HOUR, KEEP, NOW, job, listing, take_in
from tests.world import slack_client

HOSTILE = "<!channel> *x* & <http://evil|click>"


@dataclass(slots=True)
class Desk:
    """The listeners at work over a store with thirty failed jobs and a running one. `trouble` befalls every answer."""

    slack: SlackServer
    asked: list[Command]
    under_way: UnderWay
    trouble: Exception | None = None
    reply: Reply | None = None

    async def answer_to(self, text: str) -> Wire:
        return await (await self.slack.slash(text)).answer()


@pytest.fixture(params=["socket", "http"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer())
        store = await stack.enter_async_context(open_store(tmp_path / "state.db", KEEP))
        session = await stack.enter_async_context(slack_session())
        failed = [job(number, name="", error=HOSTILE, failed_at=NOW - HOUR - number) for number in range(30)]
        await take_in(store, listing([*failed, job(99, status="RUNNING", name=HOSTILE, failed_at=None)]))
        desk = Desk(slack, [], UnderWay())

        async def ask(command: Command) -> Reply:
            desk.asked.append(command)
            if desk.trouble:
                raise desk.trouble
            return desk.reply or await answer(command, store.archive, {}, EVERY, NOW)

        app = build_app(slack_client(slack, session), slack.signing_secret, ask, desk.under_way)
        if request.param == "http":
            handle = partial(http.handle, app, SignatureVerifier(slack.signing_secret))
            site = routes(list, list, CollectorRegistry(), handle)
            port = await stack.enter_async_context(serve(site, "127.0.0.1", 0))
            slack.request_url = f"http://127.0.0.1:{port}/slack/events"
        else:
            listening = asyncio.create_task(socket.listen(app, slack.app_token, lambda _: None))
            stack.push_async_callback(_end, listening)
            await slack.wait_for_socket(5)
        yield desk


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def buttons(answer: Wire) -> dict[str, Wire]:
    """The buttons of an answer by what stands on them."""
    elements = [element for block in answer["blocks"] for element in block.get("elements", [])]
    return {element["text"]["text"]: element for element in elements if element.get("type") == "button"}


async def click(desk: Desk, answer: Wire, label: str) -> Exchange:
    return await desk.slack.click(message=answer, action=buttons(answer)[label])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "30"),
        ("failed", "job_00000"),
        ("running", "job_00099"),
        ("pending", "pending"),
        ("admitted", "admitted"),
        ("completed", "completed"),
        ("cancelled", "cancelled"),
        ("preempted", "preempted"),
        ("active", "job_00099"),
        ("all limit:50", "job_00099"),
        ("show job_00099", "job_00099"),
        ("health", "31 jobs"),
        ("help", "/jobs failed"),
        ("Fail PIPELINES:machine-* “memory”", "0"),
        ("failde", "failed"),
    ],
)
async def test_everything_that_can_be_asked_is_answered_to_the_asker_alone(desk: Desk, text: str, says: str) -> None:
    exchange = await desk.slack.slash(text)
    answer = await exchange.answer()
    assert exchange.acked
    assert answer["response_type"] == "ephemeral"
    assert answer["text"]
    assert says in rendered_text(answer)
    assert desk.slack.state.posts("general") == []


async def test_an_acknowledgement_takes_no_time(desk: Desk) -> None:
    taken = []
    for _ in range(15):
        exchange = await desk.slack.slash("failed")
        await exchange.answer()
        taken.append(exchange.ack_seconds)
    assert median(taken) < 0.05


async def test_what_jobs_say_of_themselves_rings_nobody_and_links_nothing(desk: Desk) -> None:
    for text in ("all limit:50", "show job_00099", "show job_00001", "share active"):
        answer = await desk.answer_to(text)
        assert (rings(answer) - {SlackServer.default_user}, links(answer)) == (set(), set())
    assert HOSTILE in rendered_text(await desk.answer_to("show job_00099"))


async def test_what_slack_has_escaped_is_understood(desk: Desk) -> None:
    answer = await desk.answer_to(f'active "{HOSTILE[:11]}"')
    assert "job_00099" in rendered_text(answer)


async def test_next_and_previous_edit_the_answer_in_place(desk: Desk) -> None:
    first = await desk.answer_to("failed limit:20")
    second = await (await click(desk, first, "Next →")).answer()
    assert (second["ts"], "job_00025" in rendered_text(second)) == (first["ts"], True)
    again = await (await click(desk, second, "← Previous")).answer()
    assert (again["ts"], rendered_text(again)) == (first["ts"], rendered_text(first))
    assert "Next →" not in buttons(second)


async def test_share_posts_the_answer_to_the_channel_and_says_who(desk: Desk) -> None:
    answer = await desk.answer_to("running")
    await (await click(desk, answer, "Share")).answer()
    (post,) = desk.slack.state.posts("general")
    assert "job_00099" in rendered_text(post)
    assert SlackServer.default_user in str(post.blocks)


@pytest.mark.parametrize("text", ["", "failed", "show job_00099", "show job_000", "health", "help"])
async def test_every_answer_can_be_shared(desk: Desk, text: str) -> None:
    answer = await desk.answer_to(text)
    await (await click(desk, answer, "Share")).answer()
    (post,) = desk.slack.state.posts("general")
    assert post.text == answer["text"]


async def test_of_many_jobs_that_fit_all_can_be_listed_page_by_page(desk: Desk) -> None:
    answer = await desk.answer_to("show job_000")
    assert "the newest 10 of 31" in rendered_text(answer)
    first = await (await click(desk, answer, "List all")).answer()
    assert "31 match" in rendered_text(first)
    assert "Next →" in buttons(first)


async def test_an_answer_that_everybody_sees_has_no_buttons_to_change_it_with(desk: Desk) -> None:
    assert buttons(await desk.answer_to("share failed")) == {}


async def test_the_buttons_of_the_overview_answer_in_its_place(desk: Desk) -> None:
    overview = await desk.answer_to("")
    for label in ("Failed", "Running", "Active", "Health", "Help"):
        answer = await (await click(desk, overview, label)).answer()
        assert answer["ts"] == overview["ts"]


async def test_every_button_s_value_is_a_command(desk: Desk) -> None:
    for text in ("", "failed", "show job_00099", "show job_000", "health", "help"):
        for button in buttons(await desk.answer_to(text)).values():
            exchange = await desk.slack.slash(button["value"])
            assert not isinstance(desk.asked[-1], Note)
            assert (await exchange.answer())["text"]


async def test_a_mention_is_answered_in_its_thread(desk: Desk) -> None:
    exchange = await desk.slack.mention("failed")
    answer = await exchange.answer()
    (asked, post) = desk.slack.state.posts("general")
    assert (post.thread_ts, answer["ts"]) == (asked.ts, post.ts)
    assert "job_00000" in rendered_text(post)


async def test_a_mention_may_stand_within_a_sentence(desk: Desk) -> None:
    exchange = await desk.slack.mention(f"hey <@{desk.slack.state.bot_user_id}> failed please")
    assert "job_00000" in rendered_text(await exchange.answer())


async def test_a_mention_within_a_thread_is_answered_there(desk: Desk) -> None:
    await (await desk.slack.mention("failed")).answer()
    (asked, _) = desk.slack.state.posts("general")
    await desk.slack.mention("running", thread_ts=asked.ts)
    post = await desk.slack.state.wait_for(lambda post: "job_00099" in rendered_text(post), 5)
    assert post.thread_ts == asked.ts


async def test_a_mention_that_is_delivered_twice_is_answered_once(desk: Desk) -> None:
    exchange = await desk.slack.mention("running")
    await exchange.answer()
    asked = desk.slack.state.posts("general")[0]
    event = {"type": "app_mention", "user": asked.user, "text": asked.text, "ts": asked.ts, "channel": asked.channel}
    assert (await desk.slack.send_envelope("events_api", event_payload(desk.slack.state, event))).acked
    await (await desk.slack.mention("health")).answer()
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        ("interactive", {"type": "shortcut", "callback_id": "new", "trigger_id": "1", "action_ts": "1"}),
        ("interactive", {"type": "message_action", "callback_id": "new", "trigger_id": "1", "action_ts": "1"}),
        ("interactive", {"type": "view_submission", "view": {"id": "V1", "callback_id": "new", "type": "modal"}}),
        ("interactive", {"type": "view_closed", "view": {"id": "V1", "callback_id": "new", "type": "modal"}}),
        ("interactive", {"type": "block_suggestion", "action_id": "new", "block_id": "b", "value": "x"}),
        ("interactive", {"type": "something_new"}),
        ("events_api", {"type": "event_callback", "event": {"type": "reaction_added", "user": "U0SANDBOX1"}}),
        ("events_api", {"type": "event_callback", "event": {"type": "something_new"}}),
        ("slash_commands", {"command": "/other", "text": "x", "user_id": "U0SANDBOX1", "channel_id": "C1"}),
    ],
    ids=lambda value: value.get("type", "command") if isinstance(value, dict) else "",
)
async def test_what_nobody_listens_to_is_acknowledged(desk: Desk, type_: str, payload: Wire) -> None:
    state = desk.slack.state
    envelope = {"team_id": state.team_id, "api_app_id": state.app_id, "user": {"id": "U0SANDBOX1"}, **payload}
    assert (await desk.slack.send_envelope(type_, envelope)).acked


async def test_a_link_button_is_acknowledged_and_asks_nothing(desk: Desk) -> None:
    answer = await desk.answer_to("running")
    action = {
        "type": "button",
        "action_id": "open",
        "text": {"type": "plain_text", "text": "Open"},
        "url": "https://x.example",
    }
    assert (await desk.slack.click(message=answer, action=action)).acked
    assert len(desk.asked) == 1


async def test_trouble_on_the_bot_s_side_is_said_to_the_asker_without_a_trace_of_it(desk: Desk) -> None:
    desk.trouble = RuntimeError("the disk is on fire")
    answer = await desk.answer_to("failed")
    assert "something is wrong on my side" in rendered_text(answer)
    assert "fire" not in str(answer)


async def test_trouble_in_the_words_of_an_answer_is_said_too(desk: Desk) -> None:
    desk.reply = Note(None, "")  # type: ignore[arg-type]  # a reply that cannot be rendered
    assert "something is wrong on my side" in rendered_text(await desk.answer_to("failed"))


async def test_trouble_with_a_mention_is_said_in_the_thread(desk: Desk) -> None:
    desk.trouble = RuntimeError("the disk is on fire")
    answer = await (await desk.slack.mention("failed")).answer()
    assert "something is wrong on my side" in rendered_text(answer)


@pytest.mark.parametrize("fault", [faults.http_error(404, "expired_url"), faults.http_error(500), faults.DROPPED])
async def test_an_answer_that_the_response_url_does_not_take_comes_as_an_ephemeral_post(
    desk: Desk, fault: faults.Kind
) -> None:
    desk.slack.fault(fault, method="response_url")
    await desk.slack.slash("running")
    post = await desk.slack.state.wait_for(lambda post: post.ephemeral_for is not None, 5)
    assert (post.ephemeral_for, "job_00099" in rendered_text(post)) == (SlackServer.default_user, True)


async def test_a_form_that_no_way_takes_comes_as_plain_text(desk: Desk) -> None:
    desk.slack.fault(faults.http_error(404, '{"ok":false,"error":"invalid_blocks"}'), method="response_url")
    desk.slack.fault(faults.refused("invalid_blocks"), method="chat.postEphemeral")
    await desk.slack.slash("running")
    post = await desk.slack.state.wait_for(lambda post: post.ephemeral_for is not None, 5)
    assert (post.blocks, "job_00099" in post.text) == ([], True)


async def test_a_shared_answer_that_the_response_url_does_not_take_is_posted(desk: Desk) -> None:
    desk.slack.fault(faults.http_error(404), method="response_url")
    await desk.slack.slash("share running")
    post = await desk.slack.state.wait_for(lambda post: post.ephemeral_for is None, 5)
    assert "job_00099" in rendered_text(post)


async def test_a_gesture_after_an_answer_that_got_lost_is_answered(desk: Desk) -> None:
    desk.slack.fault(faults.http_error(500), method="response_url")
    desk.slack.fault(faults.refused("user_not_in_channel"), method="chat.postEphemeral")
    await desk.slack.slash("failed")
    assert "job_00099" in rendered_text(await desk.answer_to("running"))


async def test_what_is_under_way_is_answered_before_the_end(desk: Desk) -> None:
    fault = faults.stall()
    desk.slack.fault(fault, method="response_url")
    exchange = await desk.slack.slash("running")
    ending = asyncio.create_task(desk.under_way.finish(5))
    desk.slack.clear_faults()
    await ending
    assert len(exchange.answers) == 1


async def test_an_answer_that_takes_too_long_does_not_hold_up_the_end(desk: Desk) -> None:
    desk.slack.fault(faults.stall(), method="response_url")
    exchange = await desk.slack.slash("running")
    await desk.under_way.finish(0)
    assert exchange.answers == []


@pytest.mark.parametrize("desk", ["socket"], indirect=True)
async def test_gestures_are_answered_after_slack_has_renewed_the_connection(desk: Desk) -> None:
    await desk.slack.disconnect_sockets("refresh_requested")
    await desk.slack.wait_for_socket(5)
    assert "job_00099" in rendered_text(await desk.answer_to("running"))
