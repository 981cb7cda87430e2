"""Logs and metrics. Knows no domain value: it is handed words and numbers. What repeats is logged once."""

import logging
import sys
import time
from collections.abc import Callable
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

QUIET = 600.0  # seconds for which a library's line is not logged again
FOREIGN = ("bolt", "socket", "slack_sdk", "slack_bolt", "aiohttp.access", "httpx", "asyncio")


def configure_logs(masked: Callable[[str], str], stream: TextIO = sys.stderr) -> None:
    """One line an event, for people on a terminal and as JSON elsewhere; our own and the libraries' alike. `masked`
    takes the secrets out of a line: libraries write addresses and answers into it as they are.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
                lambda _logger, _method, line: masked(str(line)),
            ],
        )
    )
    handler.addFilter(OncePerWhile(time.monotonic))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in FOREIGN:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("bolt").setLevel(logging.ERROR)  # it warns of a token in the environment that it does not use


class OncePerWhile(logging.Filter):
    """Lets a library's line pass once in a while: some of them say the same every few seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(FOREIGN):
            return True
        key = (record.name, str(record.msg)[:60])
        now = self._clock()
        if now - self._said.get(key, -QUIET) < QUIET:
            return False
        self._said[key] = now
        return True


class Metrics:
    """What Prometheus is told under /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="jobsbot", registry=self.registry)
        registry = self.registry
        self.looks = Counter("jobsbot_looks", "Looks by source and result", ["source", "result"], registry=registry)
        self.look_seconds = Histogram("jobsbot_look_seconds", "Duration of looks", ["source"], registry=registry)
        self.looked_at = Gauge(
            "jobsbot_last_good_look_timestamp_seconds", "End of the last good look", ["source"], registry=registry
        )
        self.suspect = Gauge(
            "jobsbot_listing_suspect", "1 if the last listing is suspect", ["source"], registry=registry
        )
        self.bad_rows = Gauge("jobsbot_listing_bad_rows", "Bad rows of the last listing", ["source"], registry=registry)
        self.jobs = Gauge("jobsbot_jobs_seen", "Jobs in the last listing", ["source"], registry=registry)
        self.changes = Counter("jobsbot_changes", "Changes by kind and verdict", ["kind", "verdict"], registry=registry)
        self.messages = Counter(
            "jobsbot_messages", "Attempts to say a message, by outcome", ["outcome"], registry=registry
        )
        self.edits = Counter("jobsbot_edits", "Attempts to edit a card, by outcome", ["outcome"], registry=registry)
        self.waiting = Gauge("jobsbot_outbox_messages", "Messages not yet said", registry=registry)
        self.oldest = Gauge(
            "jobsbot_outbox_oldest_seconds", "Age of the oldest message not yet said", registry=registry
        )
        self.edits_waiting = Gauge(
            "jobsbot_edits_waiting", "Cards that do not show yet how their jobs stand", registry=registry
        )
        self.parked = Gauge("jobsbot_parked_routes", "Destinations that cannot be reached", registry=registry)
        self.answers = Histogram(
            "jobsbot_answer_seconds",
            "Time to answer a command from the store",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )
        self.slack_connected = Gauge("jobsbot_slack_connected", "1 if Slack is connected", registry=registry)
