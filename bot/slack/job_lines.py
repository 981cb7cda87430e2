"""What a card and its thread say of jobs: name and full id, what happened, when, how often and why. Where there is
little room errors give way first, then names, then jobs are counted instead of named; ids are never cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.card_words import ID_MAX, when_lead
from bot.core.cards import Entry
from bot.core.texts import one_line, tame, width
from bot.slack.elements import (
    Element,
    date,
    ended,
    escape,
    link,
    mark,
    quote,
    section_of,
    sentence,
    spoken,
    words,
)

PLAIN_TEXT_MAX = 3_900  # an edit takes 4,000
ERROR_SPOKEN = 500  # characters of an error in the sentence, escaped
TITLE_SPOKEN = 300
NAME_SPOKEN = 80
SHORT = 100  # characters of an error that stands in its job's line


@dataclass(frozen=True, slots=True)
class Room:
    """How many characters an error and a name may take, and how many jobs are named."""

    error: int
    name: int
    jobs: int


ROOMS = (
    Room(300, 150, 50),
    Room(200, 120, 50),
    Room(120, 80, 50),
    Room(60, 60, 50),
    Room(30, 40, 50),
    Room(8, 16, 50),
    Room(8, 16, 25),
    Room(8, 16, 10),
    Room(8, 16, 5),
    Room(8, 16, 1),
)


def naming(entry: Entry, limit: int) -> list[Element]:
    """The job's sign, its name if it has one, and its id. The name is the link, or else the id."""
    name = [link(tame(entry.name, limit), entry.url, "bold"), words(" ")] if one_line(entry.name) else []
    return [words(f"{mark(entry.kind)} "), *name, identity(entry, "" if name else entry.url)]


def moment(entry: Entry) -> list[Element]:
    """When it happened."""
    lead = when_lead(entry)
    return [*([words(lead)] if lead else []), date(entry.at)]


def identity(entry: Entry, url: str) -> Element:
    return link(tame(entry.job_id, ID_MAX), url, "code")


def origin(entry: Entry, said: Iterable[str], limit: int, *, show_source: bool) -> list[str]:
    """The job's pipeline and source, but for what was `said` already."""
    facts = (entry.pipeline, *([entry.source] if show_source else []))
    return [tame(fact, limit) for fact in facts if one_line(fact) and fact not in said]


def with_errors(lines: Iterable[tuple[Sequence[Element], str]]) -> Iterator[Element]:
    """Each line, with its error quoted below it."""
    above: list[Sequence[Element]] = []
    for line, error in lines:
        above.append(line)
        if error:
            yield section_of(above)
            yield quote(error)
            above = []
    if above:
        yield section_of(above)


def spoken_name(entry: Entry, facts: Iterable[str] = (), limit: int = NAME_SPOKEN) -> str:
    """`nightly-train (job_1, machine-state)`, escaped."""
    job_id, told = escape(tame(entry.job_id, ID_MAX)), [escape(fact) for fact in facts]
    if one_line(entry.name):
        return f"{spoken(entry.name, limit)} ({', '.join([job_id, *told])})"
    return f"{job_id} ({', '.join(told)})" if told else job_id


def spoken_error(lead: str, error: str) -> str:
    return f"{lead}{spoken(error, ERROR_SPOKEN)}" if one_line(error) else ""


def spoken_jobs(head: str, error: str, parts: Sequence[str], total: int) -> str:
    """The sentence for several jobs: what happened, why, and who they are: nobody listens to ten ids before the error.
    All is escaped.
    """
    if total == 1:
        return ended(". ".join([f"{head}: {parts[0]}", *([error] if error else [])]))
    said = f"{head}. {ended(error)} Jobs" if error else head
    return sentence(said, parts, lambda told: "".join(rest(total - told)))


def rest(unnamed: int) -> list[str]:
    return [f"and {unnamed} more"] if unnamed > 0 else []


def plain_lines(head: str, lines: Callable[[Room], Sequence[str]], below: Callable[[int], Sequence[str]]) -> str:
    """The head, a line for each job that there is room to name, and what is said of the others. All is escaped."""
    for room in ROOMS:
        named = lines(room)
        plain = "\n".join([head, *named, *below(len(named))])
        if width(plain) <= PLAIN_TEXT_MAX:
            break
    return plain
