"""What holds for every text: the grammar never raises, and it reads what it writes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands import ListJobs, Mistake, Share, jobs_of_card
from bot.core.grammar import TEXT_LIMIT, parse, write
from bot.core.jobs import Filter, JobQuery, View

often = settings(max_examples=300)

_PIECES = st.sampled_from(
    [
        *("failed", "all", "show", "share", "health", "job_1", "jobs", "/jobs", "gpu", "oom", "faild"),
        *("name:", "-pipeline:", "type:", "since:24h", "card:3F2a", "limit:50", "page:7", "since:"),
        *("pipline:", "a:", "–name:"),  # noqa: RUF001
        *('"', "'", "“", "”", "„", "«", "»", "‘", "’", "-", "*", "<", ">", "&", ";", "|", ":", "\\"),  # noqa: RUF001
        *("&lt;", "&gt;", "&amp;", "&quot;", "&amp;lt;", "<@U1>", "<@U1|ann>", "<#C1|>", "<https://x|x y>"),
        *(" ", "  ", "\n", "\u00a0", "\u200b", "\u200d", "\ufeff", "\u202e", "\x00", "\ud800", "é", "語", "\U0001f525"),
    ]
)
_TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=14).map("".join),
    st.lists(_PIECES, max_size=10).map(" ".join).map("failed ".__add__),
    st.lists(_PIECES, max_size=10).map("".join).map("show ".__add__),
)


@often
@given(_TEXTS)
def test_what_is_written_is_read_as_the_same_command(text: str) -> None:
    command = parse(text)
    if not isinstance(command, Mistake):
        assert parse(write(command)) == command


@often
@given(_TEXTS)
def test_the_example_of_a_mistake_works(text: str) -> None:
    command = parse(text)
    if isinstance(command, Mistake):
        assert command.note
        assert not isinstance(parse(command.example), Mistake)


@often
@given(st.lists(_PIECES, max_size=1200).map("".join), st.integers(1, 700))
def test_a_text_of_any_length_has_an_answer(text: str, times: int) -> None:
    parse(text)
    assert isinstance(parse("x" * (TEXT_LIMIT + times)), Mistake)


@often
@given(st.text(alphabet="ab \"'&<>“”:", max_size=2000), st.sampled_from(["failed ", "show ", "failed name:"]))
def test_what_was_understood_fits_a_button_shared_and_on_any_page(text: str, start: str) -> None:
    command = parse((start + text)[:TEXT_LIMIT])
    match command:
        case Mistake() | Share():
            return
        case ListJobs(query):
            button = Share(ListJobs(replace(query, page=1_000_000)))
        case _:
            button = Share(command)
    assert len(write(button)) <= TEXT_LIMIT
    assert parse(write(button)) == button


@often
@given(st.builds(JobQuery, view=..., words=st.tuples(st.text(min_size=1, max_size=9)), filters=...))
def test_a_query_that_has_been_read_once_stays_as_it_is(query: JobQuery) -> None:
    command = parse(write(ListJobs(query)))
    if isinstance(command, ListJobs):
        assert parse(write(command)) == command


@given(st.text("0123456789abcdef", min_size=4, max_size=64), st.integers(1, 99))
def test_the_key_of_a_card_survives_being_written_on_any_page_and_shared(key: str, page: int) -> None:
    command = Share(ListJobs(replace(jobs_of_card(key).query, page=page)))
    assert parse(write(command.question)) == command.question
    assert parse(write(command)) == command


@often
@given(st.builds(Filter, field=..., glob=st.text(alphabet="ab*?[]:'\"&<>“- ", min_size=1, max_size=9), negated=...))
def test_any_visible_glob_survives_being_written(found: Filter) -> None:
    if found.glob.strip():
        command = ListJobs(JobQuery(view=View.FAILED, filters=(found,)))
        assert parse(write(command)) == command


@pytest.mark.parametrize("worst", ['"', "'", "'a ", "<@", "<@U1>", "@", "&amp;", "share ", "a:", "name:a ", "\u200d"])
def test_no_text_sends_the_reader_astray(worst: str) -> None:
    command = parse((worst * TEXT_LIMIT)[:TEXT_LIMIT])
    assert isinstance(command, Mistake) or parse(write(command)) == command
