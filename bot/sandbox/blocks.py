"""What Slack would refuse in a list of blocks, or in a message's metadata. It must never mend what it reads.
A problem is a sentence with the JSON pointer to where it lies, as Slack words it.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from bot.sandbox.block_checks import array, both, problem, unique
from bot.sandbox.block_shapes import BLOCK, MARKDOWN_TEXT_MAX

TOTAL_TEXT_MAX = 13_000
"""Not documented: rejections were reported from about 12,000 characters on, over all blocks of a message."""
TABLE_TEXT_MAX = 10_000
DATA_TABLE_TEXT_MAX = 20_000
CHARTS_MAX = 2
METADATA_MAX = 8_000
"""Slack has a limit and does not say which."""


class Surface(Enum):
    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


MODAL_ONLY = frozenset({"alert"})
MESSAGE_ONLY = frozenset({"markdown", "plan", "task_card", "context_actions"})
NOT_IN_MODALS = frozenset({"table", "data_table", "data_visualization", "carousel", "container"})
BLOCKS_MAX = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}


def problems(blocks: Sequence[object], *, surface: Surface = Surface.MESSAGE) -> list[str]:
    """Everything that Slack would refuse, each with the JSON pointer to it; empty if it would take the blocks."""
    found = form_problems(blocks, surface=surface)
    total = total_text(blocks)
    if total > TOTAL_TEXT_MAX:
        found.append(f"msg_blocks_too_long: {total} characters over all blocks")
    return found


def form_problems(blocks: Sequence[object], *, surface: Surface = Surface.MESSAGE) -> list[str]:
    """As `problems`, but for the sum of all text: a response_url does not look at that."""
    if not isinstance(blocks, list):
        return [problem("must be an array", "/blocks")]
    rules = both(array(BLOCK, BLOCKS_MAX[surface], least=0), unique("block_id"))
    return [*rules(blocks, "/blocks"), *_misplaced(blocks, surface), *_over_all(blocks)]


def _kind(block: object) -> str:
    return str(block.get("type")) if isinstance(block, dict) else ""


def _misplaced(blocks: list[object], surface: Surface) -> Iterator[str]:
    banned = {
        Surface.MESSAGE: MODAL_ONLY,
        Surface.MODAL: MESSAGE_ONLY | NOT_IN_MODALS,
        Surface.HOME: MESSAGE_ONLY | MODAL_ONLY,
    }[surface]
    for index, block in enumerate(blocks):
        if _kind(block) in banned:
            yield problem(f"{_kind(block)} block is not available in a {surface.value}", f"/blocks/{index}/type")


def _over_all(blocks: list[object]) -> Iterator[str]:
    if sum(_kind(block) == "table" for block in blocks) > 1:
        yield problem("only_one_table_allowed", "/blocks")
    if sum(_kind(block) == "data_visualization" for block in blocks) > CHARTS_MAX:
        yield problem(f"no more than {CHARTS_MAX} data_visualization blocks allowed", "/blocks")
    for kind, most in (
        ("table", TABLE_TEXT_MAX),
        ("data_table", DATA_TABLE_TEXT_MAX),
        ("markdown", MARKDOWN_TEXT_MAX),
    ):
        if total_text([block for block in blocks if _kind(block) == kind]) > most:
            yield problem(f"no more than {most} characters allowed over all {kind} blocks", "/blocks")


def total_text(value: object) -> int:
    """The characters of every `text` at any depth."""
    if isinstance(value, dict):
        own = value.get("text")
        below = [entry for entry in value.values() if isinstance(entry, dict | list)]
        return (len(own) if isinstance(own, str) else 0) + total_text(below)
    return sum(total_text(entry) for entry in value) if isinstance(value, list) else 0


def metadata_problem(metadata: object) -> str | None:
    """Slack's word for what is wrong with a message's metadata, if anything is."""
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload", "entities"}:
        return "invalid_metadata_format"
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not re.fullmatch(r"[A-Za-z0-9_]{1,255}", event_type):
        return "invalid_metadata_format"
    if not isinstance(payload, dict) or not all(_is_flat(value) for value in payload.values()):
        return "invalid_metadata_schema"
    return "metadata_too_large" if len(str(metadata)) > METADATA_MAX else None


def _is_flat(value: object) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not any(isinstance(entry, dict | list) for entry in inner)
