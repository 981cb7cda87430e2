"""Whether all is well, in words, the same in Slack and in a terminal. What is wrong comes with its remedy."""

from bot.core.instants import SECOND, Instant
from bot.core.remedies import remedy
from bot.core.replies import Health, HealthReport, ParkedRoute, SourceHealth
from bot.core.texts import tame
from bot.core.wording import REASON, WORD, number, since, utc

LONG = 120 * SECOND  # a message that waits for longer is trouble
SHOWN = 10  # sources, routes and faults that are named


def headline(report: HealthReport) -> str:
    """One sentence that says whether all is well."""
    wrong = _wrong(report.health, report.now)
    if wrong:
        return f"Not all is well: {', '.join(wrong)}."
    looks = [source.looked_at for source in report.health.sources if source.looked_at is not None]
    jobs = sum(source.jobs for source in report.health.sources)
    return f"All is well: {number(jobs, 'job')} seen {since(min(looks, default=report.now), report.now)} ago."


def is_well(report: HealthReport) -> bool:
    return not _wrong(report.health, report.now)


def _wrong(health: Health, now: Instant) -> list[str]:
    unseen = sum(source.looked_at is None for source in health.sources)
    failing = sum(source.failures > 0 for source in health.sources if source.looked_at is not None)
    left = [at for at in map(_left_at, health.sources) if at is not None]
    doubted = sum(bool(source.doubts) for source in health.sources)
    oldest = health.queue.oldest
    late = oldest is not None and now - oldest > LONG
    told = (
        (health.store_troubles, "the state file cannot be used"),
        (not health.sources, "no source has been looked at"),
        (unseen, f"{number(unseen, 'source')} not seen yet"),
        (failing, f"{number(failing, 'source')} cannot be seen"),
        (left, f"{number(len(left), 'source')} not seen since {utc(min(left, default=now))}"),
        (doubted, f"{number(doubted, 'list')} in doubt"),
        (health.parked, f"{number(len(health.parked), 'destination')} out of reach"),
        (late, f"{number(health.queue.waiting, 'message')} waiting"),
    )
    return [words for true, words in told if true]


def _left_at(source: SourceHealth) -> Instant | None:
    """When it was seen last, where no look succeeds any more, and none fails."""
    return source.looked_at if source.stale and not source.failures else None


def source_lines(source: SourceHealth, now: Instant) -> list[str]:
    """What is known of a source: first how it was seen last, then everything that is amiss."""
    name = tame(source.source, WORD)
    seen = "not seen yet" if source.looked_at is None else f"seen {since(source.looked_at, now)} ago"
    return [f"{name}: {seen}, {number(source.jobs, 'job')}", *_amiss(source, now)]


def _amiss(source: SourceHealth, now: Instant) -> list[str]:
    lines: list[str] = []
    if source.failures or source.trouble:
        for_long = f" for {since(source.failing_since, now)}" if source.failing_since is not None else ""
        lines.append(f"{number(source.failures, 'look')} failed in a row{for_long}: {tame(source.trouble, REASON)}")
    if (left_at := _left_at(source)) is not None:
        lines.append(f"blind since {utc(left_at)}: the bot does not run, or its looks do not come to an end")
    lines += [f"the last list is in doubt: {tame(doubt, REASON)}" for doubt in source.doubts[:SHOWN]]
    if source.faults:
        first = tame(source.faults[0], REASON)
        lines.append(f"{number(source.bad_rows, 'row')} could not be read; the first: {first}")
    return lines


def parked_line(route: ParkedRoute, now: Instant) -> str:
    help_ = remedy(route.reason)
    soon = "tried again now" if route.waiting else "tried again with the next message"
    again = f"tried again in {since(now, route.retry_at)}" if route.retry_at > now else soon
    return (
        f"{tame(route.destination, WORD)}: {tame(route.reason, REASON)} for {since(route.since, now)}, "
        f"{number(route.waiting, 'message')} waiting, {again}" + (f". Remedy: {help_}" if help_ else "")
    )


def queue_lines(health: Health, now: Instant) -> list[str]:
    """What waits and what was given up; first why the state file fails, for then all else waits."""
    failing = [f"the state file cannot be used: {tame(trouble, REASON)}" for trouble in health.store_troubles]
    queue = health.queue
    waiting = f"{number(queue.waiting, 'message')} waiting" if queue.waiting else "no message is waiting"
    age = f", the oldest for {since(queue.oldest, now)}" if queue.oldest is not None else ""
    last = f"; the last: {tame(health.refusal, REASON)}" if health.refusal else ""
    refused = [f"{number(health.refused, 'message')} given up{last}"] if health.refused else []
    edits = [f"{number(queue.edits, 'card')} waiting for an edit"] if queue.edits else []
    return [*failing, waiting + age, *edits, *refused]
