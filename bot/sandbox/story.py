"""The sandbox's story, told in a terminal: one short line for each thing that happened.
Pure; what comes from outside is stripped of everything that could steer a terminal.
"""

from datetime import UTC, datetime, tzinfo
from typing import assert_never

from bot.sandbox.jobs_sim import Happened, Happening

_LONGEST = 150


def opening(*, page: str, jobs_api: str, slack_api: str, mode: str) -> list[str]:
    return [
        f"The sandbox is open:  {page}",
        f"  simulated jobs API   {jobs_api}",
        f"  simulated Slack      {slack_api}  ({mode} mode)",
        "The bot runs against both, unmodified. Ctrl-C ends everything.",
    ]


def job_line(happening: Happening, zone: tzinfo | None = None) -> str:
    """`zone` None means the zone of this machine."""
    return _line(happening.at, "jobs", harmless(_told(happening)), zone)


def slack_line(at: float, channel: str, text: str, *, edited: bool = False, zone: tzinfo | None = None) -> str:
    words = f"(edited) {text}" if edited else text
    return _line(at, "slack", f"{harmless(channel)}  {harmless(words)}", zone)


def harmless(text: str) -> str:
    """One line, at most 150 characters, nothing in it but what can be printed."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    words = " ".join(printable.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _told(happening: Happening) -> str:
    match happening.what:
        case Happened.FAILED:
            return f"{happening.name} FAILED" + (f": {happening.detail}" if happening.detail else "")
        case Happened.CANCELLED | Happened.PREEMPTED | Happened.RETRIED | Happened.DELETED:
            return f"{happening.name} was {happening.what}"
        case Happened.SUBMITTED | Happened.ADMITTED | Happened.STARTED | Happened.COMPLETED:
            return f"{happening.name} {happening.what}"
        case _:
            assert_never(happening.what)


def _line(at: float, who: str, what: str, zone: tzinfo | None) -> str:
    clock = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return f"{clock:%H:%M:%S}  {who:<5}  {what}"
