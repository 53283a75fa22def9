"""A local service that keeps its state: what the next process finds, and which folders it refuses."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models

from fc_async import QueueClient, TopicClient
from fc_async.errors import LocalError, ServiceError
from fc_async.local import LocalServer, ManualClock
from tests.contract.fc_sdk import (
    QUEUE,
    create_alias,
    create_function,
    fc_client,
    invoke,
    invoke_async,
    publish,
    put_config,
)

Serve = Callable[..., LocalServer]

FAILS = "def handler(event, context):\n    raise ValueError('always')\n"


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A service that keeps its state in one folder, to be started again and again."""
    return lambda **options: LocalServer(data=tmp_path / "data", clock=ManualClock(), **options)


def invocation(local: LocalServer, request_id: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{local.url}/_local/invocations/{request_id}", timeout=60) as answer:
        known: dict[str, Any] = json.loads(answer.read())
        return known


def test_functions_are_there_with_all_that_belongs_to_them(serve: Serve) -> None:
    with serve() as local:
        fc = fc_client(local)
        create_function(fc, "f", "def handler(e, c): return 'one'", environment_variables={"A": "b"}, timeout=7)
        publish(fc, "f")
        publish_changed = models.UpdateFunctionInput(description="changed")
        fc.update_function("f", models.UpdateFunctionRequest(body=publish_changed))
        create_alias(fc, "f", "prod", "1")
        put_config(fc, "f", "prod", max_async_retry_attempts=0, on_failure=QUEUE.format("dead"))
        body = models.PutConcurrencyInput(reserved_concurrency=3)
        fc.put_concurrency_config("f", models.PutConcurrencyConfigRequest(body=body))
        before = [fc.get_function("f", models.GetFunctionRequest()).body.to_map(), config(fc)]
    with serve() as local:
        fc = fc_client(local)
        assert [fc.get_function("f", models.GetFunctionRequest()).body.to_map(), config(fc)] == before
        assert fc.get_concurrency_config("f").body.reserved_concurrency == 3
        assert invoke(fc, "f", qualifier="prod").body.read() == b"one"
        assert publish(fc, "f").version_id == "2"


def config(fc: Any) -> dict[str, Any]:
    request = models.GetAsyncInvokeConfigRequest(qualifier="prod")
    found: dict[str, Any] = fc.get_async_invoke_config("f", request).body.to_map()
    return found


def test_what_was_deleted_stays_deleted(serve: Serve) -> None:
    with serve() as local:
        fc = fc_client(local)
        create_function(fc, "f", FAILS)
        fc.delete_function("f")
        with QueueClient("q", endpoint=local.url) as queue:
            queue.create()
            queue.send("gone")
            queue.remove()
            queue.create()
    with serve() as local:
        assert fc_client(local).list_functions(models.ListFunctionsRequest()).body.functions == []
        with QueueClient("q", endpoint=local.url) as queue:
            assert queue.receive() == []


def test_a_message_keeps_its_handle_its_count_and_the_end_of_its_visibility(serve: Serve) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create(visibility_timeout=100)
        for body in ("first", "second", "third"):
            queue.send(body)
        queue.send("later", delay_seconds=1000)
        first = queue.receive()[0]
        second = queue.receive()[0]
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        counts = queue.get_attributes()
        assert (counts.active_messages, counts.inactive_messages, counts.delay_messages) == (1, 2, 1)
        queue.delete(first.receipt_handle)
        local.advance(99)
        assert [one.message_body for one in queue.receive(16)] == ["third"]
        local.advance(1)
        again = queue.receive(16)[0]
        assert (again.message_id, again.dequeue_count, again.enqueue_time) == (
            second.message_id,
            2,
            second.enqueue_time,
        )
        local.advance(900)
        assert "later" in [one.message_body for one in queue.receive(16)]


def test_subscriptions_and_pushes_that_wait_are_there(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with serve() as local, TopicClient("t", endpoint=local.url) as topic, QueueClient("q", endpoint=local.url) as queue:
        topic.create()
        queue.create()
        topic.subscribe("to-queue", queue="q", content_format="SIMPLIFIED")
        topic.subscribe("to-http", endpoint=f"http://127.0.0.1:{port}/")
        topic.publish("one")
        local.settle()
    with serve() as local, TopicClient("t", endpoint=local.url) as topic, QueueClient("q", endpoint=local.url) as queue:
        assert metrics(local)["TopicNotificationsWaiting"] == 1
        topic.publish("two")
        assert [one.message_body for one in queue.receive(16)] == ["one", "two"]
        local.advance(3600)
        assert metrics(local)["TopicNotificationsWaiting"] == 0


def metrics(local: LocalServer) -> dict[str, int]:
    with urllib.request.urlopen(f"{local.url}/_local/health", timeout=60) as answer:
        found: dict[str, int] = json.loads(answer.read())["metrics"]
        return found


def test_an_invocation_that_waits_for_its_retry_goes_on_where_it_was(serve: Serve) -> None:
    with serve() as local:
        fc = fc_client(local)
        create_function(fc, "f", FAILS)
        put_config(fc, "f", max_async_retry_attempts=2, on_failure=QUEUE.format("not-there"))
        request_id = invoke_async(fc, "f").headers["x-fc-request-id"]
        local.settle()
        assert invocation(local, request_id)["status"] == "Retrying"
    with serve() as local:
        assert len(invocation(local, request_id)["attempts"]) == 1
        local.advance(6 * 3600)
        ended = invocation(local, request_id)
        assert (ended["status"], len(ended["attempts"])) == ("Failed", 3)
        assert [one["status"] for one in ended["deliveries"]] == ["lost"]
    with serve() as local:
        assert invocation(local, request_id) == ended


def test_a_record_that_waits_for_its_destination_is_delivered_later(serve: Serve) -> None:
    with serve() as local:
        fc = fc_client(local)
        create_function(fc, "f", FAILS)
        put_config(fc, "f", max_async_retry_attempts=0, on_failure=QUEUE.format("late"))
        request_id = invoke_async(fc, "f").headers["x-fc-request-id"]
        local.settle()
    with serve() as local, QueueClient("late", endpoint=local.url) as queue:
        queue.create()
        local.advance(3600)
        assert [json.loads(one.message_body)["requestContext"]["requestId"] for one in queue.receive(16)] == [
            request_id
        ]
        assert [one["status"] for one in invocation(local, request_id)["deliveries"]] == ["delivered"]


def test_what_waits_for_a_function_that_was_made_again_is_not_run_by_the_new_one(serve: Serve) -> None:
    with serve(workers=0) as local:
        fc = fc_client(local)
        create_function(fc, "f", FAILS)
        request_id = invoke_async(fc, "f").headers["x-fc-request-id"]
        fc.delete_function("f")
        create_function(fc, "f", FAILS)
    with serve() as local:
        local.advance(0)
        assert invocation(local, request_id)["status"] == "Invalid"


def test_an_async_task_is_found_and_its_id_stays_taken(serve: Serve) -> None:
    with serve(workers=0) as local:
        fc = fc_client(local)
        create_function(fc, "f", FAILS)
        put_config(fc, "f", async_task=True)
        invoke_async(fc, "f", x_fc_async_task_id="mine")
        fc.stop_async_task("f", "mine", models.StopAsyncTaskRequest())
    with serve(workers=0) as local:
        fc = fc_client(local)
        assert fc.get_async_task("f", "mine", models.GetAsyncTaskRequest()).body.status == "Stopped"
        with pytest.raises(Exception, match="already"):
            invoke_async(fc, "f", x_fc_async_task_id="mine")


def test_manual_time_goes_on_where_it_was(serve: Serve) -> None:
    clock = ManualClock()
    with serve() as local:
        local.advance(5000)
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        assert queue.get_attributes().create_time == (clock.now_ms() + 5_000_000) // 1000


def test_a_seed_gives_other_ids_after_each_start(serve: Serve) -> None:
    ids = set()
    for _ in range(3):
        with serve(seed=1) as local, QueueClient("q", endpoint=local.url) as queue:
            queue.create()
            ids.add(queue.send("a message"))
    assert len(ids) == 3


def test_a_reset_is_kept_too(serve: Serve, tmp_path: Path) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        create_function(fc_client(local), "f", FAILS)
        local.reset()
    with serve() as local:
        assert fc_client(local).list_functions(models.ListFunctionsRequest()).body.functions == []
        with QueueClient("q", endpoint=local.url) as queue, pytest.raises(ServiceError, match="QueueNotExist"):
            queue.receive()
        assert list((tmp_path / "data/code").iterdir()) == []


def test_the_code_of_a_function_that_is_gone_is_removed_and_no_other(serve: Serve, tmp_path: Path) -> None:
    with serve() as local:
        fc = fc_client(local)
        create_function(fc, "f", "def handler(e, c): return 'f'")
        create_function(fc, "g", FAILS)
        fc.delete_function("g")
    (tmp_path / "data/code/half-made").mkdir()
    with serve() as local:
        assert invoke(fc_client(local), "f").body.read() == b"f"
    assert len(list((tmp_path / "data/code").iterdir())) == 1


def test_only_the_owner_may_read_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    monkeypatch.chdir(tmp_path)
    with LocalServer(data=Path("data")):
        monkeypatch.chdir("/")
    assert (tmp_path / "data/state.sqlite3").stat().st_mode & 0o777 == 0o600


# what is refused


def test_another_process_is_refused_with_the_pid_of_the_first(serve: Serve, tmp_path: Path) -> None:
    with serve(), pytest.raises(LocalError, match=f"another fc-async local has it \\(process {os.getpid()}\\)"):
        serve().__enter__()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LocalError, match="expected a folder"):
        LocalServer(data=tmp_path / "file").__enter__()
    with pytest.raises(LocalError, match="expected a folder"):
        LocalServer(data=tmp_path / "file" / "below").__enter__()
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LocalError, match="cannot be written"):
        LocalServer(data=tmp_path / "data").__enter__()


@pytest.mark.parametrize("kept", [b"no database at all", b""], ids=["garbage", "empty"])
def test_a_file_that_is_no_database_is_refused_and_left(serve: Serve, tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data/state.sqlite3"
    file.write_bytes(kept)
    with pytest.raises(LocalError, match=r"state\.sqlite3: is (damaged|a database of another program)"):
        serve().__enter__()
    assert file.read_bytes() == kept


def test_a_damaged_database_is_refused_and_left(serve: Serve, tmp_path: Path) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        for number in range(100):
            queue.send(f"{number}" * 200)
    file = tmp_path / "data/state.sqlite3"
    whole = file.read_bytes()
    damaged = whole[: len(whole) // 2] + b"\xa5" * 3000 + whole[len(whole) // 2 + 3000 :]
    file.write_bytes(damaged)
    with pytest.raises(LocalError, match="is damaged"):
        serve().__enter__()
    assert file.read_bytes() == damaged


def test_a_row_that_makes_no_sense_is_refused_and_left(serve: Serve, tmp_path: Path) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
    changed(tmp_path, "UPDATE queue SET value = '{\"attributes\": 7}'")
    with pytest.raises(LocalError, match=r"is damaged \(\w+ in what is kept\)"):
        serve().__enter__()
    changed(tmp_path, "SELECT 1")


@pytest.mark.parametrize(
    ("statement", "said"),
    [("PRAGMA user_version = 99", "another version of fc_async"), ("PRAGMA application_id = 1", "another program")],
    ids=["version", "program"],
)
def test_what_another_version_or_program_wrote_is_refused(
    serve: Serve, tmp_path: Path, statement: str, said: str
) -> None:
    with serve():
        pass
    changed(tmp_path, statement)
    with pytest.raises(LocalError, match=said):
        serve().__enter__()


def changed(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "data/state.sqlite3")) as database:
        database.execute(statement)
        database.commit()


def test_time_of_another_kind_is_refused(serve: Serve, tmp_path: Path) -> None:
    with serve():
        pass
    with pytest.raises(LocalError, match="was kept with --clock manual"):
        LocalServer(data=tmp_path / "data").__enter__()


# a disk that is full


def test_what_cannot_be_written_is_answered_500_and_the_service_goes_on(tmp_path: Path) -> None:
    most = 400_000
    program = (
        "import resource, sys; sys.dont_write_bytecode = True; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1)); "
        "from fc_async.cli.root import run; run(sys.argv[2:])"
    )
    options = ("local", "up", "--port", "0", "--data", str(tmp_path / "data"))
    command = [sys.executable, "-c", program, str(most), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        sent = []
        with QueueClient("q", endpoint=url) as queue:
            queue.create()
            with pytest.raises(ServiceError) as refused:
                send_until_refused(queue, sent)
            assert refused.value.status == 500
            with urllib.request.urlopen(f"{url}/_local/health", timeout=60) as answer:
                assert answer.status == 200
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (-1, -1))
            sent.append(queue.send("there is room again"))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert said.count("nothing can be kept") == 1
    assert said.count("kept again") == 1
    with LocalServer(data=tmp_path / "data") as local, QueueClient("q", endpoint=local.url) as queue:
        found = []
        while messages := queue.receive(16):
            found += [one.message_id for one in messages]
    assert set(sent) <= set(found)


def send_until_refused(queue: QueueClient, sent: list[str]) -> None:
    while True:
        sent.append(queue.send(f"{len(sent)} " + "x" * 5000))
