"""The one clock. Only the wiring calls it; everybody else is given the time."""

import time

from bot.core.instants import Instant


def now() -> Instant:
    return time.time_ns() // 1_000
