"""Errors that would be slow to read: what seems to be a key, or what a job was given, begins in them over and over.
There is no floor: nobody else reads them.
"""

from statistics import median

from benchmarks.figures import Row, Sample, below, milliseconds, spread
from benchmarks.processes import Stopwatch, alone
from bot.core.likeness import likeness
from bot.jobs_api.words import read_error

LENGTH = 20_000  # characters, of which no more are read
AT_MOST = 0.100  # seconds of processor time
OVER_AND_OVER = (
    "sk-", "sk_live_", "token=", "authorization=", "authorization: key ", "bearer ", "x-amz-", "x-amz-key: ", "?sig=",
    "&a_a_a_", "password='", "a://b", "eyJa.", "hf_", "AKIA", "cookie: a=b; ", "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----", "config=[", 'prompt: "', '{"parameters": ', "--config=", "a/b/", "1.", "a@",
    "a-bcdfg", "nov ", "\x9d", "Traceback (most recent call last):\n",
)  # fmt: skip


def words(times: int) -> Row:
    slowest = max(alone(read_all, times), key=median)
    what = f"reading the slowest of {len(OVER_AND_OVER)} errors of {LENGTH:,} characters: processor time"
    row = Row(what=what, ours=spread(slowest, milliseconds))
    return below(row, median(slowest), AT_MOST, milliseconds)


def read_all(times: int) -> list[Sample]:
    return [tuple(read((begun * LENGTH)[:LENGTH]) for _ in range(times)) for begun in OVER_AND_OVER]


def read(error: str) -> float:
    likeness.cache_clear()
    watch = Stopwatch()
    likeness(read_error(error))
    return watch.cost().cpu
