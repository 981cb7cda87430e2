"""The shapes of text in Block Kit: plain, mrkdwn, and rich text with its elements.
Data only; the limits are those of Slack's reference for composition objects and for the rich text block.
"""

from bot.sandbox.block_checks import Check, array, boolean, by_type, integer, number, one_of, shape, text

ID_MAX = 255
URL_MAX = 3_000
MANY = 10_000


def plain_text(most: int) -> Check:
    return by_type({"plain_text": shape({"text": text(most)}, {"emoji": boolean})})


def mrkdwn(most: int) -> Check:
    return by_type({"mrkdwn": shape({"text": text(most)}, {"verbatim": boolean})})


def any_text(most: int) -> Check:
    plain = shape({"text": text(most)}, {"emoji": boolean})
    marked = shape({"text": text(most)}, {"verbatim": boolean})
    return by_type({"plain_text": plain, "mrkdwn": marked})


STYLES = ("bold", "italic", "strike", "underline", "highlight", "client_highlight", "unlink")
STYLE = {"style": shape({}, dict.fromkeys(STYLES, boolean))}
TEXT_STYLE = {"style": shape({}, dict.fromkeys((*STYLES, "code"), boolean))}
SOME_TEXT = text(MANY)

INLINE = by_type(
    {
        "text": shape({"text": SOME_TEXT}, TEXT_STYLE),
        "link": shape({"url": text(URL_MAX)}, {"text": SOME_TEXT, "unsafe": boolean, **TEXT_STYLE}),
        "user": shape({"user_id": text(ID_MAX, pattern="[UW][A-Z0-9]+")}, STYLE),
        "usergroup": shape({"usergroup_id": text(ID_MAX, pattern="S[A-Z0-9]+")}, STYLE),
        "channel": shape({"channel_id": text(ID_MAX, pattern="[CDG][A-Z0-9]+")}, STYLE),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, STYLE),
        "emoji": shape(
            {"name": text(ID_MAX)}, {"unicode": text(ID_MAX), "skin_tone": integer(1, 6), "url": text(URL_MAX), **STYLE}
        ),
        "date": shape(
            {"timestamp": integer(0, 10**11), "format": text(ID_MAX)},
            {"url": text(URL_MAX), "fallback": text(ID_MAX), **STYLE},
        ),
        "color": shape({"value": text(ID_MAX, pattern="#[0-9A-Fa-f]{3,8}")}),
    }
)
PREFORMATTED_INLINE = by_type(
    {
        "text": shape({"text": SOME_TEXT}, TEXT_STYLE),
        "link": shape({"url": text(URL_MAX)}, {"text": SOME_TEXT, "unsafe": boolean, **TEXT_STYLE}),
    }
)
SECTION = shape({"elements": array(INLINE, MANY)})
BORDER = {"border": integer(0, 1)}
RICH_TEXT_PARTS = array(
    by_type(
        {
            "rich_text_section": SECTION,
            "rich_text_list": shape(
                {
                    "style": one_of("bullet", "ordered"),
                    "elements": array(by_type({"rich_text_section": SECTION}), MANY),
                },
                {"indent": integer(0, 8), "offset": integer(0, MANY), **BORDER},
            ),
            "rich_text_preformatted": shape(
                {"elements": array(PREFORMATTED_INLINE, MANY)}, {"language": text(ID_MAX), **BORDER}
            ),
            "rich_text_quote": shape({"elements": array(INLINE, MANY)}, BORDER),
        }
    ),
    MANY,
)
BLOCK_ID = {"block_id": text(ID_MAX)}
RICH_TEXT = shape({"elements": RICH_TEXT_PARTS}, BLOCK_ID)

CELL = by_type(
    {
        "raw_text": shape({"text": SOME_TEXT}),
        "raw_number": shape({"value": number, "text": SOME_TEXT}),
        "rich_text": RICH_TEXT,
    }
)
HEADER_CELL = by_type(
    {"raw_text": shape({"text": SOME_TEXT}), "raw_number": shape({"value": number, "text": SOME_TEXT})}
)
