"""What the loops did, told to the log, the metrics and the vitals: a state that lasts is logged when it begins and
when it ends.
"""

from dataclasses import replace

import pytest
import structlog
from structlog.testing import LogCapture

from bot.core.alerts import Alert, Route, Silence
from bot.core.board import Composed
from bot.core.changes import Change, ChangeKind
from bot.core.faults import Fault, FaultKind
from bot.core.instants import SECOND
from bot.core.listing import RowFault
from bot.core.messages import Delivered, Edit, Outcome, Parcel, Receipt, Refused, Scope, TryLater, Unknown
from bot.core.replies import Queue
from bot.explain import Explained
from bot.poll import Looked
from bot.report import LOGGED_CHANGES, Reporter
from bot.slack.doors import Door
from bot.store.cards import Edited
from bot.store.outbox import Settled
from bot.telemetry import Metrics
from bot.vitals import Sight, Vitals
from tests.samples import NOW, PLACE, SUSPECT, face, job, listing, message

BROKEN = Fault(FaultKind.SERVER, "HTTP 503")
WELL = Looked(listing([]), (), Composed(), first=False)
IDLE = Queue()
FAILED = Change(job=job(), kind=ChangeKind.FAILED, was=None, status="FAILED", retry_count=0, preemption_count=0)


class Told:
    """A reporter, and what it told to whom."""

    def __init__(self) -> None:
        self.capture = LogCapture()
        self.metrics = Metrics()
        self.vitals = Vitals({"prod": Sight()})
        self.reporter = Reporter(structlog.stdlib.BoundLogger(None, [self.capture], {}), self.metrics, self.vitals)

    def lines(self) -> list[tuple[str, str]]:
        return [(line["log_level"], line["event"]) for line in self.capture.entries]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def told() -> Told:
    return Told()


def settled(outcome: Outcome, *, attempts: int = 1, news: bool = False) -> Settled:
    return Settled(Parcel(message(), attempts, "C1"), outcome, news)


def test_a_trouble_that_lasts_is_logged_when_it_begins_and_when_it_ends(told: Told) -> None:
    for look in (BROKEN, BROKEN, BROKEN, WELL, WELL):
        told.reporter.looked("prod", look, NOW, 0.1)
    assert told.lines() == [("warning", "cannot see the jobs"), ("info", "look at prod: all is well again")]


def test_a_trouble_of_another_kind_is_another(told: Told) -> None:
    for kind in (FaultKind.SERVER, FaultKind.TIMEOUT, FaultKind.TIMEOUT):
        told.reporter.looked("prod", Fault(kind, "no"), NOW, 0.1)
    assert len(told.lines()) == 2


def test_that_slack_takes_messages_again_is_logged_when_an_edit_shows_it(told: Told) -> None:
    edit = Edit(card="m1", destination="#a", face=face(), version=1, channel="C1", ts="1.0", shown="", attempts=1)
    for news in (True, False):
        told.reporter.edited(Edited(edit, Delivered(Receipt("C1", "1.0")), news))
    assert [line for line in told.lines() if line[0] == "info"] == [("info", "Slack takes messages again")]


def test_what_was_asked_after_a_look_is_one_quiet_line(told: Told) -> None:
    told.reporter.explained("prod", Explained(asked=3, answered=2))
    assert told.capture.entries == [
        {"log_level": "debug", "event": "asked why jobs failed", "source": "prod", "asked": 3, "answered": 2}
    ]


def test_failed_looks_are_counted_in_a_row(told: Told) -> None:
    looks = (BROKEN, BROKEN, WELL, BROKEN)
    assert [told.reporter.looked("prod", look, NOW, 0.1) for look in looks] == [1, 2, 0, 1]
    assert told.metric("jobsbot_looks_total", source="prod", result="server error") == 3
    assert told.metric("jobsbot_looks_total", source="prod", result="complete") == 1


def test_a_suspect_listing_is_logged_once_and_counted_as_such(told: Told) -> None:
    suspect = replace(WELL, listing=listing([], certificate=SUSPECT))
    for look in (suspect, suspect, WELL):
        told.reporter.looked("prod", look, NOW, 0.1)
    assert told.lines() == [("warning", "the listing is suspect"), ("info", "listing of prod: all is well again")]
    assert told.metric("jobsbot_looks_total", source="prod", result="suspect") == 2
    assert told.metric("jobsbot_listing_suspect", source="prod") == 0


def test_troubles_that_alternate_are_logged_once_each_until_all_is_well(told: Told) -> None:
    down, slow = BROKEN, Fault(FaultKind.TIMEOUT, "no answer")
    for look in (down, slow, down, slow, WELL, slow):
        told.reporter.looked("prod", look, NOW, 0.1)
    assert [level for level, _ in told.lines()] == ["warning", "warning", "info", "warning"]


def test_faults_of_rows_that_alternate_or_differ_only_in_a_number_are_logged_once_each(told: Told) -> None:
    status, name = RowFault("job_1", "status is missing"), RowFault("job_2", "name is no text; status is missing")
    errors = [RowFault("job_3", f"server error: HTTP 500, internal: err-{number}") for number in range(3)]
    for faults in ((status,), (name,), (status, status), (errors[0],), (errors[1], status), (name, errors[2])):
        told.reporter.looked("prod", replace(WELL, listing=replace(WELL.listing, faults=faults)), NOW, 0.1)
    told.reporter.looked("prod", WELL, NOW, 0.1)
    assert told.lines() == [("warning", "rows cannot be read")] * 3 + [("info", "rows of prod: all is well again")]
    assert [(line.get("rows"), line.get("first")) for line in told.capture.entries] == [
        (1, "job_1: status is missing"),
        (1, "job_2: name is no text; status is missing"),
        (1, "job_3: server error: HTTP 500, internal: err-0"),
        (None, None),
    ]


def test_rows_that_cannot_be_read_are_logged_once_for_each_kind_of_fault(told: Told) -> None:
    bad = replace(WELL.listing, faults=tuple(RowFault(id_, "status is missing") for id_ in ("job_1", "job_2")))
    for _ in range(3):
        told.reporter.looked("prod", replace(WELL, listing=bad), NOW, 0.1)
    assert told.lines() == [("warning", "rows cannot be read")]
    assert told.metric("jobsbot_listing_bad_rows", source="prod") == 2


def test_the_baseline_is_logged(told: Told) -> None:
    told.reporter.looked("prod", replace(WELL, first=True), NOW, 0.1)
    assert told.lines() == [("info", "the baseline is taken: what happens from now on is told")]


def test_a_source_is_not_ready_before_its_baseline(told: Told) -> None:
    told.vitals.slack(connected=True)
    told.reporter.looked("prod", replace(WELL, listing=listing([], certificate=SUSPECT), watched=False), NOW, 0.1)
    assert told.vitals.unready() == ["source prod: the first look is not done, the list is shorter than usual"]


def test_a_good_look_makes_the_source_ready_and_says_when_it_was(told: Told) -> None:
    told.vitals.slack(connected=True)
    told.reporter.looked("prod", WELL, NOW, 0.1)
    assert told.vitals.unready() == []
    assert told.metric("jobsbot_last_good_look_timestamp_seconds", source="prod") == NOW / SECOND


def test_changes_are_counted_by_kind_and_verdict(told: Told) -> None:
    verdicts = (Alert(FAILED, (Route(PLACE, "failures", ()),)), Silence(FAILED, "no rule matches"))
    told.reporter.looked("prod", replace(WELL, verdicts=verdicts), NOW, 0.1)
    for verdict in ("alert", "silence"):
        assert told.metric("jobsbot_changes_total", kind="failed", verdict=verdict) == 1
    assert [level for level, _ in told.lines()] == ["info"]


def test_of_very_many_changes_in_one_look_the_first_are_logged_and_the_others_counted(told: Told) -> None:
    alerts = [Alert(replace(FAILED, job=job(number)), (Route(PLACE, "failures", ()),)) for number in range(5_000)]
    silence = Silence(FAILED, "no rule matches")
    told.reporter.looked("prod", replace(WELL, verdicts=(silence, *alerts)), NOW, 0.1)
    loud = [line for line in told.capture.entries if line["log_level"] == "info"]
    assert [line["event"] for line in loud] == [*["change"] * LOGGED_CHANGES, "more changes; `history` names them all"]
    assert loud[-1]["count"] == 5_000 - LOGGED_CHANGES
    assert told.metric("jobsbot_changes_total", kind="failed", verdict="alert") == 5_000


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (settled(Delivered(Receipt("C1", "1.0"))), ["info"]),
        (settled(Delivered(Receipt("C1", "1.0")), news=True), ["info", "info"]),
        (settled(TryLater("no route")), ["warning"]),
        (settled(TryLater("no route"), attempts=2), []),
        (settled(Unknown("no answer")), ["warning"]),
        (settled(Unknown("no answer"), attempts=2), []),
        (settled(Refused("is_archived", Scope.CHANNEL), news=True), ["error"]),
        (settled(Refused("is_archived", Scope.CHANNEL), attempts=2), []),
    ],
)
def test_what_became_of_a_message_is_logged_when_it_is_news(told: Told, one: Settled, level: list[str]) -> None:
    told.reporter.delivered([one], IDLE, NOW)
    assert [logged for logged, _ in told.lines()] == level
    assert told.metric("jobsbot_messages_total", outcome=type(one.outcome).__name__) == 1


def test_what_waits_and_what_cannot_be_reached_is_measured(told: Told) -> None:
    told.reporter.delivered([], Queue(waiting=2, oldest=NOW - 90 * SECOND, parked=1), NOW)
    assert told.metric("jobsbot_outbox_messages") == 2
    assert told.metric("jobsbot_outbox_oldest_seconds") == 90
    assert told.metric("jobsbot_parked_routes") == 1
    told.reporter.delivered([], IDLE, NOW)
    assert told.metric("jobsbot_outbox_oldest_seconds") == 0


def test_a_connection_that_is_lost_is_logged_once_and_when_it_is_back(told: Told) -> None:
    for connected in (True, False, False, True):
        told.reporter.heard(connected)
    assert [level for level, _ in told.lines()] == ["warning", "info"]
    assert told.metric("jobsbot_slack_connected") == 1


def test_slack_out_of_reach_at_the_start_is_logged_once(told: Told) -> None:
    for _ in range(3):
        told.reporter.knocked(Door(trouble="no route"))
    assert told.lines() == [("warning", "Slack cannot be reached yet; trying on")]
    assert "Slack: no route" in told.vitals.unready()


def test_what_was_under_way_at_the_last_stop_is_logged(told: Told) -> None:
    told.reporter.opened(0)
    assert told.lines() == []
    told.reporter.opened(3)
    assert told.capture.entries[0]["count"] == 3


def test_messages_for_places_that_nobody_names_any_more_are_logged_as_given_up(told: Told) -> None:
    told.reporter.abandoned(3)
    assert told.lines() == [("warning", "messages for places that no rule names any more are given up")]


def test_a_destination_that_cannot_be_found_is_logged_once_and_when_it_is_found(told: Told) -> None:
    for troubles in ({PLACE: "channel_not_found"}, {PLACE: "channel_not_found"}, {}, {}):
        told.reporter.resolved([PLACE, "#other"], troubles)
    assert told.lines() == [
        ("warning", "a destination cannot be found: its alerts wait"),
        ("info", f"finding {PLACE}: all is well again"),
    ]


def test_a_message_of_a_time_that_has_not_come_yet_waits_for_no_time(told: Told) -> None:
    told.reporter.delivered([], Queue(waiting=1, oldest=NOW + 3600 * SECOND), NOW)
    assert told.metric("jobsbot_outbox_oldest_seconds") == 0
