"""A card tells one story in one place and stays true: it is posted once, edited as its jobs go on, and what happened is
told in its thread. What a card shows is drawn from what is stored of it, whenever it is sent or edited.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.core.alerts import Broadcast, Destination, GroupBy, JobRef, Rule
from bot.core.changes import Change, ChangeKind
from bot.core.instants import SECOND, Instant
from bot.core.jobs import FINAL, Job, job_url
from bot.core.likeness import Seen, likeness
from bot.core.traces import gist

NAMED: Final = 10  # jobs that a card names, see named_first; the rest is counted
ALIKE: Final = 3  # kinds of error that a card counts by themselves
FOLLOWED: Final = 24 * 3600 * SECOND  # so long after it last ended, a job stays with its card
OPEN_CARDS: Final = 5  # of one rule and place that take newcomers; what comes then shares one more
MILESTONES: Final = (10, 100, 1000)  # jobs on a card that are worth a word in the channel
NEWCOMERS_EVERY: Final = 60 * SECOND  # at most so often they are told in a card's thread
LOUD_EVERY: Final = 60 * SECOND  # at most so often a card of several jobs gets worse aloud
FAILURES: Final = frozenset({ChangeKind.FAILED, ChangeKind.INCOMPLETE})
ERRING: Final = FAILURES | {ChangeKind.CANCELLED}  # their error is that of now
TROUBLES: Final = FAILURES | {ChangeKind.OVERDUE, ChangeKind.THRASHING, ChangeKind.VANISHED}
PASSING: Final = TROUBLES - {ChangeKind.FAILED}  # what a card does not show any more once its job goes on
REASON_WITHIN: Final = 2 * SECOND  # so long a message waits for the reason of a failure that does not tell it
ENDINGS: Final = frozenset({ChangeKind.VANISHED})  # that no status tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is said of one job. `at` is when it happened, `tries` counts the first time too; `error` is the last one
    that is known.
    """

    change_key: str
    kind: str
    inferred: bool
    source: str
    job_id: str
    name: str
    pipeline: str
    at: Instant
    error: str
    tries: int
    url: str = ""
    detail: str = ""

    @property
    def job(self) -> JobRef:
        return (self.source, self.job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Takes newcomers `until` then, at most until `closes_at`. `group` holds what its jobs have in common, in the order
    of the rule's `group_by`, `label` the part of it that people are shown; `size` counts its jobs, `failing` those
    whose latest news is a failure. Newcomers were last told at `told_at`, and that it got worse at `loud_at`.
    """

    key: str
    destination: Destination
    rule: str
    group: tuple[str, ...]
    label: tuple[str, ...]
    overflow: bool = False
    opened_at: Instant
    until: Instant
    closes_at: Instant
    since: Instant
    size: int = 0
    failing: int = 0
    mentions: tuple[str, ...] = ()
    broadcast: Broadcast = Broadcast.WORSE
    show_source: bool = False
    told_at: Instant = 0
    loud_at: Instant = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A job on a card, as it stands: its latest news, and when it ended (None while it lives), by our clock. `opens`
    says that this news is what the card's opening tells, `unsaid` that it has not been posted.
    """

    card: str
    entry: Entry
    likeness: str
    ended_at: Instant | None
    opens: bool = False
    unsaid: bool = False

    @property
    def is_passing(self) -> bool:
        """Whether only the card tells this news, and not for longer than the job stands so."""
        return self.opens and (self.unsaid or self.entry.kind in PASSING)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Errors of one kind: the `error` of one of the jobs, how many jobs have it, and how often its like was `seen`
    before the card was opened.
    """

    error: str
    jobs: int
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a card shows: some of its jobs in the order of `named_first`, how many jobs stand how (`counts` by their
    latest news), how many have an error, and how alike these are, the most frequent first. `label` is what all its jobs
    have in common, `mentions` are whom its post rang.
    """

    card: str
    rule: str
    label: tuple[str, ...]
    since: Instant
    entries: tuple[Entry, ...]
    counts: dict[str, int]
    jobs: int
    with_error: int
    likenesses: tuple[Likeness, ...] = ()
    mentions: tuple[str, ...] = ()
    show_source: bool = False

    @property
    def unnamed(self) -> int:
        """How many jobs are counted, but not named."""
        return self.jobs - len(self.entries)


def group_of(rule: Rule, job: Job) -> tuple[str, ...]:
    """What a job shares with the others of its card."""
    values = {
        GroupBy.PIPELINE: job.pipeline_key,
        GroupBy.TYPE: job.pipeline_type,
        GroupBy.SOURCE: job.source,
        GroupBy.ERROR: likeness(job.error) if GroupBy.ERROR in rule.group_by else "",
    }
    return tuple(values[by] for by in rule.group_by)


def label_of(rule: Rule, group: tuple[str, ...]) -> tuple[str, ...]:
    """The part of that which people are shown; of the card for the rest, nothing."""
    shown = zip(rule.group_by, group, strict=False)
    return tuple(value for by, value in shown if by is not GroupBy.ERROR and value)


def happened_at(change: Change, now: Instant) -> Instant:
    """When, as well as anybody can tell."""
    if change.at is not None:
        return change.at
    created = change.job.created_at if change.kind is ChangeKind.APPEARED else None
    return created or change.job.updated_at or now


def entry_of(change: Change, job_urls: Mapping[str, str], now: Instant, before: Entry | None = None) -> Entry:
    """`before` is what was said of the job last: its error stays as the last one that is known, unless the change
    is one that has its own, or none.
    """
    job = change.job
    last = before.error if before and change.kind not in ERRING else ""
    return Entry(
        change_key=change.key,
        kind=change.kind,
        inferred=change.inferred,
        source=job.source,
        job_id=job.id,
        name=job.name,
        pipeline=job.pipeline_key,
        at=happened_at(change, now),
        error=gist(job.error) or last,
        tries=change.retry_count + 1,
        url=job_url(job, job_urls),
        detail=change.detail,
    )


def member_of(card: str, change: Change, entry: Entry, before: Member | None, now: Instant, *, opens: bool) -> Member:
    """The job as it stands on the card from now on; a change that `opens` it has not been posted yet."""
    ended = change.status in FINAL or change.kind in ENDINGS
    alike = before.likeness if before and before.entry.error == entry.error else likeness(entry.error)
    return Member(card, entry, alike, ended_at=now if ended else None, opens=opens, unsaid=opens)


def with_reason(member: Member, failure: Change, reason: str) -> Member:
    """The member with the reason for this failure, if its latest news is that, or what followed and has no error."""
    entry = member.entry
    follows = entry.at >= (failure.at or 0) and not entry.error and entry.kind not in ERRING
    if entry.change_key != failure.key and not follows:
        return member
    return replace(member, entry=replace(entry, error=gist(reason)), likeness=likeness(reason))


def with_counts(card: Card, counts: Mapping[str, int]) -> Card:
    """The card as so many jobs stand on it, by their latest news."""
    failing = sum(jobs for kind, jobs in counts.items() if kind in FAILURES)
    return replace(card, size=sum(counts.values()), failing=failing)


def with_detail(member: Member, change: Change) -> Member:
    """The member, if this change is its latest news, with how much it says now."""
    if member.entry.change_key != change.key:
        return member
    return replace(member, entry=replace(member.entry, detail=change.detail))


def named_first(entries: Iterable[Entry]) -> list[Entry]:
    """In the order in which a card names them: whoever is in trouble before the others, and the newest first."""
    by_source = sorted(entries, key=lambda entry: entry.source)
    return sorted(by_source, key=lambda entry: (entry.kind in TROUBLES, entry.at, entry.job_id), reverse=True)


def face_of(
    card: Card,
    named: Iterable[Entry],
    counts: Mapping[str, int],
    with_error: int,
    likenesses: Iterable[Likeness],
    mentions: tuple[str, ...],
) -> Face:
    return Face(
        card=card.key,
        rule=card.rule,
        label=card.label,
        since=card.since,
        entries=tuple(named),
        counts=dict(counts),
        jobs=sum(counts.values()),
        with_error=with_error,
        likenesses=tuple(likenesses),
        mentions=mentions,
        show_source=card.show_source,
    )


def passes_milestone(size: int) -> bool:
    """Whether one job more makes it so many."""
    return size + 1 in MILESTONES
