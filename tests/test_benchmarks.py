"""The benchmarks run and fill their table. How fast anything is, is no test's business."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = (
    "first look at 500 jobs: bytes a job",
    "first look at 5,000 jobs: duration",
    "look at 5,000 jobs, none changed: processor time",
    "look at 5,000 jobs, none changed: peak memory",
    "look at 500 jobs, 100 of them failed: processor time",
    "grouping and rendering these 100 alerts: processor time",
    "grouping and rendering 100 retries: processor time",
    "look at 500 jobs, 100 of them failed, long errors: processor time",
    "grouping and rendering these 100 alerts, long errors: processor time",
    "grouping and rendering 100 retries, long errors: processor time",
    "reading the slowest of 29 errors of 20,000 characters: processor time",
    "answer to /jobs failed",
    "answer to /jobs all oom",
    "answer to /jobs show",
    "dispatch, socket: acknowledgement",
    "dispatch, HTTP: acknowledgement",
    "Slack and back, socket: acknowledgement",
    "Slack and back, HTTP: answer",
)


def benchmarks(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--short", "--date", "2000-01-01", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)  # noqa: S603


def test_the_short_form_shows_each_figure_beside_its_floor() -> None:
    ran = benchmarks("--markdown")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("2000-01-01: ")
    told = [line.split(" | ")[0].removeprefix("| ") for line in ran.stdout.splitlines()]
    assert [row for row in ROWS if row not in told] == []


def test_one_benchmark_can_be_run_alone_and_shown_to_people() -> None:
    ran = benchmarks("--only", "answers")
    assert ran.returncode == 0, ran.stderr
    assert "answer to /jobs active" in ran.stdout
    assert "look at" not in ran.stdout
