"""python -m tests.machine [--long]: sweeps and looks at random, their figures as a table. Ends with 1 if one of them
is not what it must be. The long form also lets the machine run for as many examples as it takes.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console

from tests.machine.figures import Figure, of_stale_looks, of_sweeps, table
from tests.machine.model import Cause
from tests.machine.stale import look_at_random
from tests.machine.sweeps import sweep_at_random
from tests.machine.test_machine import Machine

SHORT = {"sweeps": 1_000, "looks": 200, "examples": 100}
LONG = {"sweeps": 10_000, "looks": 1_000, "examples": 2_000}


def main() -> int:
    sizes = LONG if "--long" in sys.argv[1:] else SHORT
    with TemporaryDirectory() as folder:
        stale = asyncio.run(look_at_random(sizes["looks"], Path(folder)))
    figures = [*of_sweeps(sweep_at_random(sizes["sweeps"])), *of_stale_looks(stale)]
    Console().print(table(figures))
    Console().print(table(_machine(sizes["examples"])))
    return 0 if all(figure.holds for figure in figures) else 1


def _machine(examples: int) -> Iterable[Figure]:
    """Raises what it finds."""
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=[*HealthCheck]
        ),
    )
    yield Figure("machine: runs of at most forty steps in which each fact was told once, in its order", examples)
    yield from (Figure(f"but for those told again because {cause}", Machine.excused[cause]) for cause in Cause)


if __name__ == "__main__":
    sys.exit(main())
