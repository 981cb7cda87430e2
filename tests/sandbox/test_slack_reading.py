"""What people read, who is rung and what is linked: the three questions asked of every message."""

import pytest

from bot.sandbox.reading import links, rendered_text, rings
from bot.sandbox.slack_wire import Wire


def section(text: str, **more: object) -> Wire:
    return {"text": "fallback", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text, **more}}]}


def plain(text: str) -> Wire:
    return {"text": "fallback", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": text}}]}


def rich(*elements: Wire) -> Wire:
    inner = {"type": "rich_text_section", "elements": list(elements)}
    return {"text": "fallback", "blocks": [{"type": "rich_text", "elements": [inner]}]}


def text(words: str) -> Wire:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ({"text": "a &lt; b &amp;amp; c"}, "a < b &amp; c"),
        (section("<https://x.example|job> of <@U1> in <#C1|ml>"), "job of @U1 in ml"),
        (section("since <!date^1^{time}|10:42> <!here>"), "since 10:42 @here"),
        (plain("a &lt; b"), "a &lt; b"),
        (rich(text("a <b> "), {"type": "link", "url": "https://x.example"}), "a <b> https://x.example"),
        (rich({"type": "date", "timestamp": 1, "format": "{time}", "fallback": "10:42"}), "10:42"),
        (rich({"type": "user", "user_id": "U1"}, {"type": "emoji", "name": "x"}), "@U1:x:"),
        ({"blocks": [{"type": "divider"}]}, "---"),
        ({}, ""),
    ],
)
def test_a_message_is_read_as_its_blocks_show_it(message: Wire, read: str) -> None:
    assert rendered_text(message) == read


def test_a_table_is_read_row_by_row_and_a_list_item_by_item() -> None:
    cells = [{"type": "raw_text", "text": "job"}, rich(text("failed"))["blocks"][0]]
    item = {"type": "rich_text_section", "elements": [text("one")]}
    listed = {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [item]}]}
    message = {"text": "", "blocks": [{"type": "table", "rows": [cells, cells]}, listed]}
    assert rendered_text(message).splitlines() == ["job | failed", "job | failed", "• one"]


def test_buttons_and_fields_are_read_too() -> None:
    label = {"type": "plain_text", "text": "Next"}
    blocks = [
        {"type": "section", "fields": [label, label]},
        {"type": "actions", "elements": [{"type": "button", "text": label}]},
        {"type": "context", "elements": [label, {"type": "image", "alt_text": "red"}]},
    ]
    assert rendered_text({"blocks": blocks}).splitlines() == ["Next", "Next", "[Next]", "Next red"]


@pytest.mark.parametrize(
    ("message", "rung"),
    [
        ({"text": "<!channel> <@U1> <!subteam^S1|@oncall>"}, {"channel", "U1", "S1"}),
        ({"text": "&lt;!channel&gt; @here"}, set()),
        ({"text": "@here", "parse": "full"}, {"here"}),
        (section("<!here|here> <@W1|w>"), {"here", "W1"}),
        (section("ask @channel"), {"channel"}),
        (section("ask @channel", verbatim=True), set()),
        (section("&lt;!everyone&gt;", verbatim=True), set()),
        (plain("<!channel> <@U1> @here"), set()),
        (rich(text("<!channel> <@U1> @here")), set()),
        (rich({"type": "user", "user_id": "U1"}, {"type": "broadcast", "range": "here"}), {"U1", "here"}),
        (rich({"type": "usergroup", "usergroup_id": "S1"}), {"S1"}),
        ({"text": "<@U1>", "blocks": plain("x")["blocks"]}, {"U1"}),
    ],
)
def test_a_message_rings_those_whom_slack_would_ring(message: Wire, rung: set[str]) -> None:
    assert rings(message) == rung


@pytest.mark.parametrize(
    ("message", "linked"),
    [
        ({"text": "see https://x.example/a?b=1&amp;c=2"}, {"https://x.example/a?b=1&c=2"}),
        ({"text": "see https://x.example", "parse": "none"}, set()),
        ({"text": "<https://x.example|bank>", "parse": "none"}, {"https://x.example"}),
        ({"text": "https://x.example", "blocks": plain("x")["blocks"]}, set()),
        (section("https://x.example <mailto:a@x.example|a>"), {"https://x.example", "mailto:a@x.example"}),
        (section("https://x.example", verbatim=True), set()),
        (section("&lt;https://x.example|bank&gt;", verbatim=True), set()),
        (section("<!date^1^{time}^https://x.example|then>"), {"https://x.example"}),
        (plain("https://x.example"), set()),
        (rich(text("https://x.example <https://y.example>")), set()),
        (rich({"type": "link", "url": "https://x.example"}), {"https://x.example"}),
        ({"blocks": [{"type": "markdown", "text": "[bank](https://x.example)"}]}, {"https://x.example"}),
    ],
)
def test_a_message_links_what_slack_would_link(message: Wire, linked: set[str]) -> None:
    assert links(message) == linked
