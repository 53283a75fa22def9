"""The CPU time of check of a document of 2,000 functions, reading it included: under 2 s.

    python -m tests.bench.fleet_check [ROUNDS]

Each function has a queue of its own for failures and the next function for successes: the longest circle there can be.
Exit 1 where the bar is missed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fc_async import check, graph, read_document
from tests.bench.report import is_met, machine, rounds_from, row, say

FUNCTIONS = 2000
MOST_SECONDS = 2


def document() -> str:
    """Return the document."""
    lines = ["version: 1", "functions:"]
    for number in range(FUNCTIONS):
        following = (number + 1) % FUNCTIONS
        lines.append(
            f"  f{number}: {{on_failure: 'queue:d{number}', on_success: 'function:f{following}', max_age: 6h}}"
        )
    return "\n".join(lines) + "\n"


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Measure, and return the exit code."""
    rounds = rounds_from(sys.argv, 5)
    times: dict[str, list[float]] = {"check, read included": [], "of it read": [], "graph": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fc-async.yaml"
        path.write_text(document(), encoding="utf-8")
        for _ in range(rounds):
            times["of it read"].append(cpu_seconds(lambda: read_document(path)))
            times["check, read included"].append(cpu_seconds(lambda: check(read_document(path))))
            fleet = read_document(path)
            times["graph"].append(cpu_seconds(lambda fleet=fleet: graph(fleet)))  # type: ignore[misc]
    say(machine())
    row(f"what, of {FUNCTIONS:,} functions", "CPU seconds (least-most)", "median", "bar")
    row("---", "---", "---", "---")
    met = True
    for what, taken in times.items():
        cells = (what, f"{min(taken):.2f}-{max(taken):.2f}")
        met = is_met(cells, statistics.median(taken), MOST_SECONDS, "s", at_most=True) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
