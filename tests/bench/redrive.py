"""How fast dead letters are sent again, taken into custody, and grouped; and whether memory stays flat.

    python -m tests.bench.redrive [--letters 5000] [--rounds 3] [--memory 20000]

Every call takes 20 ms, but for memory and the summary. The service runs no handlers (`local up --workers 0`). Each bar
is held by the median of the rounds, each of which measures what stands beside it too. Exit 1 when a bar is missed;
`--memory 0` leaves memory out.
The bar for memory is meant for 100,000 letters (`--memory 100000`), which takes minutes; fewer are the default.
"""

from __future__ import annotations

import argparse
import functools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions
from mns.account import Account
from mns.queue import Queue

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient, QueueMessage
from fc_async.dlq.custody import pull
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.redrive_summary import Progress
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import place_of
from fc_async.local.up.status import add_fault, clear_faults
from fc_async.testing import record
from tests.bench import report
from tests.bench.servers import LOCAL_UP, environment, started

DELAY_SECONDS = 0.02
LOOP_LETTERS = 100
THREADS = (8, 16, 32, 64)
CONCURRENCY = 64
THREAD_INVOCATIONS = 1000
LEAST_TIMES_LOOP = 15
LEAST_PART_OF_SDK = 0.5
LEAST_TIMES_PULL_LOOP = 40
MOST_GROWTH_MB = 30
FROM_LETTER = 5000
MEMORY_LETTERS = 100_000
SUMMARY_LETTERS = 100_000
MOST_SUMMARY_SECONDS = 3
HANDLER = "def handler(event, context):\n    return b'done'\n"
NUMBERS = count()


class Silence:
    """A logger for the SDK, whose own writes a file next to its code."""

    def __getattr__(self, _: str) -> object:
        return lambda *_, **__: None


@dataclass(frozen=True)
class Scene:
    """A service with the function `orders`, whose letters lie in `dead`; its own failures would go to `failed`."""

    url: str
    functions: FunctionsClient
    queue: QueueClient
    folder: Path

    def fill(self, letters: int) -> None:
        """Send so many letters, no two of them alike."""
        batches = [[one_letter(next(NUMBERS)) for _ in range(size)] for size in sizes(letters)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.queue.send_batch, batches))

    @contextmanager
    def delayed(self) -> Iterator[None]:
        """Make every call take longer."""
        add_fault(self.url, {"action": "*", "delaySeconds": DELAY_SECONDS})
        try:
            yield
        finally:
            clear_faults(self.url)

    def empty(self) -> None:
        """See that nothing was left in the queue."""
        found = self.queue.get_attributes()
        if found.active_messages or found.inactive_messages:
            raise SystemExit(f"the queue is not empty: {found}")

    def official_queue(self) -> Queue:
        """Return the queue, by the official SDK."""
        queue = Account(self.url, "id", "secret", logger=Silence()).get_queue("dead")
        queue.set_encoding(False)
        return queue

    def official_functions(self) -> Client:
        """Return the client of the official SDK."""
        host = self.url.removeprefix("http://")
        return Client(Config(access_key_id="id", access_key_secret="secret", protocol="http", endpoint=host))


def sizes(letters: int) -> list[int]:
    """Return how many letters each batch holds."""
    return [min(16, letters - begun) for begun in range(0, letters, 16)]


def one_letter(number: int) -> QueueMessage:
    """Return a letter, as it is handed out."""
    sample = record({"order": number}, function="orders", error="no stock", request_id=f"r-{number}")
    return sample.as_queue_message(message_id=f"m-{number}")


@contextmanager
def scene() -> Iterator[Scene]:
    """Start the service, and everything in a folder that is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        port, _ = stack.enter_context(started(*LOCAL_UP, "--workers", "0", "--quiet", TMPDIR=str(folder)))
        url = f"http://127.0.0.1:{port}"
        functions = stack.enter_context(FunctionsClient(endpoint=url))
        queue = stack.enter_context(QueueClient("dead", endpoint=url))
        queue.create()
        with QueueClient("failed", endpoint=url) as failed:
            failed.create()
        code = folder / "code"
        code.mkdir()
        (code / "index.py").write_text(HANDLER)
        functions.deploy_function("orders", code, runtime="python3.10", handler="index.handler")
        functions.put_config(
            "orders", AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:failed"))
        )
        yield Scene(url, functions, queue, folder)


# what is measured, and what stands beside it: letters a second


def rate(letters: int, work: Callable[[], None]) -> float:
    """Return the letters a second."""
    began = time.perf_counter()
    work()
    return letters / (time.perf_counter() - began)


def invoke(sdk: Client, body: Any) -> None:
    """Invoke once, by the official SDK."""
    answer = sdk.invoke_function_with_options(
        "orders",
        models.InvokeFunctionRequest(body=body),
        models.InvokeFunctionHeaders(x_fc_invocation_type="Async"),
        RuntimeOptions(),
    )
    if answer.status_code != 202:
        raise SystemExit(f"the official SDK was answered {answer.status_code}")


def redrive_loop(at: Scene) -> None:
    """Receive one, invoke, delete one: as a script without this library does."""
    queue, sdk = at.official_queue(), at.official_functions()
    for _ in range(LOOP_LETTERS):
        message = queue.receive_message(1)
        invoke(sdk, message.message_body.encode())
        queue.delete_message(message.receipt_handle)


def pull_loop(at: Scene) -> None:
    """Receive one, delete one."""
    queue = at.official_queue()
    for _ in range(LOOP_LETTERS):
        queue.delete_message(queue.receive_message(1).receipt_handle)


def sdk_rate(at: Scene) -> tuple[float, int]:
    """Return the most invocations a second that the official SDK reaches, and from how many threads."""
    sdk = at.official_functions()
    found = []

    def all_of_them(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: invoke(sdk, b'{"order": 4711}'), range(THREAD_INVOCATIONS)))

    for threads in THREADS:
        found.append((rate(THREAD_INVOCATIONS, functools.partial(all_of_them, threads)), threads))
    return max(found)


def redrive(at: Scene, letters: int, on_progress: Callable[[Progress], None] | None = None) -> None:
    """Redrive the queue, from as many threads as the SDK's invocations beside it at most."""
    folder = at.folder / f"spools-{next(NUMBERS)}"  # no spools of earlier rounds, each of which is looked into
    result = Redrive(at.queue, at.functions, concurrency=CONCURRENCY, folder=folder).run(on_progress)
    if result.sent != letters or not result.drained:
        raise SystemExit(f"not every letter was sent again: {result}")


def take(at: Scene, letters: int) -> None:
    """Take the queue into custody."""
    with pull(at.queue, at.folder / f"pulled-{next(NUMBERS)}.spool") as spool:
        if sum(spool.counts().values()) != letters:
            raise SystemExit(f"not every letter was taken: {spool.pulled}")


# the rows


def redrives(at: Scene, letters: int, rounds: int) -> bool:
    """Measure a redrive beside a loop over both SDKs, and beside the SDK's invocations alone."""
    mine, loops, alone, threads = [], [], [], []
    for _ in range(rounds):
        at.fill(letters + LOOP_LETTERS)
        with at.delayed():
            loops.append(rate(LOOP_LETTERS, lambda: redrive_loop(at)))
            best, of_threads = sdk_rate(at)
            alone.append(best)
            threads.append(of_threads)
            mine.append(rate(letters, lambda: redrive(at, letters)))
        at.empty()
    what = (f"redrive of {letters:,} letters, {CONCURRENCY} at a time", f"{shown(mine)} letters/s")
    beside = f"FC SDK, invocations only, {statistics.median_low(threads)} threads: {shown(alone)}/s"
    met = report.is_met(
        (*what, f"loop over both SDKs: {shown(loops, 1)} letters/s"),
        report.median_of_ratios(mine, loops),
        LEAST_TIMES_LOOP,
        "×",
    )
    return report.is_met((*what, beside), report.median_of_ratios(mine, alone), LEAST_PART_OF_SDK, "×") and met


def pulls(at: Scene, letters: int, rounds: int) -> bool:
    """Measure taking custody beside a loop over the SDK."""
    mine, loops = [], []
    for _ in range(rounds):
        at.fill(letters + LOOP_LETTERS)
        with at.delayed():
            loops.append(rate(LOOP_LETTERS, lambda: pull_loop(at)))
            mine.append(rate(letters, lambda: take(at, letters)))
        at.empty()
    cells = (
        f"pull of {letters:,} letters",
        f"{shown(mine)} letters/s",
        f"loop over the MNS SDK: {shown(loops, 1)} letters/s",
    )
    return report.is_met(cells, report.median_of_ratios(mine, loops), LEAST_TIMES_PULL_LOOP, "×")


def shown(values: list[float], digits: int = 0) -> str:
    """Return the median, and in brackets the least and the most."""
    least, middle, most = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f}-{most:,.{digits}f})"


def memory(at: Scene, letters: int) -> bool:
    """Measure by how much a redrive's memory grows after its first letters."""
    at.fill(letters)
    first: list[float] = []

    def see(progress: Progress) -> None:
        if not first and progress.sent >= FROM_LETTER:
            first.append(resident_mb())

    of_letters = rate(letters, lambda: redrive(at, letters, see))
    less = "" if letters >= MEMORY_LETTERS else f" (fewer than the {MEMORY_LETTERS:,} that are promised)"
    what = f"memory of a redrive, letter {FROM_LETTER:,} to {letters:,}{less}"
    cells = (what, f"{of_letters:,.0f} letters/s, no delay", f"{first[0]:.0f} MB at letter {FROM_LETTER:,}")
    return report.is_met(cells, resident_mb() - first[0], MOST_GROWTH_MB, "MB", at_most=True)


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def summaries(at: Scene, rounds: int) -> bool:
    """Measure how long a process takes to group the letters of a spool."""
    path = at.folder / "many.spool"
    with Spool.create(path, place_of(at.queue)) as spool:
        for begun in range(0, SUMMARY_LETTERS, 1000):
            spool.take([one_letter(number) for number in range(begun, begun + 1000)])
    command = [sys.executable, *LOCAL_UP[:2], "dlq", "summary", str(path)]
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - began)
    if f"{SUMMARY_LETTERS}" not in done.stdout.replace(",", ""):
        raise SystemExit(f"the summary does not count every letter: {done.stdout}")
    cells = (f"`dlq summary` of {SUMMARY_LETTERS:,} letters", f"{shown(seconds, 2)} s", "-")
    return report.is_met(cells, statistics.median(seconds), MOST_SUMMARY_SECONDS, "s", at_most=True)


def main() -> int:
    """Measure, print, and tell whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=20_000, help=f"letters, over {FROM_LETTER:,}; 0: none")
    asked = parser.parse_args()
    report.say(f"{report.machine()}\n")
    report.row("what", "here", "beside it, in the same run", "ratio or size", "bar")
    report.row("---", "---", "---", "---", "---")
    with scene() as at:
        met = [redrives(at, asked.letters, asked.rounds), pulls(at, asked.letters, asked.rounds)]
        met.append(summaries(at, asked.rounds))
    if asked.memory:
        with scene() as at:
            met.append(memory(at, asked.memory))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
