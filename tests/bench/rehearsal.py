"""All benchmarks of the rehearsal, as one table: `python -m tests.bench.rehearsal`. Exit 1 when a bar is missed."""

from __future__ import annotations

import sys

from tests.bench import rehearsal_data, rehearsal_fixture, rehearsal_queues, report


def main() -> int:
    """Measure, print, and tell whether the bars are met."""
    report.say(f"{report.machine()}\n")
    report.row("what", "here", "beside it, in the same run", "measured", "bar")
    report.row("---", "---", "---", "---", "---")
    are_met = [benchmark.main() for benchmark in (rehearsal_fixture, rehearsal_queues, rehearsal_data)]
    return 0 if all(are_met) else 1


if __name__ == "__main__":
    sys.exit(main())
