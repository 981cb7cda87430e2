"""The page shows the simulated workspace and lets a person, or a script, talk to the bot."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp import web

from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.listening import listening
from bot.sandbox.page import Page
from bot.sandbox.slack_model import BOT_USER_ID, Message
from bot.sandbox.slack_server import SlackServer

NOON = 1_795_435_200.0
BUTTON = {
    "type": "button",
    "action_id": "next",
    "value": "page 2",
    "text": {"type": "plain_text", "text": "Next"},
}


@dataclass
class StandIn:
    """Acknowledges at once and answers a moment later, as the bot would."""

    world: JobsWorld
    slack: SlackServer
    alive: bool = True
    answers: bool = True
    page: httpx.AsyncClient = field(init=False)
    tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def receive(self, request: web.Request) -> web.Response:
        form = await request.post()
        gesture = json.loads(str(form["payload"])) if "payload" in form else {**form}
        if self.answers:
            self.tasks.add(asyncio.create_task(self.answer(gesture)))
        return web.Response()

    async def answer(self, gesture: Mapping[str, object]) -> None:
        clicked = "actions" in gesture
        words = "second page" if clicked else f"you asked for {gesture['text']}"
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": words}},
            {"type": "actions", "elements": [BUTTON]},
        ]
        body = {"text": words, "blocks": blocks, "replace_original": clicked}
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(str(gesture["response_url"]), json=body)


@pytest.fixture
async def sandbox() -> AsyncIterator[StandIn]:
    world = JobsWorld(now=lambda: NOON)
    async with SlackServer() as slack:
        stand_in = StandIn(world, slack)
        app = web.Application()
        app.router.add_post("/slack/events", stand_in.receive)
        async with (
            listening(app, 0) as port,
            Page(world, slack, port=0, bot_alive=lambda: stand_in.alive) as page,
            httpx.AsyncClient(base_url=page.url, trust_env=False) as stand_in.page,
        ):
            slack.request_url = f"http://127.0.0.1:{port}/slack/events"
            yield stand_in
            await asyncio.gather(*stand_in.tasks)


def messages(state: dict[str, list[dict[str, object]]], name: str) -> Iterator[dict[str, object]]:
    channel = next(each for each in state["channels"] if each["name"] == name)
    told = channel["messages"]
    assert isinstance(told, list)
    yield from told


async def test_the_page_is_one_file_without_anything_from_elsewhere(sandbox: StandIn) -> None:
    answer = await sandbox.page.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "innerHTML" not in answer.text
    assert "src=" not in answer.text
    assert "http://" not in answer.text


async def test_the_state_tells_channels_jobs_and_whether_the_bot_lives(sandbox: StandIn) -> None:
    sandbox.world.add(status="FAILED", age=60)
    state = (await sandbox.page.get("/state")).json()
    assert [channel["title"] for channel in state["channels"]] == ["#general", "#ml-alerts", "#ml-training"]
    assert (state["jobs"], state["bot_alive"]) == ({"FAILED": 1}, True)
    sandbox.alive = False
    assert (await sandbox.page.get("/state")).json()["bot_alive"] is False


async def test_the_state_tells_messages_as_they_read_with_replies_below_their_parent(
    sandbox: StandIn,
) -> None:
    state, alerts = sandbox.slack.state, sandbox.slack.state.channel("ml-alerts")
    first = state.post(alerts, Message(state.next_ts(), alerts.id, "one &amp; only", BOT_USER_ID))
    state.post(alerts, Message(state.next_ts(), alerts.id, "another", BOT_USER_ID))
    state.post(alerts, Message(state.next_ts(), alerts.id, "below", BOT_USER_ID, thread_ts=first.ts))
    told = list(messages((await sandbox.page.get("/state")).json(), "ml-alerts"))
    assert [each["text"] for each in told] == ["one & only", "below", "another"]
    assert [each["reply"] for each in told] == [False, True, False]


def say(sandbox: StandIn, text: str, thread: Message | None = None, *, broadcast: bool = False) -> Message:
    state, thread_ts = sandbox.slack.state, thread.ts if thread else None
    alerts = state.channel("ml-alerts")
    message = Message(state.next_ts(), alerts.id, text, BOT_USER_ID, thread_ts=thread_ts, reply_broadcast=broadcast)
    return state.post(alerts, message)


async def test_a_card_is_told_as_it_stands_with_how_often_it_was_edited(sandbox: StandIn) -> None:
    card = say(sandbox, "one failed")
    say(sandbox, "it got worse", card, broadcast=True)
    for text in ("two failed", "all run again"):
        sandbox.slack.state.edit(card, text=text, blocks=[], args={})
    told = list(messages((await sandbox.page.get("/state")).json(), "ml-alerts"))
    assert [(each["text"], each["edits"]) for each in told] == [("all run again", 2), ("it got worse", 0)]
    assert [each["broadcast"] for each in told] == [False, True]


async def test_a_card_deleted_by_hand_leaves_a_tombstone_above_its_thread_alone(sandbox: StandIn) -> None:
    card, other = say(sandbox, "one failed"), say(sandbox, "another")
    say(sandbox, "it got worse", card)
    for message in (card, other):
        wish = {"channel": message.channel, "ts": message.ts}
        assert (await sandbox.page.post("/delete", json=wish)).json() == {"deleted": message.ts}
        assert (await sandbox.page.post("/delete", json=wish)).status_code == 404
    told = list(messages((await sandbox.page.get("/state")).json(), "ml-alerts"))
    assert [each["text"] for each in told] == ["This message was deleted.", "it got worse"]


async def test_a_long_thread_crowds_out_no_other_card(sandbox: StandIn) -> None:
    say(sandbox, "first card")
    long = say(sandbox, "long story")
    for _ in range(70):
        say(sandbox, "and then", long)
    told = list(messages((await sandbox.page.get("/state")).json(), "ml-alerts"))
    assert (told[0]["text"], len(told)) == ("first card", 72)


async def test_a_command_comes_back_with_its_answer_and_how_long_it_took(sandbox: StandIn) -> None:
    answer = (await sandbox.page.post("/command", json={"text": "failed"})).json()
    assert answer["acked"] is True
    assert answer["text"] == "you asked for failed\n[Next]"
    assert 0 < answer["ack_ms"] <= answer["answer_ms"] < 3000
    assert answer["blocks"][1]["elements"] == [BUTTON]


async def test_a_command_that_is_not_answered_says_so(sandbox: StandIn) -> None:
    sandbox.answers = False
    async with (
        Page(sandbox.world, sandbox.slack, port=0, bot_alive=lambda: True, patience_seconds=0.01) as hasty,
        httpx.AsyncClient(base_url=hasty.url, trust_env=False) as client,
    ):
        answer = (await client.post("/command", json={"text": "failed"})).json()
    assert (answer["acked"], answer["answer_ms"], answer["text"]) == (True, None, "")


async def test_a_click_on_an_answer_edits_it_in_place(sandbox: StandIn) -> None:
    asked = (await sandbox.page.post("/command", json={"text": "failed"})).json()
    click = {"channel": asked["channel"], "ts": asked["ts"], "action_id": "next", "value": "page 2"}
    clicked = (await sandbox.page.post("/click", json=click)).json()
    assert (clicked["acked"], clicked["text"]) == (True, "second page\n[Next]")
    told = list(messages((await sandbox.page.get("/state")).json(), "general"))
    assert [each["text"] for each in told] == ["second page\n[Next]"]
    assert told[0]["ephemeral_for"] == "U0SANDBOX1"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/command", {"words": "failed"}, 400),
        ("/command", {"text": "failed", "channel": "nowhere"}, 400),
        ("/click", {"channel": "general"}, 400),
        ("/click", {"channel": "general", "ts": "1.0", "action_id": "next"}, 404),
        ("/delete", {"channel": "nowhere", "ts": "1.0"}, 400),
    ],
)
async def test_what_cannot_be_done_is_told_as_an_error(
    sandbox: StandIn, path: str, body: dict[str, str], status: int
) -> None:
    answer = await sandbox.page.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_port_in_use_is_an_error_of_the_system(sandbox: StandIn) -> None:
    taken = sandbox.page.base_url.port or 0
    with pytest.raises(OSError, match=str(taken)):
        async with Page(sandbox.world, sandbox.slack, port=taken, bot_alive=lambda: True):
            pass
