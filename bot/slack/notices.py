"""A notice as Slack shows it: what is wrong with a source, since when and why; or that this is over."""

from dataclasses import dataclass

from bot.core.messages import Notice
from bot.core.notices import BLIND, DOUBT
from bot.core.texts import tame
from bot.core.wording import utc
from bot.slack.elements import Rendered, context, date, ended, escape, header, rich_text, section, words

WHY_MAX = 500
SOURCE_MAX = 80


@dataclass(frozen=True, slots=True)
class Phrases:
    """`{}` stands for the source."""

    begun: str
    meanwhile: str
    ended: str
    was: str


PHRASES = {
    BLIND: Phrases(
        begun="I cannot see the jobs of {}",
        meanwhile="What happens meanwhile is told once I see again.",
        ended="I see the jobs of {} again",
        was="I did not since",
    ),
    DOUBT: Phrases(
        begun="The job list of {} does not add up",
        meanwhile="What it shows is told as ever, but a job that is missing in it would go unnoticed.",
        ended="The job list of {} adds up again",
        was="It did not since",
    ),
}


def render_notice(notice: Notice) -> Rendered:
    phrases, source = PHRASES[notice.about], tame(notice.source, SOURCE_MAX)
    if not notice.why:
        title = phrases.ended.format(source)
        text = f"{escape(title)}. {phrases.was} {utc(notice.since)}."
        body = [words(f"{phrases.was} "), date(notice.since), words(".")]
        return Rendered(text, [header(f"🟢 {title}"), rich_text(section(*body))])
    title, why = phrases.begun.format(source), tame(notice.why, WHY_MAX)
    text = f"{escape(title)} since {utc(notice.since)}: {ended(escape(why))} {phrases.meanwhile}"
    body = [words("since "), date(notice.since), words(f"\n{why}\n{phrases.meanwhile}")]
    return Rendered(text, [header(f"🙈 {title}"), rich_text(section(*body)), context("/jobs health tells more")])
