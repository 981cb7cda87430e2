"""A notice as Slack shows it: that the bot is blind, or sees again, since when and why."""

from bot.core.messages import Notice
from bot.core.texts import tame
from bot.core.wording import utc
from bot.slack.elements import Rendered, context, date, escape, header, rich_text, section, words

WHY_MAX = 500
SOURCE_MAX = 80
MEANWHILE = "What happens meanwhile is told once I see again."


def render_notice(notice: Notice) -> Rendered:
    source = tame(notice.source, SOURCE_MAX)
    if not notice.why:
        title = f"I see the jobs of {source} again"
        text = f"{escape(title)}. I did not since {utc(notice.since)}."
        body = [words("I did not since "), date(notice.since), words(".")]
        return Rendered(text, [header(f"🟢 {title}"), rich_text(section(*body))])
    title, why = f"I cannot see the jobs of {source}", tame(notice.why, WHY_MAX)
    text = f"{escape(title)} since {utc(notice.since)}: {escape(why)}. {MEANWHILE}"
    body = [words("since "), date(notice.since), words(f"\n{why}\n{MEANWHILE}")]
    return Rendered(text, [header(f"🙈 {title}"), rich_text(section(*body)), context("/jobs health tells more")])
