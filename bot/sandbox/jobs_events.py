"""The event log of a simulated job, told from the job's own fields: newest first, as the API is believed to.
Pure, and as forgetful as the job: what an earlier try left behind is gone.
"""

from zlib import crc32

from bot.sandbox.jobs_sim import SimJob, error_line, rfc3339

_KILLED = "Container worker terminated: OOMKilled (exit=137)"

Event = dict[str, object]


def events_of(job: SimJob) -> list[Event]:
    told: list[tuple[float, str, str, str]] = []
    if job.started_at is not None:
        told.append((job.started_at, "job.started", "INFO", "Job started"))
    if job.completed_at is not None:
        told.append((job.completed_at, "job.completed", "SUCCESS", "Job completed"))
    if job.cancelled_at is not None:
        told.append((job.cancelled_at, "job.canceled", "WARN", "Job canceled"))
    if job.failed_at is not None:
        why = error_line(job.error) or "BackoffLimitExceeded"
        told.append((job.failed_at, "pod.terminated", "ERROR", _KILLED))
        told.append((job.failed_at, "job.failed", "FAILED", f"Job failed: {why}"))
    told.sort(key=lambda each: each[0])
    first = crc32(job.id.encode()) % 90_000 + 10_000
    events = [_event(first + number, *each) for number, each in enumerate(told)]
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
