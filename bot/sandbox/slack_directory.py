"""The methods about who and what: the token itself, users, groups, the bot, the workspace; and its views.
They read the state and, but for views.*, never change it.
"""

from bot.sandbox.blocks import Surface, form_problems
from bot.sandbox.slack_chat import refuse_bad_blocks
from bot.sandbox.slack_conversations import page_of
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Arguments, Refused, Wire

VIEW_TITLE_MAX = 24
VIEW_METADATA_MAX = 3_000


def api_test(_state: SlackState, args: Arguments) -> Wire:
    if "error" in args:
        raise Refused(args.text("error"), args=args.values)
    return {"args": args.values}


def auth_test(state: SlackState, _args: Arguments) -> Wire:
    return {
        "url": f"https://{state.team_domain}.slack.com/",
        "team": "Sandbox",
        "user": state.users[state.bot_user_id].name,
        "team_id": state.team_id,
        "user_id": state.bot_user_id,
        "bot_id": state.bot_id,
        "is_enterprise_install": False,
    }


def users_info(state: SlackState, args: Arguments) -> Wire:
    state.require("users:read")
    user = state.users.get(args.text("user"))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.wire()}


def users_list(state: SlackState, args: Arguments) -> Wire:
    state.require("users:read")
    page, cursor = page_of(list(state.users.values()), args)
    return {"members": [user.wire() for user in page], "response_metadata": {"next_cursor": cursor}}


def usergroups_list(state: SlackState, _args: Arguments) -> Wire:
    state.require("usergroups:read")
    return {"usergroups": [group.wire() for group in state.groups.values()]}


def bots_info(state: SlackState, args: Arguments) -> Wire:
    state.require("users:read")
    if args.text("bot", state.bot_id) != state.bot_id:
        raise Refused("bot_not_found")
    name = state.users[state.bot_user_id].name
    return {
        "bot": {
            "id": state.bot_id,
            "app_id": state.app_id,
            "user_id": state.bot_user_id,
            "name": name,
            "deleted": False,
        }
    }


def team_info(state: SlackState, _args: Arguments) -> Wire:
    state.require("team:read")
    return {"team": {"id": state.team_id, "name": "Sandbox", "domain": state.team_domain}}


def views_open(state: SlackState, args: Arguments) -> Wire:
    view = _view(args, surface=Surface.MODAL)
    state.use_trigger(args.text("trigger_id"))
    return {"view": _keep(state, state.new_id("V"), view)}


def views_update(state: SlackState, args: Arguments) -> Wire:
    view = _view(args, surface=Surface.MODAL)
    external = args.text("external_id")
    for view_id, known in state.views.items():
        if view_id == args.text("view_id") or (external and known.get("external_id") == external):
            _check_hash(args, known)
            return {"view": _keep(state, view_id, view)}
    raise Refused("not_found")


def views_publish(state: SlackState, args: Arguments) -> Wire:
    """A user's App Home; it is kept under the user's id."""
    user = args.text("user_id")
    if user not in state.users:
        raise Refused("user_not_found")
    view = _view(args, surface=Surface.HOME)
    _check_hash(args, state.views.get(user, {}))
    return {"view": _keep(state, user, view)}


def _view(args: Arguments, *, surface: Surface) -> Wire:
    view = args.json("view", error="invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != surface.value:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] unsupported type: view"]})
    title = view.get("title", {}).get("text", "")
    if surface is Surface.MODAL and not 0 < len(title) <= VIEW_TITLE_MAX:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] must be 1 to 24 [/view/title]"]})
    if len(view.get("private_metadata", "")) > VIEW_METADATA_MAX:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] private_metadata too long"]})
    refuse_bad_blocks(form_problems(view.get("blocks", []), surface=surface))
    return view


def _check_hash(args: Arguments, known: Wire) -> None:
    if args.text("hash") and known and args.text("hash") != known["hash"]:
        raise Refused("hash_conflict")


def _keep(state: SlackState, view_id: str, view: Wire) -> Wire:
    identity = {"id": view_id, "team_id": state.team_id, "app_id": state.app_id, "bot_id": state.bot_id}
    state.views[view_id] = {**view, **identity, "hash": state.new_id("hash.")}
    state.bell.ring()
    return state.views[view_id]
