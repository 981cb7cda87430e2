"""How the bot is doing, as the loops report it: alive while they turn, ready while it sees the jobs and hears Slack.
Facts in, reasons out; it measures nothing by itself.
"""

from dataclasses import dataclass, field

from bot.core.faults import Fault
from bot.core.instants import SECOND, Instant, write_duration
from bot.core.wording import number

FAILED_LOOKS = 3  # in a row, and the bot is no longer ready
STUCK = 180 * SECOND  # a loop that has not turned for so long, beyond the wait it announced, is stuck


@dataclass(slots=True)
class Sight:
    """How a source is seen; `doubts` keep its listings from becoming the baseline."""

    looked: bool = False
    doubts: str = ""
    failures: int = 0
    fault: Fault | None = None


@dataclass(slots=True)
class Vitals:
    sights: dict[str, Sight]
    slack_connected: bool = False
    slack_trouble: str = "not connected yet"
    store_troubles: dict[str, str] = field(default_factory=dict)  # what the state file fails → why
    turns: dict[str, Instant] = field(default_factory=dict)  # loop → when it should have turned again at the latest

    def turned(self, loop: str, now: Instant, wait: Instant) -> None:
        self.turns[loop] = now + wait + STUCK

    def looked(self, source: str, doubts: str = "") -> None:
        self.sights[source] = Sight(looked=not doubts, doubts=doubts)

    def failed(self, source: str, fault: Fault) -> int:
        """How many looks have failed in a row."""
        sight = self.sights[source]
        sight.failures += 1
        sight.fault = fault
        return sight.failures

    def slack(self, *, connected: bool, trouble: str = "not connected") -> None:
        self.slack_connected = connected
        self.slack_trouble = "" if connected else trouble

    def stored(self, what: str, trouble: str) -> None:
        """Whether the state file serves this; an empty trouble says that it does."""
        self.store_troubles.pop(what, None)
        if trouble:
            self.store_troubles[what] = trouble

    def stuck(self, now: Instant) -> list[str]:
        """Why the bot is not alive; empty if it is."""
        return [
            f"the {loop} loop has not turned for {write_duration((now - due + STUCK) / SECOND)}"
            for loop, due in self.turns.items()
            if due < now
        ]

    def unready(self) -> list[str]:
        """Why the bot is not ready; empty if it is."""
        reasons = [f"Slack: {self.slack_trouble}"] if not self.slack_connected else []
        reasons += [f"state file: {why}" for why in dict.fromkeys(self.store_troubles.values())]
        for source, sight in self.sights.items():
            fault = sight.fault
            if fault and (fault.needs_operator or sight.failures >= FAILED_LOOKS):
                reasons.append(f"source {source}: {number(sight.failures, 'failed look')} in a row, {fault}")
            elif not sight.looked:
                why = fault or sight.doubts
                reasons.append(f"source {source}: the first look is not done" + (f", {why}" if why else ""))
        return reasons
