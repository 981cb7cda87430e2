"""Figures: repeated measurements, what is said of them, and rows of a table. Nothing here measures."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import TypeAlias

Sample: TypeAlias = tuple[float, ...]  # of one thing, measured again and again
Format: TypeAlias = Callable[[float], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `met` is None where nothing is required."""

    what: str
    ours: str
    floor: str = ""
    ratio: float | None = None
    required: str = ""
    met: bool | None = None


def p99(sample: Sample) -> float:
    """The value that 99 of 100 measurements do not exceed."""
    return sorted(sample)[ceil(0.99 * len(sample)) - 1]


def beside_floor(
    what: str, ours: Sample, floor: Sample, show: Format, *, tail: bool = False, at_most: float | None = None
) -> Row:
    """Medians, and how many floors ours costs; in brackets the extremes, or with `tail` the 99th percentile."""
    ratio = median(ours) / median(floor)
    return Row(
        what=what,
        ours=spread(ours, show, tail=tail),
        floor=spread(floor, show, tail=tail),
        ratio=ratio,
        required="" if at_most is None else f"at most {at_most:g} floors",
        met=None if at_most is None else ratio <= at_most,
    )


def below(row: Row, figure: float, limit: float, show: Format, of: str = "") -> Row:
    """The row, with the requirement that the figure stays below the limit."""
    return Row(
        what=row.what,
        ours=row.ours,
        floor=row.floor,
        ratio=row.ratio,
        required=f"{of} < {show(limit)}".strip(),
        met=figure < limit,
    )


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def milliseconds(value: float) -> str:
    """Of seconds."""
    return f"{value * 1e3:.2f} ms"


def megabytes(value: float) -> str:
    """Of bytes."""
    return f"{value / 1e6:.0f} MB"


def whole_bytes(value: float) -> str:
    return f"{value:.0f} B"


def spread(sample: Sample, show: Format, *, tail: bool = False) -> str:
    if tail:
        return f"{show(median(sample))} (p99 {show(p99(sample))})"
    middle, least, most = show(median(sample)), show(min(sample)), show(max(sample))
    return middle if least == most else f"{middle} ({least} to {most})"
