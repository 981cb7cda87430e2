"""What happens to the jobs, told by the number of looks instead of by a clock, so that it is the same in every run,
however often the bot dies in it; and what is to be told of it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.sandbox.jobs_sim import SimJob
from bot.sandbox.jobs_world import JobsWorld
from bot.sandbox.slack_faults import refused
from bot.sandbox.slack_server import SlackServer
from tests.guarantees.judging import Expected
from tests.guarantees.proxy import Exchange, Mischief

PAGE_SIZE = 5
LOOK = "GET /batch/jobs from 0"  # the exchange that begins a look
PERSON = "U0SANDBOX1"

RULES = """\
[[rules]]
name = "failures"
on = ["failed", "vanished"]
to = ["#ml-alerts", "#ml-training"]

[[rules]]
name = "cancellations"
on = ["cancelled"]
to = "@U0SANDBOX1"
"""
TEAMS = ("ml-alerts", "ml-training")

Chapter: TypeAlias = Callable[[JobsWorld, Mapping[str, SimJob]], object]


@dataclass(frozen=True, slots=True)
class Story:
    """`chapters` happen just before the look with that number is answered, counted from the baseline; `tells` is
    (place, name of the job) for every fact; `spoils` is what the network does to which exchange; `refuses` is where
    Slack once refuses a form.
    """

    jobs: Sequence[str]
    chapters: Mapping[int, Sequence[Chapter]]
    tells: Sequence[tuple[str, str]]
    rules: str = RULES
    spoils: Mapping[Exchange, Mischief] = field(default_factory=dict)
    refuses: Sequence[str] = ()

    @property
    def end(self) -> int:
        """The number of the look by which all has happened."""
        return max(self.chapters)

    def begin(self, world: JobsWorld, slack: SlackServer) -> Mapping[str, SimJob]:
        world.populate(2, failed=1)
        for place in self.refuses:
            slack.fault(refused("invalid_blocks"), method="chat.postMessage", channel=place)
        for name in {place for place, _ in self.tells} - set(slack.state.users):
            slack.state.add_channel(name)
        return {name: world.add(name, status="RUNNING", age=900) for name in self.jobs}

    def expected(self, jobs: Mapping[str, SimJob]) -> Expected:
        return Counter((place, jobs[name].id) for place, name in self.tells)


def fails(name: str) -> Chapter:
    return lambda world, jobs: world.fail(jobs[name].id, "out of memory")


def is_cancelled(name: str) -> Chapter:
    return lambda world, jobs: world.cancel(jobs[name].id)


def is_retried(name: str) -> Chapter:
    return lambda world, jobs: world.retry(jobs[name].id)


def starts(name: str) -> Chapter:
    def start(world: JobsWorld, jobs: Mapping[str, SimJob]) -> None:
        world.admit(jobs[name].id)
        world.start(jobs[name].id)

    return start


def is_deleted(name: str) -> Chapter:
    return lambda world, jobs: world.delete(jobs[name].id)


def posting(place: str, number: int) -> Exchange:
    return Exchange("slack", f"chat.postMessage {place}", number)


def to_teams(*names: str) -> list[tuple[str, str]]:
    return [(team, name) for name in names for team in TEAMS]


def one_by_one(failures: int, places: Sequence[str]) -> Story:
    """At each look one more job has failed, which is told in all the places."""
    names = [f"job-{number}" for number in range(failures)]
    return Story(
        jobs=names,
        chapters={number: [fails(name)] for number, name in enumerate(names, 1)},
        tells=[(place, name) for name in names for place in places],
        rules=f'[[rules]]\nname = "failures"\nto = {["#" + place for place in places]}\n',
    )


_JOBS = ("press", "lathe", "mill", "drill", "saw", "idle")

SHORT = Story(
    jobs=_JOBS,
    chapters={1: [fails("press"), fails("lathe")], 2: [is_cancelled("mill")], 3: [fails("drill"), is_deleted("saw")]},
    tells=[*to_teams("press", "lathe", "drill", "saw"), (PERSON, "mill")],
    spoils={posting("ml-alerts", 1): Mischief.RESET_AFTER, posting("im", 1): Mischief.ERROR_500},
    refuses=["ml-training"],
)
"""Two destinations and a person; two lost replies, a form that is refused, a job that vanishes."""

LONG = Story(
    jobs=_JOBS,
    chapters={
        1: [fails("press"), fails("lathe")],
        2: [is_cancelled("mill"), is_retried("press")],
        3: [starts("press"), fails("drill")],
        4: [fails("press"), is_deleted("saw")],
    },
    tells=[*to_teams("press", "lathe", "drill", "press", "saw"), (PERSON, "mill")],
    spoils={
        **SHORT.spoils,
        posting("ml-alerts", 3): Mischief.RESET_BEFORE,
        posting("ml-training", 3): Mischief.RUBBISH,
        Exchange("slack", "conversations.history ml-alerts", 1): Mischief.TRUNCATE,
        Exchange("jobs", LOOK, 5): Mischief.TRUNCATE,
        Exchange("jobs", "GET /batch/jobs/{id}", 1): Mischief.RESET_BEFORE,
    },
    refuses=["ml-training"],
)
"""The same, and a job that fails twice, a post that never arrives, and answers of either side that break off."""
