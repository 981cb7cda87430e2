"""A query for jobs as SQL. The only statement that is put together at run time, because which index serves it
depends on what is asked; every value stays a parameter.
"""

import re
from collections.abc import Collection, Iterator

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


def select_jobs(query: JobQuery, now: Instant, ghosts: Collection[str] = ()) -> tuple[str, str, dict[str, Value]]:
    """The statement for the page, the one for the count, and the values of both; without the jobs of those sources."""
    values: dict[str, Value] = {}
    conditions = [*_statuses(query, values), *_matches(query, values, now), *_without(ghosts, values)]
    where = " AND ".join([*_extent(query, values), *conditions])
    values |= {"limit": query.limit, "offset": (query.page - 1) * query.limit}
    page = f"SELECT * FROM jobs WHERE {where} ORDER BY since DESC, id LIMIT :limit OFFSET :offset"  # noqa: S608  our words
    count = f"SELECT count(*) FROM jobs WHERE {where}"  # noqa: S608  as above
    return page, count, values


def _extent(query: JobQuery, values: dict[str, Value]) -> Iterator[str]:
    """Whatever is there; or what is on the card, although it may have vanished since: the card names it too."""
    if not query.card:
        yield "gone_at IS NULL"
        return
    values |= {"card": query.card, "beyond": query.card + "g"}  # no digit of a key comes after f
    yield "(source, id) IN (SELECT source, job_id FROM members WHERE card >= :card AND card < :beyond)"


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
        values[f"word{number}"] = word.casefold()
        yield f"instr(casefold(name || char(10) || id || char(10) || error), :word{number}) > 0"
    for field in Field:
        yield from _globs(query, field, values)


def _without(ghosts: Collection[str], values: dict[str, Value]) -> Iterator[str]:
    names = {f"ghost{number}": ghost for number, ghost in enumerate(ghosts)}
    if names:
        values |= names
        yield f"source NOT IN ({', '.join(f':{name}' for name in names)})"


def _globs(query: JobQuery, field: Field, values: dict[str, Value]) -> Iterator[str]:
    """Any of the globs of a field may match, and none of its negated ones."""
    for negated in (False, True):
        globs = [filter_.glob for filter_ in query.filters if filter_.field is field and filter_.negated is negated]
        names = {f"{field}{int(negated)}{number}": _glob(glob) for number, glob in enumerate(globs)}
        if names:
            values |= names
            either = " OR ".join(f"casefold({_COLUMNS[field]}) GLOB :{name}" for name in names)
            yield f"{'NOT ' if negated else ''}({either})"


def _glob(glob: str) -> str:
    """A set means what it means in bot.toml: `!` negates, `^` does not, and a `[` that nothing closes is itself."""
    return _SET.sub(_set, glob.casefold())


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
