"""What the bot says of itself: that it is blind to a source or doubts its list, and that this is over."""

import pytest

from bot.core.messages import Notice
from bot.sandbox.blocks import problems
from bot.slack.elements import MESSAGE_MAX, measure
from bot.slack.notices import render_notice
from tests.slack.render_samples import NOTICES, check_golden


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_looks_as_it_did(name: str) -> None:
    check_golden(name, render_notice(NOTICES[name]))


@pytest.mark.parametrize("notice", NOTICES.values(), ids=list(NOTICES))
def test_slack_would_take_every_notice(notice: Notice) -> None:
    rendered = render_notice(notice)
    assert problems(rendered.blocks) == []
    assert measure(rendered.blocks) + len(rendered.text) <= MESSAGE_MAX


def test_a_notice_is_whole_sentences_however_its_reason_ends() -> None:
    assert render_notice(NOTICES["notice_blind"]).text == (
        "I cannot see the jobs of prod since 2026-11-23 10:30 UTC: 503 Service Unavailable. "
        "What happens meanwhile is told once I see again."
    )
    assert "the list is shorter than usual. What it shows" in render_notice(NOTICES["notice_doubt"]).text
    assert render_notice(NOTICES["notice_blind_no_more"]).text == (
        "I see the jobs of prod again. I did not since 2026-11-23 10:30 UTC."
    )
