"""Replies that hold a table: a list, several jobs that fit a name, the overview. The table gets the room that is left
by what stands above and below it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import unescape

from bot.core.commands import ListJobs, Question, Share, ShowHealth, ShowHelp, ShowJob, ShowOverview
from bot.core.grammar import write
from bot.core.jobs import JobQuery, View
from bot.core.memory import Memory
from bot.core.replies import Candidates, JobList, Overview, SourceHealth
from bot.core.texts import first_line, shorten, tame, width
from bot.core.traces import gist
from bot.core.wording import (
    as_of,
    blind_spots,
    filter_words,
    list_footer,
    list_title,
    nothing_listed,
    number,
    ordered,
    status_words,
)
from bot.slack.elements import (
    MESSAGE_MAX,
    Block,
    Element,
    Rendered,
    actions,
    button,
    context,
    escape,
    header,
    mark,
    measure,
    rich_text,
    section,
    section_of,
    sentence,
    spoken,
    warnings,
    words,
)
from bot.slack.tables import JobRows, job_table

SPOKEN = 60  # characters of a name or an error in the sentence, escaped
HEAD = 900  # characters of what is said before any job, escaped
FILTERS = 300  # characters of what a list was narrowed by
STATUSES = 20  # statuses that the overview counts


def render_list(reply: JobList) -> Rendered:
    query = reply.command.query
    title, footer = list_title(query), list_footer(reply)
    filters = shorten(filter_words(query), FILTERS)
    blind = blind_spots(reply.sources, reply.now)
    text = _sentence(" · ".join(filter(None, [title, filters, footer, *blind])), reply.rows, reply.total)
    nothing = [] if reply.rows else [rich_text(section(words(nothing_listed(reply))))]
    above = [
        header(title),
        *([rich_text(section(words(filters, "italic")))] if filters else []),
        *warnings(blind),
        *nothing,
    ]
    below = [context(footer), *actions(_list_buttons(reply))]
    return _with_table(text, above, _rows(reply, reply.rows), below)


def _list_buttons(reply: JobList) -> list[Element]:
    page, pages = reply.command.query.page, reply.pages
    back = [button("← Previous", "previous", _page(reply.command, min(page - 1, pages)))] if page > 1 else []
    on = [button("Next →", "next", _page(reply.command, page + 1))] if page < pages else []
    return [*back, *on, _share(reply.command)]


def _page(command: ListJobs, page: int) -> str:
    return write(replace(command, query=replace(command.query, page=page)))


def render_candidates(reply: Candidates) -> Rendered:
    title = f"{number(reply.total, 'job')} fit “{tame(reply.reference, SPOKEN)}”"
    example = reply.rows[0].job.id if reply.rows else "job_…"
    text = _sentence(title, reply.rows, reply.total)
    listed = ListJobs(JobQuery(view=View.ALL, words=(reply.reference,)))
    hints = [
        [words("Show one by its id, for example "), words(f"/jobs show {tame(example, SPOKEN)}", "code")],
        [
            words("List all and narrow them, for example "),
            words(f"/jobs {tame(unescape(write(listed)), FILTERS)} since:24h", "code"),
        ],
    ]
    above = [header(title), *warnings(blind_spots(reply.sources, reply.now)), rich_text(section_of(hints))]
    footer = context(f"the newest {len(reply.rows)} of {reply.total} · {as_of(reply.sources, reply.now)}")
    buttons = [button("List all", "all", write(listed)), _share(ShowJob(reply.reference))]
    return _with_table(text, above, _rows(reply, reply.rows), [footer, *actions(buttons)])


def render_overview(reply: Overview) -> Rendered:
    counted = [(mark(status), count, tame(status.lower(), 20)) for status, count in ordered(reply.counts)[:STATUSES]]
    counts = ", ".join(f"{count} {status}" for _, count, status in counted) or "none yet"
    fresh, blind = as_of(reply.sources, reply.now), blind_spots(reply.sources, reply.now)
    lately = ["failed lately"] if reply.failed else []
    text = _sentence(" · ".join([f"Jobs: {counts}", fresh, *blind, *lately]), reply.failed, len(reply.failed))
    signs = "   ".join(f"{sign} {count} {status}" for sign, count, status in counted) or "No jobs yet."
    failed = [rich_text(section(words("Failed lately", "bold")))] if reply.failed else []
    above = [header("Jobs"), *warnings(blind), rich_text(section(words(signs))), *failed]
    below = [context(fresh), *actions(_overview_buttons())]
    return _with_table(text, above, _rows(reply, reply.failed), below)


def _overview_buttons() -> list[Element]:
    views = ((view, ListJobs(JobQuery(view=view))) for view in (View.FAILED, View.RUNNING, View.ACTIVE))
    asked: list[tuple[str, Question]] = [*views, ("health", ShowHealth()), ("help", ShowHelp())]
    return [*(button(name.capitalize(), name, write(question)) for name, question in asked), _share(ShowOverview())]


def _share(question: Question) -> Element:
    return button("Share", "share", write(Share(question)))


def _rows(reply: JobList | Candidates | Overview, memories: Sequence[Memory]) -> JobRows:
    names = _names(reply.sources)
    return JobRows(memories=memories, job_urls=reply.job_urls, sources=names, now=reply.now)


def _names(sources: Iterable[SourceHealth]) -> list[str]:
    return [source.source for source in sources]


def _with_table(text: str, above: list[Block], rows: JobRows, below: list[Block]) -> Rendered:
    left = MESSAGE_MAX - width(text) - measure(above) - measure(below)
    return Rendered(text, [*above, *job_table(rows, left), *below])


def _sentence(head: str, memories: Sequence[Memory], total: int) -> str:
    parts = [_spoken_job(memory) for memory in memories]
    return sentence(spoken(head, HEAD), parts, lambda said: f"and {total - said} more" if total > said > 0 else "")


def _spoken_job(memory: Memory) -> str:
    job = memory.job
    error = f", {spoken(first_line(gist(job.error)), SPOKEN)}" if job.error else ""
    return f"{spoken(job.label, SPOKEN)} ({spoken(job.id, SPOKEN)}) {escape(status_words(memory))}{error}"
