"""The table: one row for each way to disturb the bot, with what was lost, what came twice and which cards are wrong."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.tables import Line, Sheet
from tests.guarantees.judging import Judgement

_HEAD = ("disturbed by", "times", "facts to tell", "lost", "repeated", "cards", "wrong cards", "required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`asked` is what the table demands; None where a cost is only measured. `amiss` says what else went wrong."""

    what: str
    times: int
    judgement: Judgement
    asked: str | None = "all told once, every card right"
    amiss: str = ""

    @property
    def met(self) -> bool:
        return self.asked is None or (self.judgement.kept and not self.amiss and self.times > 0)


def sheet(rows: Iterable[Row], title: str) -> Sheet:
    return Sheet(_HEAD, [Line(_cells(row), row.met) for row in rows], title)


def _cells(row: Row) -> tuple[str, ...]:
    found = row.judgement
    counts = (row.times, found.expected, found.lost, found.repeated, found.cards, found.wrong)
    return row.what, *(f"{count:,}" for count in counts), _verdict(row)


def _verdict(row: Row) -> str:
    if row.asked is None:
        return "measured"
    return f"{row.asked}: {'met' if row.met else 'NOT MET'}" + (f" ({row.amiss})" if row.amiss else "")
