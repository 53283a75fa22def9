"""Send, receive and delete messages of 1 KB over 8 connections: `python -m tests.bench.rehearsal_queues`.

The same raw client asks MNS here and moto_server's SQS (`pip install --group bench`). Then a queue with 100,000
messages waiting beside one with none. Storage off; the rounds of what is compared alternate.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import report, servers
from tests.bench.local_topics import put
from tests.bench.queue_cycles import MESSAGE, QueueCycles, mns, sqs, sqs_call
from tests.bench.raw_client import RawClient, post

ROUNDS = 15
CYCLES = 1000
CYCLES_OF_MOTO = 100
WARM_UP = 200
CONNECTIONS = 8
MOTO_BAR = 12
WAITING = 100_000
WAITING_BAR = 1.3
IN_A_BATCH = 16
DEADLINE_SECONDS = 30
MOTO_QUEUE = "http://127.0.0.1/123456789012/q"


def main() -> bool:
    """Measure and print; return whether both bars are met."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    return all([beside_moto(rounds), with_many_waiting(rounds)])


def beside_moto(rounds: int) -> bool:
    """Hold the rate of cycles against that of moto_server's SQS."""
    with mns_server() as port, moto_server() as moto_port:
        ours, theirs = (
            QueueCycles(port, mns("q"), connections=CONNECTIONS),
            QueueCycles(moto_port, sqs(MOTO_QUEUE), connections=CONNECTIONS),
        )
        measured = alternate(rounds, (ours, CYCLES), (theirs, CYCLES_OF_MOTO))
    return report.is_met(
        (
            f"send + receive + delete, {CONNECTIONS} connections",
            f"{report.spread(measured[0])} per s",
            f"moto_server's SQS {report.spread(measured[1])} per s",
        ),
        report.median_of_ratios(*measured),
        MOTO_BAR,
        "× moto",
    )


def with_many_waiting(rounds: int) -> bool:
    """Hold the time of a cycle with 100,000 messages waiting against that with none."""
    with mns_server() as port, mns_server() as crowded_port:
        crowd(crowded_port)
        alone, crowded = (QueueCycles(one, mns("q"), connections=CONNECTIONS) for one in (port, crowded_port))
        measured = alternate(rounds, (alone, CYCLES), (crowded, CYCLES))
    return report.is_met(
        (
            f"the same with {WAITING:,} waiting",
            f"{report.spread(measured[1])} per s",
            f"with none {report.spread(measured[0])} per s",
        ),
        report.median_of_ratios(*measured),
        WAITING_BAR,
        "× the time",
        at_most=True,
    )


def alternate(rounds: int, *measured: tuple[QueueCycles, int]) -> list[list[float]]:
    """Return the rates of each, which takes its turn in every round, after a warm-up; and hang up."""
    for cycles, _ in measured:
        cycles.rate(WARM_UP)
    rates = [[cycles.rate(number) for cycles, number in measured] for _ in range(rounds)]
    for cycles, _ in measured:
        cycles.close()
    return [list(of_one) for of_one in zip(*rates, strict=True)]


@contextmanager
def mns_server(*arguments: str) -> Iterator[int]:
    """Run a local service with a queue, q, and these further arguments; give its port."""
    with servers.started(*servers.LOCAL_UP, "--workers", "0", *arguments) as (port, _):
        put(port, [("/queues/q", "<Queue/>")])
        yield port


def crowd(port: int) -> None:
    """Send the messages that wait, in batches."""
    one = b"<Message><MessageBody>" + MESSAGE + b"</MessageBody></Message>"
    body = b"<Messages>" + one * IN_A_BATCH + b"</Messages>"
    request = post("/queues/q/messages", body, x_mns_version="2015-06-06", Content_Type="text/xml")
    client = RawClient(port, request, connections=1, status=201)
    client.rate(WAITING // IN_A_BATCH)
    client.close()


@contextmanager
def moto_server() -> Iterator[int]:
    """Run moto_server with a queue; give its port."""
    with servers.listening() as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("moto_server")), "-p", str(port)]
    if not Path(command[0]).exists():
        raise SystemExit("moto_server is not installed beside this Python: pip install --group bench")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=servers.environment())
    try:
        wait_for(port)
        client = RawClient(port, sqs_call("CreateQueue", QueueName="q"), connections=1, status=200)
        client.rate(1)
        client.close()
        yield port
    finally:
        process.kill()
        process.wait()


def wait_for(port: int) -> None:
    """Return as soon as something listens there."""
    started = time.perf_counter()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.perf_counter() - started > DEADLINE_SECONDS:
                raise SystemExit(f"nothing listens at port {port} after {DEADLINE_SECONDS} s") from None
            time.sleep(0.01)
        else:
            return


if __name__ == "__main__":
    is_done = main()
    report.say(f"\n{report.machine()}")
    sys.exit(not is_done)
