"""What the loops did, told to the log, the metrics and the vitals. A state that lasts is logged once when it begins
and once when it ends, not at every look.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import assert_never

import structlog

from bot.core.alerts import Silence, Verdict
from bot.core.faults import Fault
from bot.core.instants import SECOND, Instant
from bot.core.listing import RowFault
from bot.core.messages import Delivered, Gone, Refused, TryLater, Unknown
from bot.core.replies import Queue
from bot.explain import Explained
from bot.poll import Look, Looked
from bot.slack.doors import Door
from bot.store.cards import Edited
from bot.store.outbox import Settled
from bot.telemetry import Metrics
from bot.vitals import Vitals

LOGGED_CHANGES = 20  # of one look; the ledger has the others


class Reporter:
    def __init__(self, log: structlog.stdlib.BoundLogger, metrics: Metrics, vitals: Vitals) -> None:
        self._log = log
        self._metrics = metrics
        self._vitals = vitals
        self._said: dict[str, set[str]] = {}

    def abandoned(self, count: int) -> None:
        if count:
            self._log.warning("messages for places that no rule names any more are given up", count=count)

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

    def resolved(self, destinations: Collection[str], troubles: Mapping[str, str]) -> None:
        """Which of the destinations that were looked for cannot be found, with the reason."""
        for destination in destinations:
            why = troubles.get(destination, "")
            words = "a destination cannot be found: its alerts wait"
            self._once(f"finding {destination}", why, words, destination=destination, why=why)

    def heard(self, connected: bool) -> None:  # noqa: FBT001  the shape of a callback
        self._vitals.slack(connected=connected)
        self._metrics.slack_connected.set(connected)
        self._once("connection", "" if connected else "lost", "Slack's connection is not there; reconnecting")

    def stored(self, what: str, trouble: str) -> None:
        """Whether the state file served a round of a loop."""
        self._vitals.stored(what, trouble)
        words = "the state file cannot be used; this is tried again"
        self._once(f"state file, {what}", trouble, words, what=what, why=trouble)

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

    def explained(self, source: str, explained: Explained) -> None:
        self._log.debug("asked why jobs failed", source=source, asked=explained.asked, answered=explained.answered)

    def delivered(self, settled: Sequence[Settled], queue: Queue, now: Instant) -> None:
        for one in settled:
            self._settled(one)
        self._metrics.waiting.set(queue.waiting)
        self._metrics.oldest.set(max(0.0, (now - queue.oldest) / SECOND) if queue.oldest is not None else 0)
        self._metrics.edits_waiting.set(queue.edits)
        self._metrics.parked.set(queue.parked)

    def _good_look(self, source: str, look: Looked, now: Instant) -> None:
        certificate, metrics = look.listing.certificate, self._metrics
        metrics.looks.labels(source, "complete" if certificate.complete else "suspect").inc()
        metrics.looked_at.labels(source).set(now / SECOND)
        metrics.suspect.labels(source).set(not certificate.complete)
        metrics.jobs.labels(source).set(certificate.seen)
        self._vitals.looked(source, doubts="" if look.watched else "; ".join(certificate.reasons))
        self._once(f"look at {source}", "", "")
        doubts = "; ".join(certificate.reasons)
        self._once(
            f"listing of {source}", "doubt" if doubts else "", "the listing is suspect", source=source, why=doubts
        )
        self._bad_rows(source, look.listing.faults)
        if look.first:
            self._log.info(
                "the baseline is taken: what happens from now on is told", source=source, jobs=certificate.seen
            )
        self._changes(look.verdicts)

    def _bad_rows(self, source: str, faults: Sequence[RowFault]) -> None:
        self._metrics.bad_rows.labels(source).set(len(faults))
        firsts = {kind: fault for fault in reversed(faults) for kind in _kinds(fault)}
        for kind in firsts or [""]:
            first = str(firsts.get(kind, ""))
            self._once(f"rows of {source}", kind, "rows cannot be read", source=source, rows=len(faults), first=first)

    def _changes(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            self._metrics.changes.labels(str(verdict.change.kind), type(verdict).__name__.lower()).inc()
        alerts = [verdict.change for verdict in verdicts if not isinstance(verdict, Silence)]
        for change in alerts[:LOGGED_CHANGES]:
            self._log.info("change", key=change.key, name=change.job.name)
        if more := len(alerts[LOGGED_CHANGES:]):
            self._log.info("more changes; `history` names them all", count=more)

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
            case Gone(reason=reason):
                self._log.warning("the card is gone; it is posted anew", **where, why=reason)
            case _:
                assert_never(outcome)

    def edited(self, edited: Edited) -> None:
        edit, outcome = edited.edit, edited.outcome
        self._metrics.edits.labels(type(outcome).__name__).inc()
        where = {"destination": edit.destination, "card": edit.card}
        match outcome:
            case Delivered(degraded=degraded):
                self._log.debug("edited", **where, degraded=degraded or None)
                if edited.news:
                    self._log.info("Slack takes messages again")
            case Gone(reason=reason):
                self._log.warning("the card is gone; it is posted anew", **where, why=reason)
            case Refused(reason=reason):
                if edited.news:
                    self._log.error("the card cannot be edited", **where, why=reason, scope=str(outcome.scope))
            case TryLater(reason=reason) | Unknown(reason=reason):
                if edit.attempts == 1:
                    self._log.warning("the card is not edited yet", **where, why=reason)
            case _:
                assert_never(outcome)

    def _once(self, about: str, state: str, words: str, **more: object) -> None:
        """Logs a state when it comes up first, and when all are over, however they alternate between; an empty state
        is the normal one.
        """
        said = self._said.setdefault(about, set())
        if state and state not in said:
            said.add(state)
            self._log.warning(words, **more)
        elif said and not state:
            said.clear()
            self._log.info(f"{about}: all is well again")


def _kinds(fault: RowFault) -> Iterable[str]:
    """What is wrong with the row, without what differs from look to look."""
    return fault.why.partition(":")[0].split("; ")
