"""An alert as Slack shows it: a heading that says how much happened, whom it rings, then a block for each job. It
never grows past what Slack takes: errors give way first, then names; ids never do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain

from bot.core.jobs import View
from bot.core.messages import NAMED, Entry, Message, News
from bot.core.texts import NOTHING, one_line, tame
from bot.core.wording import heading, number, what_happened, which_try
from bot.slack.elements import (
    MESSAGE_MAX,
    TEXT_MAX,
    Block,
    Element,
    Rendered,
    context,
    date,
    date_markup,
    escape,
    fit,
    header,
    link,
    mark,
    quote,
    rich_text,
    section,
    section_of,
    sentence,
    spoken,
    user,
    words,
)

ERROR_MAX = 500  # characters of an error in the sentence, escaped
ID_MAX = 255
PLAIN_TEXT_MAX = 3_900  # an edit takes 4,000
HEADING_SPOKEN = 300
NAMES_SPOKEN = 80  # characters of a name in the sentence, escaped
_PERSON, _GROUP = re.compile(r"@([UW][A-Z0-9]+)"), re.compile(r"@(S[A-Z0-9]+)")
_BROADCAST = re.compile(r"@(here|channel|everyone)")


@dataclass(frozen=True, slots=True)
class Room:
    """How many characters an error and a name may take, and how many changes of one job are told."""

    error: int
    name: int
    changes: int


ROOMS = (Room(300, 150, 6), Room(200, 120, 6), Room(120, 80, 5), Room(60, 60, 3), Room(30, 40, 1), Room(8, 16, 1))


def render_alert(message: Message) -> Rendered:
    text = _text(message)
    blocks = fit(partial(_blocks, message), ROOMS, MESSAGE_MAX - len(text))
    return Rendered(text, blocks)


def render_plain_alert(message: Message) -> str:
    """The same without blocks, at most 3,900 characters; the newest job first."""
    news, jobs = message.news, _jobs(message.news)
    head = " ".join([*map(_mention_markup, message.mentions), f"{spoken(heading(news), HEADING_SPOKEN)}."])
    for room in ROOMS:
        lines = [_plain_line(entries, room, show_source=news.show_source) for entries in jobs]
        plain = "\n".join([head, *lines, *_rest(news.jobs - len(jobs))])
        if len(plain) <= PLAIN_TEXT_MAX:
            return plain
    return _cut(head, lines, news.jobs)


def _cut(head: str, lines: Sequence[str], jobs: int) -> str:
    """As many whole lines as there is room for."""
    left = PLAIN_TEXT_MAX - len(head) - len(_rest(jobs)[0]) - 1
    sizes = list(accumulate(len(line) + 1 for line in lines))
    named = sum(size <= left for size in sizes)
    return "\n".join([head, *lines[:named], *_rest(jobs - named)])


def _plain_line(entries: Sequence[Entry], room: Room, *, show_source: bool) -> str:
    first = entries[0]
    told = "; ".join(map(_plain_change, entries[: room.changes]))
    facts = [tame(first.pipeline, room.name), *([tame(first.source, room.name)] if show_source else [])]
    errors = "".join(
        f": {escape(tame(error, room.error))}" for error in dict.fromkeys(_errors(entries[: room.changes]))
    )
    return f"• {escape(_name(first, room.name))} ({escape(', '.join([_id(first), *facts]))}) {told}{errors}"


def _plain_change(entry: Entry) -> str:
    happened = escape(what_happened(entry.kind, inferred=entry.inferred))
    return f"{happened} {date_markup(entry.at)}, {which_try(entry.tries)}"


def _text(message: Message) -> str:
    news = message.news
    jobs = _jobs(news)
    called = " ".join(map(_mention_markup, message.mentions))
    several = len(news.counts) > 1
    errors = chain.from_iterable(map(_errors, jobs))
    lead = "Error" if len(jobs) == 1 else "First error"
    error = next((f". {lead}: {spoken(error, ERROR_MAX)}" for error in errors), "")
    head = " ".join(filter(None, [called, spoken(heading(news), HEADING_SPOKEN)]))
    parts = [_spoken(entries, several=several) for entries in jobs]
    said = sentence(head, parts, lambda told: "".join(_rest(news.jobs - told)), TEXT_MAX - len(error))
    return said.removesuffix(".") + error + ("" if error.endswith((".", "…")) else ".")


def _spoken(entries: Sequence[Entry], *, several: bool) -> str:
    first = entries[0]
    happened = f" {what_happened(first.kind, inferred=False)}" if several else ""
    pipeline = spoken(first.pipeline, NAMES_SPOKEN)
    facts = escape(_id(first)) + ("" if pipeline == NOTHING else f", {pipeline}")
    return f"{spoken(first.name or 'unnamed', NAMES_SPOKEN)} ({facts}){escape(happened)}"


def _rest(unnamed: int) -> list[str]:
    return [f"and {number(unnamed, 'more job')}"] if unnamed > 0 else []


def _jobs(news: News) -> list[list[Entry]]:
    """The entries of each job, newest job first."""
    jobs: dict[tuple[str, str], list[Entry]] = {}
    for entry in news.entries:
        jobs.setdefault((entry.source, entry.job_id), []).append(entry)
    return list(jobs.values())[:NAMED]


def _errors(entries: Sequence[Entry]) -> Iterator[str]:
    return (error for entry in entries if (error := one_line(entry.error)))


def _name(entry: Entry, limit: int) -> str:
    return tame(entry.name or "unnamed", limit)


def _id(entry: Entry) -> str:
    return tame(entry.job_id, ID_MAX)


def _blocks(message: Message, room: Room) -> list[Block]:
    news = message.news
    worst = next((entry.kind for entry in news.entries if entry.kind == "failed"), None)
    kind = worst or (news.entries[0].kind if news.entries else "")
    rung = [rich_text(section(*_spaced(message.mentions)))] if message.mentions else []
    jobs = _jobs(news)
    named = [_job_block(entries, room, show_source=news.show_source) for entries in jobs]
    rest = [rich_text(section(*_more(news, news.jobs - len(jobs))))] if news.jobs > len(jobs) else []
    top, foot = header(f"{mark(kind)} {heading(news)}"), context(f"rule {tame(news.rule, room.name)}")
    return [top, *rung, *named, *rest, foot]


def _more(news: News, unnamed: int) -> list[Element]:
    kinds = set(news.counts)
    view = View(*kinds) if len(kinds) == 1 and kinds <= set(View) else View.ALL
    return [words(f"and {number(unnamed, 'more job')}: "), words(f"/jobs {view}", "code")]


def _spaced(mentions: Sequence[str]) -> Iterator[Element]:
    for index, mention in enumerate(mentions):
        if index:
            yield words(" ")
        yield _mention(mention)


def _mention(mention: str) -> Element:
    if person := _PERSON.fullmatch(mention):
        return user(person.group(1))
    if group := _GROUP.fullmatch(mention):
        return {"type": "usergroup", "usergroup_id": group.group(1)}
    if broadcast := _BROADCAST.fullmatch(mention):
        return {"type": "broadcast", "range": broadcast.group(1)}
    return words(tame(mention, NAMES_SPOKEN))


def _mention_markup(mention: str) -> str:
    if person := _PERSON.fullmatch(mention):
        return f"<@{person.group(1)}>"
    if group := _GROUP.fullmatch(mention):
        return f"<!subteam^{group.group(1)}>"
    if broadcast := _BROADCAST.fullmatch(mention):
        return f"<!{broadcast.group(1)}>"
    return escape(tame(mention, NAMES_SPOKEN))


def _job_block(entries: Sequence[Entry], room: Room, *, show_source: bool) -> Block:
    first, bearers = entries[0], _error_bearers(entries)
    name = link(_name(first, room.name), first.url, "bold")
    facts = [tame(first.pipeline, room.name), *([tame(first.source, room.name)] if show_source else [])]
    parts: list[Element] = []
    lines: list[list[Element]] = [[words(f"{mark(first.kind)} "), name, words(" "), words(_id(first), "code")]]
    for entry in entries[: room.changes]:
        lines.append([*_happened(entry, facts if entry is first else [])])
        if entry.change_key in bearers:
            parts += [section_of(lines), quote(tame(entry.error, room.error))]
            lines = []
    if len(entries) > room.changes:
        lines.append([words(f"and {number(len(entries) - room.changes, 'earlier change')}")])
    return rich_text(*parts, *([section_of(lines)] if lines else []))


def _happened(entry: Entry, facts: Sequence[str]) -> Iterator[Element]:
    yield words(" · ".join([what_happened(entry.kind, inferred=entry.inferred), ""]))
    yield date(entry.at)
    yield words(" · ".join(["", which_try(entry.tries), *facts]))


def _error_bearers(entries: Sequence[Entry]) -> frozenset[str]:
    """The changes beside which an error is shown: each error once, beside a failure if there is one."""
    bearers: dict[str, str] = {}
    for entry in sorted(entries, key=lambda entry: entry.kind != "failed"):
        if error := one_line(entry.error):
            bearers.setdefault(error, entry.change_key)
    return frozenset(bearers.values())
