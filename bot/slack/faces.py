"""A card as Slack shows it, posted and edited alike: how its jobs stand now, since when, who they are, and why. It
tells the truth at a glance, so what all its jobs share is said once.
"""

from collections.abc import Sequence
from functools import partial

from bot.core.card_words import (
    NO_ERROR,
    WELL,
    alike_words,
    error_lead,
    face_title,
    in_short,
    lacks_error,
    seen_before,
    shared_error,
    since_word,
    standing,
    step,
    when_lead,
    worst,
)
from bot.core.cards import ERRING, Entry, Face
from bot.core.commands import jobs_of_card
from bot.core.grammar import write
from bot.core.texts import one_line, tame, width
from bot.core.wording import INFERRED, utc, which_try
from bot.slack.elements import (
    MESSAGE_MAX,
    Block,
    Element,
    Rendered,
    actions,
    button,
    context,
    date,
    date_markup,
    ended,
    escape,
    fit,
    header,
    mark,
    quote,
    rich_text,
    section,
    section_of,
    spoken,
    words,
)
from bot.slack.job_lines import (
    ERROR_SPOKEN,
    NAME_SPOKEN,
    ROOMS,
    TITLE_SPOKEN,
    Room,
    identity,
    moment,
    naming,
    origin,
    plain_lines,
    rest,
    spoken_error,
    spoken_jobs,
    spoken_name,
    with_errors,
)
from bot.slack.mentions import called, called_in_text

TITLE_MAX = 137  # characters of a header, beside its sign
TITLE_ROOMS = (100, 60, 30, 12)  # characters of a name in it, from wide to narrow
ID_IN_TITLE = 60  # of a longer one the title may show a part alone
LIKE_MAX = 120
RULE_MAX = 150


def render_face(face: Face) -> Rendered:
    text = _text(face)
    return Rendered(text, fit(partial(_blocks, face), ROOMS, MESSAGE_MAX - width(text)))


def render_plain_face(face: Face) -> str:
    """The same without blocks, at most 3,900 characters."""
    if _is_single(face):
        return _sentence(face, f"{when_lead(face.entries[0])}{date_markup(face.entries[0].at)}")
    shared = spoken_error(": ", _shared_error(face, ERROR_SPOKEN))
    return plain_lines(
        ended(f"{_head(face)}, {since_word(face)} {date_markup(face.since)}{shared}"),
        lambda room: [_plain_line(face, entry, room, told=bool(shared)) for entry in face.entries[: room.jobs]],
        lambda named: [f"{line}: {escape(f'/jobs {all_jobs(face)}')}" for line in rest(face.jobs - named)],
    )


def all_jobs(face: Face) -> str:
    """The command that lists every job of the card."""
    return write(jobs_of_card(face.card))


def _is_single(face: Face) -> bool:
    return face.jobs == 1


def _head(face: Face) -> str:
    return " ".join([*called_in_text(face.mentions), spoken(face_title(face, NAME_SPOKEN), TITLE_SPOKEN)])


def _text(face: Face) -> str:
    if _is_single(face):
        return _sentence(face, f"{when_lead(face.entries[0])}{utc(face.entries[0].at)}")
    head = f"{_head(face)}, {since_word(face)} {utc(face.since)}"
    return spoken_jobs(head, _error_of_several(face), [_spoken(face, entry) for entry in face.entries], face.jobs)


def _error_of_several(face: Face) -> str:
    """The error that all have; else the newest one of now, or of the past."""
    if shared := shared_error(face):
        return spoken_error(f"{error_lead(*face.entries).capitalize()}: ", shared)
    told = [entry for entry in face.entries if one_line(entry.error)]
    for entry in told:
        if entry.kind in ERRING:
            return spoken_error("Newest error: ", entry.error)
    return spoken_error("Last error: ", told[0].error) if told else ""


def _spoken(face: Face, entry: Entry) -> str:
    """A job among others, and how it stands where the title does not say all of it."""
    name = spoken_name(entry, origin(entry, face.label, NAME_SPOKEN, show_source=face.show_source))
    return f"{name} {escape(standing(entry))}" if len(face.counts) > 1 or entry.detail else name


def _sentence(face: Face, when: str) -> str:
    """All that there is to say of a single job; `when` it came to be as it is stands there escaped."""
    [entry] = face.entries
    facts = origin(entry, (), NAME_SPOKEN, show_source=face.show_source)
    said = " ".join([*called_in_text(face.mentions), spoken_name(entry, facts), escape(step(entry))])
    error = spoken_error(f"{error_lead(entry).capitalize()}: ", entry.error)
    why = error or (NO_ERROR.capitalize() if lacks_error(entry) else "")
    return ended(f"{said}, {when}. {why}" if why else f"{said}, {when}")


def _plain_line(face: Face, entry: Entry, room: Room, *, told: bool) -> str:
    """`told` says that the job's error stands above already."""
    facts = origin(entry, face.label, room.name, show_source=face.show_source)
    error = "" if told else escape(_own_error(entry, room.error)) or NO_ERROR * lacks_error(entry)
    line = f"• {spoken_name(entry, facts, room.name)} {escape(step(entry))}, {when_lead(entry)}{date_markup(entry.at)}"
    return f"{line}: {error}" if error else line


def _blocks(face: Face, room: Room) -> list[Block]:
    rung = [rich_text(section(*called(face.mentions)))] if face.mentions else []
    body = _single(face, room) if _is_single(face) else _several(face, room)
    known = [context(seen)] if (seen := seen_before(face)) else []
    return [_header(face), *rung, *body, *known, context(_footer(face))]


def _header(face: Face) -> Block:
    titles = [face_title(face, limit) for limit in TITLE_ROOMS]
    title = next((title for title in titles if width(title) <= TITLE_MAX), titles[-1])
    return header(f"{mark(worst(face.counts))} {title}")


def _footer(face: Face) -> str:
    source = _one_source(face)
    return " · ".join(
        [f"rule: {tame(face.rule, RULE_MAX)}", *([f"source: {tame(source, RULE_MAX)}"] if source else [])]
    )


def _one_source(face: Face) -> str:
    """The source, if it is worth telling and all jobs are known to have the same one."""
    sources = {entry.source for entry in face.entries} if face.show_source and not face.unnamed else set()
    return sources.pop() if len(sources) == 1 else ""


def _single(face: Face, room: Room) -> list[Block]:
    [entry] = face.entries
    where = _where(entry, room)
    when = [words("since "), date(entry.at), words(" · ".join(["", which_try(entry.tries), *_doubts(entry)]))]
    return [rich_text(*with_errors([*([(where, "")] if where else []), (when, _error(entry, room.error))]))]


def _where(entry: Entry, room: Room) -> list[Element]:
    """Its pipeline and its id, if the title does not say that already."""
    facts = origin(entry, (), room.name, show_source=False)
    if not one_line(entry.name) and not entry.url and len(entry.job_id) <= ID_IN_TITLE:
        return [words(fact) for fact in facts]
    return [*(words(f"{fact} · ") for fact in facts), identity(entry, entry.url)]


def _doubts(entry: Entry) -> list[str]:
    """What nobody knows."""
    return [*([INFERRED] if entry.inferred else []), *([NO_ERROR] if lacks_error(entry) else [])]


def _several(face: Face, room: Room) -> list[Block]:
    named = face.entries[: room.jobs]
    shared = shared_error(face)
    more = rest(face.jobs - len(named))
    alike = "" if shared else alike_words(face, LIKE_MAX)
    return [
        *(_in_short(face, named, room) if shared else _in_full(face, named, room)),
        *([rich_text(section(words(more[0])))] if more else []),
        *([context(alike)] if alike else []),
        *(actions([button(f"List all {face.jobs}", "card", all_jobs(face))]) if more else []),
    ]


def _in_short(face: Face, named: Sequence[Entry], room: Room) -> list[Block]:
    """The error that all have, once; and a line for each job."""
    error = quote(_shared_error(face, room.error))
    return [rich_text(_since(face), error), rich_text(section_of(_line(face, entry, room) for entry in named))]


def _in_full(face: Face, named: Sequence[Entry], room: Room) -> list[Block]:
    """A line for each job, and its own error."""
    lines = ((_line(face, entry, room), _own_error(entry, room.error)) for entry in named)
    return [rich_text(_since(face)), *(rich_text(*with_errors([line])) for line in lines)]


def _since(face: Face) -> Element:
    return section(words(f"{since_word(face)} "), date(face.since))


def _line(face: Face, entry: Entry, room: Room) -> list[Element]:
    """Who, when and which try; what else there is to say needs a second line."""
    told = [in_short(entry)] if len(face.counts) > 1 or entry.inferred or entry.detail else []
    facts = origin(entry, face.label, room.name, show_source=face.show_source and not _one_source(face))
    return [
        *naming(entry, room.name),
        words("\n" if told or facts else " · "),
        *(words(f"{word} · ") for word in told),
        *moment(entry),
        words(" · ".join(["", which_try(entry.tries), *facts, *([NO_ERROR] if lacks_error(entry) else [])])),
    ]


def _own_error(entry: Entry, limit: int) -> str:
    """The job's error among those of others; what went well needs none there."""
    return "" if entry.kind in WELL else _error(entry, limit)


def _shared_error(face: Face, limit: int) -> str:
    return _quoted(shared_error(face), face.entries, limit)


def _error(entry: Entry, limit: int) -> str:
    return _quoted(entry.error, (entry,), limit)


def _quoted(error: str, bearers: Sequence[Entry], limit: int) -> str:
    """The error in one line, and whether it is one of the past; empty without any."""
    if not one_line(error):
        return ""
    lead = error_lead(*bearers)
    return tame(error, limit) if lead == "error" else f"{lead}: {tame(error, limit)}"
