"""One thing to say in one place, once. A message knows nothing of Slack; it is stored as it is composed and
rendered when it is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final, TypeAlias, assert_never

from bot.core.alerts import Destination
from bot.core.cards import Entry, Face
from bot.core.instants import SECOND, Instant
from bot.core.pacing import backoff

NAMED_IN_THREAD: Final = 50  # jobs that a reply names; the rest is counted
KEPT_BY_NAME: Final = 500  # newcomers while their reply waits, for those that it would name may leave it


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a reply tells of a card's jobs: `entries` are the newest changes, newest first; `counts` counts every change
    by kind, `jobs` every job it tells of, `total` those on the card. `label` is what they all have in common.
    """

    rule: str
    label: tuple[str, ...]
    entries: tuple[Entry, ...]
    counts: dict[str, int]
    jobs: int
    total: int
    show_source: bool = False

    @property
    def unnamed(self) -> int:
        """How many jobs are counted, but not named."""
        return self.jobs - len({entry.job for entry in self.entries})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A card is posted. What it shows is drawn when that happens; `anew` counts how often it was posted before."""

    key: str
    destination: Destination
    card: str
    mentions: tuple[str, ...]
    tells: tuple[str, ...]  # keys of the changes it carries
    created_at: Instant
    due_at: Instant
    anew: int = 0


class About(StrEnum):
    """What a reply tells: that jobs of the card changed, or that others joined them."""

    STEPS = "steps"
    NEWCOMERS = "newcomers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadReply:
    """A card's thread goes on. `loud` says that it is worth a word: it got worse, or somebody is rung who was not yet;
    `broadcast` that the channel sees it too.
    """

    key: str
    destination: Destination
    card: str
    about: About
    mentions: tuple[str, ...]
    loud: bool
    broadcast: bool
    news: News
    tells: tuple[str, ...]
    created_at: Instant
    due_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That something is wrong with a source `since` then, and why; or, if `why` is empty, that it is over. `about` is
    "blind" if looks fail, "doubt" if its list does not add up.
    """

    key: str
    destination: Destination
    about: str
    source: str
    since: Instant
    why: str
    created_at: Instant

    @property
    def due_at(self) -> Instant:
        return self.created_at


Message: TypeAlias = Opening | ThreadReply | Notice


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt that may have arrived: when it began and ended, by our clock. If nobody can look for it, it is
    repeated: then `began` is of the first, `ended` of the last, and `times` counts those without a clear answer; an
    attempt that ended with the process is none of them. A reply was sent under one of `threads`.
    """

    began: Instant
    ended: Instant
    times: int = 1
    threads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message claimed for delivery at `claimed_at`. `attempts` counts this one; `channel` is the id its destination
    resolved to; `doubt` is an earlier attempt that may have arrived. An opening shows `face`, as the card stood at
    `version`; a reply belongs under `thread`, the ts of its card.
    """

    message: Message
    attempts: int
    channel: str | None
    claimed_at: Instant = 0
    doubt: Doubt | None = None
    face: Face | None = None
    version: int = 0
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A card claimed for an edit: it is to show `face`, as it stood at `version`; `shown` is the digest of what it
    shows.
    """

    card: str
    destination: Destination
    face: Face
    version: int
    channel: str
    ts: str
    shown: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message can be found again."""

    channel: str
    ts: str


class Scope(StrEnum):
    """How far a trouble reaches: this message, everything for its channel, or everything."""

    MESSAGE = "message"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Delivered:
    """`shown` is a digest of what stands there now, empty if nobody knows. `by_twin` says that another message told it
    all, `astray` that a reply stands in the channel itself, because its card is gone.
    """

    receipt: Receipt
    degraded: str = ""  # why it went out as plain text
    shown: str = ""
    by_twin: bool = False
    astray: bool = False


@dataclass(frozen=True, slots=True)
class TryLater:
    """It has surely not arrived. `after` is in seconds, where the other side names a time."""

    reason: str
    after: float | None = None
    scope: Scope = Scope.MESSAGE


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not arrive until somebody mends `reason`: the message itself, the route, or the credentials."""

    reason: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have arrived."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The card that it belongs to is not there any more; or it is, and Slack lets nobody edit it."""

    reason: str
    uneditable: bool = False


Failure: TypeAlias = TryLater | Refused | Unknown | Gone
Outcome: TypeAlias = Delivered | Failure


@dataclass(frozen=True, slots=True)
class Twin:
    """A message that tells `shared` changes of another one in the same channel; `receipt` is None until it is there."""

    mentions: tuple[str, ...]
    shared: int
    receipt: Receipt | None


def told_by(twins: Iterable[Twin], message: Opening | ThreadReply) -> Delivered | TryLater | None:
    """What is to become of a message if another one says it all, and rings all, in the same channel under another name
    of it. None if it must be sent.
    """
    for twin in twins:
        if twin.shared == len(message.tells) and set(message.mentions) <= set(twin.mentions):
            later = TryLater("the same is under way to this channel, by another name of it", after=1.0)
            told = "told there already, by another name of it"
            return Delivered(twin.receipt, told, by_twin=True) if twin.receipt else later
    return None


def message_key(destination: Destination, keys: Iterable[str]) -> str:
    """The same changes told in the same place have the same key, whoever computes it and however often."""
    return blake2b("\n".join((destination, *sorted(keys))).encode(), digest_size=16).hexdigest()


def again_in(failure: TryLater | Unknown, attempts: int, chance: float) -> Instant:
    """How long until the next attempt: what the other side says, else ever longer; `chance` in [0, 1)."""
    after = failure.after if isinstance(failure, TryLater) else None
    return int((backoff(attempts, chance) if after is None else after) * SECOND)


def rank(message: Message) -> int:
    """Lower ones go first: what opens a card, is worse or rings somebody, before what merely goes on."""
    match message:
        case Opening(anew=anew, mentions=mentions):
            return int(anew > 0 and not mentions)
        case ThreadReply(loud=loud):
            return int(not loud)
        case Notice():
            return 0
        case _:
            assert_never(message)


def reopened(card: str, destination: Destination, anew: int, now: Instant, mentions: tuple[str, ...] = ()) -> Opening:
    """A card that is posted again. It rings nobody, for whoever was to hear of it has heard; or, if its post was
    refused, whom that was to ring.
    """
    return Opening(
        key=message_key(destination, (card, f"anew {anew}")),
        destination=destination,
        card=card,
        mentions=mentions,
        tells=(),
        created_at=now,
        due_at=now,
        anew=anew,
    )
