"""A card or a reply in its thread, drawn in a terminal much as Slack shows it. Times are in UTC."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.text import Text

from bot.slack.elements import Block, Rendered

_BAR = "│ "
_FAINT = "bright_black"
_STYLES = {"bold": "bold", "italic": "italic", "code": "cyan"}


def drawn(rendered: Rendered) -> RenderableType:
    return Group(*(line for block in rendered.blocks for line in _lines(block)))


def _lines(block: Block) -> Iterator[RenderableType]:
    match block:
        case {"type": "header", "text": {"text": str(title)}}:
            yield Text(title, "bold")
        case {"type": "rich_text", "elements": list(parts)}:
            yield from map(_part, parts)
        case {"type": "context", "elements": list(texts)}:
            yield from (Text(text["text"], _FAINT) for text in texts)
        case {"type": "actions", "elements": list(buttons)}:
            yield Text("  ").join(Text(f"[ {button['text']['text']} ]", "bold") for button in buttons)
        case _:
            raise ValueError(f"a card has no block like {block}")


def _part(part: Mapping[str, object]) -> RenderableType:
    match part:
        case {"type": "rich_text_section", "elements": list(elements)}:
            return _words(elements)
        case {"type": "rich_text_quote", "elements": list(elements)}:
            return _Quote(_words(elements))
        case _:
            raise ValueError(f"a card has no text like {part}")


def _words(elements: Sequence[Mapping[str, object]]) -> Text:
    return Text().join(map(_word, elements))


def _word(element: Mapping[str, object]) -> Text:
    match element:
        case {"type": "date", "fallback": str(at)}:
            return Text(at)
        case {"type": "user", "user_id": who} | {"type": "usergroup", "usergroup_id": who}:
            return Text(f"@{who}", "bold blue")
        case {"type": "broadcast", "range": who}:
            return Text(f"@{who}", "bold blue")
        case {"type": "text" | "link" as kind, "text": str(text), **rest}:
            style = rest.get("style")
            styles = [_STYLES[name] for name in style] if isinstance(style, dict) else []
            return Text(text, " ".join([*styles, *(["underline"] if kind == "link" else [])]))
        case _:
            raise ValueError(f"a card has no words like {element}")


@dataclass(frozen=True, slots=True)
class _Quote:
    """A bar stands before each of its lines."""

    text: Text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        inner = Measurement.get(console, options, self.text)
        return Measurement(inner.minimum + len(_BAR), inner.maximum + len(_BAR)).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        for line in self.text.wrap(console, max(1, options.max_width - len(_BAR))):
            yield Text.assemble((_BAR, _FAINT), line)
