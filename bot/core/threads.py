"""What a card's thread tells: that its jobs went on, or that others joined them. The newest jobs are named, the rest is
counted; what happened to a job stays in its order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bot.core.alerts import JobRef
from bot.core.cards import Card, Entry
from bot.core.changes import SAYS_MORE, ChangeKind
from bot.core.instants import Instant
from bot.core.memory import ENDLESS
from bot.core.messages import KEPT_BY_NAME, NAMED_IN_THREAD, About, News, ThreadReply, message_key
from bot.core.traces import gist


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply tells, in the order in which it was found, but for what it `repeats` because what follows cannot be
    understood without it (keys of changes); whom it rings, whether it is loud, and whether the channel sees it too.
    """

    entries: tuple[Entry, ...]
    repeats: frozenset[str] = frozenset()
    rung: tuple[str, ...] = ()
    loud: bool = False
    broadcast: bool = False


def thread_reply(card: Card, about: About, said: Said, now: Instant, due_at: Instant) -> ThreadReply:
    keys = tuple(entry.change_key for entry in said.entries if entry.change_key not in said.repeats)
    waits = about is About.NEWCOMERS  # they may leave the reply, each with all that it tells of them
    entries, named = (said.entries, KEPT_BY_NAME) if waits else (_told_best(said.entries), NAMED_IN_THREAD)
    return ThreadReply(
        key=message_key(card.destination, keys),
        destination=card.destination,
        card=card.key,
        about=about,
        mentions=said.rung,
        loud=said.loud,
        broadcast=said.broadcast,
        news=_news(card, entries, named),
        tells=keys,
        created_at=now,
        due_at=due_at,
    )


def joined(waiting: ThreadReply, more: ThreadReply) -> ThreadReply:
    """The waiting reply, with more newcomers in it."""
    entries = _of_the_first((*more.news.entries, *waiting.news.entries), KEPT_BY_NAME)
    counts = Counter(waiting.news.counts) + Counter(more.news.counts)
    news = replace(more.news, entries=entries, counts=dict(counts), jobs=waiting.news.jobs + more.news.jobs)
    return replace(
        waiting,
        news=news,
        tells=(*waiting.tells, *more.tells),
        mentions=tuple(dict.fromkeys((*waiting.mentions, *more.mentions))),
        loud=waiting.loud or more.loud,
        broadcast=waiting.broadcast or more.broadcast,
    )


def without(waiting: ThreadReply, taken: Sequence[Entry]) -> ThreadReply:
    """The waiting reply, without newcomers who are told of elsewhere."""
    gone = {entry.change_key for entry in taken}
    news = waiting.news
    entries = tuple(entry for entry in news.entries if entry.change_key not in gone)
    counts = Counter(news.counts) - Counter(entry.kind for entry in _told_best(taken))
    return replace(
        waiting,
        news=replace(news, entries=entries, counts=dict(counts), jobs=news.jobs - len({entry.job for entry in taken})),
        tells=tuple(key for key in waiting.tells if key not in gone),
    )


def reply_with_reason(reply: ThreadReply, change_key: str, reason: str) -> ThreadReply:
    """The reply, with the reason for a failure that it tells of."""
    entries = tuple(
        replace(entry, error=gist(reason)) if entry.change_key == change_key else entry for entry in reply.news.entries
    )
    return replace(reply, news=replace(reply.news, entries=entries))


def as_sent(reply: ThreadReply) -> ThreadReply:
    """The reply, with no more newcomers by name than are told so, and no more of each than there is to say."""
    if reply.about is not About.NEWCOMERS:
        return reply
    entries = _of_the_first(_told_best(reply.news.entries), NAMED_IN_THREAD)
    return replace(reply, news=replace(reply.news, entries=entries))


def _of_the_first(entries: Sequence[Entry], jobs: int) -> tuple[Entry, ...]:
    """What is told of so many jobs."""
    named = set(islice(dict.fromkeys(entry.job for entry in entries), jobs))
    return tuple(entry for entry in entries if entry.job in named)


def _news(card: Card, entries: Sequence[Entry], named: int) -> News:
    stories: dict[JobRef, list[Entry]] = {}
    for entry in entries:
        stories.setdefault(entry.job, []).append(entry)
    newest = sorted(stories.values(), key=lambda story: (story[-1].at, story[-1].change_key), reverse=True)
    return News(
        rule=card.rule,
        label=card.label,
        entries=tuple(entry for story in newest[:named] for entry in _dated(story)),
        counts=dict(Counter(entry.kind for entry in _told_best(entries))),
        jobs=len(stories),
        total=card.size,
        show_source=card.show_source,
    )


def _dated(story: Iterable[Entry]) -> Iterator[Entry]:
    """The newest first. What nobody can date happened no later than what followed it."""
    at = ENDLESS
    for entry in reversed([*story]):
        at = min(at, entry.at)
        yield entry if entry.at == at else replace(entry, at=at)


def _told_best(entries: Iterable[Entry]) -> list[Entry]:
    """Without the completions of which another entry says more."""
    told = list(entries)
    better = {(entry.job, entry.at) for entry in told if entry.kind in SAYS_MORE}
    return [entry for entry in told if entry.kind != ChangeKind.COMPLETED or (entry.job, entry.at) not in better]
