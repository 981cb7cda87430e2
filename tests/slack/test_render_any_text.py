import re
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.card_words import STATES
from bot.core.cards import NAMED, Entry, Face, Likeness
from bot.core.commands import ListJobs
from bot.core.jobs import JobQuery, View
from bot.core.messages import About, Message
from bot.core.replies import HealthReport, Note, Overview
from bot.core.texts import NOTHING, isolated, one_line, tame, tame_lines
from bot.sandbox.blocks import problems
from bot.sandbox.reading import links, rendered_text, rings
from bot.slack.elements import MESSAGE_MAX, measure, spoken
from bot.slack.job_lines import PLAIN_TEXT_MAX
from bot.slack.render import Rendered, escape, render_face, render_message, render_plain, render_reply
from bot.slack.tables import short_ids
from tests.slack.render_samples import (
    DETAILS,
    HEBREW,
    NOW,
    SEEN,
    SICK,
    entry,
    face,
    job_list,
    memory,
    opening,
    reply,
    story,
    wire,
)

MARKUP = st.sampled_from(["<!channel>", "<@U0123456>", "@here ", "<http://a|b>", "https://a.b ", "&lt;", "*", "\u202e"])
ANY = st.one_of(
    st.text(max_size=40),
    MARKUP,
    st.lists(MARKUP, max_size=8).map("".join),
    st.sampled_from(["x" * 600, "&" * 600, "x" * 299 + "&<>" * 300]),
)
BROKEN = re.compile("&(?!(?:amp|lt|gt);)")
KIND = st.one_of(st.sampled_from([*STATES]), ANY)
ENTRIES = st.lists(
    st.tuples(st.integers(0, 60), KIND, ANY, ANY, ANY, ANY, st.booleans()).map(
        lambda drawn: entry(
            drawn[0],
            kind=drawn[1],
            name=drawn[2],
            error=drawn[3],
            pipeline=drawn[4],
            url=drawn[5],
            inferred=drawn[6],
            tries=drawn[0] % 4 + 1,
        )
    ),
    min_size=1,
    max_size=60,
)


def is_sound(rendered: Rendered, ringing: frozenset[str] = frozenset()) -> None:
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX
    assert rendered.text.encode()
    assert not BROKEN.search(rendered.text)
    assert rings(wire(rendered)) == ringing


def is_sound_message(message: Message, face: Face | None = None) -> None:
    """Slack takes it in either form; it rings one user, and its plain text links nothing."""
    rendered, plain = render_message(message, face), render_plain(message, face)
    is_sound(rendered, frozenset({"U0123456"}))
    assert len(rendered.text) <= PLAIN_TEXT_MAX
    assert rings({"text": plain}) == {"U0123456"}
    assert links({"text": plain, "parse": "none"}) == set()
    assert not BROKEN.search(plain)
    assert len(plain) <= PLAIN_TEXT_MAX


@given(ENTRIES, ANY, ANY, st.integers(0, 600))
def test_a_card_of_any_text_is_taken_by_slack_and_rings_only_whom_it_should(
    entries: list[Entry], rule: str, label: str, unnamed: int
) -> None:
    named = list({each.job: each for each in entries}.values())[:NAMED]
    counts = Counter([each.kind for each in named] + [named[0].kind] * unnamed)
    card = face(named, jobs=counts.total(), counts=dict(counts), rule=rule, label=(label, rule), show_source=True)
    alike = tuple(Likeness(each.error, 2) for each in named[:3])
    for drawn in (card, replace(card, likenesses=alike)):
        is_sound_message(replace(opening(drawn), mentions=("@U0123456",)), drawn)
        shown = rendered_text({"blocks": render_face(drawn).blocks})
        assert all(each.job_id in shown for each in named)


@given(ENTRIES, st.sampled_from(About), ANY, st.integers(0, 600))
def test_a_reply_in_a_thread_of_any_text_is_taken_by_slack_and_rings_only_whom_it_should(
    entries: list[Entry], about: About, label: str, unnamed: int
) -> None:
    jobs = len({each.job for each in entries}) + unnamed
    said = reply(entries, about, mentions=("@U0123456",), jobs=jobs, total=jobs, label=(label,), show_source=True)
    is_sound_message(said)
    assert entries[0].job_id in render_message(said, None).text


def test_jobs_with_ids_of_any_length_are_named_as_far_as_there_is_room() -> None:
    long = [entry(number, job_id=f"{number}{'&' * 300}", error=f"{number}" * 300) for number in range(50)]
    is_sound_message(reply(long, mentions=("@U0123456",)))
    is_sound_message(reply(long, About.NEWCOMERS, mentions=("@U0123456",), jobs=500, total=500))
    card = face(long[:10], jobs=50, counts={"failed": 50})
    is_sound_message(replace(opening(card), mentions=("@U0123456",)), card)


@given(ANY, ANY, ANY, ANY, ANY)
def test_a_list_of_any_text_is_taken_by_slack(name: str, id_: str, error: str, pipeline: str, word: str) -> None:
    odd = memory(1, status=pipeline, name=name, error=error, pipeline_key=pipeline, source=word)
    rows = [odd, memory(2), memory(3, id=id_ or "job_3")]
    query = JobQuery(view=View.ALL, words=(word,), page=2)
    is_sound(render_reply(replace(job_list(rows, total=60, query=query), job_urls={word: name, "default": id_})))


@given(ANY, ANY, ANY, ANY)
def test_a_card_and_an_overview_of_any_text_are_taken_by_slack(name: str, error: str, trouble: str, place: str) -> None:
    blind = replace(SEEN, source=name, trouble=trouble, failures=1)
    told = tuple(replace(past, kind=place, reason=trouble) for past in story())
    odd = memory(1, name=name, error=error, pipeline_version=place, pipeline_type=trouble)
    is_sound(render_reply(replace(DETAILS, memory=odd, history=told, sources=(blind,), job_urls={"default": place})))
    is_sound(render_reply(Overview(counts={name: 1}, failed=(odd,), sources=(blind, SEEN), job_urls={}, now=NOW)))
    is_sound(render_reply(Note(name, error)))


@given(ANY, ANY)
def test_a_health_report_of_any_text_is_taken_by_slack(name: str, trouble: str) -> None:
    sources = tuple(replace(SEEN, source=name, trouble=trouble, doubts=(trouble,), faults=(name,)) for _ in range(12))
    parked = tuple(replace(SICK.parked[0], destination=name, reason=trouble) for _ in range(12))
    is_sound(render_reply(HealthReport(replace(SICK, sources=sources, parked=parked), NOW)))


@settings(max_examples=20)
@given(st.sampled_from(["ש" * 300, "x y" * 200, "🔥" * 300, "&" * 300]), st.booleans())
def test_fifty_rows_of_anything_long_stay_within_the_limits(long: str, named: bool) -> None:  # noqa: FBT001
    urls = {"default": "https://console.example/" + "p" * 60 + "/{job_id}"} if named else {}
    rows = [memory(n, id=f"job_{'z' * 40}{n}", name=long, error=long, pipeline_key=long) for n in range(50)]
    query = JobQuery(view=View.ALL, limit=50)
    rendered = render_reply(replace(job_list(rows, total=500, query=query), job_urls=urls, command=ListJobs(query)))
    is_sound(rendered)
    assert len(rendered.blocks) <= 50


@given(ANY, st.integers(1, 700))
def test_text_that_is_spoken_is_cut_before_it_is_escaped(text: str, limit: int) -> None:
    cut = spoken(text, limit)
    assert not BROKEN.search(cut)
    assert len(cut) <= max(limit, len(NOTHING)) + 2
    if len(whole := escape(one_line(text))) <= limit:
        assert cut.strip("\u2068\u2069") == (whole or NOTHING)


def test_a_list_narrowed_by_a_thousand_words_stays_within_the_limits() -> None:
    query = JobQuery(view=View.ALL, words=("&",) * 900)
    is_sound(render_reply(job_list([memory(1)], total=1, query=query)))


@given(st.text())
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    assert rendered_text({"text": escape(text)}) == text


@given(st.text(), st.integers(1, 50))
def test_tamed_text_is_one_line_that_is_never_empty_and_never_too_long(text: str, limit: int) -> None:
    tamed = tame(text, limit)
    assert tamed.strip()
    assert "\n" not in tamed
    assert len(tamed) <= limit + 2


def test_what_would_turn_a_line_around_is_taken_out_and_hebrew_is_fenced() -> None:
    assert one_line("a\u202egpj.exe\u200b\x07\ttwo\nlines") == "agpj.exe two lines"
    assert isolated(HEBREW) == f"\u2068{HEBREW}\u2069"
    assert one_line("👩\u200d🔬") == "👩\u200d🔬"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mERROR\x1b[0m boom", "ERROR boom"),
        ("\x1b[1;38;5;196mE\x1b[mR\x9b0K", "ER"),
        ("see \x1b]8;;http://evil.example\x07this\x1b]8;;\x1b\\", "see this"),
        ("\x1b]0;a window\x07ready", "ready"),
        ("a\x1b[31", "a [31"),
    ],
)
def test_what_is_meant_for_a_terminal_is_taken_out_whole(text: str, shown: str) -> None:
    assert one_line(text) == tame_lines(text, 100) == shown


def test_the_lines_of_an_error_are_kept_where_there_is_room() -> None:
    assert tame_lines("\n\n  a\r\n\tb \x07\n", 100) == "  a\n\tb"


def test_short_ids_stay_unique() -> None:
    ids = [f"job_{'z' * 20}{number}" for number in range(10)]
    assert len(set(short_ids(ids).values())) == 10
    assert set(short_ids(["job_2w2ykhs5a49", "job_3w2ykhs5a49"]).values()) == {"job_2w2ykhs5", "job_3w2ykhs5"}


def test_every_letter_that_runs_from_right_to_left_is_fenced() -> None:
    letters = [chr(code) for code in range(0x11_0000) if unicodedata.bidirectional(chr(code)) in {"R", "AL"}]
    assert [letter for letter in letters if isolated(letter) == letter and unicodedata.category(letter) != "Cf"] == []
