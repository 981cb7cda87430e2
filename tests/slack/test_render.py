from dataclasses import replace

import pytest

from bot.core.commands import ListJobs
from bot.core.grammar import parse
from bot.core.jobs import JobQuery, View
from bot.core.messages import Message
from bot.core.replies import Reply
from bot.sandbox.blocks import problems
from bot.sandbox.reading import links, rendered_text, rings
from bot.slack.elements import MESSAGE_MAX, TEXT_MAX, measure
from bot.slack.render import Rendered, render_message, render_plain, render_reply
from tests.slack.render_samples import (
    ALERTS,
    HOSTILE,
    NARROWED,
    REPLIES,
    URLS,
    check_golden,
    entry,
    job_list,
    memory,
    message,
)


def wire(rendered: Rendered) -> dict[str, object]:
    return {"text": rendered.text, "blocks": rendered.blocks}


def buttons_of(rendered: Rendered) -> list[dict[str, object]]:
    row = next(block for block in rendered.blocks if block["type"] == "actions")["elements"]
    assert isinstance(row, list)
    return row


def table_of(rendered: Rendered) -> dict[str, object]:
    return next(block for block in rendered.blocks if block["type"] == "table")


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_looks_as_it_did(name: str) -> None:
    check_golden(name, render_message(ALERTS[name]))


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_looks_as_it_did(name: str) -> None:
    check_golden(f"reply_{name}", render_reply(REPLIES[name]))


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_slack_would_take_every_alert(alert: Message) -> None:
    rendered = render_message(alert)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX
    assert 0 < len(rendered.text) <= TEXT_MAX


@pytest.mark.parametrize("reply", REPLIES.values(), ids=list(REPLIES))
def test_slack_would_take_every_reply(reply: Reply) -> None:
    rendered = render_reply(reply)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX


def test_an_alert_rings_whom_the_rule_names_and_nobody_else() -> None:
    alert = message([entry(1, name=HOSTILE)], mentions=("@U0123456", "@S0123456", "@here", "@channel"))
    assert rings(wire(render_message(alert))) == {"U0123456", "S0123456", "here", "channel"}
    assert rings({"text": render_plain(alert)}) == {"U0123456", "S0123456", "here", "channel"}


def test_a_name_full_of_markup_rings_nobody_links_nothing_and_shows_as_written() -> None:
    rendered = render_message(ALERTS["alert_markup_name"])
    plain = {"text": render_plain(ALERTS["alert_markup_name"]), "parse": "none"}
    assert rings(wire(rendered)) == rings(plain) == set()
    assert links(wire(rendered)) == links(plain) == set()
    assert HOSTILE in rendered_text(wire(rendered))
    assert HOSTILE in rendered_text(plain)
    assert HOSTILE in rendered_text({"text": rendered.text})


def test_an_alert_names_the_newest_ten_jobs_by_name_and_full_id_and_counts_the_rest() -> None:
    alert = ALERTS["alert_500"]
    for shown in (rendered_text(wire(render_message(alert))), render_plain(alert)):
        for number in range(1, 11):
            assert f"press-line-{number} vibration states" in shown
            assert f"job_{number:026d}" in shown
        assert "and 490 more jobs" in shown


def test_an_alert_says_of_each_job_what_happened_when_why_and_how_often_it_was_tried() -> None:
    shown = rendered_text(wire(render_message(ALERTS["alert_three"])))
    assert "3 jobs: 2 failed, 1 cancelled" in shown
    assert "failed · 2026-11-23 10:41 UTC · first try · machine-state-classification" in shown
    assert "was cancelled · 2026-11-23 10:40 UTC" in shown
    assert "failed · 2026-11-23 10:39 UTC · try 3" in shown
    assert shown.count("Worker ran out of memory and the retry limit was reached") == 2


def test_several_changes_of_one_job_stand_together_and_each_error_is_told_once() -> None:
    shown = rendered_text(wire(render_message(ALERTS["alert_retried_then_failed"])))
    assert shown.count("press-line-1") == 1
    assert "failed (inferred, nobody saw it)" in shown
    assert shown.count("OOMKilled (exit=137)") == shown.count("Worker ran out of memory") == 1


def test_the_error_of_a_retried_job_stands_beside_its_failure() -> None:
    failed, retried = entry(1, change_key="a", at=entry(2).at), entry(1, kind="retried", change_key="b")
    lines = rendered_text(wire(render_message(message([retried, failed])))).splitlines()
    assert lines[lines.index(failed.error) - 1].startswith("failed")


def test_an_error_of_many_lines_becomes_one_line_of_at_most_300_characters() -> None:
    lines = rendered_text(wire(render_message(ALERTS["alert_long_error"]))).splitlines()
    error = next(line for line in lines if line.startswith("Traceback"))
    assert len(error) <= 300
    assert "RuntimeError" in error


def test_the_sentence_for_notifications_says_who_what_where_and_why() -> None:
    assert render_message(ALERTS["alert_one"]).text == (
        "<@U0123456> <!subteam^S0123456> 1 job failed: press-line-1 vibration states "
        "(job_00000000000000000000000001, machine-state-classification). "
        "Error: Worker ran out of memory and the retry limit was reached."
    )


def test_the_source_is_named_only_where_there_are_several() -> None:
    assert "default" not in rendered_text(wire(render_message(ALERTS["alert_one"])))
    assert "default" in rendered_text(wire(render_message(ALERTS["alert_long_error"])))


def test_a_job_with_a_link_is_a_link_and_a_broken_link_is_text() -> None:
    broken = message([entry(1, url="https://console.example/a b|<c>"), entry(2, url="javascript:alert(1)")])
    assert links(wire(render_message(ALERTS["alert_one"]))) == {"https://console.example/jobs/1"}
    assert links(wire(render_message(broken))) == set()


def test_plain_text_of_ten_jobs_with_long_errors_names_them_all_and_fits_an_edit() -> None:
    plain = render_plain(message([entry(n, error="&" * 5_000, name="<" * 500) for n in range(1, 11)], jobs=500))
    assert all(f"job_{n:026d}" in plain for n in range(1, 11))
    assert "and 490 more jobs" in plain
    assert len(plain) <= 3_900
    assert plain.splitlines()[1].startswith("• &lt;")


def test_a_list_is_one_table_with_a_header_and_a_row_for_each_job() -> None:
    rows = table_of(render_reply(job_list([memory(n) for n in range(1, 4)])))["rows"]
    assert isinstance(rows, list)
    assert len(rows) == 4
    assert [cell["text"] for cell in rows[0]] == ["Status", "Job", "Pipeline", "When", "How long", "Tries", "Error"]


def test_fifty_rows_of_long_names_keep_their_full_ids_and_their_names() -> None:
    rendered = render_reply(REPLIES["list_50_long_names"])
    shown = rendered_text(wire(rendered))
    assert all(f"job_{number:026d}" in shown for number in range(50))
    assert shown.count("very long name") >= 50


def test_the_buttons_of_a_page_lead_to_its_neighbours() -> None:
    buttons = buttons_of(render_reply(REPLIES["list_page_two"]))
    assert [button["action_id"] for button in buttons] == ["jobs:previous", "jobs:next", "jobs:share"]
    assert [("page:3" in str(button["value"])) for button in buttons] == [False, True, False]
    assert parse(str(buttons[1]["value"])) == ListJobs(replace(NARROWED, page=3))


def test_the_only_page_has_no_neighbours() -> None:
    shown = rendered_text(wire(render_reply(REPLIES["list"])))
    assert "Previous" not in shown
    assert "Next" not in shown
    assert "3 of 3 match · as of 12s ago" in shown


def test_a_page_beyond_the_last_leads_back_to_the_last() -> None:
    rendered = render_reply(job_list([], total=30, query=JobQuery(view=View.FAILED, page=7)))
    assert "There is no page 7: 30 jobs on 2 pages." in rendered_text(wire(rendered))
    assert [button["value"] for button in buttons_of(rendered)] == ["failed page:2", "share failed page:7"]


def test_a_shared_reply_names_who_shared_it_and_has_no_buttons() -> None:
    rendered = render_reply(REPLIES["list"], shared_by="U0123456")
    assert "shared by @U0123456" in rendered_text(wire(rendered))
    assert not [block for block in rendered.blocks if block["type"] == "actions"]
    assert problems(rendered.blocks) == []


def test_a_reply_of_a_blind_bot_says_so() -> None:
    assert "I have not seen the jobs for 5m 0s: 503 Service Unavailable" in rendered_text(
        wire(render_reply(REPLIES["list_blind"]))
    )
    assert "I have not seen the jobs yet: 401 Unauthorized" in rendered_text(
        wire(render_reply(REPLIES["list_never_looked"]))
    )


def test_names_in_a_list_are_links_where_the_source_has_a_template() -> None:
    rendered = render_reply(REPLIES["list_linked"])
    assert links(wire(rendered)) == {URLS["default"].format(job_id=f"job_{number:026d}") for number in (1, 2)}
    assert rings(wire(rendered)) == set()


def test_a_card_tells_the_story_and_where_it_was_told() -> None:
    shown = rendered_text(wire(render_reply(REPLIES["card"])))
    assert "told in #ml-alerts, parked for a direct message" in shown
    assert "not told: no rule matches" in shown
    assert "Tried to allocate 2.50 GiB" in shown
    assert rings(wire(render_reply(REPLIES["card"]))) == set()


def test_health_names_what_is_wrong_and_the_remedy() -> None:
    shown = rendered_text(wire(render_reply(REPLIES["health_sick"])))
    assert "Not all is well: 1 source cannot be seen, 1 list in doubt, 1 destination out of reach" in shown
    assert "invite the bot" in shown
    assert "tried again in 1m" in shown
    assert "3 rows could not be read" in shown
    assert "All is well: 240 jobs seen 12s ago." in rendered_text(wire(render_reply(REPLIES["health_fine"])))


def test_statuses_that_nobody_knows_yet_are_counted_too() -> None:
    assert "🔴 12 failed   🔵 3 running   ⚪ 4 pending   ❔ 1 new_status" in rendered_text(
        wire(render_reply(REPLIES["overview"]))
    )
