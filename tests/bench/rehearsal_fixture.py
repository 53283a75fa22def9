"""What the fixture `fc_local` takes of a test's time: `python -m tests.bench.rehearsal_fixture`.

Ready: the start of the service in a fresh process, after its imports. Six hours: one invocation's retries, of a handler
that fails and of a function that is throttled. Reset: what follows each of these tests, and one whose handlers were
worker processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, TemporaryFile

from fc_async import AsyncInvokeConfig, DestinationConfig
from fc_async.local import LocalServer
from fc_async.testing import LocalFC
from fc_async.testing.local_fc import new_server
from tests.bench import report, servers

ROUNDS = 30
WARM_UP = 3
READY_BAR_MS = 300
SIX_HOURS_BAR_MS = 50
RESET_BAR_MS = 5
TO_QUEUE = DestinationConfig(on_failure="queue:dead")
EIGHT_RETRIES = AsyncInvokeConfig(destination_config=TO_QUEUE, max_async_retry_attempts=8)

Story = Callable[[LocalFC], "float | None"]
"""Uses the fixture as a test does; returns how many ms the six hours in it took, None where there are none."""


def main() -> bool:
    """Measure and print; return whether every bar is met."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    are_met = [ready(rounds)]
    with TemporaryDirectory() as folder, as_in_pytest(), new_server() as server:
        Path(folder, "index.py").write_text(servers.HANDLER)
        are_met += told(server, "8 retries", fails, rounds)
        are_met += told(server, "throttled", is_throttled, rounds)
        are_met += told(server, "worker processes", lambda fc: runs_a_folder(fc, folder), rounds)
    return all(are_met)


def told(server: LocalServer, name: str, story: Story, rounds: int) -> list[bool]:
    """Tell a story often; hold its six hours and the reset after it against their bars."""
    figures = [measured(server, story) for _ in range(WARM_UP + rounds)][WARM_UP:]
    six_hours = [hours_ms for hours_ms, _ in figures if hours_ms is not None]
    are_met = [row(f"fixture: six hours, {name}", six_hours, SIX_HOURS_BAR_MS)] if six_hours else []
    return [*are_met, row(f"fixture: reset, {name}", [reset_ms for _, reset_ms in figures], RESET_BAR_MS)]


def row(what: str, times: Sequence[float], bar: float, beside: str = "") -> bool:
    """Print the figures, and hold their median against the bar."""
    return report.is_met((what, f"{report.spread(times, 1)} ms", beside), median(times), bar, "ms", at_most=True)


def ready(rounds: int) -> bool:
    """Hold the start of a fresh process against its bar."""
    imports, starts = zip(*[of_a_fresh_process() for _ in range(WARM_UP + rounds)][WARM_UP:], strict=True)
    return row("fixture: ready after imports", starts, READY_BAR_MS, f"the imports {report.spread(imports)} ms")


def of_a_fresh_process() -> tuple[float, float]:
    """Return how many ms the imports took, and then the start."""
    command = [sys.executable, "-m", "tests.bench.fixture_ready"]
    printed = subprocess.run(command, stdout=subprocess.PIPE, env=servers.environment(), check=True, text=True).stdout
    imports_ms, start_ms = map(float, printed.split())
    return imports_ms, start_ms


@contextmanager
def as_in_pytest() -> Iterator[None]:
    """Take what goes to stderr, as the tracebacks of handlers."""
    with TemporaryFile() as taken:
        kept = os.dup(2)
        os.dup2(taken.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def measured(server: LocalServer, story: Story) -> tuple[float | None, float]:
    """Return how many ms the six hours of a story took, and the reset after it."""
    with LocalFC(server) as fc:
        six_hours_ms = story(fc)
        began = time.perf_counter()
    return six_hours_ms, since(began)


def since(began: float) -> float:
    """Return how many ms have passed."""
    return (time.perf_counter() - began) * 1000


def raises(event: bytes, context: object) -> None:
    """Fail, as a handler."""
    raise ValueError("no stock")


def fails(fc: LocalFC) -> float:
    """Have an invocation run 9 times."""
    fc.function("orders", raises, config=EIGHT_RETRIES)
    fc.functions.invoke_async("orders", {"id": 1})
    return six_hours(fc, attempts=9)


def is_throttled(fc: LocalFC) -> float:
    """Have an invocation tried for five hours."""
    fc.function("orders", raises, config=EIGHT_RETRIES)
    fc.limit("orders", 0)
    fc.functions.invoke_async("orders", {"id": 1})
    return six_hours(fc, attempts=None)


def six_hours(fc: LocalFC, attempts: int | None) -> float:
    """Let them pass; return how many ms they took."""
    began = time.perf_counter()
    fc.advance("6h")
    took = since(began)
    letters = fc.records("dead")
    if len(letters) != 1 or attempts not in (None, letters[0].approximate_invoke_count):
        raise SystemExit(f"expected one letter after {attempts} attempts, found {letters}")
    return took


def runs_a_folder(fc: LocalFC, folder: str) -> None:
    """Have two worker processes run."""
    fc.function("orders", code=folder, config=EIGHT_RETRIES)
    for _ in range(2):
        fc.functions.invoke_async("orders", {"id": 1})
    fc.settle()


if __name__ == "__main__":
    is_done = main()
    report.say(f"\n{report.machine()}")
    sys.exit(not is_done)
