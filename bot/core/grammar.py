"""The one grammar of questions: `parse` reads it, `write` writes it, and what is written is read as the same command.
It takes any text and never raises: what it does not understand becomes a `Mistake` that shows the way.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeAlias, TypeVar, assert_never

from bot.core.commands import (
    FILTER_HELP,
    Command,
    ListJobs,
    Mistake,
    Option,
    Question,
    Share,
    ShowHealth,
    ShowHelp,
    ShowJob,
    ShowOverview,
)
from bot.core.instants import exact_duration, parse_duration
from bot.core.jobs import Field, Filter, JobQuery, View
from bot.core.texts import shorten
from bot.core.tokens import Token, phrase, plain, quoted, quoted_phrase, tokens

TEXT_LIMIT = 2_000  # what a Slack button's value holds: https://docs.slack.dev/reference/block-kit/block-elements
MOST_ROWS = 50
_MOST_PAGES = 1_000_000
_ROOM = len("share ") + len(f" page:{_MOST_PAGES}")  # what a button may add to the question that it repeats
_LONGEST = timedelta(days=36_500)
_CARD = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)
_SAID = 60
_DEFAULTS = JobQuery(view=View.ALL)
_SHARE = "share"
_Meaning = TypeVar("_Meaning")


class _Topic(StrEnum):
    SHOW = "show"
    HEALTH = "health"
    HELP = "help"
    OVERVIEW = "overview"


_Start: TypeAlias = View | _Topic

# A plural that only adds an s is understood without being listed.
_SPELLINGS: dict[_Start, str] = {
    View.FAILED: "failed fail failure failing error errored",
    View.RUNNING: "running run",
    View.PENDING: "pending pend queued queue waiting",
    View.ADMITTED: "admitted admit",
    View.COMPLETED: "completed complete completion done finished finish succeeded succeed success successes successful",
    View.CANCELLED: "cancelled canceled cancel cancelling canceling cancellation cancelation",
    View.PREEMPTED: "preempted preempt preempting preemption pre-empted pre-empt pre-emption",
    View.ACTIVE: "active live open unfinished",
    View.ALL: "all everything every any",
    _Topic.SHOW: "show",
    _Topic.HEALTH: "health healthy",
    _Topic.HELP: "help ? -h --help",
    _Topic.OVERVIEW: "overview summary status",
}
_STARTS: dict[str, _Start] = {word: start for start, words in _SPELLINGS.items() for word in words.split()}
_FILTERS: dict[str, Field | Option] = {name.value: name for name in FILTER_HELP}


def parse(text: str) -> Command:
    """The command that the text means, as it was typed or as Slack escaped it."""
    if len(text) > TEXT_LIMIT:
        return _too_long()
    rest, shared = plain(text), False
    while _first_word(rest).casefold() == _SHARE:
        rest, shared = _after_first_word(rest), True
    question = _question(rest)
    if isinstance(question, Mistake):
        return question
    if len(write(_first_page(question))) > TEXT_LIMIT - _ROOM:
        return _too_long()
    return Share(question) if shared else question


def write(command: Question | Share) -> str:
    """The text that `parse` understands as this command: at most 2,000 characters for any question that `parse` made,
    whichever page of it is asked for, shared or not.
    """
    match command:
        case Share(question):
            return f"{_SHARE} {write(question)}"
        case ShowOverview():
            return _Topic.OVERVIEW.value
        case ShowHealth():
            return _Topic.HEALTH.value
        case ShowHelp():
            return _Topic.HELP.value
        case ShowJob(reference):
            return f"{_Topic.SHOW} {quoted_phrase(reference)}"
        case ListJobs(query):
            return " ".join((query.view, *_filters_of(query), *map(quoted, query.words)))
        case _:
            assert_never(command)


def _question(text: str) -> Question | Mistake:
    start = _known(_first_word(text), _STARTS) if text else _Topic.OVERVIEW
    match start:
        case _Topic.SHOW:
            return _show(_after_first_word(text))
        case _Topic.HEALTH:
            return ShowHealth()
        case _Topic.HELP:
            return ShowHelp()
        case _Topic.OVERVIEW:
            return ShowOverview()
        case View():
            return _list(start, _after_first_word(text))
        case None:
            return _without_view(text)
        case _:
            assert_never(start)


def _show(text: str) -> ShowJob | Mistake:
    reference = phrase(text)
    if not reference.strip():
        return Mistake("“show” needs a job: its id, the beginning of its id, or its name.", "/jobs show nightly-7")
    return ShowJob(reference)


def _list(view: View, text: str) -> ListJobs | Mistake:
    found = tokens(text)
    if found is None:
        return _open_quote()
    query = JobQuery(view=view)
    for token in found:
        narrowed = _narrowed(query, token)
        if isinstance(narrowed, Mistake):
            return narrowed
        query = narrowed
    return ListJobs(query)


def _without_view(text: str) -> ListJobs | ShowJob | Mistake:
    if text.casefold().startswith("job_"):
        return _show(text)
    found = tokens(text)
    if found is None:
        return _open_quote()
    first = found[0]
    return _list(View.ALL, text) if _known(first.key, _FILTERS) or _is_odd(first) else _unknown_start(first.text)


def _narrowed(query: JobQuery, token: Token) -> JobQuery | Mistake:
    name = _known(token.key, _FILTERS)
    if name is None:
        if _is_odd(token):
            return _unknown_filter(token)
        return replace(query, words=(*query.words, token.text)) if token.text.strip() else query
    if not token.value.strip():
        return _bad_value(name, f"“{name}:” needs its value right after the colon.")
    match name:
        case Field():
            return replace(query, filters=(*query.filters, Filter(name, token.value, token.dashed)))
        case Option():
            if token.dashed:
                return _bad_value(name, f"“{name}:” cannot be negated.")
            return _with_option(query, name, token.value.strip())
        case _:
            assert_never(name)


def _with_since(query: JobQuery, value: str) -> JobQuery | Mistake:
    if (since := _duration(value)) is not None:
        return replace(query, since=since)
    return _bad_value(Option.SINCE, f"“since:” is a length of time such as 15m, 24h or 7d, and not {_say(value)}.")


def _with_card(query: JobQuery, value: str) -> JobQuery | Mistake:
    if _CARD.fullmatch(value):
        return replace(query, card=value.casefold())
    why = f"“card:” is a card's key, at least its first four digits (0-9, a-f), and not {_say(value)}."
    return _bad_value(Option.CARD, why)


def _with_option(query: JobQuery, option: Option, value: str) -> JobQuery | Mistake:
    match option:
        case Option.SINCE:
            return _with_since(query, value)
        case Option.CARD:
            return _with_card(query, value)
        case Option.LIMIT:
            limit = _number(value, MOST_ROWS)
            if limit is None:
                return _bad_value(option, f"“limit:” is a number from 1 to {MOST_ROWS}, and not {_say(value)}.")
            return replace(query, limit=limit)
        case Option.PAGE:
            page = _number(value, _MOST_PAGES)
            if page is None:
                return _bad_value(option, f"“page:” is a number from 1 on, and not {_say(value)}.")
            return replace(query, page=page)
        case _:
            assert_never(option)


def _duration(value: str) -> timedelta | None:
    try:
        duration = parse_duration(value)
    except ValueError:
        return None
    return duration if timedelta() < duration <= _LONGEST else None


def _number(value: str, most: int) -> int | None:
    number = int(value) if re.fullmatch(r"\d{1,9}", value) else 0
    return number if 1 <= number <= most else None


def _first_page(question: Question) -> Question:
    return ListJobs(replace(question.query, page=_DEFAULTS.page)) if isinstance(question, ListJobs) else question


def _filters_of(query: JobQuery) -> Iterable[str]:
    for each in query.filters:
        yield f"{'-' if each.negated else ''}{each.field}:{quoted(each.glob)}"
    if query.since is not None:
        yield f"{Option.SINCE}:{exact_duration(query.since)}"
    if query.card:
        yield f"{Option.CARD}:{query.card}"
    if query.limit != _DEFAULTS.limit:
        yield f"{Option.LIMIT}:{query.limit}"
    if query.page != _DEFAULTS.page:
        yield f"{Option.PAGE}:{query.page}"


def _first_word(text: str) -> str:
    return text.partition(" ")[0]


def _after_first_word(text: str) -> str:
    return text.partition(" ")[2].strip()


def _known(word: str, meanings: dict[str, _Meaning]) -> _Meaning | None:
    whole = word.casefold()
    bare = whole.rstrip(".,;:!?")
    return next((meanings[form] for form in (whole, bare, bare.removesuffix("s")) if form in meanings), None)


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest in spelling, if one is near: three letters of four, in their order."""
    return next(iter(get_close_matches(word.casefold()[:_SAID], known, n=1, cutoff=0.75)), None)


def _unknown_start(word: str) -> Mistake:
    near = _nearest(word, (*_STARTS, _SHARE))
    if near is not None:
        right = _STARTS.get(near, near)
        example = {_Topic.SHOW: "show nightly-7", _SHARE: "share failed"}.get(right, right)
        return Mistake(f"I do not know {_say(word)}. Did you mean “{right}”?", f"/jobs {example}")
    note = f"I do not know {_say(word)}. Begin with a view such as “failed”, or with “show”, “health” or “help”."
    return Mistake(note, f"/jobs all {word}" if re.fullmatch(r"\w[\w.-]{0,39}", word) else "/jobs help")


def _is_odd(token: Token) -> bool:
    """Whether the token looks like a filter, although there is none of this name. An address only has a colon in it,
    and so has a word that ends with one.
    """
    has_value = token.value and not token.value.startswith("//")
    return bool(token.key and (has_value or _nearest(token.key, _FILTERS)))


def _unknown_filter(token: Token) -> Mistake:
    near = _nearest(token.key, _FILTERS)
    if near is None:
        names = ", ".join(f"“{name}:”" for name in _FILTERS)
        note = f"I do not know the filter {_say(f'{token.key}:')}; there are {names}."
        example = f"/jobs failed {quoted(shorten(token.text, _SAID))}"
        return Mistake(f"{note} To search for it, put it in quotes.", example)
    name = _FILTERS[near]
    dash = "-" if token.dashed and isinstance(name, Field) else ""
    note = f"I do not know the filter {_say(f'{dash}{token.key}:')}. Did you mean “{dash}{name}:”?"
    return Mistake(note, f"/jobs failed {dash}{FILTER_HELP[name][0]}")


def _bad_value(name: Field | Option, note: str) -> Mistake:
    return Mistake(note, f"/jobs failed {FILTER_HELP[name][0]}")


def _open_quote() -> Mistake:
    return Mistake("A quote is opened and never closed.", '/jobs failed name:"nightly run"')


def _too_long() -> Mistake:
    return Mistake(f"That is too long: a question may have up to {TEXT_LIMIT:,} characters.", "/jobs help")


def _say(text: str) -> str:
    return f"“{shorten(text, _SAID)}”"
