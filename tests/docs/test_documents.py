"""What all documents have in common: their examples work, their links lead somewhere, the map shows the house."""

import re
from pathlib import Path

import pytest

from bot.config import VARIABLES, Need, load
from tests.docs.documents import DOCUMENTS, ROOT, anchors, fenced, section

EXAMPLES = [(path, toml) for path in DOCUMENTS for toml in fenced(path.read_text("utf-8"), "toml")]
LINKS = [
    (path, target)
    for path in DOCUMENTS
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8"))
    if not target.startswith(("https://", "http://"))
]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
MAP = section(ARCHITECTURE, "## The map")
MAPPED = {name for name in re.findall(r"^├── (\S+)|^└── (\S+)", MAP, re.MULTILINE) for name in name if name}
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize(("path", "toml"), EXAMPLES, ids=[f"{path.stem}-{n}" for n, (path, _) in enumerate(EXAMPLES)])
def test_every_example_of_a_configuration_is_right(path: Path, toml: str, tmp_path: Path) -> None:
    file = tmp_path / f"{path.stem}.toml"
    file.write_text(toml, "utf-8")
    defaults = {variable.name: variable.default for variable in VARIABLES if variable.default}
    assert load(file, defaults, Need.STORE).rules


def test_there_are_examples_at_all() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize(("path", "target"), LINKS, ids=[f"{path.stem}-{target}" for path, target in LINKS])
def test_every_link_leads_somewhere(path: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    there = (path.parent / file) if file else path
    assert there.exists()
    assert not anchor or anchor in anchors(there.read_text("utf-8"))


def test_the_map_shows_every_file_and_folder_of_the_bot_and_no_other() -> None:
    there = {
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in (ROOT / "bot").iterdir()
        if entry.name != "__pycache__"
    }
    assert there == MAPPED


def test_the_map_shows_every_file_of_the_core_and_no_other() -> None:
    there = {file.name for file in (ROOT / "bot/core").glob("*.py")} - {"__init__.py"}
    table = re.split(r"^### ", MAP, flags=re.MULTILINE)[1]
    assert set(re.findall(r"^\| `(\w+\.py)` \|", table, re.MULTILINE)) == there


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:bot|core|store|sql|slack|config|tests)/[\w./]+)`", ARCHITECTURE)))
)
def test_every_path_that_the_architecture_names_is_there(path: str) -> None:
    candidates = [ROOT / path, ROOT / "bot" / path, ROOT / "bot" / f"{path}.py"]
    assert any(candidate.exists() for candidate in candidates)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_context_and_its_consequences(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.stem[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_the_decisions_are_numbered_in_order_and_all_listed() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    assert re.findall(r"\((\S+\.md)\)", index) == [path.name for path in DECISIONS]
    assert [int(path.stem[:4]) for path in DECISIONS] == [*range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text("utf-8")
