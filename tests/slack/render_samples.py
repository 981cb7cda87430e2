"""Values that the tests of rendering share, and the golden files they are compared with. With UPDATE_GOLDEN=1 in the
environment a test writes its golden file instead.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.commands import ListJobs
from bot.core.history import Entry as Past
from bot.core.history import Telling
from bot.core.instants import SECOND, instant
from bot.core.jobs import Field, Filter, Job, JobQuery, Progress, View
from bot.core.memory import Memory
from bot.core.messages import Entry, Message, News
from bot.core.replies import (
    Candidates,
    Health,
    HealthReport,
    HelpText,
    JobCard,
    JobList,
    Note,
    Overview,
    ParkedRoute,
    Reply,
    SourceHealth,
)
from bot.slack.render import Rendered

GOLDEN = Path(__file__).parent / "golden"
NOW = instant(datetime(2026, 11, 23, 10, 42, 30, tzinfo=UTC))
MINUTE = 60 * SECOND
HOSTILE = "<!channel> *x* & <http://evil|click> @here https://evil.example `_~"
HEBREW = "אימון לילי 7"
TRACEBACK = "Traceback (most recent call last):\n  ...\nRuntimeError: " + "no active versions for the pipeline " * 60
SEEN = SourceHealth(source="default", looked_at=NOW - 12 * SECOND, baseline=NOW - 9_000 * MINUTE, jobs=240)
BLIND = replace(
    SEEN, looked_at=NOW - 5 * MINUTE, failures=3, failing_since=NOW - 5 * MINUTE, trouble="503 Service Unavailable"
)
URLS = {"default": "https://console.example/jobs/{job_id}"}


def entry(number: int, **changes: object) -> Entry:
    made = Entry(
        change_key=f"default/job_{number:026d}/failed/0/0/{number}",
        kind="failed",
        inferred=False,
        source="default",
        job_id=f"job_{number:026d}",
        name=f"press-line-{number} vibration states",
        pipeline="machine-state-classification",
        type="batch",
        at=NOW - number * MINUTE,
        error="Worker ran out of memory and the retry limit was reached",
        tries=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def message(entries: Sequence[Entry], *, mentions: tuple[str, ...] = (), **news: object) -> Message:
    counts: dict[str, int] = {}
    for each in entries:
        counts[each.kind] = counts.get(each.kind, 0) + 1
    jobs = len({each.job_id for each in entries})
    made = News(rule="failures", entries=tuple(entries), counts=counts, jobs=jobs)
    return Message(
        key="0" * 32,
        destination="#ml-alerts",
        mentions=mentions,
        news=replace(made, **news),  # type: ignore[arg-type]
        tells=tuple(each.change_key for each in entries),
        created_at=NOW,
    )


def retried_then_failed() -> list[Entry]:
    late = entry(1, tries=3)
    return [
        late,
        replace(late, change_key="k2", kind="retried", at=late.at - MINUTE, error=""),
        replace(late, change_key="k1", inferred=True, at=late.at - 2 * MINUTE, tries=2, error="OOMKilled (exit=137)"),
    ]


ALERTS: dict[str, Message] = {
    "alert_one": message([entry(1, url="https://console.example/jobs/1")], mentions=("@U0123456", "@S0123456")),
    "alert_three": message([entry(1), entry(2, kind="cancelled", error=""), entry(3, tries=3)], mentions=("@here",)),
    "alert_500": message([entry(n) for n in range(1, 11)], jobs=500, counts={"failed": 480, "cancelled": 20}),
    "alert_long_error": message([entry(1, error=TRACEBACK[:2_000])], show_source=True),
    "alert_no_error": message([entry(1, error="", name="")]),
    "alert_markup_name": message([entry(1, name=HOSTILE, error=HOSTILE, pipeline=HOSTILE)]),
    "alert_right_to_left": message([entry(1, name=HEBREW)]),
    "alert_retried_then_failed": message(retried_then_failed()),
}


def memory(number: int, status: str = "FAILED", **changes: object) -> Memory:
    made = Job(
        source="default",
        id=f"job_{number:026d}",
        status=status,
        name=f"press-line-{number} vibration states",
        pipeline_type="batch",
        pipeline_key="machine-state-classification",
        pipeline_version="1.1.1",
        retry_count=number % 3,
        preemption_count=0,
        created_at=NOW - (number + 20) * MINUTE,
        started_at=NOW - (number + 10) * MINUTE,
        failed_at=NOW - number * MINUTE if status == "FAILED" else None,
        error="CUDA out of memory.\nTried to allocate 2.50 GiB" if status == "FAILED" else "",
        progress=Progress(pending=0, processing=0, completed=38, failed=2),
    )
    return Memory(replace(made, **changes), NOW - number * MINUTE, NOW - number * MINUTE)  # type: ignore[arg-type]


def job_list(rows: Sequence[Memory], *, total: int | None = None, query: JobQuery | None = None) -> JobList:
    return JobList(
        command=ListJobs(query or JobQuery(view=View.FAILED)),
        rows=tuple(rows),
        total=len(rows) if total is None else total,
        sources=(SEEN,),
        job_urls={},
        now=NOW,
    )


def story() -> tuple[Past, ...]:
    told = Telling("#ml-alerts", "0" * 32, "delivered", 1, "C0123456", "1.2")
    failed = Past(
        key="k3",
        source="default",
        job_id="job_1",
        name="press",
        kind="failed",
        inferred=False,
        was="RUNNING",
        status="FAILED",
        at=NOW - MINUTE,
        seen_at=NOW,
        verdict="alert",
        rule="failures",
        reason="",
        tellings=(told, replace(told, destination="@U0123456", state="parked")),
    )
    silence = replace(failed, key="k2", kind="started", verdict="silence", reason="no rule matches", tellings=())
    return (failed, silence, replace(silence, key="k1", kind="appeared", at=None, inferred=True))


FILTERS = (Filter(Field.PIPELINE, "machine-*"), Filter(Field.TYPE, "training", negated=True))
NARROWED = JobQuery(view=View.FAILED, filters=FILTERS, words=("oom <!here>",), since=timedelta(hours=24), page=2)
SICK = Health(
    sources=(
        BLIND,
        replace(SEEN, source="prod", doubts=("the total moved",), faults=("job_9: no status",), bad_rows=3),
    ),
    parked=(ParkedRoute("#ml-alerts", "not_in_channel", NOW - 9 * MINUTE, NOW + MINUTE, 4),),
    waiting=4,
    oldest=NOW - 9 * MINUTE,
    refused=1,
)
CARD = JobCard(memory=memory(1), history=story(), sources=(SEEN,), job_urls=URLS, now=NOW)
REPLIES: dict[str, Reply] = {
    "list": job_list([memory(n) for n in range(1, 4)]),
    "list_page_two": job_list([memory(n) for n in range(21, 41)], total=240, query=NARROWED),
    "list_50_long_names": job_list(
        [memory(n, name="very long name " * 20, error="e" * 900, pipeline_key="p" * 200) for n in range(50)],
        query=JobQuery(view=View.FAILED, limit=50),
    ),
    "list_empty": job_list([]),
    "list_blind": replace(job_list([memory(1, "RUNNING"), memory(2, "ODD_STATUS")]), sources=(BLIND,)),
    "list_never_looked": replace(job_list([]), sources=(SourceHealth("default", trouble="401 Unauthorized"),)),
    "list_two_sources": replace(
        job_list([memory(1), memory(2, source="prod")]), sources=(SEEN, replace(SEEN, source="prod"))
    ),
    "list_linked": replace(job_list([memory(1, name=HOSTILE), memory(2, name=HEBREW)]), job_urls=URLS),
    "card": CARD,
    "card_bare": replace(
        CARD, memory=Memory(Job(source="default", id="job_7", status="PENDING"), NOW, NOW), history=()
    ),
    "candidates": Candidates(
        reference=HOSTILE, rows=(memory(1), memory(2)), total=3, sources=(SEEN,), job_urls={}, now=NOW
    ),
    "overview": Overview(
        counts={"FAILED": 12, "RUNNING": 3, "PENDING": 4, "NEW_STATUS": 1},
        failed=tuple(memory(n) for n in range(1, 6)),
        sources=(SEEN,),
        job_urls={},
        now=NOW,
    ),
    "overview_empty": Overview(counts={}, failed=(), sources=(), job_urls={}, now=NOW),
    "health_fine": HealthReport(Health((SEEN,), (), 0, None, 0), NOW),
    "health_sick": HealthReport(SICK, NOW),
    "help": HelpText(),
    "note": Note("“faild” is no view. Did you mean failed?", "/jobs failed"),
}


def check_golden(name: str, rendered: Rendered) -> None:
    path = GOLDEN / f"{name}.json"
    shown = json.dumps({"text": rendered.text, "blocks": rendered.blocks}, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), f"{path} differs; UPDATE_GOLDEN=1 writes it anew"
