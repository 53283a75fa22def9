"""How fast an invocation of 1 KB is accepted, beside a bare aiohttp handler: `python -m tests.bench.local_accept`.

Storage off, --workers 0. One round measures both servers at 1 connection and at 8, one after the other.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack

from tests.bench import bare_server, report, servers
from tests.bench.raw_client import RawClient, post

ROUNDS = 15
REQUESTS = 3000
WARM_UP = 1000
BARS = {1: 0.6, 8: 0.5}

Rates = dict[tuple[str, int], list[float]]
"""Requests a second in each round, by server and number of connections."""


def main() -> None:
    """Measure and print."""
    rates = measured(report.rounds_from(sys.argv, ROUNDS))
    for connections, bar in BARS.items():
        ratio = report.median_of_ratios(rates["local", connections], rates["bare", connections])
        report.row(*cells(rates, connections, "accept"), f"{ratio:.2f} × bare", f"≥ {bar} ×")


def cells(rates: Rates, connections: int, what: str) -> tuple[str, str, str]:
    """Return the cells of a row that say what was measured."""
    return (
        f"{what}, {connections} connection{'s'[: connections > 1]}",
        f"{report.spread(rates['local', connections])} per s",
        f"bare {report.spread(rates['bare', connections])} per s",
    )


def measured(rounds: int, *arguments: str) -> Rates:
    """Measure both servers; `fc-async local up` has these further arguments."""
    request = post(bare_server.PATH, b"x" * 1024, X_Fc_Invocation_Type="Async", Content_Type="application/octet-stream")
    with ExitStack() as stack:
        bare_port, _ = stack.enter_context(servers.started("-m", "tests.bench.bare_server"))
        local_port, _ = stack.enter_context(servers.local_up("--workers", "0", *arguments))
        clients = {
            (server, connections): RawClient(port, request, connections=connections, status=202)
            for connections in BARS
            for server, port in (("bare", bare_port), ("local", local_port))
        }
        for client in clients.values():
            client.rate(WARM_UP)
        rates: Rates = {key: [] for key in clients}
        for _ in range(rounds):
            for key, client in clients.items():
                rates[key].append(client.rate(REQUESTS))
        for client in clients.values():
            client.close()
    return rates


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")
