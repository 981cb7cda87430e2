"""What a long error comes to: of a Python traceback its exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.traces import abridged, gist

FRAME = '  File "/app/train.py", line 7, in run\n    step(batch)\n'


def trace(exception: str, frames: int = 2, head: str = "") -> str:
    return f"{head}Traceback (most recent call last):\n{FRAME * frames}{exception}"


CHAINED = f"\n\nDuring handling of the above exception, another exception occurred:\n\n{trace('OSError: no space')}"
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/app/train.py", line 7, in <module>
  |     raise ExceptionGroup("two", errors)
  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/train.py", line 3, in run
    |     raise ValueError("deep")
    | ValueError: deep
    | twice
    +------------------------------------
"""


TORCHRUN = trace(
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\ntrain.py FAILED\n----\nFailures:\n"
)
IGNORED = trace("AttributeError: 'NoneType'\n", head="Exception ignored in: <function Loader.__del__ at 0x7f>\n")


def each_line(prefix: str, error: str) -> str:
    return "".join(f"{prefix.replace('N', str(n))}{line}" for n, line in enumerate(error.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (trace("ValueError: the input is corrupt"), "ValueError: the input is corrupt"),
        (trace("ValueError: the input is corrupt", frames=99), "ValueError: the input is corrupt"),
        (trace("KeyError: 'x'\n", head="WorkerError: "), "WorkerError: KeyError: 'x'"),
        (trace("KeyError: 'x'", head="epoch 1\nepoch 2\n"), "KeyError: 'x'"),
        (
            trace("RuntimeError: CUDA error\nFor debugging pass X=1.\n"),
            "RuntimeError: CUDA error\nFor debugging pass X=1.",
        ),
        (
            trace("pkg.ValidationError: 1 error\na\n  Field required"),
            "pkg.ValidationError: 1 error\na\n  Field required",
        ),
        (trace("ValueError: first") + CHAINED, "OSError: no space"),
        (trace("    1 +\n      ^\nSyntaxError: invalid syntax", frames=1), "SyntaxError: invalid syntax"),
        (trace("ValueError: the input is corrupt").replace("\n", "\r\n"), "ValueError: the input is corrupt"),
        ("\n".join(f"\t{line}" for line in trace("ValueError: x").splitlines()), "ValueError: x"),
        (GROUP, "ValueError: deep\ntwice"),
        (trace(f"OutOfMemoryError: CUDA\n{TORCHRUN}"), "OutOfMemoryError: CUDA"),
        (trace(f"OutOfMemoryError: CUDA\n{IGNORED}"), "OutOfMemoryError: CUDA"),
        (IGNORED + trace("OutOfMemoryError: CUDA"), "OutOfMemoryError: CUDA"),
        (each_line("[rank0]: ", trace("OutOfMemoryError: CUDA")), "OutOfMemoryError: CUDA"),
        (each_line("[rank1]: ", trace("OutOfMemoryError: CUDA\n")) + TORCHRUN, "OutOfMemoryError: CUDA"),
        (each_line("worker-0 | ", trace("ValueError: first") + CHAINED), "OSError: no space"),
        (each_line("2026-11-20T01:29:40.00NZ stderr F ", trace("KeyError: 'x'", frames=9)), "KeyError: 'x'"),
        (trace("ChildFailedError: train.py"), "ChildFailedError: train.py"),
    ],
)
def test_a_traceback_comes_to_its_last_exception(error: str, told: str) -> None:
    assert gist(error) == gist(told) == told


@pytest.mark.parametrize(
    "error",
    [
        "",
        "OOMKilled (exit=137)\n  at worker",
        "java.lang.IllegalStateException: no model\n\tat com.example.Main.run(Main.java:7)\n\tat java.base/Thread.run",
        "panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:7 +0x1d",
        "TypeError: x is undefined\n    at Object.<anonymous> (/app/a.js:1:7)",
        trace(""),
        trace("").rstrip(),
        "Traceback (most recent call last):",
    ],
)
def test_any_other_error_stays_as_it_is(error: str) -> None:
    assert gist(error) == error


def test_of_a_longer_traceback_with_something_before_each_line_the_exception_is_kept() -> None:
    error = each_line("[rank0]: ", trace("OutOfMemoryError: CUDA", frames=99)) + "\n" + TORCHRUN + IGNORED
    assert gist(abridged(error, 2_000)) == "OutOfMemoryError: CUDA"


def test_of_a_longer_error_the_beginning_and_the_end_are_kept() -> None:
    assert abridged("one two three four five six", 19) == "one two t… five six"
    assert abridged("x" * 30, 20) == "x" * 19 + "…"
    assert abridged("x" * 20, 20) == "x" * 20


@pytest.mark.parametrize("frames", [0, 1, 20, 400])
@pytest.mark.parametrize("words", ["the input file is corrupt", "no such file " * 300])
def test_of_a_longer_traceback_the_exception_is_kept(frames: int, words: str) -> None:
    short = abridged(trace(f"ValueError: {words}\nafter it\n", frames), 2_000)
    assert len(short) <= 2_000
    assert short.startswith("Traceback (most recent call last):\n")
    assert gist(short).startswith("ValueError: " + words[:500])


@given(st.text("T \n|x") | st.text(), st.integers(2, 60))
def test_no_error_upsets_what_abridges_it(text: str, limit: int) -> None:
    for error in (text, trace(text, head=text), f"{text}{GROUP}", f"{text}{IGNORED}{TORCHRUN}"):
        assert len(abridged(error, limit)) <= limit
        assert gist(gist(error)) == gist(error)
