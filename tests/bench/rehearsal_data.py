"""What it costs that a state survives (`--data`): `python -m tests.bench.rehearsal_data`.

Accepting an invocation of 1 KB beside a bare aiohttp handler; cycles of send, receive and delete beside a service that
stores nothing; and the start on 100,000 stored invocations, after a SIGKILL, beside one on none.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench import bare_server, local_accept, report, servers
from tests.bench.queue_cycles import QueueCycles, mns
from tests.bench.raw_client import RawClient, post
from tests.bench.rehearsal_queues import CONNECTIONS, CYCLES, alternate, mns_server

ROUNDS = 15
ACCEPT_BARS = {1: 0.6, 8: 0.6}
CYCLES_BAR = 0.5
STORED = 100_000
STARTS = 5
START_BAR_MS = 3000


def main() -> bool:
    """Measure and print; return whether every bar is met."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    with TemporaryDirectory() as folder:
        accepts, queues, stored, empty = (Path(folder, name) for name in ("accepts", "queues", "stored", "empty"))
        return all([*accept(rounds, accepts), cycles(rounds, queues), start(stored, empty)])


def accept(rounds: int, data: Path) -> list[bool]:
    """Hold the rate of durable accepts against that of a bare handler."""
    rates = local_accept.measured(rounds, "--data", str(data))
    return [
        report.is_met(
            local_accept.cells(rates, connections, "durable accept"),
            report.median_of_ratios(rates["local", connections], rates["bare", connections]),
            bar,
            "× bare",
        )
        for connections, bar in ACCEPT_BARS.items()
    ]


def cycles(rounds: int, data: Path) -> bool:
    """Hold the rate of stored cycles against that of cycles that are not."""
    with mns_server() as port, mns_server("--data", str(data)) as stored_port:
        without, stored = (QueueCycles(one, mns("q"), connections=CONNECTIONS) for one in (port, stored_port))
        rates = alternate(rounds, (stored, CYCLES), (without, CYCLES))
    return report.is_met(
        (
            "send + receive + delete, stored",
            f"{report.spread(rates[0])} per s",
            f"without --data {report.spread(rates[1])} per s",
        ),
        report.median_of_ratios(*rates),
        CYCLES_BAR,
        "× without",
    )


def start(stored: Path, empty: Path) -> bool:
    """Hold the start on many invocations against its bar."""
    fill(stored)
    times = [(start_ms(stored, STORED), start_ms(empty, 0)) for _ in range(STARTS)]
    on_many, on_none = zip(*times, strict=True)
    return report.is_met(
        (
            f"start on {STORED:,} stored invocations",
            f"{report.spread(on_many)} ms",
            f"on none {report.spread(on_none)} ms",
        ),
        median(on_many),
        START_BAR_MS,
        "ms",
        at_most=True,
    )


def fill(data: Path) -> None:
    """Store the invocations, and kill what has."""
    with servers.local_up("--workers", "0", "--data", str(data)) as (port, pid):
        request = post(bare_server.PATH, b"x" * 1024, X_Fc_Invocation_Type="Async")
        client = RawClient(port, request, connections=CONNECTIONS, status=202)
        client.rate(STORED)
        client.close()
        os.kill(pid, signal.SIGKILL)


def start_ms(data: Path, stored: int) -> float:
    """Return how many ms it takes from the start of the process to its first answer; then kill it."""
    started = time.perf_counter()
    with servers.local_up("--workers", "0", "--data", str(data)) as (port, pid):
        backlog = waiting(port)
        took = (time.perf_counter() - started) * 1000
        os.kill(pid, signal.SIGKILL)
    if backlog != stored:
        raise SystemExit(f"{stored:,} invocations were accepted, {backlog:,} are there after a kill")
    return took


def waiting(port: int) -> int:
    """Return how many invocations have not ended."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/_local/health")
    metrics = json.loads(connection.getresponse().read())["metrics"]
    connection.close()
    return int(metrics["FunctionAsyncMessagesBacklogV2"])


if __name__ == "__main__":
    is_done = main()
    report.say(f"\n{report.machine()}")
    sys.exit(not is_done)
