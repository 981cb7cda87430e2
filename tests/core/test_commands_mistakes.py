"""What is not understood gets the nearest right spelling and an example that works."""

import pytest

from bot.core.commands import ListJobs, Mistake
from bot.core.grammar import parse


def _mistake(text: str) -> Mistake:
    command = parse(text)
    assert isinstance(command, Mistake), command
    return command


def test_a_misspelt_view_is_shown_its_right_spelling() -> None:
    assert parse("faild") == Mistake("I do not know “faild”. Did you mean “failed”?", "/jobs failed")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("runing", "running"),
        ("pendign", "pending"),
        ("admited", "admitted"),
        ("complted", "completed"),
        ("cancled", "cancelled"),
        ("premepted", "preempted"),
        ("actve", "active"),
        ("al", "all"),
        ("failurse", "failed"),
        ("-failed", "failed"),
        ("shwo nightly-7", "show"),
        ("helth", "health"),
        ("hlep", "help"),
        ("shrae failed", "share"),
        ("FAILD since:24h", "failed"),
    ],
)
def test_the_first_word_is_corrected(text: str, right: str) -> None:
    mistake = _mistake(text)
    assert f"Did you mean “{right}”?" in mistake.note
    assert mistake.example.startswith(f"/jobs {right}")


@pytest.mark.parametrize(
    ("text", "example", "reason"),
    [
        ("oom", "/jobs all oom", "a word without a view may be searched for"),
        ('"nightly run"', "/jobs help", "a phrase without a view"),
        ("\U0001f525", "/jobs help", "an emoji"),
    ],
)
def test_what_is_near_to_nothing_is_told_how_to_begin(text: str, example: str, reason: str) -> None:
    mistake = _mistake(text)
    assert "Begin with a view" in mistake.note, reason
    assert mistake.example == example, reason


@pytest.mark.parametrize(
    ("text", "right", "example"),
    [
        ("pipline:x", "pipeline:", "/jobs failed pipeline:machine-*"),
        ("-pipline:x", "-pipeline:", "/jobs failed -pipeline:machine-*"),
        ("tpye:x", "type:", "/jobs failed type:training"),
        ("nmae:x", "name:", "/jobs failed name:nightly-*"),
        ("soruce:x", "source:", "/jobs failed source:prod"),
        ("sinc:24h", "since:", "/jobs failed since:24h"),
        ("crad:3f2a", "card:", "/jobs failed card:3f2a91c0"),
        ("LIMT:5", "limit:", "/jobs failed limit:20"),
        ("pgae:2", "page:", "/jobs failed page:2"),
    ],
)
def test_a_misspelt_filter_is_shown_its_right_spelling(text: str, right: str, example: str) -> None:
    for whole in (text, f"failed {text}", f"failed gpu {text}"):
        mistake = _mistake(whole)
        assert f"Did you mean “{right}”?" in mistake.note
        assert mistake.example == example


@pytest.mark.parametrize("text", ["error:oom", "-status:x", 'error:"out of memory"', "failed id:job_1"])
def test_a_filter_that_is_near_to_none_is_told_which_there_are_and_how_to_search_for_it(text: str) -> None:
    for whole in (text, f"failed gpu {text}"):
        mistake = _mistake(whole)
        for name in ("pipeline:", "type:", "name:", "source:", "since:", "card:", "limit:", "page:"):
            assert f"“{name}”" in mistake.note
        assert isinstance(parse(mistake.example.removeprefix("/jobs ")), ListJobs)
    assert "in quotes" in _mistake("failed error:oom").note
    assert _mistake("failed error:oom").example == '/jobs failed "error:oom"'


@pytest.mark.parametrize(
    ("text", "told", "reason"),
    [
        ("since:yesterday", "24h", "no length"),
        ("since:24", "24h", "no unit"),
        ("since:0h", "0h", "no time at all"),
        ("since:-1h", "24h", "a time to come"),
        ("since:99999999d", "24h", "longer than any store counts"),
        ("since:999999999w", "24h", "longer than can be computed"),
        ("-since:24h", "negated", "cannot be negated"),
        ("since:", "right after the colon", "no value"),
        ("card:3f2", "four digits", "too short to tell cards apart"),
        ("card:3f2a*", "four digits", "no glob"),
        ("card:nightly", "four digits", "no digits of a key"),
        ("card:" + "f" * 65, "four digits", "longer than any key"),
        ("card:", "right after the colon", "no value"),
        ("-card:3f2a", "negated", "cannot be negated"),
        ("limit:0", "1 to 50", "no rows"),
        ("limit:51", "1 to 50", "more than go on a page"),
        ("limit:many", "1 to 50", "no number"),
        ("limit:-1", "1 to 50", "less than nothing"),
        ("limit:" + "9" * 1900, "1 to 50", "a number that Python does not read"),
        ("-limit:5", "negated", "cannot be negated"),
        ("page:0", "from 1 on", "pages begin with 1"),
        ("page:1.5", "from 1 on", "no whole page"),
        ("-page:2", "negated", "cannot be negated"),
        ("name:", "right after the colon", "no value"),
        ('name:" "', "right after the colon", "a value that nobody sees"),
        ("pipeline: machine-*", "right after the colon", "a space too many"),
        ('name:"nightly run', "never closed", "an open quote"),
        ("“nightly run", "never closed", "an open curly quote"),
    ],
)
def test_a_value_that_cannot_be_is_explained(text: str, told: str, reason: str) -> None:
    assert told in _mistake(f"failed {text}").note, reason


@pytest.mark.parametrize("text", ["show", "show ", 'show ""', "show “ ”"])
def test_show_needs_a_job(text: str) -> None:
    assert _mistake(text).example == "/jobs show nightly-7"


def test_a_mistake_is_not_shared() -> None:
    assert parse("share faild") == parse("faild")


def test_text_that_is_too_long_is_refused() -> None:
    assert isinstance(parse(f"failed {'x' * 1900}"), ListJobs)
    assert "too long" in _mistake(f"failed {'x' * 2000}").note
    assert "too long" in _mistake("x" * 1_000_000).note


def test_text_that_is_too_long_for_a_button_once_it_is_escaped_is_refused() -> None:
    assert "too long" in _mistake(f"failed {'&' * 500}").note


def test_little_of_what_was_typed_is_quoted() -> None:
    for text in ("z" * 1900, f"since:{'z' * 1900}", f"pipelin{'e' * 3}:{'z' * 1900}", f"{'z' * 900}:{'z' * 900}"):
        mistake = _mistake(text)
        assert len(mistake.note) < 250
        assert len(mistake.example) < 80
