"""Replies without jobs: the bot's health, its grammar, and a short word to the asker. Health says first whether all
is well, and names the remedy beside what is wrong.
"""

from collections.abc import Sequence
from itertools import chain

from bot.core.commands import HELP, Share, ShowHealth, ShowHelp, ShowOverview
from bot.core.grammar import write
from bot.core.health_words import SHOWN, headline, is_well, parked_line, queue_lines, source_lines
from bot.core.replies import HealthReport, Note
from bot.core.texts import shorten, tame, width
from bot.slack.elements import (
    MESSAGE_MAX,
    Block,
    Rendered,
    actions,
    bullets,
    button,
    escape,
    fit,
    header,
    measure,
    rich_text,
    section,
    sentence,
    words,
)

SPOKEN_MAX = 3_000  # of the grammar, which a screen reader reads in full
LINES = 40  # under one title
LINE_ROOMS = (600, 300, 150, 80, 40)  # characters of a line, from wide to narrow
ASKED_MAX = 500  # characters of what somebody asked for


def render_health(report: HealthReport) -> Rendered:
    health, now, head = report.health, report.now, headline(report)
    sources = [source_lines(source, now) for source in health.sources[:SHOWN]]
    parked = [parked_line(route, now) for route in health.parked[:SHOWN]]
    queue = queue_lines(health, now)
    lines = [escape(line) for line in (*chain.from_iterable(sources), *parked, *queue)]
    text = sentence(escape(head), lines, lambda _: "")
    top = header(f"{'🟢' if is_well(report) else '🔴'} {head}")
    buttons = [
        button("Refresh", "refresh", write(ShowHealth())),
        button("Share", "share", write(Share(ShowHealth()))),
    ]

    def build(room: int) -> list[Block]:
        return [
            *_titled("Sources", [line for lines in sources for line in _warned(lines)], room),
            *_titled("Out of reach", parked, room),
            *_titled("Messages", queue, room),
        ]

    return Rendered(text, [top, *fit(build, LINE_ROOMS, MESSAGE_MAX - width(text) - measure(top)), *actions(buttons)])


def _warned(lines: Sequence[str]) -> list[str]:
    return [lines[0], *(f"⚠️ {line}" for line in lines[1:])]


def _titled(title: str, lines: Sequence[str], room: int) -> list[Block]:
    if not lines:
        return []
    items = bullets(section(words(shorten(line, room))) for line in lines[:LINES])
    return [rich_text(section(words(title, "bold")), items)]


def render_help() -> Rendered:
    share = button("Share", "share", write(Share(ShowHelp())))
    buttons = actions([button("Overview", "overview", write(ShowOverview())), share])
    lines = bullets(section(words(example, "code"), words(f" {does}")) for example, does in HELP)
    spoken = [escape(f"{example}: {does}") for example, does in HELP]
    text = sentence("What you can ask", spoken, lambda _: "", SPOKEN_MAX)
    return Rendered(text, [header("What you can ask"), rich_text(lines), *buttons])


def render_note(note: Note) -> Rendered:
    text, example = tame(note.text, ASKED_MAX), tame(note.example, ASKED_MAX)
    line = section(words(f"{text} For example: "), words(example, "code"))
    return Rendered(escape(f"{text} For example: {example}"), [rich_text(line)])
