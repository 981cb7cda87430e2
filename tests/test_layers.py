"""The floors of the house: the contracts in pyproject.toml say who may import whom; what they cannot say is here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
BOT = ROOT / "bot"
CORE_MAY_USE = frozenset({
    "bot", "collections", "dataclasses", "datetime", "difflib", "enum", "fnmatch", "functools", "hashlib", "itertools",
    "re", "types", "typing", "unicodedata",
})  # fmt: skip
ROOMS = {
    "aiosqlite": {"sql"},
    "httpx": {"jobs_api"},
    "pydantic": {"config"},
    "pydantic_settings": {"config"},
    "random": {"app"},
    "slack_bolt": {"slack", "app"},
    "slack_sdk": {"slack", "app", "loops", "check"},
    "typer": {"cli"},
}
CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "monotonic"})


def imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Each file of the folder with each module that it imports from."""
    for file in sorted((BOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield file, node.module or "."
            elif isinstance(node, ast.Import):
                yield from ((file, alias.name) for alias in node.names)


def room(file: Path) -> str:
    """The file or folder directly under bot/ that the file is, or lies in."""
    return file.relative_to(BOT).parts[0].removesuffix(".py")


def test_every_import_keeps_to_its_floor() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0


def test_the_core_uses_nothing_but_itself_and_pure_parts_of_the_language() -> None:
    strange = {(file.name, name) for file, name in imports("core") if name.partition(".")[0] not in CORE_MAY_USE}
    assert strange == set()


def test_the_core_imports_of_the_bot_only_the_core() -> None:
    ours = {name for _, name in imports("core") if name.partition(".")[0] == "bot"}
    assert {name for name in ours if not name.startswith("bot.core.")} == set()


def test_the_core_reads_no_clock() -> None:
    calls = {
        f"{file.name}:{node.lineno}"
        for file in (BOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    }
    assert calls == set()


def test_the_sandbox_imports_nothing_of_the_bot() -> None:
    ours = {(file.name, name) for file, name in imports("sandbox") if name.partition(".")[0] == "bot"}
    assert {(file, name) for file, name in ours if not name.startswith("bot.sandbox")} == set()


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    users = {room(file) for file, name in imports(".") if name.partition(".")[0] == library}
    assert users - {"sandbox"} <= ROOMS[library]


def test_nobody_looks_at_the_wall_clock_but_the_clock() -> None:
    readers = {
        room(file)
        for file in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"time.time", "time.time_ns", "datetime.now"}
    }
    assert readers <= {"clock", "sandbox"}
