"""Cards and replies in a terminal say what they say in Slack."""

from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.core.cards import Face
from bot.core.messages import ThreadReply
from bot.sandbox.reading import rendered_text
from bot.slack.drawing import drawn
from bot.slack.elements import Rendered
from bot.slack.faces import render_face
from bot.slack.threads import render_thread_reply
from tests.slack.render_samples import FACES, REPLIED, wire


def on_screen(rendered: Rendered, width: int) -> list[str]:
    screen = Console(file=StringIO(), width=width, highlight=False)
    screen.print(drawn(rendered))
    assert isinstance(screen.file, StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def as_in_slack(rendered: Rendered) -> list[str]:
    lines = [line.removeprefix("│ ") for line in on_screen(rendered, 100_000)]
    return [line.replace("[ ", "[").replace(" ]", "]") if line.startswith("[ ") else line for line in lines]


@pytest.mark.parametrize("face", FACES.values(), ids=list(FACES))
def test_a_card_says_the_same(face: Face) -> None:
    assert as_in_slack(render_face(face)) == rendered_text(wire(render_face(face))).splitlines()


@pytest.mark.parametrize("reply", REPLIED.values(), ids=list(REPLIED))
def test_a_reply_says_the_same(reply: ThreadReply) -> None:
    rendered = render_thread_reply(reply)
    assert as_in_slack(rendered) == rendered_text(wire(rendered)).splitlines()


@pytest.mark.parametrize("face", FACES.values(), ids=list(FACES))
def test_a_card_keeps_to_the_width_of_the_terminal(face: Face) -> None:
    assert max(map(cell_len, on_screen(render_face(face), 60))) <= 60


def test_each_line_of_a_quote_has_its_bar() -> None:
    lines = on_screen(render_face(FACES["card_long_error"]), 60)
    assert sum(line.startswith("│ ") for line in lines) > 2
