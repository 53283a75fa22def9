"""Who gets a worker when there are too few: sync and async invocations take turns, and what waits is no execution."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from fc_async.local.catalog.function import DeployedFunction
from fc_async.local.ids import Ids
from fc_async.local.workers.execution import Execution
from fc_async.local.workers.runner import ProcessRunner
from tests.contract.conftest import Gate
from tests.contract.fc_sdk import (
    DEADLINE_SECONDS,
    create_function,
    fc_client,
    invoke,
    invoke_async,
    refused,
    request,
    zipped,
)

ECHOES = "def handler(event, context):\n    return event\n"


class CountingRunner(ProcessRunner):
    """Tells how many executions have been asked for, also those that wait."""

    asked = 0

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        execution = super().run(function, qualifier, request_id, event, begin)
        self.asked += 1
        return execution


class Busy(NamedTuple):
    """A service whose only worker is held while `holding()` lasts."""

    local: LocalServer
    fc: Client
    gate: Gate
    runner: CountingRunner

    @contextmanager
    def holding(self, *waiting: Callable[[], object]) -> Iterator[None]:
        """Hold the worker; the body runs while `waiting` wait for it, in their order."""
        threads = [threading.Thread(target=call) for call in waiting]
        with self.gate.holding(lambda: invoke(self.fc, "busy")):
            for thread in threads:
                before = self.runner.asked
                thread.start()
                while self.runner.asked == before:
                    pass
            yield
        for thread in threads:
            thread.join()


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Busy]:
    runner = CountingRunner(1, endpoint="", region="r", account_id="1", ids=Ids(Random(1)), home=tmp_path)  # noqa: S311
    with socket.create_server(("127.0.0.1", 0)) as listener, LocalServer(runner=runner) as local:
        listener.settimeout(DEADLINE_SECONDS)
        fc = fc_client(local)
        gate = Gate(listener)
        create_function(fc, "busy", gate.handler, timeout=60)
        yield Busy(local, fc, gate, runner)


def set_limit(local: LocalServer, name: str, instances: int) -> None:
    body = json.dumps({"instances": instances})
    assert request(local, "PUT", f"/_local/functions/{name}/limit", body)[0] == 200


def test_sync_and_async_invocations_take_turns(busy: Busy, tmp_path: Path) -> None:
    notes = f"def handler(event, context):\n    open({str(tmp_path / 'order')!r}, 'a').write(event.decode())\n"
    create_function(busy.fc, "main", notes)
    create_function(busy.fc, "other", notes)
    with busy.holding(*[lambda: invoke(busy.fc, "main", b"s")] * 4):
        for _ in range(4):
            invoke_async(busy.fc, "other", b"a")
    busy.local.settle()
    while len(order := (tmp_path / "order").read_text()) < 8:
        pass
    assert order in ("sa" * 4, "as" * 4)


def test_a_sync_invocation_that_waits_for_a_worker_does_not_count_towards_the_functions_limit(busy: Busy) -> None:
    create_function(busy.fc, "main", ECHOES)
    set_limit(busy.local, "main", 1)
    answers: list[bytes] = []
    with busy.holding(*[lambda: answers.append(invoke(busy.fc, "main", b"x").body.read())] * 3):
        pass
    assert answers == [b"x"] * 3


def test_what_waited_for_a_worker_is_refused_when_its_function_is_gone_and_others_go_on(busy: Busy) -> None:
    create_function(busy.fc, "main", ECHOES)
    found: list[tuple[int, str]] = []
    with busy.holding(lambda: found.append(refused(lambda: invoke(busy.fc, "main")))):
        busy.fc.delete_function("main")
    assert found == [(404, "FunctionNotFound")]
    create_function(busy.fc, "main", ECHOES)
    assert invoke(busy.fc, "main", b"x").body.read() == b"x"


def test_what_waited_for_a_worker_runs_the_code_that_is_there_at_its_turn(busy: Busy) -> None:
    create_function(busy.fc, "main", ECHOES)
    answers: list[bytes] = []
    code = models.InputCodeLocation(zip_file=zipped({"index.py": "def handler(event, context): return 'new'\n"}))
    with busy.holding(lambda: answers.append(invoke(busy.fc, "main").body.read())):
        busy.fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(code=code)))
    assert answers == [b"new"]
