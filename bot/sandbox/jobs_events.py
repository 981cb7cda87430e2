"""The event log of a simulated job, told from the job's own fields: newest first, as the API is believed to.
Pure, and as forgetful as the job: what an earlier try left behind is gone.
"""

from zlib import crc32

from bot.sandbox.jobs_sim import SimJob, error_line, rfc3339

_UNTOLD = (
    "OOMKilled (exit=137)",
    "CUDA error: device-side assert triggered (exit=1)",
    "input gateway-7.csv has 3 columns, expected 4 (exit=2)",
    "lost contact with node gpu-14",
)
"""Why a job has failed whose own error is empty."""

Event = dict[str, object]


def events_of(job: SimJob, until: float) -> list[Event]:
    told: list[tuple[float, str, str, str]] = []
    number = crc32(job.id.encode())
    if job.started_at is not None:
        told.append((job.started_at, "job.started", "INFO", "Job started"))
    if job.completed_at is not None:
        if spoiled := (job.input_progress or {}).get("failed"):
            told.append((job.completed_at, "inference.failed", "ERROR", f"Inputs that failed: {spoiled}"))
        told.append((job.completed_at, "job.completed", "SUCCESS", "Job completed"))
    if job.cancelled_at is not None:
        told.append((job.cancelled_at, "job.canceled", "WARN", "Job canceled"))
    if job.failed_at is not None:
        why = error_line(job.error)
        cause = why or _UNTOLD[number % len(_UNTOLD)]
        told.append((job.failed_at, "pod.terminated", "ERROR", f"Container worker terminated: {cause}"))
        told.append((job.failed_at, "job.failed", "FAILED", f"Job failed: {why or 'BackoffLimitExceeded'}"))
    told.sort(key=lambda each: each[0])
    first = number % 90_000 + 10_000
    events = [_event(first + place, *each) for place, each in enumerate(told) if each[0] <= until]
    return events[::-1]


def _event(number: int, at: float, event_type: str, level: str, message: str) -> Event:
    return {
        "id": number,
        "event_type": event_type,
        "level": level,
        "message": message,
        "payload": {},
        "input_id": None,
        "index": None,
        "created_at": rfc3339(at),
    }
