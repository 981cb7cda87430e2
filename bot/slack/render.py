"""Words and Block Kit, pure: from a message or a reply to what Slack is given. Untrusted text shows as it was
written: it rings nobody, links nothing and is never parsed.
"""

from dataclasses import replace
from typing import assert_never

from bot.core.cards import Face
from bot.core.messages import Message, Notice, Opening, ThreadReply
from bot.core.replies import Candidates, HealthReport, HelpText, JobDetails, JobList, Note, Overview, Reply
from bot.slack.details import render_details
from bot.slack.elements import Block, Rendered, escape, rich_text, section, user, words
from bot.slack.faces import render_face, render_plain_face
from bot.slack.lists import render_candidates, render_list, render_overview
from bot.slack.notices import render_notice
from bot.slack.reports import render_health, render_help, render_note
from bot.slack.threads import render_plain_thread_reply, render_thread_reply

__all__ = [
    "Block",
    "Rendered",
    "escape",
    "render_face",
    "render_message",
    "render_plain",
    "render_plain_face",
    "render_reply",
]


def render_message(message: Message, face: Face | None) -> Rendered:
    """What is posted. An opening shows its card's `face`; only it needs one."""
    match message:
        case Opening():
            return render_face(_opened(message, face))
        case ThreadReply():
            return render_thread_reply(message)
        case Notice():
            return render_notice(message)
        case _:
            assert_never(message)


def render_plain(message: Message, face: Face | None) -> str:
    """The same without blocks."""
    match message:
        case Opening():
            return render_plain_face(_opened(message, face))
        case ThreadReply():
            return render_plain_thread_reply(message)
        case Notice():
            return render_notice(message).text
        case _:
            assert_never(message)


def _opened(opening: Opening, face: Face | None) -> Face:
    if face is None:
        raise ValueError(f"the card {opening.card} is drawn from its face, and there is none")
    return replace(face, mentions=opening.mentions)


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
        case JobDetails():
            return render_details(reply)
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
