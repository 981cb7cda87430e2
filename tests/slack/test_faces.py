"""What a card shows in Slack."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.cards import Entry, Face, Likeness
from bot.core.texts import width
from bot.sandbox.blocks import problems
from bot.sandbox.reading import links, rendered_text, rings
from bot.slack.elements import MESSAGE_MAX, TEXT_MAX, Rendered, digest, measure
from bot.slack.faces import render_face, render_plain_face
from bot.slack.job_lines import PLAIN_TEXT_MAX
from bot.slack.render import render_message, render_plain
from tests.slack.render_samples import (
    FACES,
    HOSTILE,
    RINGING,
    check_golden,
    entry,
    face,
    opening,
    wire,
)


def shown(face: Face) -> str:
    return rendered_text(wire(render_face(face)))


def buttons(rendered: Rendered) -> Sequence[object]:
    rows = [block["elements"] for block in rendered.blocks if block["type"] == "actions"]
    return [(each["text"]["text"], each["value"]) for row in rows if isinstance(row, list) for each in row]


@pytest.mark.parametrize("name", FACES)
def test_a_card_looks_as_it_did(name: str) -> None:
    check_golden(name, render_face(FACES[name]))


@pytest.mark.parametrize("card", FACES.values(), ids=list(FACES))
def test_slack_would_take_every_card_and_every_edit_of_it(card: Face) -> None:
    rendered = render_face(card)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX
    assert 0 < len(rendered.text) <= TEXT_MAX
    assert len(render_plain_face(card)) <= PLAIN_TEXT_MAX


def test_a_card_of_one_job_says_how_it_stands_where_who_since_when_which_try_and_why() -> None:
    assert shown(FACES["card_running_again"]).splitlines() == [
        "🔵 press-line-1 nightly is running again",
        "@U0123456 @S0123456",
        "machine-state-classification · job_00000000000000000000000001",
        "since 2026-11-23 10:41 UTC · try 2",
        "last error: Worker ran out of memory and the retry limit was reached",
        "rule: failures",
    ]


def test_the_error_of_a_job_that_failed_is_no_error_of_the_past() -> None:
    assert "last error" not in shown(FACES["card_failed"])
    assert "last error: Worker" in shown(FACES["card_recovered"])


def test_the_sentence_for_notifications_says_whom_who_what_when_and_why() -> None:
    assert render_face(FACES["card_failed"]).text == (
        "<@U0123456> <!subteam^S0123456> press-line-1 nightly (job_00000000000000000000000001, "
        "machine-state-classification) failed, 2026-11-23 10:41 UTC. "
        "Error: Worker ran out of memory and the retry limit was reached."
    )
    assert render_face(FACES["card_group_completed"]).text.startswith(
        "3 jobs completed in machine-state-classification, since 2026-11-23 10:39 UTC: press-line-1 nightly"
    )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("card_group_500", "Newest error: No active version of the pipeline."),
        ("card_group_500_alike", "Error: Worker ran out of memory and the retry limit was reached."),
        ("card_group_recovered", "Last error: Worker ran out of memory and the retry limit was reached."),
    ],
)
def test_the_sentence_for_several_says_the_error_before_their_names(name: str, error: str) -> None:
    text = render_face(FACES[name]).text
    assert f"UTC. {error} Jobs: press-line-1 nightly (job_00000000000000000000000001)" in text


def test_the_newest_error_of_jobs_that_go_on_is_the_last_one() -> None:
    retried = face([entry(1, kind="retried", error="no such file", tries=2), entry(2, kind="retried", tries=2)])
    assert ". Last error: no such file. Jobs: " in render_face(retried).text


def test_a_card_of_many_names_ten_by_name_and_full_id_counts_the_rest_and_has_a_button_for_all() -> None:
    card = FACES["card_group_500"]
    for told in (shown(card), render_plain_face(card)):
        assert all(f"press-line-{number} nightly" in told for number in range(1, 11))
        assert all(f"job_{number:026d}" in told for number in range(1, 11))
        assert "and 490 more" in told
    assert buttons(render_face(card)) == [("List all 500", f"all card:{card.card}")]
    assert f"/jobs all card:{card.card}" in render_plain_face(card)


def test_a_card_that_names_all_its_jobs_has_no_button() -> None:
    assert buttons(render_face(FACES["card_group_3"])) == []


def test_jobs_that_stand_differently_each_say_how_and_the_worst_gives_the_sign() -> None:
    lines = shown(FACES["card_group_mixed"]).splitlines()
    assert lines[:2] == [
        "🔴 17 jobs in machine-state-classification: 7 failed, 1 retried, 4 running again, 5 recovered",
        "story began 2026-11-23 10:32 UTC",
    ]
    recovered = lines.index("✅ press-line-1 nightly job_00000000000000000000000001")
    assert lines[recovered + 1] == "recovered · 2026-11-23 10:41 UTC · try 2"


@pytest.mark.parametrize(
    ("name", "told"),
    [("card_group_overdue", "has been RUNNING for 3d 1h"), ("card_group_incomplete", "completed with 20 of 20 inputs")],
)
def test_how_much_or_how_long_is_said_of_each_though_all_stand_alike(name: str, told: str) -> None:
    card = FACES[name]
    for text in (shown(card), render_face(card).text, render_plain_face(card)):
        assert told in text


def test_an_error_that_all_have_is_told_once_and_one_that_differs_beside_its_job() -> None:
    assert shown(FACES["card_group_alike"]).count("Worker ran out of memory") == 1
    lines = shown(FACES["card_group_3"]).splitlines()
    assert [lines[place] for place in (3, 5, 7)] == [each.error for each in FACES["card_group_3"].entries]


def test_errors_that_are_alike_are_counted_unless_the_one_that_is_shown_is_that_of_all() -> None:
    assert "480 like: CUDA out of memory. Tried to allocate" in shown(FACES["card_group_500"])
    assert " like: " not in shown(FACES["card_group_500_alike"])
    some = replace(FACES["card_group_500_alike"], likenesses=(Likeness("out of memory", 497),))
    assert "497 like: out of memory · 3 others" in shown(some)


def test_an_error_that_only_those_have_who_are_named_is_not_said_of_all() -> None:
    likenesses = (Likeness("CUDA out of memory", 490), Likeness(entry(1).error, 10))
    named = [entry(number) for number in range(1, 11)]
    card = face(named, jobs=500, counts={"failed": 500}, likenesses=likenesses)
    assert shown(card).count("Worker ran out of memory and the retry limit was reached") == 11, "ten, and their count"
    assert render_plain_face(card).count("Worker ran out of memory") == 10
    assert "490 like: CUDA out of memory" in shown(card)
    assert "Newest error: Worker ran out of memory" in render_face(card).text


def test_a_failure_that_says_nothing_is_said_to_say_nothing() -> None:
    silent, cancelled = entry(1, error=""), entry(2, error="", kind="cancelled")
    assert "since 2026-11-23 10:41 UTC · try 1 · no error told" in shown(face([silent]))
    assert render_face(face([silent])).text.endswith("10:41 UTC. No error told.")
    for told in (shown(face([silent, cancelled])), render_plain_face(face([silent, cancelled]))):
        assert told.count("no error told") == 1


def test_a_job_without_a_name_shows_its_id_once_unless_that_is_the_link() -> None:
    nameless = entry(1, name="")
    assert shown(face([nameless])).count(nameless.job_id) == 1
    assert shown(face([replace(nameless, url="https://console.example/jobs/1")])).count(nameless.job_id) == 2
    assert "j" * 250 in shown(face([replace(nameless, job_id="j" * 250)]))


def test_a_job_that_is_listed_again_says_how() -> None:
    assert shown(FACES["card_reappeared"]).startswith("⚪ press-line-1 nightly is listed again, FAILED\n")


def test_a_job_that_is_well_needs_no_error_among_others() -> None:
    card = face([entry(1, kind="recovered", error="odd"), entry(2)])
    assert "odd" not in shown(card)
    assert "odd" not in render_plain_face(card)


def test_the_pipeline_stands_beside_its_job_where_not_all_have_the_same() -> None:
    lines = shown(FACES["card_group_overflow"]).splitlines()
    assert lines[0] == "🔴 2 jobs failed"
    assert lines[6] == "2026-11-23 10:40 UTC · try 1 · anomaly-detection"


def test_a_source_is_named_below_if_all_jobs_have_it_and_else_beside_its_job() -> None:
    assert "rule: failures · source: default" in shown(FACES["card_one_source"])
    assert "try 1 · prod" in shown(FACES["card_two_sources"])
    assert "default" not in shown(FACES["card_failed"])
    some = face([entry(1)], jobs=2, counts={"failed": 2}, show_source=True)
    assert "try 1 · default" in shown(some)


def test_an_error_of_many_lines_becomes_one_line_of_at_most_300_characters() -> None:
    error = next(line for line in shown(FACES["card_long_error"]).splitlines() if line.startswith("RuntimeError"))
    assert len(error) <= 300


def test_a_title_with_many_states_shortens_the_pipeline_and_not_the_counts() -> None:
    kinds = ("failed", "incomplete", "overdue", "preempted", "cancelled", "retried")
    card = face([entry(number, kind=kind) for number, kind in enumerate(kinds)], label=("p" * 90,))
    assert (
        shown(card)
        .splitlines()[0]
        .endswith("ppp…: 1 failed, 1 incomplete, 1 overdue, 1 preempted, 1 cancelled, 1 retried")
    )


def test_plain_text_of_several_tells_the_same_in_lines_that_can_be_read_aloud() -> None:
    failed = entry(2, error="No active version")
    assert rendered_text({"text": render_plain_face(face([entry(1, kind="recovered", tries=2), failed]))}) == (
        "2 jobs in machine-state-classification: 1 failed, 1 recovered, story began 2026-11-23 10:40 UTC.\n"
        "• press-line-1 nightly (job_00000000000000000000000001) recovered on try 2, 2026-11-23 10:41 UTC\n"
        "• press-line-2 nightly (job_00000000000000000000000002) failed, 2026-11-23 10:40 UTC: No active version"
    )


def test_plain_text_of_ten_jobs_with_long_errors_names_them_all_and_fits_an_edit() -> None:
    long = [entry(n, error=f"{n}" + "&" * 5_000, name="<" * 500) for n in range(1, 11)]
    plain = render_plain_face(face(long, jobs=500, counts={"failed": 500}))
    assert all(f"job_{n:026d}" in plain for n in range(1, 11))
    assert "and 490 more" in plain
    assert len(plain) <= PLAIN_TEXT_MAX


def test_signs_that_count_twice_for_slack_are_counted_twice() -> None:
    faces = [entry(number, name="🔥" * 300, error="🔥" * 9_000, pipeline="🔥" * 300) for number in range(1, 11)]
    for card in (face(faces[:1]), face(faces, label=("🔥" * 300,))):
        (title,) = [block["text"] for block in render_face(card).blocks if block["type"] == "header"]
        assert isinstance(title, dict)
        assert width(title["text"]) <= 150
        assert width(render_plain_face(card)) <= PLAIN_TEXT_MAX


def test_of_very_many_who_are_rung_the_first_are_and_the_others_are_counted() -> None:
    people = [f"@U{number:09d}" for number in range(200)]
    card = face([entry(number, error="e" * 900) for number in range(1, 11)], mentions=tuple(people))
    rendered, plain = render_face(card), render_plain_face(card)
    ringing = {person.removeprefix("@") for person in people[:71]}
    assert rings(wire(rendered)) == rings({"text": plain}) == ringing
    for told in (shown(card), rendered.text, plain):
        assert "and 129 more" in told
    assert max(len(rendered.text), len(plain)) <= PLAIN_TEXT_MAX


def test_an_opening_rings_whom_it_names_though_the_card_has_rung_others() -> None:
    card = face([entry(1, name=HOSTILE)], mentions=("@U0999999",))
    ringing = replace(opening(card), mentions=(*RINGING, "@here", "@channel"))
    assert rings(wire(render_message(ringing, card))) == {"U0123456", "S0123456", "here", "channel"}
    assert rings({"text": render_plain(ringing, card)}) == {"U0123456", "S0123456", "here", "channel"}


def test_a_name_full_of_markup_rings_nobody_links_nothing_and_shows_as_written() -> None:
    card = FACES["card_markup_name"]
    rendered, plain = render_face(card), {"text": render_plain_face(card), "parse": "none"}
    assert rings(wire(rendered)) == rings(plain) == set()
    assert links(wire(rendered)) == links(plain) == set()
    assert HOSTILE in shown(card)
    assert HOSTILE in rendered_text(plain)


@pytest.mark.parametrize("job", [entry(1), entry(1, name="")], ids=["named", "unnamed"])
def test_a_job_with_a_link_is_a_link_and_a_broken_link_is_text(job: Entry) -> None:
    good, broken = replace(job, url="https://console.example/jobs/1"), replace(job, url="javascript:alert(1)")
    for others in ([], [entry(2)]):
        assert links(wire(render_face(face([good, *others])))) == {"https://console.example/jobs/1"}
        assert links(wire(render_face(face([broken, *others])))) == set()


def test_a_digest_differs_if_and_only_if_something_else_is_seen() -> None:
    card = FACES["card_group_3"]
    again = replace(card, counts=dict(card.counts))
    assert digest(render_face(again)) == digest(render_face(card))
    late = replace(card, entries=(replace(card.entries[0], error="OOMKilled"), *card.entries[1:]))
    assert digest(render_face(late)) != digest(render_face(card))
