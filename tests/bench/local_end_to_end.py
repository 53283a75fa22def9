"""Accept, run a trivial Python handler, deliver OnSuccess to a queue: `python -m tests.bench.local_end_to_end`.

100 bytes, 4 workers, 8 connections; a round ends when the last record is in the queue. Beside the rate at which a bare
aiohttp handler accepts at 8 connections, measured in turns with it. Three services: one with its log on (stderr goes
nowhere, but every line is made), one with `--quiet`, and one whose handler prints a line and whose log is on.
"""

from __future__ import annotations

import http.client
import json
import sys
import time

from tests.bench import bare_server, report, servers
from tests.bench.raw_client import RawClient, post

ROUNDS = 15
REQUESTS = 3000
WARM_UP = 1000
CONNECTIONS = 8
PRINTS = "def handler(event, context):\n    print(len(event), 'bytes')\n    return b'done'\n"
SERVICES = (
    ("", (), servers.HANDLER, 0.25),
    (", --quiet", ("--quiet",), servers.HANDLER, 0.30),
    (", the handler prints", (), PRINTS, 0.15),
)
QUEUE = "acs:mns:cn-hangzhou::/queues/done/messages"
POLL_SECONDS = 0.01


def main() -> None:
    """Measure and print."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    for name, arguments, handler, bar in SERVICES:
        measure(name, arguments, handler, bar, rounds)


def measure(name: str, arguments: tuple[str, ...], handler: str, bar: float, rounds: int) -> None:
    """Measure one service and print its row."""
    request = post(bare_server.PATH, b"x" * 100, X_Fc_Invocation_Type="Async", Content_Type="application/octet-stream")
    with (
        servers.started("-m", "tests.bench.bare_server") as (bare_port, _),
        servers.local_up("--workers", "4", *arguments, on_success=QUEUE, handler=handler) as (local_port, _),
    ):
        bare = RawClient(bare_port, request, connections=CONNECTIONS, status=202)
        local = RawClient(local_port, request, connections=CONNECTIONS, status=202)
        bare.rate(WARM_UP)
        delivered_rate(local, local_port, WARM_UP)
        bare_rates, local_rates = [], []
        for _ in range(rounds):
            bare_rates.append(bare.rate(REQUESTS))
            local_rates.append(delivered_rate(local, local_port, REQUESTS))
        bare.close()
        local.close()
    report.row(
        f"accept, run, deliver to a queue{name}",
        f"{report.spread(local_rates)} per s",
        f"bare accept {report.spread(bare_rates)} per s",
        f"{report.median_of_ratios(local_rates, bare_rates):.2f} × bare",
        f"≥ {bar} ×",
    )


def delivered_rate(client: RawClient, port: int, requests: int) -> float:
    """Invoke this many times, wait for as many records; return how many there were in a second."""
    until = delivered(port) + requests
    started = time.perf_counter()
    client.rate(requests)
    while delivered(port) < until:
        time.sleep(POLL_SECONDS)
    return requests / (time.perf_counter() - started)


def delivered(port: int) -> int:
    """Return how many records have reached their destination."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/_local/health")
    metrics = json.loads(connection.getresponse().read())["metrics"]
    connection.close()
    return int(metrics["FunctionDestinationSucceeded"])


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")
