"""What was lost and what came twice, judged by what stands in Slack and by nothing that the bot says of itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.sandbox.reading import rendered_text
from bot.sandbox.slack_state import SlackState

Place: TypeAlias = str  # as a test names it: "ml-alerts", "U0SANDBOX1"
Expected: TypeAlias = Mapping[tuple[Place, str], int]  # (place, job id) → how many facts are to be told of it there


@dataclass(frozen=True, slots=True)
class Judgement:
    """`expected` counts what was to be told, `lost` what nobody was told, `repeated` what was told once too often."""

    expected: int = 0
    lost: int = 0
    repeated: int = 0

    def __add__(self, other: "Judgement") -> "Judgement":
        return Judgement(self.expected + other.expected, self.lost + other.lost, self.repeated + other.repeated)

    @property
    def kept(self) -> bool:
        return self.lost == self.repeated == 0


def total(judgements: Iterable[Judgement]) -> Judgement:
    return sum(judgements, Judgement())


def judge(slack: SlackState, expected: Expected) -> Judgement:
    """Messages may gather what they like, as long as each names its jobs."""
    told = _told(slack, expected)
    return Judgement(
        expected=sum(expected.values()),
        lost=sum((Counter(expected) - told).values()),
        repeated=sum((told - Counter(expected)).values()),
    )


def _told(slack: SlackState, expected: Expected) -> Counter[tuple[Place, str]]:
    jobs = {job for _, job in expected}
    texts = [(place, rendered_text(post)) for place in {place for place, _ in expected} for post in slack.posts(place)]
    return Counter((place, job) for place, text in texts for job in jobs if job in text)
