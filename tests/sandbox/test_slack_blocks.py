"""What the sandbox takes and refuses as blocks: one row for each limit of Slack that a bot may run into."""

import pytest

from bot.sandbox.blocks import Surface, form_problems, metadata_problem, problems
from bot.sandbox.slack_wire import Wire

PLAIN: Wire = {"type": "plain_text", "text": "Show"}
MRKDWN: Wire = {"type": "mrkdwn", "text": "*3* jobs"}
BUTTON: Wire = {"type": "button", "text": PLAIN, "action_id": "show", "value": "show job_1"}
SECTION: Wire = {"type": "section", "text": MRKDWN}


def raw(text: str) -> Wire:
    return {"type": "raw_text", "text": text}


def rich(*elements: Wire) -> Wire:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def table(rows: int, columns: int, text: str = "x") -> Wire:
    return {"type": "table", "rows": [[raw(text)] * columns] * rows}


def plain(length: int) -> Wire:
    return {"type": "plain_text", "text": "x" * length}


def chart(**chart: object) -> Wire:
    return {"type": "data_visualization", "title": "Failures", "chart": chart}


DATE: Wire = {"type": "date", "timestamp": 1790000000, "format": "{date_short} {time}", "fallback": "then"}
INLINE: list[Wire] = [
    {"type": "text", "text": "failed", "style": {"bold": True, "code": True}},
    {"type": "link", "url": "https://jobs.example/1", "text": "job"},
    {"type": "user", "user_id": "U0SANDBOX1"},
    {"type": "usergroup", "usergroup_id": "S0SANDBOX1"},
    {"type": "broadcast", "range": "here"},
    {"type": "channel", "channel_id": "C0SANDBX001"},
    {"type": "emoji", "name": "warning"},
    DATE,
]
LIST: Wire = {"type": "rich_text_list", "style": "bullet", "elements": rich(INLINE[0])["elements"]}
FINE: dict[str, Wire] = {
    "section": SECTION,
    "section with fields and accessory": {"type": "section", "fields": [PLAIN, MRKDWN], "accessory": BUTTON},
    "header": {"type": "header", "text": PLAIN},
    "divider": {"type": "divider"},
    "image": {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "chart"},
    "context": {"type": "context", "elements": [MRKDWN, PLAIN]},
    "actions": {"type": "actions", "elements": [BUTTON, {**BUTTON, "action_id": "next"}]},
    "rich text with every element": rich(*INLINE),
    "rich text list": {"type": "rich_text", "elements": [LIST]},
    "rich text quote": {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": INLINE}]},
    "preformatted": {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "OOM"}], "border": 0}],
    },
    "table": {**table(100, 20, "xxxx"), "column_settings": [{"align": "right"}, None]},
    "table with rich text": {"type": "table", "rows": [[rich(INLINE[1])]]},
    "data_table": {"type": "data_table", "caption": "Jobs", "rows": [[raw("a")], [raw("b")]]},
    "markdown": {"type": "markdown", "text": "**bold**"},
    "card": {"type": "card", "title": PLAIN, "body": MRKDWN, "actions": [BUTTON]},
    "pie": chart(type="pie", segments=[{"label": "failed", "value": 3}]),
    "bar": chart(
        type="bar",
        series=[{"name": "failed", "data": [{"label": "Mon", "value": 1.5}]}],
        axis_config={"categories": ["Mon"], "x_label": "day"},
    ),
}
REFUSED: dict[str, tuple[Wire, str]] = {
    "unknown block": ({"type": "jumbotron"}, "unsupported type"),
    "no type": ({"text": PLAIN}, "unsupported type"),
    "unknown field": ({**SECTION, "colour": "red"}, "additional property: colour"),
    "section without text": ({"type": "section"}, "one of text, fields"),
    "empty text": ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "/blocks/0/text/text"),
    "text that is no string": ({"type": "section", "text": {"type": "mrkdwn", "text": 5}}, "must be a string"),
    "long section": ({"type": "section", "text": plain(3001)}, "less than 3001"),
    "long field": ({"type": "section", "fields": [plain(2001)]}, "less than 2001"),
    "11 fields": ({"type": "section", "fields": [PLAIN] * 11}, "no more than 10"),
    "mrkdwn in a header": ({"type": "header", "text": MRKDWN}, "unsupported type: mrkdwn"),
    "long header": ({"type": "header", "text": plain(151)}, "less than 151"),
    "11 context elements": ({"type": "context", "elements": [PLAIN] * 11}, "no more than 10"),
    "button in a context": ({"type": "context", "elements": [BUTTON]}, "unsupported type: button"),
    "no actions": ({"type": "actions", "elements": []}, "at least 1"),
    "26 actions": ({"type": "actions", "elements": [{**BUTTON, "action_id": f"a{n}"} for n in range(26)]}, "25"),
    "mrkdwn in a button": ({"type": "actions", "elements": [{**BUTTON, "text": MRKDWN}]}, "unsupported"),
    "long button": ({"type": "actions", "elements": [{**BUTTON, "text": plain(76)}]}, "less than 76"),
    "long value": ({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}, "less than 2001"),
    "unknown style": ({"type": "actions", "elements": [{**BUTTON, "style": "shouting"}]}, "primary, danger"),
    "same action_id twice": ({"type": "actions", "elements": [BUTTON, BUTTON]}, "already exists"),
    "image without alt_text": ({"type": "image", "image_url": "https://example.com/a.png"}, "alt_text"),
    "image with two sources": ({**FINE["image"], "slack_file": {"id": "F0000001"}}, "exactly one"),
    "table of 101 rows": (table(101, 1), "no more than 100"),
    "table of 21 columns": (table(1, 21), "no more than 20"),
    "empty cell": (table(1, 1, ""), "/blocks/0/rows/0/0/text"),
    "table of 10,001 characters": (table(1, 1, "x" * 10_001), "less than 10001"),
    "table across cells": (table(11, 1, "x" * 1_000), "over all table blocks"),
    "mrkdwn cell": ({"type": "table", "rows": [[MRKDWN]]}, "unsupported type: mrkdwn"),
    "uneven data_table": ({**FINE["data_table"], "rows": [[raw("a")], [raw("b"), raw("c")]]}, "same number"),
    "rich header of a data_table": ({**FINE["data_table"], "rows": [[rich(DATE)], [raw("a")]]}, "rich_text"),
    "rich text without elements": ({"type": "rich_text", "elements": []}, "at least 1"),
    "text outside a section": ({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "unsupported"),
    "empty rich text": (rich({"type": "text", "text": ""}), "more than 0"),
    "mrkdwn in rich text": (rich(MRKDWN), "unsupported type: mrkdwn"),
    "unknown text style": (rich({**INLINE[0], "style": {"blink": True}}), "blink"),
    "timestamp as text": (rich({**DATE, "timestamp": "1790000000"}), "must be an integer"),
    "broadcast to all": (rich({"type": "broadcast", "range": "all"}), "here, channel, everyone"),
    "user by name": (rich({"type": "user", "user_id": "ada"}), "wrong form"),
    "emoji in code": (
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [DATE]}]},
        "unsupported type: date",
    ),
    "alert in a message": ({"type": "alert", "text": PLAIN}, "not available in a message"),
    "long markdown": ({"type": "markdown", "text": "x" * 12_001}, "less than 12001"),
    "long chart label": (chart(type="pie", segments=[{"label": "x" * 21, "value": 3}]), "less than 21"),
    "unknown chart": (chart(type="radar"), "unsupported type: radar"),
}


@pytest.mark.parametrize("name", FINE)
def test_a_block_within_the_limits_is_taken(name: str) -> None:
    assert problems([FINE[name]]) == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_block_beyond_a_limit_is_refused_with_a_pointer(name: str) -> None:
    block, words = REFUSED[name]
    found = problems([block])
    assert words in found[0]
    assert "json-pointer:/blocks" in found[0]


def test_a_message_takes_50_blocks_and_a_modal_100() -> None:
    assert problems([SECTION] * 50) == []
    assert "no more than 50" in problems([SECTION] * 51)[0]
    assert problems([SECTION] * 100, surface=Surface.MODAL) == []


def test_an_alert_belongs_in_a_modal_and_a_table_does_not() -> None:
    assert problems([{"type": "alert", "text": PLAIN}], surface=Surface.MODAL) == []
    assert "not available in a modal" in problems([table(1, 1)], surface=Surface.MODAL)[0]


def test_a_message_has_one_table_and_two_charts_at_most() -> None:
    assert "only_one_table_allowed" in problems([table(1, 1), table(1, 1)])[0]
    assert "data_visualization" in problems([FINE["pie"]] * 3)[0]


def test_a_block_id_stands_once_in_a_message() -> None:
    assert "already exists" in problems([{**SECTION, "block_id": "one"}] * 2)[0]


def test_the_sum_of_all_text_is_limited_but_not_through_a_response_url() -> None:
    long = [{"type": "section", "text": plain(2_900)}] * 5
    assert problems(long[:4]) == []
    assert "msg_blocks_too_long" in problems(long)[0]
    assert form_problems(long) == []


@pytest.mark.parametrize(
    ("metadata", "word"),
    [
        ({"event_type": "jobsbot_message", "event_payload": {"key": "k", "n": 1, "list": ["a"]}}, None),
        ({"event_type": "jobsbot.message", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "m"}, "invalid_metadata_schema"),
        ({"event_type": "m", "event_payload": {"deep": {"er": {"est": 1}}}}, "invalid_metadata_schema"),
        ({"event_type": "m", "event_payload": {"k": "x" * 9_000}}, "metadata_too_large"),
        ("m", "invalid_metadata_format"),
    ],
)
def test_metadata_is_flat_and_its_type_has_letters_digits_and_underscores(metadata: object, word: str | None) -> None:
    assert metadata_problem(metadata) == word
