"""Errors of one kind are alike, whatever job they come from; errors of two kinds are not."""

from datetime import UTC
from string import ascii_letters, hexdigits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.likeness import MAX_LIKENESS, likeness
from bot.core.traces import abridged, gist

WORDS = st.lists(st.text(ascii_letters, min_size=2, max_size=9), max_size=6).map(
    lambda words: " ".join(["worker", *words])
)
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
SAFE = "bcdfghjklmnpqrstvwxz2456789"
NAME = st.text(ascii_letters + "0123456789._-", min_size=1, max_size=9).filter(lambda name: name.strip("."))
OWN = {
    "ids": st.text(CROCKFORD, min_size=26, max_size=26).map("job_{}".format) | st.uuids().map(str),
    "numbers": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "paths": st.lists(NAME, min_size=1, max_size=5).map(lambda names: "/" + "/".join(names)),
    "addresses": st.ip_addresses(v=4),
    "times": st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat()),
    "hex": st.binary(min_size=4, max_size=32).map(bytes.hex),
    "pods": st.text(SAFE, min_size=5, max_size=5).map("worker-{}".format)
    | st.builds("worker-{}-{}".format, st.text(SAFE, min_size=8, max_size=10), st.text(SAFE, min_size=5, max_size=5)),
    "pointers": st.text(hexdigits, min_size=1, max_size=16).map("0x{}".format),
}

KEPT = 2_000  # characters


def trace(file: str) -> str:
    frame = f'  File "{file}", line 7, in run\n'
    return f"Traceback (most recent call last):\n{9 * frame}"


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
@given(st.data(), WORDS, WORDS)
def test_two_errors_that_differ_in_what_is_a_job_s_own_are_alike(
    own: st.SearchStrategy[object], data: st.DataObject, before: str, after: str
) -> None:
    one, other = (likeness(f"{before} {data.draw(own)} {after}") for _ in range(2))
    assert one == other
    assert one


@given(WORDS, WORDS)
def test_two_errors_in_other_words_are_not_alike(one: str, other: str) -> None:
    assert (likeness(one) == likeness(other)) == (one.casefold() == other.casefold())


@given(st.text() | st.text(alphabet="ab19/.:-#_ e+x", max_size=60))
def test_a_likeness_is_one_short_line(text: str) -> None:
    found = likeness(text)
    assert len(found) <= MAX_LIKENESS
    assert found.splitlines() in ([], [found])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB", "CUDA out of memory. Tried to allocate 512 MiB", True),
        ("OOMKilled (exit=137)", "OOMKilled (exit=1)", True),
        ("OOMKilled (exit=137)", "BackoffLimitExceeded", False),
        ("failed to resolve C:\\data\\a.csv", "Failed to resolve D:\\b", True),
        ("cannot parse sensor-a.csv", "cannot parse other.csv", True),
        ("No module named 'h5py'", "No module named 'conv2d'", False),
        ("mat1 and mat2 shapes cannot be multiplied (32x128 and 64x10)",
         "mat1 and mat2 shapes cannot be multiplied (1x2 and 3x4)", True),
        ("shape [1, 2, 3] is wrong", "shape [4] is wrong", True),
        ("pod worker-7d9f8b-x2k4p-0 terminated", "pod worker-7c5b9d-q8r2t-11 terminated", True),
        ("at Fri Nov 20 01:29:40 UTC 2026 it died", "at Sat Mar  7 11:02:00 UTC 2026 it died", True),
        ("timeout after 30s", "timeout after 1.5 s", True),
        ("timeout after 30 tries", "timeout after 30 files", False),
        ("std::bad_alloc at fe80::1ff:fe23:4567", "std::bad_alloc at 2001:db8:0:1:2:3:4:5", True),
        ("GET https://a.example/x?y=1 403", "GET s3://bucket/key 404", True),
        ("input/output error", "read/write error", False),
        ("line one\nline two", "LINE ONE  line two", True),
        ("Pod worker-x2kzv was OOMKilled", "Pod worker-xkqzv was OOMKilled", True),
        ("pod/worker-7d9f8b6c5d-x2kzv is gone", "pod/worker-6f5b9c8d7f-bqr7m is gone", True),
        ("Pod worker-x2kzv was OOMKilled", "Pod trainer-x2kzv was OOMKilled", False),
        ("listen-https failed to bind", "listen-pgsql failed to bind", False),
        ("cannot read model.ckpt", "cannot read a-b.pkl", True),
        ("cannot read run.h5: truncated", "cannot read test_a.tdms: truncated", True),
        ("commit deadbeef is unknown", "commit faceb00c is unknown", True),
        ("Error at 'deadbeefdead'", "Error at 'beefdeadbeef'", True),
        ("no answer from …/x to sk_…", "no answer from https://a.example/x to sk_…", True),
        ("may 5 tries fail", "march 7 tries fail", True),
        ("it may fail: decoder 5", "it may fail: decimal 5", False),
        ("Traceback: " + 300 * "words " + "KeyError", "Traceback: " + 300 * "words " + "ValueError", False),
    ],
)  # fmt: skip
def test_what_operators_meet(one: str, other: str, *, alike: bool) -> None:
    assert (likeness(one) == likeness(other)) is alike


def test_tracebacks_are_alike_if_their_exceptions_are() -> None:
    corrupt, longer, full = (
        "Traceback (most recent call last):\n" + frames * '  File "/app/train.py", line 7, in run\n' + exception
        for frames, exception in ((6, "ValueError: corrupt"), (20, "ValueError: corrupt"), (6, "OSError: no space"))
    )
    assert likeness(corrupt) == likeness(longer) == likeness("ValueError: corrupt")
    assert likeness(corrupt) != likeness(full)


@pytest.mark.parametrize("words", [10, 20, 40])
def test_long_errors_that_differ_in_their_middle_are_not_alike(words: int) -> None:
    before, after = (" ".join(f"{word} happened" for _ in range(words)) for word in ("this", "that"))
    errors = ("the image could not be pulled", "the node ran out of memory", "the GPU node was lost")
    found = {likeness(f"{before} and {error} and {after}") for error in errors}
    assert len(found) == len(errors)
    assert max(map(len, found)) <= MAX_LIKENESS


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), st.integers(100, 900))
def test_where_a_long_error_was_cut_makes_no_other_kind_of_it(numbers: list[int], words: int) -> None:
    """Its own numbers and paths shift that."""
    plain, traced = (
        {likeness(abridged(error.format(number), KEPT)) for number in numbers}
        for error in (
            f"at /data/{{0}} {'no more room ' * words} since {{0}} {'and no less ' * words} for job {{0}}",
            f"{trace('/app/{0}.py')}ValueError: {'no more room ' * words}",
        )
    )
    assert len(plain) == len(traced) == 1


def test_of_an_error_without_end_only_the_ends_are_read() -> None:
    one, other = ("worker lost " + 199 * "/data/x " + middle + 199 * " /data/y" for middle in ("KeyError", "OSError"))
    assert likeness(one) == likeness(other) == "worker lost #"


def test_an_error_and_what_it_comes_to_are_alike() -> None:
    error = trace("/app/train.py") + "ValueError: " + "the input is corrupt " * 99
    assert likeness(abridged(error, KEPT)) == likeness(gist(abridged(error, KEPT)))


@pytest.mark.parametrize(
    "text",
    ["", " \n", "{}", "[1, 2]", "137", "E1001", "null", "/var/log/1", '{"code":137}', '{"message":""}', "Job failed",
     "Unknown error", "exit code 137"],
)  # fmt: skip
def test_what_says_nothing_or_no_more_than_a_code_has_no_likeness(text: str) -> None:
    assert not likeness(text)
