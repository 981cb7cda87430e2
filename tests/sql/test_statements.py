"""Statements are read by people first: every one has a name and a sentence, and the bot uses it."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from bot.sql import migrations, statements

STORE = Path(__file__).parents[2] / "bot" / "store"
NAMED = re.compile(r'(?:rows|row|run|run_many|chunks)\(\s*"(\w+)"')
NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)
LOOPED = re.compile(r"for name in \(([^)]*)\)")


def texts() -> list[str]:
    return [entry.read_text() for entry in files("bot.sql").joinpath("statements").iterdir()]


def asked_for() -> set[str]:
    code = "\n".join(path.read_text() for path in STORE.glob("*.py"))
    looped = re.findall(r'"(\w+)"', " ".join(LOOPED.findall(code)))
    return {*NAMED.findall(code), *looped}


@pytest.mark.parametrize("text", texts())
def test_a_file_begins_with_a_statement_and_ends_with_a_line(text: str) -> None:
    assert NAME.match(text)
    assert text.endswith(";\n")


def test_no_name_is_given_twice() -> None:
    names = [name for text in texts() for name in NAME.findall(text)]
    assert len(names) == len(set(names)) == len(statements())


@pytest.mark.parametrize("name", statements())
def test_a_statement_says_in_a_sentence_what_it_is_and_is_one_statement(name: str) -> None:
    lines = statements()[name].splitlines()
    comment = " ".join(line.removeprefix("-- ") for line in lines if line.startswith("-- "))
    assert re.fullmatch(r"[A-Z].*\.", comment)
    code = "\n".join(line for line in lines if not line.startswith("-- "))
    assert code.strip().endswith(";")
    assert code.count(";") == 1


@pytest.mark.parametrize("name", statements())
def test_a_statement_is_used(name: str) -> None:
    assert name in asked_for()


def test_no_statement_is_missing() -> None:
    assert asked_for() <= set(statements())


def test_migrations_come_in_the_order_of_their_numbers() -> None:
    names = [name for name, _ in migrations()]
    assert [name[:5] for name in names] == [f"{number:04}_" for number in range(1, len(names) + 1)]
