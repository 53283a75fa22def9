"""How fast dead letters are sent again, pulled and summed up: `python -m tests.bench.redrive`.

A proxy puts 20 ms before every call, and the service executes nothing (`--workers 0`). Beside it, in the same run: a
plain loop over the two official SDKs, and the FC SDK alone from threads.
"""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.runtime import RuntimeOptions
from mns.account import Account
from mns.queue import Queue

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient, Redrive
from fc_async.dlq.custody import pull
from fc_async.mns.message import QueueMessage
from fc_async.testing import record
from tests.bench import report, servers

PROXY = Path(__file__).with_name("delaying_proxy.py")
LETTERS = 5000
LOOPED = 100
THREADS = (8, 16, 32)


class Silence:
    """A logger for the MNS SDK, whose own writes a file."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def main() -> bool:
    """Measure, print, and return whether every bar is met."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["XDG_STATE_HOME"] = str(folder)
        port, _ = stack.enter_context(servers.local_up("--workers", "0"))
        url = f"http://127.0.0.1:{port}"
        proxy, _ = stack.enter_context(servers.started(str(PROXY), str(port)))
        slow = f"http://127.0.0.1:{proxy}"
        prepare(url)
        looped = rate(LOOPED, lambda: plain_loop(url, slow, LOOPED))
        fill(url, LETTERS)
        redriven = rate(LETTERS, lambda: redrive(slow))
        best = max(rate(1500, lambda count=count: sdk_threads(slow, 1500, count)) for count in THREADS)
        taken_one_by_one = rate(LOOPED, lambda: receive_and_delete(url, slow, LOOPED))
        fill(url, LETTERS)
        pulled = rate(LETTERS, lambda: take_custody(slow, folder))
        are_met = [
            row("redrive of 5,000", redriven, "plain loop", looped, 15),
            row("redrive of 5,000", redriven, "best of the FC SDK's threads", best, 0.5),
            row("pull of 5,000", pulled, "receive one, delete one", taken_one_by_one, 40),
            summary(folder),
            memory(url),
        ]
    return all(are_met)


def row(what: str, ours: float, beside: str, theirs: float, bar: float) -> bool:
    """Print one line of the table; return whether its bar is met."""
    ratio = ours / theirs
    verdict = "" if ratio >= bar else ": MISSED"
    report.row(what, f"{ours:.0f} per s", f"{beside} {theirs:.1f} per s", f"{ratio:.2f} ×", f"≥ {bar} ×{verdict}")
    return ratio >= bar


def rate(count: int, call: Callable[[], object]) -> float:
    """Return how many a second a call does."""
    began = time.perf_counter()
    call()
    return count / (time.perf_counter() - began)


def prepare(url: str) -> None:
    """Have the function and its queues."""
    with FunctionsClient(endpoint=url) as functions:
        for name in ("dead", "failed"):
            QueueClient(name, endpoint=url).create()
        functions.put_config("main", AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:failed")))


def fill(url: str, count: int, start: int = 0) -> None:
    """Put letters into the queue."""
    queue = QueueClient("dead", endpoint=url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(queue.send, (body(number) for number in range(start, start + count))))


def body(number: int) -> str:
    """Return a letter."""
    return record({"n": number}, function="main", error="no stock", request_id=f"r-{number}").text


def sdk(url: str) -> Client:
    """Return the official client."""
    endpoint = url.removeprefix("http://")
    return Client(
        Config(
            access_key_id="id", access_key_secret="secret", endpoint=endpoint, protocol="http", region_id="cn-hangzhou"
        )
    )


def invoke(client: Client) -> None:
    """Invoke as the official SDK does."""
    client.invoke_function_with_options(
        "main",
        models.InvokeFunctionRequest(body=io.BytesIO(b'{"n": 1}')),
        models.InvokeFunctionHeaders(x_fc_invocation_type="Async"),
        RuntimeOptions(),
    )


def plain_loop(url: str, slow: str, count: int) -> None:
    """Receive one, invoke, delete one."""
    fill(url, count)
    client, queue = sdk(slow), official(slow)
    for _ in range(count):
        message = queue.receive_message(1)
        invoke(client)
        queue.delete_message(message.receipt_handle)


def official(url: str) -> Queue:
    """Return the official SDK's queue; it takes bodies for base64 unless it is told."""
    queue = Account(url, "id", "secret", logger=Silence()).get_queue("dead")
    queue.set_encoding(False)
    return queue


def receive_and_delete(url: str, slow: str, count: int) -> None:
    """Receive one, delete one."""
    fill(url, count)
    queue = official(slow)
    for _ in range(count):
        queue.delete_message(queue.receive_message(1).receipt_handle)


def sdk_threads(slow: str, count: int, threads: int) -> None:
    """Invoke from threads, and nothing else."""
    clients = [sdk(slow) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda number: invoke(clients[number % threads]), range(count)))


def redrive(slow: str) -> None:
    """Send the queue again."""
    summary = Redrive(QueueClient("dead", endpoint=slow), FunctionsClient(endpoint=slow)).run()
    if summary.sent != LETTERS:
        raise SystemExit(f"{summary.sent} of {LETTERS} were sent: {summary.ended}")


def take_custody(slow: str, folder: Path) -> None:
    """Pull the queue."""
    with pull(QueueClient("dead", endpoint=slow), folder / "night.spool") as spool:
        held = spool.counts().get("held", 0)
    if held != LETTERS:
        raise SystemExit(f"{held} of {LETTERS} were taken")


def summary(folder: Path) -> bool:
    """Sum up 100,000 letters, as a process."""
    from fc_async.dlq.spool import Spool
    from fc_async.dlq.spool_place import SpoolPlace

    path = folder / "large.spool"
    with Spool.create(path, SpoolPlace("1", "cn-hangzhou", "dead", "http://127.0.0.1:1")) as spool:
        for start in range(0, 100_000, 1000):
            spool.take(messages(start, 1000))
    began = time.perf_counter()
    command = [sys.executable, "-c", "from fc_async.cli.root import run; run()", "dlq", "summary", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    verdict = "" if seconds < 3 else ": MISSED"
    report.row("summary of 100,000", f"{seconds:.2f} s", "", "", f"< 3 s{verdict}")
    return seconds < 3


def messages(start: int, count: int) -> Iterator[QueueMessage]:
    """Yield messages as they would be received."""
    for number in range(start, start + count):
        yield QueueMessage(f"{number:032X}", body(number), enqueue_time=1_767_225_600_000 + number)


def memory(url: str) -> bool:
    """Send 100,000 letters, and see how much more is held than after 5,000."""
    marks: list[tuple[int, int]] = []
    fill(url, 100_000, start=10**6)

    def look(progress: SimpleNamespace) -> None:
        marks.append((progress.done, resident_kb()))

    Redrive(QueueClient("dead", endpoint=url), FunctionsClient(endpoint=url)).run(look)  # type: ignore[arg-type]
    early = next(kb for done, kb in marks if done >= 5000)
    grown_mb = (max(kb for done, kb in marks if done >= 5000) - early) / 1024
    verdict = "" if grown_mb < 30 else ": MISSED"
    report.row("RSS, letter 5,000 to 100,000", f"+{grown_mb:.1f} MB", "", "", f"< 30 MB{verdict}")
    return grown_mb < 30


def resident_kb() -> int:
    """Return the resident memory of this process."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    is_done = main()
    report.say(f"\n{report.machine()}")
    sys.exit(not is_done)
