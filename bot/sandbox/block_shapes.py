"""The shapes of the blocks themselves: which fields each type must and may have, and how long they may be.
Data only; limits are those of Slack's block reference; where Slack publishes none, the strictest that was seen.
"""

from bot.sandbox.block_checks import (
    Check,
    anything,
    array,
    at_least_one,
    boolean,
    both,
    by_type,
    exactly_one,
    integer,
    one_of,
    shape,
    text,
    unique,
)
from bot.sandbox.block_elements import BUTTON, CONTEXT_PRESSED, FILLED_IN, IMAGE, IMAGE_FIELDS, PRESSED
from bot.sandbox.block_tables import DATA_TABLE, DATA_VISUALIZATION, TABLE
from bot.sandbox.block_texts import BLOCK_ID, RICH_TEXT, URL_MAX, any_text, plain_text

MARKDOWN_TEXT_MAX = 12_000


def _optional(**fields: Check) -> dict[str, Check]:
    return {**fields, **BLOCK_ID}


SECTION = both(
    shape(
        {},
        _optional(
            text=any_text(3_000),
            fields=array(any_text(2_000), 10),
            accessory=by_type({**PRESSED, "image": IMAGE}),
            expand=boolean,
        ),
    ),
    at_least_one("text", "fields"),
)
CONTEXT_ITEM = by_type(
    {"image": IMAGE} | {kind: any_text(3_000) for kind in ("plain_text", "mrkdwn")},
)
IMAGE_BLOCK = both(
    shape({"alt_text": text(2_000)}, {**IMAGE_FIELDS, "title": plain_text(2_000), **BLOCK_ID}),
    exactly_one("image_url", "slack_file"),
)
INPUT = shape(
    {"label": plain_text(2_000), "element": by_type(FILLED_IN)},
    _optional(hint=plain_text(2_000), optional=boolean, dispatch_action=boolean),
)
CARD = both(
    shape(
        {},
        _optional(
            title=any_text(150),
            subtitle=any_text(150),
            body=any_text(200),
            icon=by_type({"image": IMAGE}),
            hero_image=by_type({"image": IMAGE}),
            actions=both(array(by_type({"button": BUTTON}), 3), unique("action_id")),
        ),
    ),
    at_least_one("title", "body", "hero_image"),
)
VIDEO = shape(
    {
        "alt_text": text(2_000),
        "title": plain_text(200),
        "video_url": text(URL_MAX),
        "thumbnail_url": text(URL_MAX),
    },
    _optional(
        title_url=text(URL_MAX),
        description=plain_text(200),
        author_name=text(50),
        provider_name=text(50),
        provider_icon_url=text(URL_MAX),
    ),
)
TASK = shape(
    {"task_id": text(255), "title": text(255)},
    _optional(
        status=one_of("pending", "in_progress", "complete", "error"),
        details=by_type({"rich_text": RICH_TEXT}),
        output=by_type({"rich_text": RICH_TEXT}),
        sources=array(anything, 50, least=0),
    ),
)
SIMPLE: dict[str, Check] = {
    "section": SECTION,
    "header": shape({"text": plain_text(150)}, _optional(level=integer(1, 4))),
    "divider": shape({}, BLOCK_ID),
    "image": IMAGE_BLOCK,
    "context": shape({"elements": array(CONTEXT_ITEM, 10)}, BLOCK_ID),
    "actions": shape({"elements": both(array(by_type(PRESSED), 25), unique("action_id"))}, BLOCK_ID),
    "rich_text": RICH_TEXT,
    "input": INPUT,
    "video": VIDEO,
    "table": TABLE,
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "markdown": shape({"text": text(MARKDOWN_TEXT_MAX)}, BLOCK_ID),
    "card": CARD,
    "carousel": shape({"elements": array(by_type({"card": CARD}), 10)}, BLOCK_ID),
    "context_actions": shape({"elements": both(array(by_type(CONTEXT_PRESSED), 5), unique("action_id"))}, BLOCK_ID),
    "task_card": TASK,
    "plan": shape({"title": text(255)}, _optional(tasks=array(by_type({"task_card": TASK}), 50))),
    "alert": shape({"text": any_text(200)}, _optional(level=one_of("default", "info", "warning", "error", "success"))),
}
CONTAINER = shape(
    {"child_blocks": array(by_type(SIMPLE), 10)},
    _optional(
        title=plain_text(150),
        rich_text_title=by_type({"rich_text": RICH_TEXT}),
        subtitle=any_text(150),
        icon=by_type({"image": IMAGE}),
        width=one_of("narrow", "standard", "wide", "full"),
        is_collapsible=boolean,
        default_collapsed=boolean,
        has_header_divider=boolean,
    ),
)
BLOCK = by_type({**SIMPLE, "container": CONTAINER})
