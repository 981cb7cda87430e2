"""Values that the tests of rendering share, and the golden files they are compared with. With UPDATE_GOLDEN=1 in the
environment a test writes its golden file instead.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core import notices
from bot.core.cards import Entry, Face, Likeness
from bot.core.commands import ListJobs
from bot.core.history import Entry as Past
from bot.core.history import Telling
from bot.core.instants import SECOND, instant, write_duration
from bot.core.jobs import Field, Filter, Job, JobQuery, Progress, View
from bot.core.likeness import Seen
from bot.core.memory import Memory
from bot.core.messages import About, News, Notice, Opening, ThreadReply
from bot.core.replies import (
    Candidates,
    Health,
    HealthReport,
    HelpText,
    JobDetails,
    JobList,
    Note,
    Overview,
    ParkedRoute,
    Queue,
    Reply,
    SourceHealth,
)
from bot.core.traces import abridged, gist
from bot.slack.render import Rendered

GOLDEN = Path(__file__).parent / "golden"
NOW = instant(datetime(2026, 11, 23, 10, 42, 30, tzinfo=UTC))
MINUTE = 60 * SECOND
HOSTILE = "<!channel> *x* & <http://evil|click> @here https://evil.example `_~"
HEBREW = "אימון לילי 7"
FRAME = '  File "/app/pipelines/flow.py", line 112, in resolve\n    return self._versions[key]\n'
TRACEBACK = (
    f"Traceback (most recent call last):\n{FRAME * 6}RuntimeError: no active version of the pipeline. Tried "
    + "; ".join(f"v{number} (retired on 2026-{number % 12 + 1:02}-{number % 28 + 1:02})" for number in range(1, 60))
)
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
        name=f"press-line-{number} nightly",
        pipeline="machine-state-classification",
        at=NOW - number * MINUTE,
        error="Worker ran out of memory and the retry limit was reached",
        tries=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def face(entries: Sequence[Entry], **changes: object) -> Face:
    """Jobs that are counted, but not named, have an error."""
    jobs = changes.get("jobs", len(entries))
    assert isinstance(jobs, int)
    made = Face(
        card="3f2a91c04be7d856" * 2,
        rule="failures",
        label=("machine-state-classification",),
        since=min(each.at for each in entries),
        entries=tuple(entries),
        counts=dict(Counter(each.kind for each in entries)),
        jobs=jobs,
        with_error=jobs - sum(not each.error for each in entries),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def opening(face: Face) -> Opening:
    keys = tuple(each.change_key for each in face.entries)
    return Opening(
        key=face.card,
        destination="#ml-alerts",
        card=face.card,
        mentions=face.mentions,
        tells=keys,
        created_at=NOW,
        due_at=NOW,
    )


def reply(
    entries: Sequence[Entry], about: About = About.STEPS, *, mentions: tuple[str, ...] = (), **news: object
) -> ThreadReply:
    jobs = len({each.job for each in entries})
    made = News(
        rule="failures",
        label=("machine-state-classification",),
        entries=tuple(entries),
        counts=dict(Counter(each.kind for each in entries)),
        jobs=jobs,
        total=jobs,
    )
    return ThreadReply(
        key="0" * 32,
        destination="#ml-alerts",
        card="3f2a91c04be7d856" * 2,
        about=about,
        mentions=mentions,
        loud=bool(mentions),
        broadcast=bool(mentions),
        news=replace(made, **news),  # type: ignore[arg-type]
        tells=tuple(each.change_key for each in entries),
        created_at=NOW,
        due_at=NOW,
    )


def steps() -> list[Entry]:
    """What a bot that was away tells of one job, newest first."""
    late = entry(1, kind="started", tries=3)
    retried = replace(late, change_key="k3", kind="retried", at=late.at - MINUTE)
    again = replace(late, change_key="k2", kind="failed", tries=2, at=late.at - 2 * MINUTE)
    return [late, retried, again, replace(again, change_key="k1", inferred=True, tries=1, error="OOMKilled (exit=137)")]


def late(number: int, status: str, minutes: int) -> Entry:
    detail = f"{status} for {write_duration(minutes * 60)}"
    return entry(number, kind="overdue", error="", detail=detail, at=NOW - minutes * MINUTE)


ERRORS = (
    "CUDA out of memory. Tried to allocate 2.50 GiB (GPU 0; 15.78 GiB total capacity)",
    "No active version of the pipeline",
    "Input s3://plant-7/line-4/2026-11-23.parquet does not exist",
)
LINKED = entry(1, url="https://console.example/jobs/1")
MANY = [entry(number, error=ERRORS[number % 3]) for number in range(1, 11)]
ALIKE = (Likeness(ERRORS[0], 480), Likeness(ERRORS[1], 12))
ALL_500: dict[str, object] = {"jobs": 500, "counts": {"failed": 500}, "since": NOW - 29 * MINUTE}
MIXED = [
    *(entry(number, error=ERRORS[number % 2]) for number in range(4, 11)),
    entry(1, kind="recovered", tries=2, error=ERRORS[0]),
    entry(2, kind="started", tries=2, error=ERRORS[1]),
    entry(3, kind="retried", tries=2, error=""),
]
SEVERAL = [
    entry(number, kind="started" if number < 4 else "failed", tries=2, error=ERRORS[number % 3])
    for number in range(1, 6)
]
PROD = replace(entry(2), source="prod")
OFTEN = Seen(14, 3, instant(datetime(2026, 3, 3, tzinfo=UTC)))
OTHER_KINDS = ("appeared", "admitted", "started", "cancelled", "preempted", "requeued")
RINGING = ("@U0123456", "@S0123456")
FACES: dict[str, Face] = {
    "card_failed": face([LINKED], mentions=RINGING),
    "card_retried": face([entry(1, kind="retried", tries=2)], mentions=RINGING),
    "card_running_again": face([entry(1, kind="started", tries=2)], mentions=RINGING),
    "card_recovered": face([entry(1, kind="recovered", tries=3)], mentions=RINGING),
    "card_completed": face([entry(1, kind="completed", error="")], rule="nightly results"),
    "card_overdue": face([late(1, "RUNNING", 4_440)], rule="late"),
    "card_incomplete": face([entry(1, kind="incomplete", error="", detail="3 of 20 inputs")]),
    "card_thrashing": face([entry(1, kind="thrashing", error="", detail="3 times in 40m")]),
    "card_seen_before": face([entry(1)], likenesses=(Likeness(entry(1).error, 1, OFTEN),)),
    "card_group_seen_before": face(
        [entry(number, error=ERRORS[number % 2]) for number in range(1, 7)],
        likenesses=(Likeness(ERRORS[0], 3, OFTEN), Likeness(ERRORS[1], 3)),
    ),
    **{f"card_{kind}": face([entry(1, kind=kind, error="")], rule="press line") for kind in OTHER_KINDS},
    "card_moved": face([entry(1, kind="moved", error="", detail="SUSPENDED")], rule="press line"),
    "card_reappeared": face([entry(1, kind="reappeared", detail="FAILED")], rule="press line"),
    "card_gone": face([entry(1, kind="vanished", error="")]),
    "card_group_3": face([LINKED, *(entry(number, error=ERRORS[number % 3], tries=number) for number in (2, 3))]),
    "card_group_alike": face([entry(number) for number in range(1, 6)], mentions=("@here",)),
    "card_group_500": face(MANY, **ALL_500, likenesses=ALIKE, mentions=RINGING),
    "card_group_500_alike": face(
        [entry(number) for number in range(1, 11)], **ALL_500, likenesses=(Likeness(entry(1).error, 500),)
    ),
    "card_group_500_of_two_kinds": face(
        [entry(number, error=ERRORS[bool(number % 4)]) for number in range(1, 11)],
        **ALL_500,
        likenesses=(Likeness(ERRORS[1], 437), Likeness(ERRORS[0], 63)),
    ),
    "card_group_mixed": face(
        MIXED,
        jobs=17,
        counts={"failed": 7, "started": 4, "retried": 1, "recovered": 5},
        likenesses=(Likeness(ERRORS[0], 9), Likeness(ERRORS[1], 6)),
    ),
    "card_group_recovered": face([entry(number, kind="recovered", tries=2) for number in range(1, 4)]),
    "card_group_completed": face(
        [entry(number, kind="completed", error="") for number in range(1, 4)], rule="nightly results"
    ),
    "card_group_overflow": face([entry(1), entry(2, pipeline="anomaly-detection", error=ERRORS[1])], label=()),
    "card_long_error": face([entry(1, error=gist(abridged(TRACEBACK, 2_000)))]),
    "card_no_error": face([entry(1, error="", name="")]),
    "card_markup_name": face([entry(1, name=HOSTILE, error=HOSTILE, pipeline=HOSTILE)], label=(HOSTILE,)),
    "card_right_to_left": face([entry(1, name=HEBREW)]),
    "card_group_overdue": face(
        [late(1, "ADMITTED", 62), late(2, "PENDING", 372), late(3, "RUNNING", 4_380)], rule="late"
    ),
    "card_group_incomplete": face(
        [
            entry(number, kind="incomplete", error="", detail=f"{inputs} of 20 inputs")
            for number, inputs in ((1, 3), (2, 20), (3, 1))
        ]
    ),
    "card_one_source": face([entry(1)], show_source=True),
    "card_two_sources": face([entry(1), PROD], show_source=True),
}
REPLIED: dict[str, ThreadReply] = {
    "thread_failed_again": reply([entry(1, tries=2, url=LINKED.url)], mentions=RINGING),
    "thread_retried": reply([entry(1, kind="retried", tries=2)]),
    "thread_recovered": reply([entry(1, kind="recovered", tries=3)]),
    "thread_story": reply(steps()),
    "thread_moved_on": reply(
        [entry(1, kind="admitted", error="", change_key="k2"), replace(late(1, "PENDING", 372), change_key="k1")]
    ),
    "thread_steps_of_several": reply(SEVERAL),
    "thread_retried_500": reply(
        [entry(number, kind="retried", tries=2) for number in range(1, 51)],
        jobs=500,
        counts={"retried": 500},
        total=500,
    ),
    "thread_newcomer": reply([entry(1)], About.NEWCOMERS, total=2),
    "thread_newcomers_12": reply(
        [entry(number, error=ERRORS[number % 3]) for number in range(1, 13)], About.NEWCOMERS, total=13
    ),
    "thread_newcomers_500": reply(
        [entry(number) for number in range(1, 51)],
        About.NEWCOMERS,
        mentions=RINGING,
        jobs=483,
        counts={"failed": 483},
        total=500,
    ),
}


def notice(about: str, why: str = "") -> Notice:
    return Notice(
        key="0" * 32,
        destination="#ml-alerts",
        about=about,
        source="prod",
        since=NOW - 12 * MINUTE,
        why=why,
        created_at=NOW,
    )


NOTICES: dict[str, Notice] = {
    "notice_blind": notice(notices.BLIND, "503 Service Unavailable"),
    "notice_blind_no_more": notice(notices.BLIND),
    "notice_doubt": notice(notices.DOUBT, "the list is shorter than usual."),
    "notice_doubt_no_more": notice(notices.DOUBT),
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
    silence = replace(
        failed,
        key="k2",
        kind="started",
        at=NOW - 3 * MINUTE,
        verdict="silence",
        reason="no rule matches",
        tellings=(),
    )
    return (failed, silence, replace(silence, key="k1", kind="appeared", at=None, inferred=True))


FILTERS = (Filter(Field.PIPELINE, "machine-*"), Filter(Field.TYPE, "training", negated=True))
NARROWED = JobQuery(view=View.FAILED, filters=FILTERS, words=("oom <!here>",), since=timedelta(hours=24), page=2)
SICK = Health(
    sources=(
        BLIND,
        replace(SEEN, source="prod", doubts=("the total moved",), faults=("job_9: no status",), bad_rows=3),
    ),
    parked=(ParkedRoute("#ml-alerts", "not_in_channel", NOW - 9 * MINUTE, NOW + MINUTE, 4),),
    queue=Queue(waiting=4, oldest=NOW - 9 * MINUTE),
    refused=1,
)
AGAIN = Seen(times=14, pipelines=3, since=NOW - 265 * 24 * 60 * MINUTE)
DETAILS = JobDetails(memory=memory(1), history=story(), sources=(SEEN,), job_urls=URLS, now=NOW, seen=AGAIN)
REPLIES: dict[str, Reply] = {
    "list": job_list([memory(n) for n in range(1, 4)]),
    "list_page_two": job_list([memory(n) for n in range(21, 41)], total=240, query=NARROWED),
    "list_50_long_names": job_list(
        [memory(n, name="very long name " * 20, error="e" * 900, pipeline_key="p" * 200) for n in range(50)],
        query=JobQuery(view=View.FAILED, limit=50),
    ),
    "list_empty": job_list([]),
    "list_blind": replace(
        job_list([memory(1, "RUNNING"), memory(2, "ODD_STATUS")], query=JobQuery(view=View.ALL)), sources=(BLIND,)
    ),
    "list_never_looked": replace(job_list([]), sources=(SourceHealth("default", trouble="401 Unauthorized"),)),
    "list_two_sources": replace(
        job_list([memory(1), memory(2, source="prod")]), sources=(SEEN, replace(SEEN, source="prod"))
    ),
    "list_linked": replace(job_list([memory(1, name=HOSTILE), memory(2, name=HEBREW)]), job_urls=URLS),
    "details": DETAILS,
    "details_bare": replace(
        DETAILS, memory=Memory(Job(source="default", id="job_7", status="PENDING"), NOW, NOW), history=(), seen=None
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
    "health_fine": HealthReport(Health((SEEN,), (), Queue(), 0), NOW),
    "health_sick": HealthReport(SICK, NOW),
    "help": HelpText(),
    "note": Note("“faild” is no view. Did you mean failed?", "/jobs failed"),
}


def wire(rendered: Rendered) -> dict[str, object]:
    return {"text": rendered.text, "blocks": rendered.blocks}


def check_golden(name: str, rendered: Rendered) -> None:
    path = GOLDEN / f"{name}.json"
    shown = json.dumps(wire(rendered), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), f"{path} differs; UPDATE_GOLDEN=1 writes it anew"
