"""One gesture of a person and what came back: the acknowledgement, and the answers after it, each with its time.
It must never send anything; whoever carries the gesture notes here what happens.
"""

from dataclasses import dataclass, field
from time import perf_counter

from bot.sandbox.slack_bell import Bell
from bot.sandbox.slack_wire import Wire


@dataclass(slots=True)
class Exchange:
    """Times are seconds from the moment of sending. `status` is the HTTP status of the acknowledgement, if it was HTTP.
    `answers` are what was posted to the response_url (or, to a mention, in its thread), with the `ts` they got.
    """

    acked: bool = False
    ack_body: Wire | str | None = None
    status: int | None = None
    ack_seconds: float = 0.0
    first_answer_seconds: float | None = None
    answers: list[Wire] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)
    bell: Bell = field(default_factory=Bell)

    def note_ack(self, *, acked: bool, body: Wire | str | None = None, status: int | None = None) -> None:
        self.ack_seconds = perf_counter() - self.started
        self.acked, self.ack_body, self.status = acked, body, status

    def note_answer(self, answer: Wire) -> None:
        if self.first_answer_seconds is None:
            self.first_answer_seconds = perf_counter() - self.started
        self.answers.append(answer)
        self.bell.ring()

    async def answer(self, n: int = 1, timeout: float = 3.0) -> Wire:  # noqa: ASYNC109
        """The n-th answer, as soon as it is there; TimeoutError if it does not come."""
        await self.bell.until(lambda: len(self.answers) >= n, timeout)
        return self.answers[n - 1]
