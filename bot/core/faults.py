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
    """`detail` is one line for the operator; `retry_after` is in seconds, where the server named a time."""

    kind: FaultKind
    detail: str
    retry_after: float | None = None

    @property
    def needs_operator(self) -> bool:
        return self.kind in {FaultKind.CREDENTIALS, FaultKind.SWAPPED_KEY}

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


MAX_LOOK_WAIT = 60.0  # seconds


def look_wait(every: float, took: float, failures: int, fault: Fault | None) -> float:
    """Seconds until the next look. From the start of one to the start of the next while all is well; after failed
    looks, doubling to at most a minute, and never sooner than the server asked.
    """
    if fault is None:
        return max(0.0, every - took)
    backed_off = max(every, min(MAX_LOOK_WAIT, every * 2.0 ** min(failures - 1, 10)))
    return max(backed_off, fault.retry_after or 0.0)
