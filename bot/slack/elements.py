"""The few pieces of Block Kit that messages are made of. Nothing here is ever parsed for markup: untrusted text goes
into `text` elements of rich text, into raw cells and into plain text only.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Literal, TypeAlias, TypeVar

from bot.core.instants import Instant, whole_seconds
from bot.core.texts import one_line, tame, width
from bot.core.wording import utc

Block: TypeAlias = dict[str, object]
Element: TypeAlias = dict[str, object]
Style: TypeAlias = Literal["bold", "code", "italic"]
Room = TypeVar("Room")

MESSAGE_MAX = 9_000  # characters of a message, text and blocks; Slack was seen to refuse from about 12,000 on
HEADER_MAX = 140  # Slack takes 150
WARNINGS_MAX = 10
TEXT_MAX = 1_500  # of the sentence for notifications and screen readers
URL_MAX = 3_000
VALUE_MAX = 2_000  # of a button
PLAIN_MAX = 2_900  # of a plain text; Slack takes 3,000
DATE_FORMAT = "{date_short_pretty} {time}"
MARKS = {
    "failed": "🔴",
    "incomplete": "🟡",
    "vanished": "❔",
    "overdue": "⏰",
    "thrashing": "🌀",
    "cancelled": "⚫",
    "preempted": "🟠",
    "retried": "🔁",
    "completed": "🟢",
    "recovered": "✅",
    "started": "🔵",
    "running": "🔵",
    "admitted": "🟣",
    "reappeared": "⚪",
    "requeued": "⚪",
    "appeared": "⚪",
    "pending": "⚪",
}
_COUNTED = frozenset({"text", "fallback", "url"})
_URL = re.compile(r"https?://[^\s<>\"|\\^`{}\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What Slack is given: `text` for notifications and screen readers, `blocks` for the eye."""

    text: str
    blocks: list[Block]


def digest(rendered: Rendered) -> str:
    """The same for the same text and blocks, whenever it is computed."""
    content = json.dumps([rendered.text, rendered.blocks], ensure_ascii=False, sort_keys=True)
    return blake2b(content.encode(), digest_size=16).hexdigest()


def mark(word: str) -> str:
    """The sign that stands beside the word, never instead of it."""
    return MARKS.get(word.lower(), "❔")


def escape(text: str) -> str:
    """Text as `text` and mrkdwn need it, so that it rings nobody and links nothing."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most so many characters of the text, as Slack may count them."""
    if width(text) <= limit:
        return text
    ends = accumulate(map(width, text))
    return f"{text[: sum(end < limit for end in ends)].rstrip()}…"


def ended(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."


def spoken(text: str, limit: int) -> str:
    """Untrusted text for the sentence, in one line of at most `limit` characters once it is escaped. It is cut before
    that, or it might end within an entity.
    """
    sizes = accumulate(len(escape(character)) for character in one_line(text)[:limit])
    return escape(tame(text, sum(size <= limit for size in sizes)))


def words(text: str, style: Style | None = None) -> Element:
    return {"type": "text", "text": text} | ({"style": {style: True}} if style else {})


def date(at: Instant) -> Element:
    return {"type": "date", "timestamp": whole_seconds(at), "format": DATE_FORMAT, "fallback": utc(at)}


def date_markup(at: Instant) -> str:
    return f"<!date^{whole_seconds(at)}^{DATE_FORMAT}|{utc(at)}>"


def link(text: str, url: str, style: Style | None = None) -> Element:
    """The text as a link; as mere text where the address is none that Slack would take."""
    if len(url) > URL_MAX or not _URL.fullmatch(url):
        return words(text, style)
    return {**words(text, style), "type": "link", "url": url}


def user(user_id: str) -> Element:
    return {"type": "user", "user_id": user_id}


def section(*elements: Element) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def section_of(lines: Iterable[Sequence[Element]]) -> Element:
    """A section of several lines: not every client begins a line with a section."""
    elements: list[Element] = []
    for line in lines:
        elements += [words("\n"), *line] if elements else line
    return section(*elements)


def quote(text: str) -> Element:
    return {"type": "rich_text_quote", "elements": [words(text)]}


def preformatted(text: str) -> Element:
    return {"type": "rich_text_preformatted", "elements": [words(text)]}


def bullets(items: Iterable[Element]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(items)}


def rich_text(*parts: Element) -> Block:
    return {"type": "rich_text", "elements": list(parts)}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, HEADER_MAX)}


def context(*lines: str) -> Block:
    return {"type": "context", "elements": [plain_text(line, PLAIN_MAX) for line in lines]}


def warnings(lines: Sequence[str]) -> list[Block]:
    return [rich_text(section_of([words(f"⚠️ {line}")] for line in lines[:WARNINGS_MAX]))] if lines else []


def plain_text(text: str, limit: int) -> Element:
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def button(label: str, name: str, command: str) -> Element:
    return {
        "type": "button",
        "text": plain_text(label, 70),
        "action_id": f"jobs:{name}",
        "value": command,
    }


def actions(buttons: Iterable[Element]) -> list[Block]:
    """A row of buttons; none that could not carry its command, and no row without buttons."""
    sound = [each for each in buttons if 0 < len(str(each["value"])) <= VALUE_MAX]
    return [{"type": "actions", "elements": sound}] if sound else []


def raw_cell(text: str) -> Element:
    return {"type": "raw_text", "text": text}


def rich_cell(*elements: Element) -> Element:
    return rich_text(section(*elements))


def table(rows: Sequence[Sequence[Element]], wrapped: Iterable[bool]) -> Block:
    settings = [{"is_wrapped": wraps} for wraps in wrapped]
    return {"type": "table", "column_settings": settings, "rows": [list(row) for row in rows]}


def measure(value: object) -> int:
    """The characters of every text, date and address at any depth, as Slack may count them."""
    match value:
        case dict():
            return sum(_measured(key, inner) for key, inner in value.items())
        case list():
            return sum(map(measure, value))
        case _:
            return 0


def _measured(key: str, inner: object) -> int:
    return (width(inner) if key in _COUNTED else 0) if isinstance(inner, str) else measure(inner)


def fit(build: Callable[[Room], list[Block]], rooms: Sequence[Room], limit: int) -> list[Block]:
    """What is built with the widest of the rooms, which go from wide to narrow, that keeps it within the limit; or else
    with the last.
    """
    if measure(widest := build(rooms[0])) <= limit:
        return widest
    found, low, high = build(rooms[-1]), 1, len(rooms) - 1
    while low < high:
        middle = (low + high) // 2
        if measure(built := build(rooms[middle])) <= limit:
            found, high = built, middle
        else:
            low = middle + 1
    return found


def sentence(head: str, parts: Sequence[str], more: Callable[[int], str], limit: int = TEXT_MAX) -> str:
    """The head, the first of the escaped parts and as many others as there is room for, then how many are left out."""
    head = head.removesuffix(".")
    said: list[str] = []
    spent = width(head) + 60
    for part in parts:
        spent += width(part) + 2
        if said and spent > limit:
            break
        said.append(part)
    rest = more(len(said))
    tail = "; ".join([*said, *([rest] if rest else [])]).removesuffix(".")
    return ended(f"{head}: {tail}" if tail else head)
