"""What was lost, what came twice and which cards are wrong, judged by what stands in Slack. Which changes a message is
to tell is known by its key; it tells those alone that its text names.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_model import Message

Place: TypeAlias = str  # as a test names it: "ml-alerts", "U0SANDBOX1"

WORDS = {  # a message that tells of such a change has one of these in it
    "failed": ("fail",),
    "cancelled": ("cancel",),
    "vanished": ("gone", "vanish"),
    "retried": ("retr",),
    "started": ("running", "start"),
    "completed": ("complete", "recover"),
    "recovered": ("recover",),
}


class Fact(NamedTuple):
    """A change of a job, by its id; the second failure of a job is a fact of its own, but of the same kind."""

    job: str
    kind: str


Expected: TypeAlias = Mapping[tuple[Place, Fact], int]  # how many facts of the kind are to be told of the job there


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the bot's that stands in a place, or below another one there, unless somebody has deleted it.
    `text` is what people read when it was posted, `shows` what they read now, `fallback` what notifications and screen
    readers have instead.
    """

    place: Place
    key: str
    text: str
    shows: str = ""
    fallback: str = ""
    ts: str = ""
    thread: str | None = None
    deleted: bool = False

    @property
    def is_card(self) -> bool:
        return self.thread is None and not self.deleted


def said(place: Place, post: Message, at_first: str) -> Said:
    return Said(
        place=place,
        key=str((post.metadata or {}).get("event_payload", {}).get("key", "")),
        text=at_first,
        shows=rendered_text(post),
        fallback=post.text,
        ts=post.ts,
        thread=post.thread_ts if post.is_reply else None,
        deleted=post.deleted,
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """`expected` counts what was to be told, `lost` what nobody was told, `repeated` what was told once too often;
    `cards` those that were to stand in Slack, `wrong` those that are missing, too many, or do not show the truth.
    """

    expected: int = 0
    lost: int = 0
    repeated: int = 0
    cards: int = 0
    wrong: int = 0

    def __add__(self, other: "Judgement") -> "Judgement":
        return Judgement(
            self.expected + other.expected,
            self.lost + other.lost,
            self.repeated + other.repeated,
            self.cards + other.cards,
            self.wrong + other.wrong,
        )

    @property
    def kept(self) -> bool:
        return self.lost == self.repeated == self.wrong == 0


def total(judgements: Iterable[Judgement]) -> Judgement:
    return sum(judgements, Judgement())


def judge(said: Iterable[Said], carried: Mapping[str, Sequence[Fact]], expected: Expected) -> Judgement:
    """`carried` are the facts that a message is to tell, by its key. Messages may gather what they like, as long as
    each names its jobs.
    """
    told = Counter(_told(said, carried, {fact.job for _, fact in expected}))
    return Judgement(
        expected=sum(expected.values()),
        lost=sum((Counter(expected) - told).values()),
        repeated=sum((told - Counter(expected)).values()),
    )


def _told(
    said: Iterable[Said], carried: Mapping[str, Sequence[Fact]], jobs: Iterable[str]
) -> Iterator[tuple[Place, Fact]]:
    """What each message tells; and what it names without being there for it, which nobody expects. A card may show
    jobs that have joined it before it was posted: they are told in its thread all the same.
    """
    messages = list(said)
    replies = [each for each in messages if each.thread is not None]
    for each in messages:
        facts = carried.get(each.key, ())
        yield from ((each.place, fact) for fact in facts if _tells(each, fact, replies))
        if each.thread is not None or each.key not in carried:
            strangers = set(jobs) - {fact.job for fact in facts}
            yield from ((each.place, Fact(job, "")) for job in strangers if job in each.text)


def _tells(said: Said, fact: Fact, replies: Iterable[Said]) -> bool:
    """A card shows how its job stands when it is posted, which may be further than what opened it: then its thread has
    to tell that.
    """
    below = () if said.thread is not None else (each.text for each in replies if each.place == said.place)
    return fact.job in said.text and any(_names(text, fact) for text in (said.text, *below))


def _names(text: str, fact: Fact) -> bool:
    return fact.job in text and any(word in text.casefold() for word in WORDS[fact.kind])
