"""The few checks of which every shape of Block Kit is made, each a function of a value and its JSON pointer.
They know nothing of Slack: what a block may hold is said elsewhere, in these words.
"""

import re
from collections.abc import Callable, Iterator, Mapping

Check = Callable[[object, str], Iterator[str]]


def problem(words: str, pointer: str) -> str:
    return f"{words} [json-pointer:{pointer or '/'}]"


def text(most: int, *, least: int = 1, pattern: str = "") -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)
        elif pattern and not re.fullmatch(pattern, value):
            yield problem("has the wrong form", pointer)

    return check


def integer(least: int, most: int) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("must be an integer", pointer)
        elif not least <= value <= most:
            yield problem(f"must be from {least} to {most}", pointer)

    return check


def number(value: object, pointer: str) -> Iterator[str]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield problem("must be a number", pointer)


def boolean(value: object, pointer: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield problem("must be true or false", pointer)


def one_of(*values: object) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of {', '.join(map(str, values))}", pointer)

    return check


def anything(_value: object, _pointer: str) -> Iterator[str]:
    yield from ()


def array(item: Check, most: int, *, least: int = 1) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", pointer)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield problem(f"must have at least {least} item", pointer)
        for index, entry in enumerate(value):
            yield from item(entry, f"{pointer}/{index}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others; `type` was looked at by whoever chose the shape."""
    fields = {"type": anything, **required, **(optional or {})}

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        for name in required:
            if name not in value:
                yield problem(f"missing required field: {name}", pointer)
        for name, entry in value.items():
            if name not in fields:
                yield problem(f"invalid additional property: {name}", pointer)
            else:
                yield from fields[name](entry, f"{pointer}/{name}")

    return check


def by_type(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of the shapes it must have."""

    def check(value: object, pointer: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in shapes:
            yield problem(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            yield from shapes[kind](value, pointer)

    return check


def both(*checks: Check) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        for one in checks:
            yield from one(value, pointer)

    return check


def exactly_one(*names: str) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield problem(f"exactly one of {', '.join(names)} is required", pointer)

    return check


def at_least_one(*names: str) -> Check:
    def check(value: object, pointer: str) -> Iterator[str]:
        if isinstance(value, dict) and not any(name in value for name in names):
            yield problem(f"one of {', '.join(names)} is required", pointer)

    return check


def unique(name: str) -> Check:
    """No two objects of an array share this field."""

    def check(value: object, pointer: str) -> Iterator[str]:
        seen: set[object] = set()
        for index, entry in enumerate(value if isinstance(value, list) else []):
            mark = entry.get(name) if isinstance(entry, dict) else None
            if isinstance(mark, str) and mark in seen:
                yield problem(f"`{name}` {mark} already exists", f"{pointer}/{index}/{name}")
            if isinstance(mark, str):
                seen.add(mark)

    return check
