"""What happens to the jobs, told by the number of looks instead of by a clock, so that it is the same in every run,
however often the bot dies in it; and what is to be told of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from string import ascii_lowercase
from typing import TypeAlias

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.slack_faults import refused
from bot.sandbox.slack_server import SlackServer
from bot.sandbox.slack_state import SlackState
from tests.guarantees.judging import Expected, Fact
from tests.guarantees.proxy import Exchange, Mischief

PAGE_SIZE = 5
LOOK = "GET /batch/jobs from 0"  # the exchange that begins a look
IN_THREAD = ", in a thread"  # how an exchange is called that posts there
PERSON = "U0SANDBOX1"
PIPELINES = 4  # fewer than a rule has cards open in a place

WINDOW = 'group_window = "10m"'  # longer than any death: how fast the machine is must not decide what shares a card
RULES = f"""\
[[rules]]
name = "failures"
on = ["failed", "vanished"]
to = ["#ml-alerts", "#ml-training"]
mention = "@U0SANDBOX1"
{WINDOW}

[[rules]]
name = "cancellations"
on = ["cancelled"]
to = "@U0SANDBOX1"
"""
TEAMS = ("ml-alerts", "ml-training")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the story plays, and who is in it."""

    world: JobsWorld
    slack: SlackState
    cast: Mapping[str, SimJob]

    def id(self, name: str) -> str:
        return self.cast[name].id


Chapter: TypeAlias = Callable[[Scene], object]
Telling: TypeAlias = tuple[str, str, str]  # place, name of the job, kind of change


class Pace(Enum):
    """When a story goes on."""

    STEADY = auto()
    """At each look."""
    SEEN = auto()
    """At a look, once the bot has seen what was before: of a failure that it never saw it cannot know the error."""
    QUIET = auto()
    """At a look while nothing waits to be said."""


@dataclass(frozen=True, slots=True)
class Story:
    """`jobs` are their names, and the pipeline of each; `chapters` happen just before the look with that number is
    answered, counted from the baseline; `tells` is every fact; `spoils` is what the network does to which exchange;
    `refuses` is where Slack once refuses a form.
    """

    jobs: Mapping[str, str]
    chapters: Mapping[int, Sequence[Chapter]]
    tells: Sequence[Telling]
    rules: str = RULES
    spoils: Mapping[Exchange, Mischief] = field(default_factory=dict)
    refuses: Sequence[str] = ()
    pace: Pace = Pace.STEADY

    @property
    def end(self) -> int:
        """The number of the look by which all has happened."""
        return max(self.chapters)

    def begin(self, world: JobsWorld, slack: SlackServer) -> Mapping[str, SimJob]:
        world.populate(2, failed=1)
        for place in self.refuses:
            slack.fault(refused("invalid_blocks"), method="chat.postMessage", channel=place)
        for name in {place for place, _, _ in self.tells} - set(slack.state.users):
            slack.state.add_channel(name)
        return {
            name: world.add(name, status="RUNNING", age=900, pipeline_key=pipeline)
            for name, pipeline in self.jobs.items()
        }

    def expected(self, jobs: Mapping[str, SimJob]) -> Expected:
        return Counter((place, Fact(jobs[name].id, kind)) for place, name, kind in self.tells)

    def in_haste(self) -> "Story":
        """Something happens before every look."""
        return replace(self, chapters=dict(enumerate(self.chapters.values(), 1)))


def fails(name: str, error: str = "") -> Chapter:
    """Without a word of why, only its events may tell."""
    return lambda scene: scene.world.fail(scene.id(name), error or None)


def is_cancelled(name: str) -> Chapter:
    return lambda scene: scene.world.cancel(scene.id(name))


def is_retried(name: str) -> Chapter:
    return lambda scene: scene.world.retry(scene.id(name))


def starts(name: str) -> Chapter:
    def start(scene: Scene) -> None:
        scene.world.admit(scene.id(name))
        scene.world.start(scene.id(name))

    return start


def completes(name: str) -> Chapter:
    return lambda scene: scene.world.complete(scene.id(name))


def is_deleted(name: str) -> Chapter:
    return lambda scene: scene.world.delete(scene.id(name))


def takes_away_the_first_card_in(place: str) -> Chapter:
    """Somebody deletes it by hand."""
    return lambda scene: scene.slack.delete(scene.slack.top_level(place)[0])


def posting(place: str, number: int) -> Exchange:
    return Exchange("slack", f"chat.postMessage {place}", number)


def replying(place: str, number: int) -> Exchange:
    return Exchange("slack", f"chat.postMessage {place}{IN_THREAD}", number)


def editing(place: str, number: int) -> Exchange:
    return Exchange("slack", f"chat.update {place}", number)


def asking_why(number: int) -> Exchange:
    return Exchange("jobs", "GET /batch/jobs/{id}/events from 0", number)


def told(places: Iterable[str], **kinds: str) -> list[Telling]:
    """Each of the jobs goes through these kinds of change, and all of the places are told."""
    return [(place, name, kind) for place in places for name, each in kinds.items() for kind in each.split()]


def one_by_one(failures: int, places: Sequence[str]) -> Story:
    """At each look one more job has failed, and at the next one it is retried, which is told in all the places."""
    names = [f"job-{number}" for number in range(failures)]
    chapters: dict[int, list[Chapter]] = {number: [] for number in range(1, failures + 2)}
    for number, name in enumerate(names, 1):
        chapters[number].append(fails(name, f"broken {ascii_lowercase[number % PIPELINES]}"))
        chapters[number + 1].append(is_retried(name))
    return Story(
        jobs={name: f"pipeline-{number % PIPELINES}" for number, name in enumerate(names, 1)},
        chapters=chapters,
        tells=told(places, **dict.fromkeys(names, "failed retried")),
        rules=_everything_to(places),
        pace=Pace.SEEN,
    )


def card_by_card(cards: int, places: Sequence[str]) -> Story:
    """So many cards are opened in each place, and once they stand, each gets a reply and an edit."""
    names = [f"job-{number}" for number in range(cards)]
    return Story(
        jobs={name: f"pipeline of {name}" for name in names},
        chapters={1: [fails(name, f"{name} is broken") for name in names], 2: [is_retried(name) for name in names]},
        tells=told(places, **dict.fromkeys(names, "failed retried")),
        rules=_everything_to(places),
        pace=Pace.QUIET,
    )


def _everything_to(places: Sequence[str]) -> str:
    return f'[[rules]]\nname = "failures"\nto = {["#" + place for place in places]}\n{WINDOW}\n'


_JOBS = dict.fromkeys(("press", "lathe", "drill", "mill", "idle"), "milling") | {"saw": "sawing"}

SHORT = Story(
    jobs=_JOBS,
    chapters={
        1: [fails("press"), fails("lathe", "chuck is loose")],
        2: [is_cancelled("mill")],
        4: [is_retried("press"), fails("drill"), is_deleted("saw")],
        7: [starts("press"), completes("press")],
    },
    tells=[
        *told(TEAMS, press="failed retried started completed recovered", lathe="failed", drill="failed"),
        *told(TEAMS, saw="vanished"),
        *told([PERSON], mill="cancelled"),
    ],
    spoils={
        posting("ml-alerts", 1): Mischief.RESET_AFTER,
        posting("im", 1): Mischief.ERROR_500,
        replying("ml-training", 1): Mischief.RUBBISH,
        editing("ml-alerts", 1): Mischief.RESET_AFTER,
        asking_why(1): Mischief.RESET_BEFORE,
        asking_why(3): Mischief.ERROR_500,
    },
    refuses=["ml-training"],
)
"""Two channels and a person; lost answers to a post, a reply and an edit, a form that is refused; a failure that does
not say why, and is retried and recovers, one that joins its card and does not say it either, and a job that vanishes.
The first question why is lost, for each of the two.
"""

LONG = Story(
    jobs=_JOBS,
    chapters={
        1: [fails("press"), fails("lathe", "chuck is loose")],
        2: [is_cancelled("mill")],
        5: [is_retried("press")],
        9: [starts("press"), fails("drill", "bit is blunt")],
        13: [fails("press", "oil is cold"), is_deleted("saw"), is_retried("mill")],
        16: [takes_away_the_first_card_in("ml-training")],
        17: [is_retried("lathe"), is_retried("drill")],
        21: [starts("drill"), completes("drill")],
    },
    tells=[
        *told(TEAMS, press="failed retried started failed", lathe="failed retried"),
        *told(TEAMS, drill="failed retried started completed recovered", saw="vanished"),
        *told([PERSON], mill="cancelled retried"),
    ],
    spoils={
        **SHORT.spoils,
        replying("ml-alerts", 2): Mischief.RESET_BEFORE,
        posting("ml-training", 3): Mischief.RUBBISH,
        editing("ml-training", 2): Mischief.RESET_BEFORE,
        Exchange("slack", "conversations.history ml-alerts", 1): Mischief.TRUNCATE,
        Exchange("slack", "conversations.replies ml-training", 1): Mischief.TRUNCATE,
        Exchange("jobs", LOOK, 6): Mischief.TRUNCATE,
        Exchange("jobs", "GET /batch/jobs/{id}", 1): Mischief.RESET_BEFORE,
    },
    refuses=["ml-training"],
)
"""The same, and a job that fails twice, two that are retried at once, a card that is taken away, posts and edits that
never arrive, and answers of either side that break off.
"""
