"""The shapes of what people press, choose and fill in: buttons, menus, pickers, inputs; and images.
Data only; the limits are those of Slack's reference for block elements.
"""

from bot.sandbox.block_checks import (
    Check,
    anything,
    array,
    boolean,
    both,
    exactly_one,
    integer,
    one_of,
    shape,
    text,
)
from bot.sandbox.block_texts import ID_MAX, URL_MAX, any_text, plain_text

OPTIONS_MAX = 100
VALUE_MAX = 2_000
ACTION_ID = {"action_id": text(ID_MAX)}
PLACEHOLDER = {"placeholder": plain_text(150)}
FOCUS = {"focus_on_load": boolean}

CONFIRM = {
    "confirm": shape(
        {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
        {"style": one_of("primary", "danger")},
    )
}
OPTION = shape({"text": any_text(75), "value": text(150)}, {"description": any_text(75), "url": text(URL_MAX)})
OPTION_GROUP = shape({"label": plain_text(75), "options": array(OPTION, OPTIONS_MAX)})

BUTTON = shape(
    {"text": plain_text(75)},
    {
        "url": text(URL_MAX),
        "value": text(VALUE_MAX),
        "style": one_of("primary", "danger"),
        "accessibility_label": text(75),
        "visible_to_user_ids": array(text(ID_MAX), 100),
        **ACTION_ID,
        **CONFIRM,
    },
)
IMAGE_FIELDS: dict[str, Check] = {"image_url": text(URL_MAX), "slack_file": anything}
IMAGE = both(shape({"alt_text": text(2_000)}, IMAGE_FIELDS), exactly_one("image_url", "slack_file"))


def menu(initial: str, **more: Check) -> Check:
    return shape({}, {initial: anything, **more, **ACTION_ID, **PLACEHOLDER, **CONFIRM, **FOCUS})


def choices(most: int) -> Check:
    fields = {"initial_option": OPTION, "initial_options": array(OPTION, most)}
    return shape({"options": array(OPTION, most)}, {**fields, **ACTION_ID, **CONFIRM, **FOCUS})


LISTED = {"options": array(OPTION, OPTIONS_MAX), "option_groups": array(OPTION_GROUP, OPTIONS_MAX)}
SELECTED_MAX = {"max_selected_items": integer(1, OPTIONS_MAX)}
PRESSED: dict[str, Check] = {
    "button": BUTTON,
    "overflow": shape({"options": array(OPTION, 5)}, {**ACTION_ID, **CONFIRM}),
    "static_select": both(menu("initial_option", **LISTED), exactly_one(*LISTED)),
    "multi_static_select": both(menu("initial_options", **LISTED, **SELECTED_MAX), exactly_one(*LISTED)),
    "external_select": menu("initial_option", min_query_length=integer(0, 100)),
    "users_select": menu("initial_user"),
    "multi_users_select": menu("initial_users", **SELECTED_MAX),
    "conversations_select": menu(
        "initial_conversation",
        default_to_current_conversation=boolean,
        response_url_enabled=boolean,
        filter=anything,
    ),
    "channels_select": menu("initial_channel", response_url_enabled=boolean),
    "radio_buttons": choices(10),
    "checkboxes": choices(10),
    "datepicker": menu("initial_date"),
    "timepicker": menu("initial_time", timezone=text(ID_MAX)),
    "datetimepicker": shape({}, {"initial_date_time": integer(0, 10**10), **ACTION_ID, **CONFIRM, **FOCUS}),
}
FILLED_IN: dict[str, Check] = {
    **{name: check for name, check in PRESSED.items() if name not in ("button", "overflow")},
    "plain_text_input": shape(
        {},
        {
            "initial_value": text(3_000, least=0),
            "multiline": boolean,
            "min_length": integer(0, 3_000),
            "max_length": integer(1, 3_000),
            "dispatch_action_config": anything,
            **ACTION_ID,
            **PLACEHOLDER,
            **FOCUS,
        },
    ),
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        {
            "initial_value": text(ID_MAX),
            "min_value": text(ID_MAX),
            "max_value": text(ID_MAX),
            **ACTION_ID,
            **PLACEHOLDER,
            **FOCUS,
        },
    ),
}
FEEDBACK = shape({"text": plain_text(75), "value": text(VALUE_MAX)}, {"accessibility_label": text(75)})
CONTEXT_PRESSED: dict[str, Check] = {
    "feedback_buttons": shape({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, ACTION_ID),
    "icon_button": shape(
        {"icon": one_of("trash"), "text": plain_text(75)},
        {
            "value": text(VALUE_MAX),
            "accessibility_label": text(75),
            "visible_to_user_ids": array(text(ID_MAX), 100),
            **ACTION_ID,
            **CONFIRM,
        },
    ),
}
