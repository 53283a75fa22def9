"""How many letters a Consumer takes a second, beside a plain loop over the official SDK, where a call takes 20 ms.

    python -m tests.bench.consumer [LETTERS]

Exit 1 when the Consumer with an empty handler is not 45 times as fast, when its memory grows by 30 MB between letter
5,000 and the last one, or when it takes 1 % of a core while the queue is empty.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mns.account import Account

from fc_async import Consumer, Letter, QueueClient
from tests.bench.report import machine, rounds_from
from tests.bench.servers import LOCAL_UP, started

PROXY = Path(__file__).with_name("delaying_proxy.py")
LOOP_LETTERS = 60
ROUNDS = 3
ROUND_LETTERS = 4000
LEAST_RATIO = 45
MOST_GROWTH_MB = 30
IDLE_SECONDS = 20
MOST_IDLE_SHARE = 0.01
BODY = json.dumps(
    {
        "timestamp": 1767225600000,
        "requestContext": {
            "requestId": "1-a",
            "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/orders",
            "condition": "UnhandledInvocationError",
            "approximateInvokeCount": 1,
        },
        "requestPayload": json.dumps({"order": 4711}),
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": "{}",
    }
)


class Silence:
    """A logger for the SDK, whose own writes a file next to its code."""

    def __getattr__(self, _: str) -> object:
        return lambda *_, **__: None


def fill(queue: QueueClient, letters: int) -> None:
    """Send so many letters, past the proxy."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue.send(BODY), range(letters)))


def loop_rate(url: str) -> float:
    """Return the letters a second of receive, parse, delete, as a script without this library does."""
    account = Account(url, "id", "secret", logger=Silence())
    queue = account.get_queue("dead")
    queue.set_encoding(False)
    began = time.perf_counter()
    for _ in range(LOOP_LETTERS):
        message = queue.receive_message(1)
        json.loads(message.message_body)
        queue.delete_message(message.receipt_handle)
    return LOOP_LETTERS / (time.perf_counter() - began)


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def consumer_rate(queue: QueueClient, letters: int) -> tuple[float, float]:
    """Return the letters a second, and by how many MB the memory grew after letter 5,000."""
    lock, count, at_5000 = threading.Lock(), 0, resident_mb()

    def handle(_: Letter) -> None:
        nonlocal count, at_5000
        with lock:
            count += 1
            if count == 5000:
                at_5000 = resident_mb()

    began = time.perf_counter()
    summary = Consumer(queue, handle).run(max_messages=letters)
    rate = letters / (time.perf_counter() - began)
    if summary.acknowledged != letters:
        raise SystemExit(f"not every letter was acknowledged: {summary}")
    return rate, resident_mb() - at_5000


def idle_share(queue: QueueClient) -> float:
    """Return the share of a core that a consumer of an empty queue takes."""
    began = os.times()
    Consumer(queue, lambda _: None).run(deadline_seconds=IDLE_SECONDS)
    ended = os.times()
    return (ended.user + ended.system - began.user - began.system) / (ended.elapsed - began.elapsed)


def main() -> int:
    """Measure, print, and tell whether the bars are met."""
    letters = rounds_from(sys.argv, 100_000)
    ratios = []
    print(machine())
    with (
        started(*LOCAL_UP) as (port, _),
        started(str(PROXY), str(port)) as (proxy, _),
        QueueClient("dead", endpoint=f"http://127.0.0.1:{port}") as near,
        QueueClient("dead", endpoint=f"http://127.0.0.1:{proxy}") as far,
    ):
        near.create()
        for _ in range(ROUNDS):
            fill(near, LOOP_LETTERS + ROUND_LETTERS)
            loop = loop_rate(f"http://127.0.0.1:{proxy}")
            rate, _ = consumer_rate(far, ROUND_LETTERS)
            ratios.append(rate / loop)
            print(f"  loop {loop:6.1f} letters/s, Consumer {rate:8.1f} letters/s: {rate / loop:5.1f} times")
        fill(near, letters)
        rate, growth = consumer_rate(far, letters)
        share = idle_share(far)
    ratio = statistics.median(ratios)
    print(f"  median {ratio:.1f} times (bar: {LEAST_RATIO})")
    print(f"  {letters:,} letters at {rate:.1f}/s: {growth:+.1f} MB after letter 5,000 (bar: {MOST_GROWTH_MB})")
    print(f"  idle: {share:.2%} of a core (bar: {MOST_IDLE_SHARE:.0%})")
    return 0 if ratio >= LEAST_RATIO and growth < MOST_GROWTH_MB and share < MOST_IDLE_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
