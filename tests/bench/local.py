"""All benchmarks of the local service, as one table: `python -m tests.bench.local`."""

from __future__ import annotations

from tests.bench import (
    local_accept,
    local_end_to_end,
    local_engine,
    local_idle,
    local_ready,
    local_topics,
    report,
)


def main() -> None:
    """Measure and print."""
    report.say(f"{report.machine()}\n")
    report.row("what", "here", "beside it, in the same run", "ratio", "bar")
    report.row("---", "---", "---", "---", "---")
    for benchmark in (local_accept, local_end_to_end, local_topics, local_ready, local_engine, local_idle):
        benchmark.main()


if __name__ == "__main__":
    main()
