"""The bare engine under virtual time: `python -m tests.bench.local_engine`.

Each invocation of 100 bytes fails once, is retried, succeeds, and its record is written out. In each second of a time
that nobody waits for come 10,000. No HTTP, no handler, no clock.
"""

from __future__ import annotations

import sys
import time

from fc_async.local.engine.destination_record import record_bytes
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.invocation import Outcome
from fc_async.local.engine.lane import Settings
from tests.bench import report

INVOCATIONS = 1_000_000
IN_A_SECOND = 10_000
BAR = 12_000
FAILURE = Outcome(b'{"errorMessage": "no"}', "UnhandledInvocationError")
SUCCESS = Outcome(b'"done"')


def main() -> None:
    """Measure and print."""
    invocations = int(sys.argv[1]) if len(sys.argv) > 1 else INVOCATIONS
    started = time.perf_counter()
    delivered = run(invocations)
    rate = invocations / (time.perf_counter() - started)
    if delivered != invocations:
        raise SystemExit(f"expected {invocations} records, {delivered} were delivered")
    report.row(f"engine, {invocations:,} invocations", f"{rate:,.0f} per s", "", "", f"≥ {BAR:,} per s")


def run(invocations: int) -> int:
    """Take them through their lives; return how many records were delivered."""
    engine = Engine()
    engine.functions.add("main")
    engine.functions.configure("main", None, Settings(on_success="acs:mns:cn-hangzhou::/queues/done/messages"))
    accepted = delivered = now_ms = 0
    while accepted < invocations or engine.backlog:
        for number in range(accepted, min(accepted + IN_A_SECOND, invocations)):
            engine.accept(now_ms, "main", b"x" * 100, f"1-00000000-{number:024x}")
        accepted = min(accepted + IN_A_SECOND, invocations)
        engine.due(now_ms)
        while (invocation := engine.start(now_ms)) is not None:
            engine.finished(now_ms, invocation, FAILURE if invocation.attempts == 1 else SUCCESS)
        for delivery in engine.take_deliveries():
            record_bytes(delivery.record)
            engine.settled(delivery, "delivered")
            delivered += 1
        now_ms += 1000
    return delivered


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")
