"""What the loops did, told to the log, the metrics and the vitals. A state that lasts is logged once when it begins
and once when it ends, not at every look.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

import structlog

from bot.core.alerts import Alert
from bot.core.faults import Fault
from bot.core.instants import SECOND, Instant
from bot.core.messages import Delivered, Refused, TryLater, Unknown
from bot.core.replies import Health
from bot.poll import Look, Looked
from bot.slack.doors import Door
from bot.store.outbox import Settled
from bot.telemetry import Metrics
from bot.vitals import Vitals


class Reporter:
    def __init__(self, log: structlog.stdlib.BoundLogger, metrics: Metrics, vitals: Vitals) -> None:
        self._log = log
        self._metrics = metrics
        self._vitals = vitals
        self._said: dict[str, str] = {}

    def opened(self, unfinished: int) -> None:
        if unfinished:
            self._log.warning(
                "messages were under way when the bot last stopped; they are sent again", count=unfinished
            )

    def serving(self, host: str, port: int) -> None:
        self._log.info("serving /healthz, /readyz and /metrics", host=host, port=port)

    def stopping(self) -> None:
        self._log.info("stopping: what is under way is finished first; a second signal ends the bot at once")

    def knocked(self, door: Door) -> None:
        if door.is_open:
            self._vitals.slack(connected=False, trouble="it lets the bot in, but there is no connection yet")
            self._log.info("Slack lets the bot in", team=door.team, bot_user=door.bot_user)
        else:
            self._vitals.slack(connected=False, trouble=door.trouble)
            self._once("Slack", door.trouble, "Slack cannot be reached yet; trying on", why=door.trouble)

    def resolved(self, troubles: Mapping[str, str]) -> None:
        for destination, why in troubles.items():
            self._log.error("a destination cannot be found: its alerts wait", destination=destination, why=why)

    def heard(self, connected: bool) -> None:  # noqa: FBT001  the shape of a callback
        self._vitals.slack(connected=connected)
        self._metrics.slack_connected.set(connected)
        self._once("connection", "" if connected else "lost", "Slack's connection is not there; reconnecting")

    def looked(self, source: str, look: Look, now: Instant, took: float) -> int:
        """How many looks at the source have failed in a row."""
        self._metrics.look_seconds.labels(source).observe(took)
        match look:
            case Fault():
                self._metrics.looks.labels(source, str(look.kind)).inc()
                self._once(f"look at {source}", str(look.kind), "cannot see the jobs", source=source, why=str(look))
                return self._vitals.failed(source, look)
            case Looked():
                self._good_look(source, look, now)
                return 0
            case _:
                assert_never(look)

    def delivered(self, settled: Sequence[Settled], health: Health, now: Instant) -> None:
        for one in settled:
            self._settled(one)
        self._metrics.waiting.set(health.waiting)
        self._metrics.oldest.set((now - health.oldest) / SECOND if health.oldest is not None else 0)
        self._metrics.parked.set(len(health.parked))

    def _good_look(self, source: str, look: Looked, now: Instant) -> None:
        certificate, metrics = look.listing.certificate, self._metrics
        metrics.looks.labels(source, "complete" if certificate.complete else "suspect").inc()
        metrics.looked_at.labels(source).set(now / SECOND)
        metrics.suspect.labels(source).set(not certificate.complete)
        metrics.bad_rows.labels(source).set(len(look.listing.faults))
        metrics.jobs.labels(source).set(certificate.seen)
        self._vitals.looked(source)
        self._once(f"look at {source}", "", "")
        doubts = "; ".join(certificate.reasons)
        self._once(
            f"listing of {source}", "doubt" if doubts else "", "the listing is suspect", source=source, why=doubts
        )
        kinds = ", ".join(sorted({fault.partition(": ")[2] or fault for fault in look.listing.faults}))
        self._once(f"rows of {source}", kinds, "rows cannot be read", source=source, why=kinds)
        if look.first:
            self._log.info(
                "the baseline is taken: what happens from now on is told", source=source, jobs=certificate.seen
            )
        for verdict in look.verdicts:
            change, alerts = verdict.change, isinstance(verdict, Alert)
            metrics.changes.labels(str(change.kind), "alert" if alerts else "silence").inc()
            (self._log.info if alerts else self._log.debug)("change", key=change.key, name=change.job.name, told=alerts)

    def _settled(self, settled: Settled) -> None:
        message, outcome = settled.parcel.message, settled.outcome
        self._metrics.messages.labels(type(outcome).__name__).inc()
        where = {"destination": message.destination, "message": message.key}
        match outcome:
            case Delivered(receipt=receipt, degraded=degraded):
                self._log.info("told", **where, channel=receipt.channel, ts=receipt.ts, degraded=degraded or None)
                if settled.news:
                    self._log.info("the destination works again", destination=message.destination)
            case Refused(reason=reason):
                if settled.news:
                    self._log.error("the message cannot be said", **where, why=reason, scope=str(outcome.scope))
            case TryLater(reason=reason) | Unknown(reason=reason):
                if settled.parcel.attempts == 1:
                    self._log.warning("the message is not said yet", **where, why=reason)
            case _:
                assert_never(outcome)

    def _once(self, about: str, state: str, words: str, **more: object) -> None:
        """Logs a state when it begins or becomes another, and when it is over; an empty state is the normal one."""
        before = self._said.get(about, "")
        self._said[about] = state
        if state and state != before:
            self._log.warning(words, **more)
        elif before and not state:
            self._log.info(f"{about}: all is well again")
