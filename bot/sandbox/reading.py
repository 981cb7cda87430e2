"""What a message does to people: what they read, whom it rings, what they could click.
It reads as Slack's clients do, in doubt towards more rings and links: so untrusted text is shown to stay text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.sandbox.slack_model import Message
from bot.sandbox.slack_wire import Wire

ENTITY = re.compile(r"<([^<>]+)>")
USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^<>]*)?>")
BROADCAST = re.compile(r"<!(here|channel|everyone)(?:\|[^<>]*)?>")
BARE_BROADCAST = re.compile(r"(?<![\w<!@])@(here|channel|everyone)\b")
ANGLED_URL = re.compile(r"<((?:https?|mailto|ftp|slack|tel):[^<>|]+)(?:\|[^<>]*)?>")
DATE_LINK = re.compile(r"<!date\^\d+\^[^<>^|]*\^([^<>|]+)")
MARKDOWN_LINK = re.compile(r"\]\(\s*<?([^()\s<>]+)")
BARE_URL = re.compile(r"\b(?:https?://|mailto:)[^\s<>|\"'`)\]]+")


@dataclass(frozen=True, slots=True)
class Marked:
    """Text that Slack parses: always for `<…>`, and if `auto` also for bare URLs and bare @here."""

    text: str
    auto_links: bool
    auto_names: bool
    markdown: bool = False


def rendered_text(message: Message | Mapping[str, object]) -> str:
    """What a person would read: the blocks, line by line, or else the text."""
    shown = _wire(message)
    blocks = shown.get("blocks")
    if blocks:
        return "\n".join(line for block in blocks for line in _lines(block))
    return read_mrkdwn(str(shown.get("text") or ""))


def rings(message: Message | Mapping[str, object]) -> set[str]:
    """Whom it would notify: U… and S… ids, here, channel, everyone."""
    shown = _wire(message)
    rung: set[str] = set()
    for marked in [_top_level(shown), *_marked(shown.get("blocks"))]:
        for pattern in (USER, GROUP, BROADCAST, *([BARE_BROADCAST] if marked.auto_names else [])):
            rung |= {match.group(1) for match in pattern.finditer(marked.text)}
    for element in _objects(shown.get("blocks")):
        rung |= _element_rings(element)
    return rung


def links(message: Message | Mapping[str, object]) -> set[str]:
    """Which URLs it would make clickable. Beside blocks, the text is for notifications alone and links nothing."""
    shown = _wire(message)
    blocks = shown.get("blocks")
    found: set[str] = set()
    for marked in _marked(blocks) if blocks else [_top_level(shown)]:
        found |= _marked_links(marked)
    for element in _objects(blocks):
        if element.get("type") in ("link", "date", "button") and element.get("url"):
            found.add(str(element["url"]))
    return found


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def read_mrkdwn(text: str) -> str:
    return unescape(ENTITY.sub(lambda match: _entity(match.group(1)), text))


def _entity(inside: str) -> str:
    target, bar, label = inside.partition("|")
    if bar and label:
        return label
    match target[:1]:
        case "@" | "#":
            return target
        case "!":
            return "@" + target[1:].removeprefix("subteam^")
        case _:
            return target


def _wire(message: Message | Mapping[str, object]) -> Wire:
    """The content, and of the call's arguments those that change how it is parsed."""
    if isinstance(message, Message):
        parsing: Wire = {name: message.args[name] for name in ("parse", "link_names") if name in message.args}
        return {"text": message.text, "blocks": message.blocks} | parsing
    return dict(message)


def _top_level(shown: Wire) -> Marked:
    names = shown.get("parse") == "full" or bool(shown.get("link_names"))
    return Marked(str(shown.get("text") or ""), auto_links=shown.get("parse") != "none", auto_names=names)


def _objects(value: object) -> Iterator[Wire]:
    """Every JSON object at any depth, outer before inner."""
    if isinstance(value, dict):
        yield value
        for entry in value.values():
            yield from _objects(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _objects(entry)


def _marked(blocks: object) -> Iterator[Marked]:
    for found in _objects(blocks):
        text = found.get("text")
        if isinstance(text, str) and found.get("type") == "mrkdwn":
            auto = found.get("verbatim") is not True
            yield Marked(text, auto_links=auto, auto_names=auto)
        elif isinstance(text, str) and found.get("type") == "markdown":
            yield Marked(text, auto_links=True, auto_names=True, markdown=True)


def _marked_links(marked: Marked) -> set[str]:
    patterns = [ANGLED_URL, DATE_LINK, *([MARKDOWN_LINK] if marked.markdown else [])]
    found = {unescape(match.group(1)) for pattern in patterns for match in pattern.finditer(marked.text)}
    if marked.auto_links:
        bare = ENTITY.sub(" ", marked.text)
        found |= {unescape(match.group(0)) for match in BARE_URL.finditer(bare)}
    return found


def _element_rings(element: Wire) -> set[str]:
    match element.get("type"):
        case "user":
            return {str(element.get("user_id"))}
        case "usergroup":
            return {str(element.get("usergroup_id"))}
        case "broadcast":
            return {str(element.get("range"))}
        case _:
            return set()


def _lines(block: Wire) -> Iterator[str]:
    match block.get("type"):
        case "table" | "data_table":
            yield from ([block["caption"]] if "caption" in block else [])
            yield from (" | ".join(_flat(cell) for cell in row) for row in block["rows"])
        case "rich_text":
            yield from (line for part in block["elements"] for line in _rich_lines(part))
        case "context" | "actions" | "context_actions":
            yield " ".join(_flat(element) for element in block["elements"])
        case "carousel" | "plan" | "container":
            yield from ([_flat(block["title"])] if "title" in block else [])
            inner = block.get("elements") or block.get("tasks") or block.get("child_blocks") or []
            yield from (line for child in inner for line in _lines(child))
        case "divider":
            yield "---"
        case _:
            yield from _field_lines(block)


def _field_lines(block: Wire) -> Iterator[str]:
    for name in ("title", "subtitle", "label", "text", "body", "alt_text"):
        if name in block:
            yield _flat(block[name])
    yield from (_flat(field) for field in block.get("fields", []))
    if "accessory" in block:
        yield _flat(block["accessory"])
    if "chart" in block:
        points = (o for o in _objects(block["chart"]) if "label" in o and "value" in o)
        yield from (f"{point['label']}: {point['value']}" for point in points)
    yield from (_flat(button) for button in block.get("actions", []))


def _rich_lines(part: Wire) -> Iterator[str]:
    if part.get("type") == "rich_text_list":
        yield from ("• " + _flat(item) for item in part["elements"])
    else:
        yield _flat(part)


def _flat(element: object) -> str:
    """An element in one line, but for rich text, which may need several."""
    if not isinstance(element, dict):
        return str(element)
    kind = str(element.get("type"))
    if kind in READERS:
        return READERS[kind](element)
    if "elements" in element:
        return "".join(_flat(inner) for inner in element["elements"])
    return _flat(element["text"]) if "text" in element else ""


READERS: dict[str, Callable[[Wire], str]] = {
    "mrkdwn": lambda element: read_mrkdwn(element["text"]),
    "button": lambda element: f"[{_flat(element['text'])}]",
    "icon_button": lambda element: f"[{_flat(element['text'])}]",
    "image": lambda element: str(element.get("alt_text", "")),
    "rich_text": lambda element: "\n".join(line for part in element["elements"] for line in _rich_lines(part)),
    "link": lambda element: str(element.get("text") or element.get("url")),
    "user": lambda element: f"@{element.get('user_id')}",
    "usergroup": lambda element: f"@{element.get('usergroup_id')}",
    "channel": lambda element: f"#{element.get('channel_id')}",
    "broadcast": lambda element: f"@{element.get('range')}",
    "emoji": lambda element: f":{element.get('name')}:",
    "date": lambda element: str(element.get("fallback") or element.get("timestamp")),
}
