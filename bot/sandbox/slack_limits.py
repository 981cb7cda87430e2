"""How often may be called what: a bucket of tokens per channel for posts, one per method for the rest.
Pure: the time is an argument, and the numbers are attributes that a test may tighten.
"""

import math
from dataclasses import dataclass
from enum import Enum


class Tier(Enum):
    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    SPECIAL = "special"
    POST = "post"


@dataclass(slots=True)
class Bucket:
    tokens: float
    at: float


class Limits:
    """Slack's published rates; how long a burst may be it does not publish, so these are a guess on the kind side."""

    def __init__(self) -> None:
        self.enabled = True
        self.per_minute = {Tier.ONE: 1, Tier.TWO: 20, Tier.THREE: 50, Tier.FOUR: 100, Tier.SPECIAL: 300}
        self.posts_per_second = 1.0
        self.post_burst = 10
        self.posts_per_minute = 300
        """Over the whole workspace."""
        self._buckets: dict[str, Bucket] = {}

    def admit(self, method: str, tier: Tier, channel: str, now: float) -> int | None:
        """None if the call may be made, else the whole seconds to wait. Only an admitted call costs a token."""
        if not self.enabled:
            return None
        taken: list[Bucket] = []
        waits = [self._wait(*demand, now, taken) for demand in self._demands(method, tier, channel)]
        wait = max(waits)
        if wait > 0:
            return max(1, math.ceil(wait))
        for bucket in taken:
            bucket.tokens -= 1
        return None

    def _demands(self, method: str, tier: Tier, channel: str) -> list[tuple[str, float, float]]:
        """Which buckets the call draws on: their name, how much they hold, how fast they fill."""
        if tier is Tier.POST:
            whole = (method, float(self.posts_per_minute), self.posts_per_minute / 60)
            return [whole, (f"{method} {channel}", float(self.post_burst), self.posts_per_second)]
        rate = self.per_minute[tier]
        return [(method, float(rate), rate / 60)]

    def _wait(self, name: str, size: float, rate: float, now: float, taken: list[Bucket]) -> float:
        bucket = self._buckets.setdefault(name, Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + max(0.0, now - bucket.at) * rate)
        bucket.at = now
        taken.append(bucket)
        return 0.0 if bucket.tokens >= 1 else (1 - bucket.tokens) / rate
