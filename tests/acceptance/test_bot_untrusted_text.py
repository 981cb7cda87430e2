"""A job whose name, error and pipeline are written to be markup: wherever it shows, it rings nobody, links nothing and
reads as it was written.
"""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.reading import links, rendered_text, rings
from bot.sandbox.slack_faults import refused
from bot.sandbox.slack_model import Message
from tests.acceptance.stage import Stage, share_button

EVIL = "<!channel> *x* & <http://evil|click>"
SPOKEN = EVIL.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.fixture
async def evil(stage: Stage) -> AsyncIterator[SimJob]:
    """A job of that name at work, and the bot too."""
    job = stage.world.add(EVIL, status="RUNNING", age=600, pipeline_key=EVIL)
    async with stage.running():
        yield job


def judge(message: Message | Mapping[str, object], text: str) -> None:
    assert rings(message) == set()
    assert links(message) == set()
    assert EVIL in rendered_text(message)
    assert SPOKEN in text


async def test_an_alert_shows_untrusted_text_as_it_was_written(
    stage: Stage, evil: SimJob, figure: Callable[[str], None]
) -> None:
    stage.world.fail(evil.id, EVIL)
    await stage.told(evil)
    [alert] = stage.alerts()
    judge(alert, alert.text)
    shown = rendered_text(alert).count(EVIL)
    figure(
        f"untrusted text: in an alert {shown} times as written, rings {len(rings(alert))}, links {len(links(alert))}"
    )
    assert shown == 3


async def test_an_alert_in_plain_text_shows_it_so_too(
    stage: Stage, evil: SimJob, figure: Callable[[str], None]
) -> None:
    stage.slack.fault(refused("invalid_blocks"), method="chat.postMessage")
    stage.world.fail(evil.id, EVIL)
    await stage.told(evil)
    [alert] = stage.alerts()
    assert not alert.blocks
    judge(alert, alert.text)
    shown = rendered_text(alert).count(EVIL)
    figure(f"untrusted text: in a plain alert {shown} times, rings {len(rings(alert))}, links {len(links(alert))}")
    assert shown == 3


QUESTIONS = ("", "failed", "all <!channel>", "show {id}", "show <!channel> *x* & y", "<!channel> *x*", 'all "<!here>"')


async def test_answers_and_what_is_shared_of_them_show_it_so_too(
    stage: Stage, evil: SimJob, figure: Callable[[str], None]
) -> None:
    stage.world.fail(evil.id, EVIL)
    await stage.told(evil)
    answers = {}
    for question in QUESTIONS:
        exchange = await stage.slack.slash(question.replace("{id}", evil.id))
        answers[question] = await exchange.answer()
        assert (rings(answers[question]), links(answers[question])) == (set(), set())
    for question in ("failed", "show {id}"):
        judge(answers[question], str(answers[question]["text"]))
        pressed = await stage.slack.click(message=answers[question], action=share_button(answers[question]))
        shared = await pressed.answer()
        assert rings(shared) == {stage.slack.default_user}, "who shared it is named, nobody else"
        assert links(shared) == set()
        assert EVIL in rendered_text(shared)
    shown = sum(rendered_text(answer).count(EVIL) for answer in answers.values())
    figure(f"untrusted text: in {len(answers)} answers {shown} times as written, rings 0, links 0")
