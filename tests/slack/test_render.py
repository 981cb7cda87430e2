from dataclasses import replace

import pytest

from bot.core.commands import ListJobs, Share, jobs_of_card
from bot.core.grammar import parse
from bot.core.jobs import JobQuery, View
from bot.core.replies import Reply
from bot.sandbox.blocks import problems
from bot.sandbox.reading import links, rendered_text, rings
from bot.slack.elements import MESSAGE_MAX, measure
from bot.slack.render import Rendered, render_reply
from tests.slack.render_samples import DETAILS, NARROWED, REPLIES, TRACEBACK, URLS, check_golden, job_list, memory, wire


def buttons_of(rendered: Rendered) -> list[dict[str, object]]:
    row = next(block for block in rendered.blocks if block["type"] == "actions")["elements"]
    assert isinstance(row, list)
    return row


def table_of(rendered: Rendered) -> dict[str, object]:
    return next(block for block in rendered.blocks if block["type"] == "table")


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_looks_as_it_did(name: str) -> None:
    check_golden(f"reply_{name}", render_reply(REPLIES[name]))


@pytest.mark.parametrize("reply", REPLIES.values(), ids=list(REPLIES))
def test_slack_would_take_every_reply(reply: Reply) -> None:
    rendered = render_reply(reply)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX


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


def test_the_pages_of_a_card_lead_to_pages_of_it() -> None:
    command = jobs_of_card("3f2a91c0")
    rendered = render_reply(job_list([], total=90, query=replace(command.query, page=2)))
    assert "All jobs of this card, newest first" in rendered_text(wire(rendered))
    values = [parse(str(button["value"])) for button in buttons_of(rendered)]
    pages = [ListJobs(replace(command.query, page=page)) for page in (1, 3, 2)]
    assert values == [*pages[:2], Share(pages[2])]


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
    shown = rendered_text(wire(render_reply(REPLIES["details"])))
    assert "told in #ml-alerts, waits until a direct message can be reached" in shown
    assert "not told: no rule matches" in shown
    assert "Tried to allocate 2.50 GiB" in shown
    assert rings(wire(render_reply(REPLIES["details"]))) == set()


def test_of_a_traceback_a_list_shows_the_exception_and_a_job_all_of_it() -> None:
    failed = memory(1, error=TRACEBACK[:1_400])
    rows = table_of(render_reply(job_list([failed])))["rows"]
    assert isinstance(rows, list)
    assert rows[1][-1]["text"].startswith("RuntimeError: no active version of")
    details = render_reply(replace(DETAILS, memory=failed))
    assert "Error: RuntimeError: no active version of" in details.text
    assert "Traceback (most recent call last):\n  File" in rendered_text(wire(details))


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
