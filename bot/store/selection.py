"""A query for jobs as SQL. The only statement that is put together at run time, because which index serves it
depends on what is asked; every value stays a parameter.
"""

import re
from collections.abc import Iterator

from bot.core.commands import statuses_of
from bot.core.instants import Instant, length
from bot.core.jobs import Field, JobQuery
from bot.sql.sqlite import Value

_COLUMNS = {
    Field.PIPELINE: "pipeline_key",
    Field.TYPE: "pipeline_type",
    Field.NAME: "name",
    Field.SOURCE: "source",
}
_SET = re.compile(r"\[(?P<negated>!?)(?P<body>\]?[^\]]*)\]|\[")


def select_jobs(query: JobQuery, now: Instant) -> tuple[str, str, dict[str, Value]]:
    """The statement for the page, the one for the count, and the values of both."""
    values: dict[str, Value] = {}
    where = " AND ".join(["gone_at IS NULL", *_statuses(query, values), *_matches(query, values, now)])
    values |= {"limit": query.limit, "offset": (query.page - 1) * query.limit}
    page = f"SELECT * FROM jobs WHERE {where} ORDER BY since DESC, id LIMIT :limit OFFSET :offset"  # noqa: S608  our words
    count = f"SELECT count(*) FROM jobs WHERE {where}"  # noqa: S608  as above
    return page, count, values


def _statuses(query: JobQuery, values: dict[str, Value]) -> Iterator[str]:
    chosen = statuses_of(query.view)
    if not chosen.statuses:
        return
    names = {f"status{number}": status for number, status in enumerate(sorted(chosen.statuses))}
    values |= names
    yield f"status {'NOT IN' if chosen.negated else 'IN'} ({', '.join(f':{name}' for name in names)})"


def _matches(query: JobQuery, values: dict[str, Value], now: Instant) -> Iterator[str]:
    if query.since is not None:
        values["since"] = now - length(query.since)
        yield "since >= :since"
    for number, word in enumerate(query.words):
        values[f"word{number}"] = _lower(word)
        yield f"instr(lower(name || char(10) || id || char(10) || error), :word{number}) > 0"
    for field in Field:
        yield from _globs(query, field, values)


def _globs(query: JobQuery, field: Field, values: dict[str, Value]) -> Iterator[str]:
    """Any of the globs of a field may match, and none of its negated ones."""
    for negated in (False, True):
        globs = [filter_.glob for filter_ in query.filters if filter_.field is field and filter_.negated is negated]
        names = {f"{field}{int(negated)}{number}": _glob(glob) for number, glob in enumerate(globs)}
        if names:
            values |= names
            either = " OR ".join(f"lower({_COLUMNS[field]}) GLOB :{name}" for name in names)
            yield f"{'NOT ' if negated else ''}({either})"


def _lower(text: str) -> str:
    """Lower case as SQLite sees it: ASCII letters alone."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _glob(glob: str) -> str:
    """A set means what it means in bot.toml: `!` negates, `^` does not, and a `[` that nothing closes is itself."""
    return _SET.sub(_set, _lower(glob))


def _set(found: re.Match[str]) -> str:
    if found["body"] is None:
        return "[[]"
    body = found["body"]
    if found["negated"]:
        return f"[^{body}]"
    if body == "^":
        return body
    if body.startswith("^"):  # SQLite knows no escape: a member of the set comes first
        return f"[{body[2] if re.match('.-.', body) else body[1]}{body}]"
    return f"[{body}]"
