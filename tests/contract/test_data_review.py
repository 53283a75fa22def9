"""A local service that keeps its state, in the corners: what must not be destroyed, lost, or come back."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Coroutine, Set
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models

from fc_async import QueueClient
from fc_async.errors import LocalError, ServiceError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.catalog.function import DeployedFunction, FunctionSpec
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.invocation import Deliver, Invocation, Outcome
from fc_async.local.store.invocation_row import invocation_row, read_invocation
from fc_async.local.store.shelf import Row
from fc_async.local.workers.execution import Execution
from tests.contract.fc_sdk import (
    QUEUE,
    create_function,
    fc_client,
    invoke,
    invoke_async,
    publish,
    put_config,
    request,
    zipped,
)
from tests.contract.test_data import FAILS, Serve, changed, invocation


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A service that keeps its state in one folder, to be started again and again."""
    return lambda **options: LocalServer(data=tmp_path / "data", clock=ManualClock(), **options)


# ends and their records


class OneAtOnce:
    """A runner with one place; an execution ends when the test says so."""

    workers = 1

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.execution: asyncio.Future[Execution] | None = None

    @property
    def free(self) -> int:
        return int(self.execution is None)

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        self.execution = asyncio.get_running_loop().create_future()
        self.begun.set()
        return self._ended(self.execution)

    async def _ended(self, execution: asyncio.Future[Execution]) -> Execution:
        return await execution

    def abort(self, function: str) -> None:
        pass

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        return set()

    async def close(self) -> None:
        pass


def accepted(serve: Serve, **config: Any) -> str:
    """Have an invocation wait, with a config and the queue "told"; return its id."""
    with serve(workers=0) as local, QueueClient("told", endpoint=local.url) as queue:
        queue.create()
        create_function(fc_client(local), "f", FAILS)
        put_config(fc_client(local), "f", **config)
        return request_id_of(local)


def request_id_of(local: LocalServer) -> str:
    """Invoke `f` asynchronously; return the id."""
    headers = invoke_async(fc_client(local), "f").headers
    assert headers is not None
    return headers["x-fc-request-id"]


def test_what_ends_while_the_service_stops_is_told(serve: Serve) -> None:
    request_id = accepted(serve, on_success=QUEUE.format("told"))

    async def stop_as_it_ends() -> None:
        runner = OneAtOnce()
        async with serve(runner=runner):
            await runner.begun.wait()
            assert runner.execution is not None
            runner.execution.set_result(Execution(Outcome(b"done")))

    asyncio.run(stop_as_it_ends())
    with serve(workers=0) as local, QueueClient("told", endpoint=local.url) as queue:
        assert invocation(local, request_id)["status"] == "Succeeded"
        assert len(queue.receive()) == 1


class Told:
    """Remembers the rows of the invocations that are kept."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}

    def put(self, key: int, value: Invocation) -> None:
        self.rows[key] = invocation_row(value)

    def drop(self, key: int) -> None:
        self.rows.pop(key, None)


def ended_task(kept: Told) -> tuple[Engine, Invocation]:
    """Return an engine, and a task of it that has ended and is shown no longer."""
    engine = Engine(kept=kept)
    engine.functions.add("f")
    task = engine.accept(0, "f", b"event", "id", is_task=True)
    engine.stop(0, task)
    task.drop_payloads()
    return engine, task


def test_a_task_that_the_history_has_forgotten_is_told_of_its_record_and_does_not_come_back() -> None:
    kept = Told()
    engine, task = ended_task(kept)
    engine.settled(Deliver(QUEUE.format("told"), {}, task), "delivered")
    restarted = Engine()
    restarted.functions.take_up("f", engine.functions.serials("f"))
    value, payload = kept.rows[task.number]
    restarted.take_up(read_invocation(restarted, task.number, value, payload or b""))
    found = restarted.find_task(0, "f", None, "id")
    assert found is not None
    assert [status for _, status in found.deliveries or ()] == ["delivered"]
    assert list(restarted.history) == []


KILLED_AT_THE_STRAY = """
import os, sys
sys.addaudithook(lambda event, args: event == "shutil.rmtree" and "stray" in str(args[0]) and os.kill(os.getpid(), 9))
from fc_async.cli.root import run
run(sys.argv[1:])
"""


def test_what_was_being_stopped_is_told_also_where_the_next_start_is_killed(serve: Serve, tmp_path: Path) -> None:
    fires = {"stopped_fires_on_failure": True}
    request_id = accepted(serve, on_failure=QUEUE.format("told"))
    so_far: dict[str, Any] = {
        **dict.fromkeys(("due_ms", "first_system_error_ms", "ended_ms")),
        **dict.fromkeys(("failed_attempts", "system_errors", "record_bytes"), 0),
        "state": "Stopping",
        "attempts": [],
        "deliveries": [],
        "has_payloads": True,
    }
    with closing(sqlite3.connect(tmp_path / "data/state.sqlite3")) as database:
        (asked,) = database.execute("SELECT value FROM invocation").fetchone()
        database.execute("UPDATE invocation SET value = ?", (json.dumps([*json.loads(asked), so_far]),))
        database.commit()
    (tmp_path / "data/code/stray").mkdir()  # is removed after the first commit
    (tmp_path / "data/packages/stray").touch()
    options = ("--port", "0", "--clock", "manual", "--assume", "stopped_fires_on_failure=true")
    command = (sys.executable, "-c", KILLED_AT_THE_STRAY, "local", "up", *options, "--data", str(tmp_path / "data"))
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == -9
    assert not (tmp_path / "data/packages/stray").exists()  # nothing would find it without its folder
    with serve(workers=0, assume=fires) as local, QueueClient("told", endpoint=local.url) as queue:
        assert invocation(local, request_id)["status"] == "Stopped"
        assert len(queue.receive()) == 1


# what nobody of us has written


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE meta",
        "UPDATE meta SET value = 'x' WHERE key = 'manual_ms'",
        "UPDATE meta SET value = 1 || hex(zeroblob(5000)) WHERE key = 'manual_ms'",
        "UPDATE meta SET value = 'x' WHERE key = 'starts'",
        "UPDATE queue SET value = replace(hex(zeroblob(50000)), '0', '[')",
        """UPDATE function SET value = replace(value, '"serials":[[null,1]]', '"serials":[]')""",
    ],
    ids=["no meta", "time", "long time", "starts", "depth", "serials"],
)
def test_contents_that_make_no_sense_are_refused_and_left(serve: Serve, tmp_path: Path, statement: str) -> None:
    accepted(serve, max_async_retry_attempts=0)
    changed(tmp_path, statement)
    before = (tmp_path / "data/state.sqlite3").read_bytes()
    for _ in range(2):
        with pytest.raises(LocalError, match=r"is damaged \(\w+ in what is kept\)"):
            serve(workers=0).__enter__()
        assert (tmp_path / "data/state.sqlite3").read_bytes() == before


@pytest.mark.parametrize(("deep", "status"), [(99, 200), (100, 400), (940, 400)], ids=["as deep", "deeper", "deepest"])
def test_what_is_taken_into_a_function_can_be_read_again(serve: Serve, deep: int, status: int) -> None:
    with serve() as local:
        create_function(fc_client(local), "f", FAILS)
        body = '{"nasConfig": ' + '{"a":' * (deep - 1) + "[]" + "}" * (deep - 1) + "}"
        assert request(local, "PUT", "/2023-03-30/functions/f", body)[0] == status
        publish(fc_client(local), "f")
    with serve() as local:
        assert names(local) == ["f"]


# time


def jumped(local: LocalServer, seconds: int) -> None:
    """Be another time from now on."""
    words = json.dumps({"action": "ListQueue", "clockJumpSeconds": seconds})
    assert request(local, "POST", "/_local/faults", words)[0] == 204
    assert request(local, "GET", "/queues", headers={"x-mns-version": "2015-06-06"})[0] == 200


def test_what_could_be_had_can_be_had_though_time_goes_back(tmp_path: Path) -> None:
    with LocalServer(data=tmp_path / "data", workers=0) as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        create_function(fc_client(local), "f", "def handler(e, c): return 'x'")
        jumped(local, 3600)
        for body in ("one", "two"):
            queue.send(body)
        request_id = request_id_of(local)
    with LocalServer(data=tmp_path / "data") as local, QueueClient("q", endpoint=local.url) as queue:
        assert [one.message_body for one in queue.receive(16)] == ["one", "two"]
        local.settle()
        assert invocation(local, request_id)["status"] == "Succeeded"


def test_a_jump_of_manual_time_is_kept_without_another_change(serve: Serve, tmp_path: Path) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        jumped(local, 3600)
        kept = shutil.copytree(tmp_path / "data", tmp_path / "copy")  # as a kill would leave it
    clock = ManualClock()
    before_ms = clock.now_ms()
    with LocalServer(data=Path(kept), clock=clock):
        assert clock.now_ms() == before_ms + 3_600_000


def test_what_lies_in_the_place_of_a_package_does_not_stop_a_start(serve: Serve, tmp_path: Path) -> None:
    with serve():
        pass
    for name in ("code", "packages"):
        (tmp_path / "data" / name / "stray").mkdir()  # a folder for a package: it cannot be removed as a file
    with serve():
        pass
    assert not (tmp_path / "data/code/stray").exists()


# functions of a file


def names(local: LocalServer) -> list[str | None]:
    listed = fc_client(local).list_functions(models.ListFunctionsRequest()).body
    assert listed is not None
    return [one.function_name for one in listed.functions or []]


def declared_in(folder: Path) -> FunctionSpec:
    return FunctionSpec("f", "python3.10", "index.handler", folder)


def test_a_function_that_was_refused_is_tried_again_when_the_file_is_saved_again(tmp_path: Path) -> None:
    with LocalServer() as local:
        local.redeclare([declared_in(tmp_path / "code")])
        assert names(local) == []
        (tmp_path / "code").mkdir()
        local.redeclare([declared_in(tmp_path / "code")])
        assert names(local) == ["f"]


def test_a_reset_leaves_out_a_function_whose_folder_is_gone(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with serve(functions=[declared_in(tmp_path / "code")]) as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        (tmp_path / "code").rmdir()
        assert request(local, "POST", "/_local/reset")[0] == 204
        assert names(local) == []
        with pytest.raises(ServiceError, match="QueueNotExist"):
            queue.receive()


def test_a_request_of_before_a_reset_removes_no_code_of_after_it(serve: Serve, tmp_path: Path) -> None:
    code = {"zipFile": zipped({"index.py": FAILS})}
    body = json.dumps({"functionName": "old", "runtime": "python3.10", "handler": "index.handler", "code": code})
    with serve() as local, socket.create_connection(("127.0.0.1", int(local.url.rpartition(":")[2]))) as old:
        headers = {"Host": local.url[7:], "Content-Length": len(body), "Expect": "100-continue", "Connection": "close"}
        lines = ["POST /2023-03-30/functions HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        old.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b"100" in old.recv(100)  # the service of before the reset has it
        local.reset()
        create_function(fc_client(local), "new", "def handler(e, c): return 'new'")
        old.sendall(body.encode())
        while old.recv(10_000):
            pass
        answer = invoke(fc_client(local), "new").body
        assert answer is not None
        assert answer.read() == b"new"
        (folder,) = (tmp_path / "data/code").iterdir()
        assert [one.name for one in (tmp_path / "data/packages").iterdir()] == [folder.name]
