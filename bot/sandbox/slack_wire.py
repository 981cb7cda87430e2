"""The words on the wire: arguments as any of Slack's clients sends them, and a refusal as Slack words it.
It must never know a method, a channel or a message.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

Wire: TypeAlias = dict[str, Any]
"""A JSON object on its way in or out: what it holds is the business of whoever reads it."""


class Refused(Exception):  # noqa: N818 - Slack's own "ok": false, no fault of the program
    """Slack says no: `error` is its word for it, `extra` what stands beside it in the answer."""

    def __init__(self, error: str, **extra: object) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra

    def body(self) -> Wire:
        return {"ok": False, "error": self.error, **self.extra}


class Arguments:
    """What a call brought, whether as query, form or JSON: the first two know only text."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value in (True, 1) or str(value).lower() in ("true", "1")

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        try:
            value = int(self.values.get(name) or default)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise Refused(f"invalid_{name}")
        return value

    def json(self, name: str, *, error: str) -> Any:  # noqa: ANN401 - JSON may be anything
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as mistake:
            raise Refused(error) from mistake
