"""Words and Block Kit, pure: from a message or a reply to what Slack is given. Untrusted text shows as it was
written: it rings nobody, links nothing and is never parsed.
"""

from dataclasses import replace
from typing import assert_never

from bot.core.messages import Message, Notice
from bot.core.replies import Candidates, HealthReport, HelpText, JobCard, JobList, Note, Overview, Reply
from bot.slack.alerts import render_alert, render_plain_alert
from bot.slack.cards import render_card
from bot.slack.elements import Block, Rendered, escape, rich_text, section, user, words
from bot.slack.lists import render_candidates, render_list, render_overview
from bot.slack.notices import render_notice
from bot.slack.reports import render_health, render_help, render_note

__all__ = ["Block", "Rendered", "escape", "render_message", "render_plain", "render_reply"]


def render_message(message: Message | Notice) -> Rendered:
    return render_alert(message) if isinstance(message, Message) else render_notice(message)


def render_plain(message: Message | Notice) -> str:
    """The same without blocks."""
    return render_plain_alert(message) if isinstance(message, Message) else render_notice(message).text


def render_reply(reply: Reply, *, shared_by: str | None = None) -> Rendered:
    """The reply. If `shared_by`, a user's id, had it posted, it says so and has no buttons: whoever pressed one would
    change it for everybody.
    """
    rendered = _rendered(reply)
    if shared_by is None:
        return rendered
    kept = [block for block in rendered.blocks if block["type"] != "actions"]
    return replace(rendered, blocks=[*kept, rich_text(section(words("shared by ", "italic"), user(shared_by)))])


def _rendered(reply: Reply) -> Rendered:  # noqa: PLR0911 - one for each reply
    match reply:
        case JobList():
            return render_list(reply)
        case JobCard():
            return render_card(reply)
        case Candidates():
            return render_candidates(reply)
        case Overview():
            return render_overview(reply)
        case HealthReport():
            return render_health(reply)
        case HelpText():
            return render_help()
        case Note():
            return render_note(reply)
        case _:
            assert_never(reply)
