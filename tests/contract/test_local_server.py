"""The local service as an object: in an event loop, in a thread, with time that a test moves."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Coroutine, Set
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fc_async.errors import LocalError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.catalog.function import DeployedFunction, FunctionSpec
from fc_async.local.engine.invocation import Outcome
from fc_async.local.up.log import SafeFormatter
from fc_async.local.workers.execution import Execution
from tests.contract.fc_sdk import create_function, fc_client, invoke, invoke_async, put_config, request

PATH = "/2023-03-30/functions/main/invocations"


class FailingRunner:
    """Runs nothing: every execution fails, and is noted."""

    workers = free = 1

    def __init__(self) -> None:
        self.events: list[bytes] = []

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        self.events.append(event)
        return self._failed()

    async def _failed(self) -> Execution:
        return Execution(Outcome(b"{}", "UnhandledInvocationError"))

    def abort(self, function: str) -> None:
        pass

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        return set()

    async def close(self) -> None:
        pass


def test_it_serves_inside_a_running_event_loop(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("def handler(event, context): return event")

    async def use() -> bytes:
        spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path)
        async with (
            LocalServer(workers=1, functions=[spec]) as local,
            aiohttp.ClientSession() as session,
            session.post(local.url + PATH, data=b"in the loop") as answer,
        ):
            return await answer.read()

    assert asyncio.run(use()) == b"in the loop"


def test_a_runner_of_ones_own_takes_the_place_of_processes(tmp_path: Path) -> None:
    runner = FailingRunner()
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path)
    with LocalServer(clock=ManualClock(), runner=runner, functions=[spec]) as local:
        invoke_async(fc_client(local), "main", b"x")
        local.advance(2)
        assert runner.events == [b"x"] * 3
        local.advance(1)
        assert runner.events == [b"x"] * 4


def test_a_function_that_cannot_be_there_from_the_start_stops_it(tmp_path: Path) -> None:
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path / "gone")
    before = set(threading.enumerate())
    with pytest.raises(LocalError, match="expected a folder of code"), LocalServer(functions=[spec]):
        pass
    assert [thread.name for thread in set(threading.enumerate()) - before if thread.name == "fc-async-local"] == []


def open_descriptors() -> int:
    gc.collect()  # what an earlier test has left is closed now, and not in between
    return len(os.listdir("/dev/fd"))


def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    async def left_open(server: LocalServer, expected: type[Exception]) -> int:
        before = open_descriptors()
        with pytest.raises(expected):
            await server.start()
        return open_descriptors() - before

    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path / "gone")
    assert asyncio.run(left_open(LocalServer(functions=[spec]), LocalError)) == 0
    folder = tempfile.gettempdir()
    tempfile.tempdir = str(tmp_path / "gone")  # where the service makes its folder: it cannot
    try:
        assert asyncio.run(left_open(LocalServer(), OSError)) == 0
    finally:
        tempfile.tempdir = folder


def test_a_service_that_was_stopped_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    async def lives() -> tuple[int, list[int]]:
        server, found = LocalServer(), []
        before = open_descriptors()
        for _ in range(2):
            await server.start()
            async with aiohttp.ClientSession() as session, session.get(f"{server.url}/_local/health") as answer:
                found.append(answer.status)
            await server.stop()
            await server.stop()
            with pytest.raises(LocalError, match="with LocalServer"):
                server.deploy_folder(FunctionSpec("main", "python3.10", "index.handler", tmp_path))
        return open_descriptors() - before, found

    assert asyncio.run(lives()) == (0, [200, 200])


def test_a_service_that_does_not_run_says_so(tmp_path: Path) -> None:
    server = LocalServer(clock=ManualClock())
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path)
    for call in (lambda: server.deploy_folder(spec), server.settle, lambda: server.advance(1)):
        with pytest.raises(LocalError, match="with LocalServer"):
            call()


def test_only_a_manual_clock_can_be_moved() -> None:
    with LocalServer() as local, pytest.raises(LocalError, match="ManualClock"):
        local.advance(1)


def test_the_same_seed_gives_the_same_ids() -> None:
    found = set()
    for _ in range(2):
        with LocalServer(clock=ManualClock(), seed=7) as local:
            found.add(request(local, "GET", "/_local/health")[1]["x-fc-request-id"])
    assert len(found) == 1


def test_health_counts_by_the_names_of_cloudmonitor() -> None:
    with LocalServer(clock=ManualClock(), workers=1) as local:
        client = fc_client(local)
        create_function(client, "main", "def handler(event, context): pass\n")
        put_config(client, "main", on_success="acs:mns:::/queues/nobody/messages")
        invoke_async(client, "main")
        local.advance(4)
        status, _, body = request(local, "GET", "/_local/health")
        assert (status, json.loads(body)) == (
            200,
            {
                "status": "ok",
                "metrics": {
                    "FunctionEnqueueCount": 1,
                    "FunctionDequeueCount": 1,
                    "FunctionAsyncEventExpiredDropped": 0,
                    "FunctionAsyncMessageLatencyMax": 0,
                    "FunctionTotalInvocations": 1,
                    "FunctionFunctionErrors": 0,
                    "FunctionConcurrencyThrottles": 0,
                    "FunctionResourceThrottles": 0,
                    "FunctionDestinationErrors": 1,
                    "FunctionDestinationSucceeded": 0,
                    "FunctionAsyncMessageLatencyAvg": 0,
                    "FunctionAsyncMessagesBacklogV2": 0,
                    "FunctionAsyncMessagesInProcess": 0,
                    "TopicMessagesPublished": 0,
                    "TopicNotificationsDelivered": 0,
                    "TopicNotificationsLost": 0,
                    "TopicNotificationsWaiting": 0,
                },
            },
        )


def test_many_clients_at_once_share_few_workers() -> None:
    with LocalServer(workers=2) as local:
        create_function(fc_client(local), "main", "def handler(event, context): return event\n")
        answers: list[bytes] = []

        def call(number: int) -> None:
            client = fc_client(local)
            for turn in range(5):
                invoke_async(client, "main")
                answers.append(invoke(client, "main", f"{number}-{turn}".encode()).body.read())

        threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == sorted(f"{number}-{turn}".encode() for number in range(8) for turn in range(5))


def test_a_log_line_cannot_command_the_terminal() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "said %s", ("\x1b[2J\nnext\x9b\t名",), None)
    assert SafeFormatter("%(message)s").format(record) == "said \\x1b[2J\\x0anext\\x9b\t名"
