import json
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = {path.stem: path for path in (HERE.parent / "slack" / "golden").glob("*.json")}
PICTURES = HERE.parents[1] / "docs" / "pictures"
DRAWN: dict[str, str] = json.loads((PICTURES / "digests.json").read_text("utf-8"))
REMEDY = "give it a line in tests/pictures/captions.json, and run node tests/pictures/draw.mjs"
CAPTIONS: dict[str, str] = json.loads((HERE / "captions.json").read_text("utf-8"))


def test_every_golden_message_has_a_picture_and_every_picture_its_golden() -> None:
    assert {path.stem for path in PICTURES.glob("*.png")} == GOLDEN.keys(), REMEDY


def test_every_picture_shows_its_golden_as_it_is_now() -> None:
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in GOLDEN.items()} == DRAWN, REMEDY


def test_the_contact_sheet_says_in_a_line_what_each_picture_shows() -> None:
    sheet = (PICTURES / "README.md").read_text("utf-8")
    assert all(f'## {name}\n\n{CAPTIONS[name]}\n\n<img src="{name}.png"' in sheet for name in GOLDEN)
    assert sheet.count("<img ") == sheet.count(' alt="') == len(GOLDEN)


def test_no_picture_is_heavy() -> None:
    assert max(path.stat().st_size for path in PICTURES.glob("*.png")) < 120_000


def test_the_lock_of_the_renderer_names_no_registry() -> None:
    assert '"resolved"' not in (HERE / "package-lock.json").read_text("utf-8")
