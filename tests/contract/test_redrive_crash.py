"""Redrives that are killed, and typed again: each letter has one accepted task, at least one invocation without tasks.

None is gone that was not accepted. `make test` kills each three times, `make crash` fifty times among more letters
(FC_ASYNC_CRASHES).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient
from fc_async.checks import FunctionName
from fc_async.dlq.entry import SENT, State
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.redrive_summary import Progress
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import place_of
from fc_async.dlq.task_id import task_id_of
from fc_async.local import LocalServer, ManualClock
from fc_async.mns.letter import Letter
from fc_async.testing import record
from tests.contract.fc_sdk import create_function, fc_client

KILLS = int(os.environ.get("FC_ASYNC_CRASHES", "3"))
LETTERS = max(300, 100 * KILLS)
CONCURRENCY = 16
HIDDEN_SECONDS = 31
SECONDS = 60

REDRIVE = """
import os, sys
from pathlib import Path
from fc_async import FunctionsClient, QueueClient
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.spool import Spool
url, folder, spool, out, after = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
def tell(payload):
    os.write(out, b".")
    return payload
source = Spool(Path(spool)) if spool else QueueClient("dead", endpoint=url)
with FunctionsClient(endpoint=url) as functions:
    Redrive(source, functions, folder=folder, transform=tell, wait_seconds=0).run()
"""


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(clock=ManualClock(), workers=0, seed=1) as one:
        yield one


@pytest.fixture
def functions(server: LocalServer) -> Iterator[FunctionsClient]:
    """Two functions: one has async tasks."""
    with FunctionsClient(endpoint=server.url) as client, QueueClient("failed", endpoint=server.url) as net:
        net.create()
        for name, is_task in (("tasks", True), ("plain", False)):
            create_function(fc_client(server), name, "def handler(event, context): pass")
            net_of = DestinationConfig(on_failure="queue:failed")
            client.put_config(name, AsyncInvokeConfig(destination_config=net_of, async_task=is_task))
        yield client


@pytest.fixture
def queue(server: LocalServer) -> Iterator[QueueClient]:
    with QueueClient("dead", endpoint=server.url) as client:
        client.create()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(client.send, (body(n) for n in range(LETTERS))))
        server.advance(60)
        yield client


def body(n: int) -> str:
    function = "tasks" if n % 2 else "plain"
    return record(f'{{"n":{n}}}', function=function, error="no", request_id=f"r-{n}").text


def killed(server: LocalServer, folder: Path, spool: str, random: Random) -> None:
    """Run a redrive, and kill it when it has begun some more letters."""
    read, write = os.pipe()
    after = random.randint(1, LETTERS // KILLS)
    arguments = (REDRIVE, server.url, str(folder), spool, str(write), str(after))
    process = subprocess.Popen([sys.executable, "-c", *arguments], pass_fds=[write])
    os.close(write)
    try:
        while after > 0 and select.select([read], [], [], SECONDS)[0] and (told := os.read(read, after)):
            after -= len(told)
        select.select([], [], [], random.uniform(0, 0.005))  # somewhere between one step and the next
    finally:
        process.kill()
        process.wait()
        os.close(read)


def invocations(server: LocalServer) -> list[dict[str, Any]]:
    """Return all that was accepted."""
    found: list[dict[str, Any]] = []
    while True:
        before = f"&before={found[-1]['requestId']}" if found else ""
        with urllib.request.urlopen(f"{server.url}/_local/invocations?limit=1000{before}", timeout=SECONDS) as answer:
            page = json.loads(answer.read())
        found += page
        if len(page) < 1000:
            return found


def expect_that_nothing_is_lost(server: LocalServer, entries: dict[str, Any]) -> None:
    """Expect one task of each letter of the one function, and an invocation that is noted of each of the other's."""
    found = invocations(server)
    tasks = Counter(one["taskId"] for one in found if one["function"] == "tasks")
    letters = [Letter.of(record(f'{{"n":{n}}}', request_id=f"r-{n}").as_queue_message()) for n in range(1, LETTERS, 2)]
    payloads = [json.dumps({"n": n}, separators=(",", ":")).encode() for n in range(1, LETTERS, 2)]
    wanted = [task_id_of(FunctionName("tasks"), *pair) for pair in zip(letters, payloads, strict=True)]
    assert tasks == Counter(wanted)
    plain = {one["requestId"] for one in found if one["function"] == "plain"}
    noted = [entries[f"r-{n}"] for n in range(0, LETTERS, 2)]
    assert set(noted) <= plain
    assert len(set(noted)) == LETTERS // 2
    assert len(plain) <= LETTERS // 2 + KILLS * CONCURRENCY


def acceptances(folder: Path) -> dict[str, str | None]:
    """Return what the spools know: request id of a letter, and of the invocation that was accepted for it."""
    found: dict[str, str | None] = {}
    for path in sorted(folder.glob("*.spool")):
        with Spool(path, read_only=True) as spool:
            for entry in spool.entries(states=SENT):
                if entry.new_request_id is not None or entry.fields.request_id not in found:
                    found[entry.fields.request_id or ""] = entry.new_request_id
    return found


@pytest.mark.crash
def test_a_redrive_of_a_queue_that_is_killed_again_and_again_loses_none_and_sends_no_task_twice(
    server: LocalServer, functions: FunctionsClient, queue: QueueClient, tmp_path: Path
) -> None:
    random = Random(KILLS)  # noqa: S311 - chance that repeats
    for _ in range(KILLS):
        killed(server, tmp_path, "", random)
        server.advance(HIDDEN_SECONDS)

    def on_progress(progress: Progress) -> None:
        if progress.waits_for:
            server.advance(HIDDEN_SECONDS)

    summary = Redrive(queue, functions, folder=tmp_path, wait_seconds=SECONDS).run(on_progress)
    assert (summary.drained, summary.in_queue_now, summary.left) == (True, 0, {})
    assert server.message_bodies("dead") == []
    expect_that_nothing_is_lost(server, acceptances(tmp_path))


@pytest.mark.crash
def test_a_redrive_of_a_spool_that_is_killed_again_and_again_loses_none_and_sends_no_task_twice(
    server: LocalServer, functions: FunctionsClient, queue: QueueClient, tmp_path: Path
) -> None:
    random = Random(KILLS + 1)  # noqa: S311 - chance that repeats
    path = tmp_path / "mine.spool"
    with Spool.create(path, place_of(queue)) as spool:
        while messages := queue.receive(16):
            spool.take(messages)
            queue.delete([one.receipt_handle for one in messages])
    for _ in range(KILLS):
        killed(server, tmp_path, str(path), random)
    with Spool(path) as spool:
        assert sum(spool.counts().values()) == LETTERS
        summary = Redrive(spool, functions, folder=tmp_path).run()
        assert (summary.drained, summary.left) == (True, {})
        assert {entry.state for entry in spool.entries()} <= {State.ACCEPTED, State.DONE}
    expect_that_nothing_is_lost(server, acceptances(tmp_path))
