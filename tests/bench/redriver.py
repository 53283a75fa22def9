"""How many letters a second instances of examples/dlq/redriver send again, where a call takes 20 ms.

    python -m tests.bench.redriver [LETTERS]

Every instance has LETTERS (default 2,000) to itself, on average. It measures, and has no bar: with several instances it
is the cores of this machine, which they share with the service, that set the limit.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient
from fc_async.local.up.status import add_fault, clear_faults, read_status
from fc_async.testing import record
from tests.bench.report import machine, rounds_from
from tests.bench.servers import LOCAL_UP, started

FOLDER = Path(__file__).parents[2] / "examples" / "dlq" / "redriver"
QUEUE = "dlq-dead-letters"
INSTANCES = (1, 2, 4)
ROUNDS = 3
DELAY_SECONDS = 0.02
ENDED = ("Succeeded", "Failed")
ORDERS = "def handler(event, context):\n    return {}\n"


def deploy(client: FunctionsClient, folder: Path) -> None:
    """Deploy the redriver, and the function whose letters it sends again."""
    variables = {"DEAD_LETTERS": QUEUE, "FIXED_AT": "2100-01-01T00:00:00+00:00", "IDLE_SECONDS": "1"}
    settings = {"runtime": "python3.10", "handler": "index.handler"}
    client.deploy_function("dlq-redriver", FOLDER, timeout_seconds=295, environment=variables, **settings)
    (folder / "index.py").write_text(ORDERS)
    client.deploy_function("orders", folder, **settings)
    client.put_config("orders", AsyncInvokeConfig(destination_config=DestinationConfig(on_failure=f"queue:{QUEUE}")))


def rate(url: str, client: FunctionsClient, queue: QueueClient, instances: int, letters: int) -> float:
    """Return the letters a second that so many instances send."""
    body = record({"order": 4711}, function="orders", error="no stock").text
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue.send(body), range(letters)))
    add_fault(url, {"action": "*", "delaySeconds": DELAY_SECONDS})
    began = time.perf_counter()
    for _ in range(instances):
        client.invoke_async("dlq-redriver", {})
    while (found := queue.get_attributes()).active_messages or found.inactive_messages:
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    clear_faults(url)
    while any(one["status"] not in ENDED for one in read_status(url, function="dlq-redriver")["invocations"]):
        time.sleep(0.05)
    return letters / seconds


def main() -> int:
    """Measure and print."""
    each = rounds_from(sys.argv, 2000)
    print(machine())
    for instances in INSTANCES:
        with (
            tempfile.TemporaryDirectory() as folder,
            started(*LOCAL_UP, "--workers", str(instances + 1), "--quiet") as (port, _),
            FunctionsClient(endpoint=f"http://127.0.0.1:{port}") as client,
            QueueClient(QUEUE, endpoint=f"http://127.0.0.1:{port}") as queue,
        ):
            queue.create()
            deploy(client, Path(folder))
            rate(f"http://127.0.0.1:{port}", client, queue, instances, 200)  # the first start loads the code
            found = [
                rate(f"http://127.0.0.1:{port}", client, queue, instances, each * instances) for _ in range(ROUNDS)
            ]
        print(f"  {instances} instances: {statistics.median(found):7.1f} letters/s ({min(found):.1f}-{max(found):.1f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
