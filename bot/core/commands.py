"""What a person may ask, as values: slash text, buttons, modals, mentions and the terminal all become one of these.
The text itself is read and written in `bot.core.grammar`; nothing here knows how a question is spelt.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from bot.core.jobs import FINAL, Field, JobQuery, Status, View


@dataclass(frozen=True, slots=True)
class ShowOverview:
    pass


@dataclass(frozen=True, slots=True)
class ListJobs:
    query: JobQuery


@dataclass(frozen=True, slots=True)
class ShowJob:
    """`reference` is a job's id, the unique beginning of one, or a name."""

    reference: str


@dataclass(frozen=True, slots=True)
class ShowHealth:
    pass


@dataclass(frozen=True, slots=True)
class ShowHelp:
    pass


Question: TypeAlias = ShowOverview | ListJobs | ShowJob | ShowHealth | ShowHelp


@dataclass(frozen=True, slots=True)
class Share:
    """Post the answer where everybody in the channel sees it."""

    question: Question


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was not understood, with the nearest right spelling where there is one, and an example that works.
    Both are plain text, and at most a short piece of what was typed is in them.
    """

    note: str
    example: str


Command: TypeAlias = Question | Share | Mistake


class Option(StrEnum):
    """A filter that holds one value and no glob: it cannot be negated, and the last one counts."""

    SINCE = "since"
    CARD = "card"
    LIMIT = "limit"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class StatusFilter:
    """One of these statuses, or, negated, any other; a status that nobody knows yet is then one of the others."""

    statuses: frozenset[str]
    negated: bool = False


def statuses_of(view: View) -> StatusFilter:
    match view:
        case View.ALL:
            return StatusFilter(frozenset(), negated=True)
        case View.ACTIVE:
            return StatusFilter(FINAL, negated=True)
        case (
            View.FAILED | View.RUNNING | View.PENDING | View.ADMITTED | View.COMPLETED | View.CANCELLED | View.PREEMPTED
        ):
            return StatusFilter(frozenset({Status(view.upper())}))
        case _:
            assert_never(view)


def jobs_of_card(key: str) -> ListJobs:
    """What the button of a card asks."""
    return ListJobs(JobQuery(view=View.ALL, card=key))


FILTER_HELP: dict[Field | Option, tuple[str, str]] = {
    Field.PIPELINE: (
        "pipeline:machine-*",
        "of pipelines whose key matches; * stands for any text, ? for one character",
    ),
    Field.TYPE: ("type:training", "of pipelines of this type"),
    Field.NAME: ("name:nightly-*", "whose name matches"),
    Field.SOURCE: ("source:prod", "of one source"),
    Option.SINCE: ("since:24h", "that came to their status within this time: 15m, 24h, 7d"),
    Option.CARD: ("card:3f2a91c0", "on one card; its button writes this"),
    Option.LIMIT: ("limit:20", "so many to a page, at most 50"),
    Option.PAGE: ("page:2", "a later page"),
}

HELP: tuple[tuple[str, str], ...] = (
    ("/jobs", "counts by status, what failed lately, and how fresh this is"),
    ("/jobs failed", "jobs that failed, newest first"),
    ("/jobs running", "jobs that run"),
    ("/jobs pending", "jobs that wait to be admitted"),
    ("/jobs admitted", "jobs that are admitted and have not started"),
    ("/jobs completed", "jobs that completed"),
    ("/jobs cancelled", "jobs that were cancelled"),
    ("/jobs preempted", "jobs that were preempted"),
    ("/jobs active", "every job that is not final"),
    ("/jobs all", "every job"),
    ("/jobs show nightly-7", "one job, by its id, the unique beginning of its id, or its name"),
    ("/jobs health", "whether the bot sees the jobs and reaches the people"),
    ("/jobs help", "this"),
    ("/jobs share failed", "the same answer, where everybody in the channel sees it"),
    *((f"/jobs failed {example}", does) for example, does in FILTER_HELP.values()),
    ("/jobs failed -pipeline:machine-*", "a - before a filter keeps what does not match"),
    ("/jobs failed oom", "with this word in the name, the id or the error"),
    ('/jobs failed name:"nightly run" "out of memory"', "quotes keep spaces together"),
)
