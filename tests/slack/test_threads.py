"""What a card's thread says in Slack."""

from dataclasses import replace

import pytest

from bot.core.messages import About, ThreadReply
from bot.sandbox.blocks import problems
from bot.sandbox.reading import rendered_text, rings
from bot.slack.elements import MESSAGE_MAX, TEXT_MAX, measure
from bot.slack.job_lines import PLAIN_TEXT_MAX
from bot.slack.threads import render_plain_thread_reply, render_thread_reply
from tests.slack.render_samples import REPLIED, RINGING, check_golden, entry, reply, wire


def shown(reply: ThreadReply) -> str:
    return rendered_text(wire(render_thread_reply(reply)))


@pytest.mark.parametrize("name", REPLIED)
def test_a_reply_in_a_thread_looks_as_it_did(name: str) -> None:
    check_golden(name, render_thread_reply(REPLIED[name]))


@pytest.mark.parametrize("reply", REPLIED.values(), ids=list(REPLIED))
def test_slack_would_take_every_reply_in_a_thread(reply: ThreadReply) -> None:
    rendered = render_thread_reply(reply)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX
    assert 0 < len(rendered.text) <= TEXT_MAX
    assert len(render_plain_thread_reply(reply)) <= PLAIN_TEXT_MAX


def test_a_step_is_a_whole_sentence_that_can_stand_alone_in_the_channel() -> None:
    job = "press-line-1 nightly (job_00000000000000000000000001)"
    error = "Worker ran out of memory and the retry limit was reached"
    assert {name: render_thread_reply(REPLIED[name]).text for name in REPLIED if len(REPLIED[name].tells) == 1} == {
        "thread_failed_again": f"<@U0123456> <!subteam^S0123456> {job} failed on try 2: {error}.",
        "thread_retried": f"{job} was retried and waits, try 2.",
        "thread_recovered": f"{job} recovered on try 3.",
        "thread_newcomer": f"1 more job failed in machine-state-classification, 2 in all: {job}. Error: {error}.",
    }


def test_how_long_each_newcomer_takes_is_told_though_all_are_overdue() -> None:
    late = [entry(number, kind="overdue", error="", detail=f"RUNNING for 3d {number}h") for number in (1, 2)]
    newcomers = reply(late, About.NEWCOMERS, total=3)
    for told in (
        shown(newcomers),
        render_thread_reply(newcomers).text,
        render_plain_thread_reply(newcomers),
    ):
        assert "has been RUNNING for 3d 1h" in told
        assert "has been RUNNING for 3d 2h" in told


def test_a_step_of_one_job_says_where_it_runs_unless_all_jobs_of_the_card_do_there() -> None:
    step = reply([entry(1, kind="retried", error="", source="prod")], label=(), show_source=True)
    pipeline, job = "machine-state-classification", "press-line-1 nightly"
    assert f"{job} job_00000000000000000000000001 · {pipeline} · prod · was retried" in shown(step)
    assert render_thread_reply(step).text.startswith(f"{job} (job_00000000000000000000000001, {pipeline}, prod) was")
    alone = reply([entry(1, kind="retried", error="")])
    assert pipeline not in shown(alone) + render_thread_reply(alone).text


def test_several_steps_of_one_job_are_told_oldest_first_each_error_once() -> None:
    assert shown(REPLIED["thread_story"]).splitlines() == [
        "🔵 press-line-1 nightly job_00000000000000000000000001",
        "2026-11-23 10:39 UTC · failed (inferred, nobody saw it)",
        "OOMKilled (exit=137)",
        "2026-11-23 10:39 UTC · failed on try 2",
        "Worker ran out of memory and the retry limit was reached",
        "2026-11-23 10:40 UTC · was retried and waits, try 3",
        "2026-11-23 10:41 UTC · is running again, try 3",
    ]


def test_an_error_that_several_failures_show_stands_beside_the_last_of_them() -> None:
    unseen = replace(entry(2, tries=1, inferred=True), job_id=entry(1).job_id, change_key="a")
    lines = shown(reply([entry(1, tries=2), unseen])).splitlines()
    assert lines[-2:] == ["2026-11-23 10:41 UTC · failed on try 2", entry(1).error]
    assert lines.count(entry(1).error) == 1


def test_the_error_that_a_retried_job_had_is_not_told_again() -> None:
    assert entry(1).error not in shown(REPLIED["thread_retried"])


def test_steps_of_several_jobs_are_a_line_each_under_a_count() -> None:
    lines = shown(REPLIED["thread_steps_of_several"]).splitlines()
    assert lines[0] == "🔴 5 jobs in machine-state-classification: 2 failed, 3 running again"
    assert lines[1] == "🔵 press-line-1 nightly job_00000000000000000000000001 · running again · try 2"
    assert lines[4].endswith(" · failed · try 2 · No active version of the pipeline")


def test_newcomers_are_named_up_to_fifty_by_name_and_full_id_and_the_rest_is_counted() -> None:
    many = REPLIED["thread_newcomers_500"]
    for told in (shown(many), render_plain_thread_reply(many)):
        assert "483 more jobs failed in machine-state-classification, 500 in all" in told
        assert all(f"job_{number:026d}" in told for number in range(1, 51))
        assert "and 433 more" in told


def test_an_error_that_all_newcomers_have_is_told_once() -> None:
    assert shown(REPLIED["thread_newcomers_500"]).count("Worker ran out of memory") == 1
    assert shown(REPLIED["thread_newcomers_12"]).count("No active version of the pipeline") == 4


def test_an_error_that_all_have_who_are_named_is_said_of_these() -> None:
    many, error = REPLIED["thread_newcomers_500"], entry(1).error
    assert f"the newest 50: {error}" in shown(many)
    assert f"500 in all. Error of the newest 50: {error}. Jobs: press-line-1" in render_thread_reply(many).text
    assert f"500 in all. Error of the newest 50: {error}.\n" in render_plain_thread_reply(many)
    all_named = reply([entry(1), entry(2)], About.NEWCOMERS, total=3)
    assert "newest" not in shown(all_named)
    assert f"3 in all. Error: {error}. Jobs: " in render_thread_reply(all_named).text


def test_what_a_card_rang_for_and_does_not_show_any_more_is_told_before_the_first_step() -> None:
    assert shown(REPLIED["thread_moved_on"]).splitlines() == [
        "🟣 press-line-1 nightly job_00000000000000000000000001",
        "since 2026-11-23 04:30 UTC · has been PENDING for 6h 12m",
        "2026-11-23 10:41 UTC · is admitted",
    ]


def test_the_pipeline_and_the_source_stand_beside_a_job_where_the_title_does_not_say_them() -> None:
    news = reply([entry(1, error=""), entry(2, error="", source="prod")], label=(), show_source=True)
    assert shown(news).splitlines()[0] == "🔴 2 jobs failed"
    assert shown(news).splitlines()[2].endswith(" · machine-state-classification · prod")
    assert "(job_00000000000000000000000002, machine-state-classification, prod)" in render_plain_thread_reply(news)


def test_a_loud_reply_begins_with_whom_it_rings() -> None:
    for name in ("thread_failed_again", "thread_newcomers_500"):
        assert shown(REPLIED[name]).startswith("@U0123456 @S0123456 🔴 ")
        assert render_thread_reply(REPLIED[name]).text.startswith("<@U0123456> <!subteam^S0123456> ")
        assert rings({"text": render_plain_thread_reply(REPLIED[name])}) == {"U0123456", "S0123456"}


def test_plain_text_of_several_tells_the_same_in_lines() -> None:
    news = reply([entry(1, error="odd"), entry(2, kind="started", tries=2)], mentions=RINGING)
    assert rendered_text({"text": render_plain_thread_reply(news)}) == (
        "@U0123456 @S0123456 2 jobs in machine-state-classification: 1 failed, 1 running again.\n"
        "• press-line-1 nightly (job_00000000000000000000000001), failed: odd\n"
        "• press-line-2 nightly (job_00000000000000000000000002), running again, try 2"
    )
