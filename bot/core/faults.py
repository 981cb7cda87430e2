"""Why a look failed, as a value: nothing is concluded from it, and the next look comes later."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    CREDENTIALS = "credentials"  # 401 or 403
    SWAPPED_KEY = "swapped key"  # the key is good, but it opens another organisation
    RATE_LIMITED = "rate limited"
    SERVER = "server error"
    REQUEST = "request refused"  # any other 4xx, or a redirect
    GARBLED = "garbled answer"  # no JSON, or not the documented shape
    TIMEOUT = "timeout"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Fault:
    """`detail` is one line for the operator; `retry_after` is in seconds, where the server named a time; `remedy` is
    what to do, where `detail` does not say it.
    """

    kind: FaultKind
    detail: str
    retry_after: float | None = None
    remedy: str = ""

    @property
    def needs_operator(self) -> bool:
        return self.kind in {FaultKind.CREDENTIALS, FaultKind.SWAPPED_KEY}

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" + (f"; {self.remedy}" if self.remedy else "")


def swapped_key(org_id: str) -> Fault:
    """`org_id` is the organisation that the key opened until now."""
    return Fault(
        FaultKind.SWAPPED_KEY,
        f"it opens another organisation than {org_id}, whose jobs the state file holds",
        remedy="give back the old key, or a new [store] url for the new organisation",
    )


MAX_LOOK_WAIT = 60.0  # seconds


def look_wait(every: float, took: float, failures: int, fault: Fault | None) -> float:
    """Seconds until the next look. From the start of one to the start of the next while all is well; after failed
    looks, doubling to at most a minute, and never sooner than the server asked.
    """
    if fault is None:
        return max(0.0, every - took)
    backed_off = max(every, min(MAX_LOOK_WAIT, every * 2.0 ** min(failures - 1, 10)))
    return max(backed_off, fault.retry_after or 0.0)
