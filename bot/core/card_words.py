"""A card and its thread in words: how its jobs stand now, and what became of them. Plain sentences without any markup;
untrusted text in them has been tamed, but not escaped: that is for whoever shows them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.cards import ERRING, Entry, Face, Likeness
from bot.core.likeness import likeness
from bot.core.messages import News
from bot.core.texts import one_line, tame
from bot.core.wording import INFERRED, WORD, number, seen_in_short, seen_words, what_happened, which_try

ID_MAX = 255
_AGAIN = "restarted"  # as jobs stand that were started, and not for the first time


@dataclass(frozen=True, slots=True)
class State:
    """How a job stands after its latest news: said of one, said of several, and in a count."""

    one: str
    many: str
    counted: str


STATES: Mapping[str, State] = {  # the worst first
    "failed": State("failed", "failed", "failed"),
    "incomplete": State("completed with failed inputs", "completed with failed inputs", "incomplete"),
    "vanished": State("is gone from the API", "are gone from the API", "gone"),
    "overdue": State("is overdue", "are overdue", "overdue"),
    "thrashing": State("keeps being preempted", "keep being preempted", "thrashing"),
    "preempted": State("was preempted", "were preempted", "preempted"),
    "cancelled": State("was cancelled", "were cancelled", "cancelled"),
    "retried": State("was retried and waits", "were retried and wait", "retried"),
    "reappeared": State("is listed again", "are listed again", "listed again"),
    "moved": State("is in another status", "are in other statuses", "in another status"),
    "requeued": State("is pending again", "are pending again", "pending again"),
    "appeared": State("is pending", "are pending", "pending"),
    "admitted": State("is admitted", "are admitted", "admitted"),
    _AGAIN: State("is running again", "are running again", "running again"),
    "started": State("is running", "are running", "running"),
    "completed": State("completed", "completed", "completed"),
    "recovered": State("recovered", "recovered", "recovered"),
}
WELL = frozenset({"completed", "recovered"})
NO_ERROR = "no error told"
_ENDED = WELL | {"failed", "incomplete"}  # what became of a try
_NAMING_PLACES = frozenset({"vanished", "moved"})  # after whose words no "in" of another place can stand
_SINCE = (WELL | {"failed", "incomplete", "vanished", "thrashing", "preempted", "cancelled"}) - {"recovered"}
_RANKS = {kind: rank for rank, kind in enumerate(STATES)}


def worst(kinds: Iterable[str]) -> str:
    return min(kinds, key=_rank, default="")


def _rank(kind: str) -> int:
    return _RANKS.get(kind, _RANKS[_AGAIN])


def _state(kind: str) -> State:
    if known := STATES.get(kind):
        return known
    word = tame(kind, WORD)
    return State(word, word, word)


def title_name(entry: Entry, limit: int) -> str:
    """The job's name; its id if it has none."""
    return tame(entry.name, limit) if one_line(entry.name) else tame(entry.job_id, ID_MAX)


def standing(entry: Entry) -> str:
    """How the job stands: `failed`, `is running again`, `has been RUNNING for 3d 2h`."""
    return what_happened(entry.kind, inferred=False, detail=entry.detail) if entry.detail else _state(_now(entry)).one


def in_short(entry: Entry) -> str:
    """The same in a list of jobs: `failed`, `running again`."""
    return f"{standing(entry) if entry.detail else _state(_now(entry)).counted}{_doubt(entry)}"


def _doubt(entry: Entry) -> str:
    return f" ({INFERRED})" if entry.inferred else ""


def _now(entry: Entry) -> str:
    return _AGAIN if entry.kind == "started" and entry.tries > 1 else entry.kind


def step(entry: Entry) -> str:
    """What became of the job: `failed on try 2`, `was retried and waits, try 2`."""
    link = " on " if entry.kind in _ENDED else ", "
    tries = f"{link}{which_try(entry.tries)}" if entry.tries > 1 else ""
    return f"{standing(entry)}{tries}{_doubt(entry)}"


def when_lead(entry: Entry) -> str:
    """What stands before the time of its news: a job that is overdue has been so long in its status since then."""
    return "since " if entry.kind == "overdue" else ""


def lacks_error(entry: Entry) -> bool:
    """Whether it failed, and nobody has told why."""
    return entry.kind == "failed" and not one_line(entry.error)


def error_lead(*entries: Entry) -> str:
    """What an error is to those who have it: that of now, or one of the past."""
    return "error" if any(entry.kind in ERRING for entry in entries) else "last error"


def common_error(entries: Sequence[Entry]) -> str:
    """The error of several jobs, if it is the same to the letter; empty if it is not."""
    errors = {one_line(entry.error) for entry in entries}
    return entries[0].error if len(entries) > 1 and len(errors) == 1 and any(errors) else ""


def shared_error(face: Face) -> str:
    """The error of all jobs on the card: the same to the letter where they are named, and of one kind where they are
    not; empty if it is not, or if nobody can tell.
    """
    known = not face.unnamed or any(alike.jobs == face.jobs for alike in face.likenesses)
    return common_error(face.entries) if known else ""


def face_title(face: Face, limit: int) -> str:
    """`nightly-train failed`, `17 jobs failed in nightly`, `17 jobs in nightly: 12 failed, 5 recovered`. `limit` is of
    the name, or of what the jobs have in common.
    """
    if face.jobs == 1:
        return f"{title_name(face.entries[0], limit)} {standing(face.entries[0])}"
    return _title(
        number(face.jobs, "job"), face.jobs, _standings(face.counts, face.entries), _within(face.label, limit)
    )


def since_word(face: Face) -> str:
    """What the instant at which the card's story began is to the title: jobs that go on do not stand so since then."""
    match list(face.counts):
        case ["overdue"]:
            return "the oldest since"
        case [kind] if kind in _SINCE:
            return "since"
        case _:
            return "story began"


def news_title(news: News, limit: int) -> str:
    """`5 jobs were retried in nightly`."""
    counts = _standings(news_counts(news), news.entries)
    return _title(number(news.jobs, "job"), news.jobs, counts, _within(news.label, limit))


def newcomers_title(news: News, limit: int) -> str:
    """`483 more jobs failed in nightly, 500 in all`."""
    counts = _standings(news_counts(news), news.entries)
    title = _title(number(news.jobs, "more job"), news.jobs, counts, _within(news.label, limit))
    return f"{title}{',' if len(counts) == 1 else ';'} {news.total} in all"


def news_counts(news: News) -> Mapping[str, int]:
    """How many jobs stand how now; or, where not all are named, how often what happened."""
    latest = {entry.job: entry.kind for entry in reversed(news.entries)}
    return news.counts if news.unnamed else Counter(latest.values())


def _title(jobs: str, count: int, counts: Mapping[str, int], within: str) -> str:
    if len(counts) == 1:
        [(kind, times)] = counts.items()
        happened = _state(kind).one if count == 1 else _state(kind).many
        happened += f" {times} times" if times > count else ""
        return f"{jobs}{within} {happened}" if kind in _NAMING_PLACES else f"{jobs} {happened}{within}"
    kinds = sorted(counts, key=_rank)
    return f"{jobs}{within}: {', '.join(f'{counts[kind]} {_state(kind).counted}' for kind in kinds)}"


def _within(label: Iterable[str], limit: int) -> str:
    shared = ", ".join(filter(None, map(one_line, label)))
    return f" in {tame(shared, limit)}" if shared else ""


def _standings(counts: Mapping[str, int], entries: Iterable[Entry]) -> Mapping[str, int]:
    """The counts, where jobs that were started run again if all of them do that are named."""
    started = {_now(entry) for entry in entries if entry.kind == "started"}
    return {_AGAIN if started == {_AGAIN} and kind == "started" else kind: count for kind, count in counts.items()}


def alike_words(face: Face, limit: int) -> str:
    """`12 like: CUDA out of memory · seen once since March 3 · 5 others`; empty if no two errors are alike."""
    alike = [each for each in face.likenesses if each.jobs > 1]
    others = face.with_error - sum(each.jobs for each in alike)
    told = [word for each in alike for word in _alike_word(face, each, limit)]
    return " · ".join([*told, *([number(others, "other")] if others > 0 else [])]) if told else ""


def _alike_word(face: Face, alike: Likeness, limit: int) -> list[str]:
    seen = [] if alike.seen is None or seen_before(face) else [seen_in_short(alike.seen, face.since)]
    return [f"{alike.jobs} like: {tame(alike.error, limit)}", *seen]


def seen_before(face: Face) -> str:
    """`An error like this was seen once before, on March 3.`; empty unless the card shows errors of one kind alone."""
    kinds = {likeness(alike.error): alike.seen for alike in face.likenesses}
    shown = {likeness(error) for error in _shown_errors(face)}
    [seen] = kinds.values() if len(kinds) == 1 and kinds.keys() == shown else [None]
    return seen_words(seen, face.since) if seen else ""


def _shown_errors(face: Face) -> Iterable[str]:
    """Of several jobs, one that is well shows none, unless all have the same."""
    all_show = face.jobs == 1 or shared_error(face)
    return (entry.error for entry in face.entries if one_line(entry.error) and (all_show or entry.kind not in WELL))
