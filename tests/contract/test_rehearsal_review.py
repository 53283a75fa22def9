"""A rehearsal at its edges: what a test leaves behind, calls that cannot be, and faults that meet each other."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import fc_async.testing
from fc_async import (
    ArgumentError,
    AsyncInvokeConfig,
    DestinationConfig,
    FunctionError,
    FunctionsClient,
    LocalError,
    QueueClient,
    ServiceError,
)
from fc_async.cli.root import run
from fc_async.local import LocalServer
from fc_async.local.threaded import OwnThread
from fc_async.testing import LocalFC
from fc_async.testing.local_fc import new_server
from tests.contract.fc_sdk import request
from tests.peer import Peer, Reply

TO_DEAD = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=0)


def echo(event: bytes, context: Any) -> bytes:
    return event


# The fixture


def test_a_handler_cannot_wait_until_nothing_is_executed(fc_local: LocalFC) -> None:
    fc_local.function("main", lambda event, context: fc_local.settle())
    with pytest.raises(FunctionError) as caught:
        fc_local.functions.invoke("main", b"")
    assert json.loads(caught.value.payload)["errorMessage"].startswith("a handler cannot wait for itself")


def test_a_change_that_is_refused_leaves_the_handler_as_it_was(fc_local: LocalFC, tmp_path: Path) -> None:
    fc_local.function("main", echo)
    with pytest.raises(LocalError):
        fc_local.function("main", lambda event, context: b"new", timeout_seconds=0)
    assert fc_local.functions.invoke("main", b"1").payload == b"1"
    with pytest.raises(LocalError):
        fc_local.function("main", code=tmp_path / "nowhere")
    assert fc_local.functions.invoke("main", b"2").payload == b"2"
    with pytest.raises(LocalError):
        fc_local.function("other", echo, timeout_seconds=0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"config": {"maxAsyncRetryAttempts": 0}}, "config: expected an AsyncInvokeConfig, got dict"),
        ({"runtime": "nodejs20"}, "runtime: expected one of Python 3 for a callable, got 'nodejs20'"),
    ],
    ids=["config", "runtime"],
)
def test_a_function_that_cannot_be_is_an_argument_error(fc_local: LocalFC, words: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        fc_local.function("main", echo, **words)
    with pytest.raises(ServiceError):
        fc_local.functions.invoke("main", b"")


@pytest.mark.parametrize(
    "words",
    [{"delay_seconds": timedelta(seconds=1)}, {"status": object()}, {"code": b"x"}],
    ids=["time", "any", "bytes"],
)
def test_a_fault_that_json_cannot_write_is_an_argument_error(fc_local: LocalFC, words: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        fc_local.fault("InvokeFunction", **words)
    assert fc_local.faults() == []


def test_a_fault_asked_of_a_service_that_is_over_is_refused_as_everything_else() -> None:
    with fc_async.testing.local() as fc:
        pass
    with pytest.raises(LocalError, match="a test's that is over"):
        fc.fault("InvokeFunction", status=500)


def test_the_region_and_account_of_the_machine_are_not_those_of_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", "eu-central-1")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCOUNT_ID", "9999999999999999")
    with fc_async.testing.local() as fc, FunctionsClient() as functions:
        fc.function("main", echo)
        functions.put_config("main", TO_DEAD)
        destinations = functions.get_config("main").destination_config
        assert destinations is not None
        assert str(destinations.on_failure) == "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"
    assert os.environ["ALIBABA_CLOUD_REGION_ID"] == "eu-central-1"
    assert os.environ["ALIBABA_CLOUD_ACCOUNT_ID"] == "9999999999999999"


def test_a_handler_that_still_runs_ends_before_the_next_test_and_reaches_nothing_of_it() -> None:
    with new_server() as server:
        with LocalFC(server) as first:
            endpoint, begun, ended = first.endpoint, threading.Event(), threading.Event()

            def send(event: bytes, context: Any) -> None:
                begun.set()
                with QueueClient("dead", endpoint=endpoint) as queue:
                    for _ in range(50):
                        queue.send("of the first test")
                ended.set()

            first.queue("dead")
            first.function("main", send)
            first.functions.invoke_async("main", b"")
            assert begun.wait(60)
        assert ended.is_set()
        with LocalFC(server) as second:
            assert second.queue("dead").peek() == []


def test_a_handler_that_outlives_its_test_is_named_and_says_nothing_later(capfd: pytest.CaptureFixture[str]) -> None:
    let_go = threading.Event()
    threads: list[threading.Thread] = []

    def hang(event: bytes, context: Any) -> None:
        threads.append(threading.current_thread())
        let_go.wait(60)

    def use(server: LocalServer) -> None:
        with LocalFC(server) as fc:
            fc.function("main", hang)
            fc.functions.invoke_async("main", b"")

    with new_server() as server:
        with pytest.warns(RuntimeWarning, match="handler of main"):
            use(server)
        with LocalFC(server):
            pass  # a second warning would be an error
    let_go.set()
    threads[0].join(60)
    assert "Event loop is closed" not in capfd.readouterr().err


def test_code_that_is_deployed_under_a_callables_name_runs(fc_local: LocalFC, tmp_path: Path) -> None:
    fc_local.function("main", echo)
    fc_local.functions.invoke("main", b"1")
    (tmp_path / "index.py").write_text("def handler(event, context): return 'from code'\n")
    fc_local.functions.deploy_function("main", code=tmp_path, runtime="python3.10", handler="index.handler")
    assert fc_local.functions.invoke("main", b"1").payload == b"from code"


def test_a_published_version_of_a_callable_is_the_callable(fc_local: LocalFC) -> None:
    fc_local.function("main", echo)
    url = f"{fc_local.endpoint}/2023-03-30/functions/main/versions"
    urllib.request.urlopen(url, b"{}", timeout=60).close()
    assert fc_local.functions.invoke("main", b"1", qualifier="1").payload == b"1"


def test_an_error_on_the_loop_of_the_service_fails_the_test() -> None:
    async def fail() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 // 0)

    async def end() -> None:
        await asyncio.sleep(0)

    def use() -> None:
        with fc_async.testing.local():
            service = OwnThread(fail, end)
            service.begin()
            service.end()

    with pytest.raises(LocalError, match="Exception in callback"):
        use()


def test_an_error_on_a_loop_of_the_code_under_test_is_its_own() -> None:
    async def fail() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 // 0)
        await asyncio.sleep(0)

    with fc_async.testing.local():
        asyncio.run(fail())


# Faults


def add_fault(local: LocalServer, **words: Any) -> tuple[int, str]:
    status, _, answer = request(local, "POST", "/_local/faults", json.dumps(words))
    return status, json.loads(answer)["Message"] if answer else ""


FUNCTIONS = "/2023-03-30/functions"
SLOW = {"slowBodySeconds": 0.01}


@pytest.mark.parametrize(
    "faults",
    [[{**SLOW, "truncate": True}], [SLOW, {"truncate": True}], [{"truncate": True}, SLOW]],
    ids=["one", "slow first", "cut first"],
)
def test_a_slow_answer_can_be_cut(local: LocalServer, faults: list[dict[str, Any]]) -> None:
    whole = request(local, "GET", FUNCTIONS)[2]
    for words in faults:
        assert add_fault(local, action="ListFunctions", **words) == (204, "")
    with pytest.raises(http.client.IncompleteRead) as caught:
        request(local, "GET", FUNCTIONS)
    assert caught.value.partial == whole[: len(whole) // 2]


def test_of_two_refusals_each_happens_in_its_turn(local: LocalServer) -> None:
    add_fault(local, action="ListFunctions", status=429, times=1)
    add_fault(local, action="*", status=503, times=1)
    add_fault(local, action="*", delaySeconds=0)
    assert [request(local, "GET", FUNCTIONS)[0] for _ in range(3)] == [429, 503, 200]
    listed = json.loads(request(local, "GET", "/_local/faults")[2])
    assert [one["happened"] for one in listed] == [1, 1, 3]


def test_of_two_faults_of_a_destination_each_happens_in_its_turn(fc_local: LocalFC) -> None:
    fc_local.function(
        "main", echo, config=AsyncInvokeConfig(destination_config=DestinationConfig(on_success="queue:q"))
    )
    fc_local.fault("Deliver", times=1)
    fc_local.fault("Deliver", resource="q", times=1)
    fc_local.functions.invoke_async("main", b"")
    fc_local.settle()
    assert [one["happened"] for one in fc_local.faults()] == [1, 0]
    fc_local.advance("1m")
    assert [one["happened"] for one in fc_local.faults()] == [1, 1]
    assert len(fc_local.records("q")) == 1


def test_a_slow_answer_can_be_dropped(local: LocalServer) -> None:
    add_fault(local, action="ListFunctions", drop="after", **SLOW)
    with pytest.raises(http.client.RemoteDisconnected):
        request(local, "GET", FUNCTIONS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"action": "Deliver", "clockJumpSeconds": 1}, "clockJumpSeconds: Deliver has no answer that could change"),
        ({"action": "Deliver", "status": 503}, "status: Deliver has no answer that could change"),
        ({"action": "InvokeFunction", "partial": 1}, "partial: InvokeFunction is no batch; expected *, Batch"),
        ({"action": "ListQueue", "resource": "dead", "status": 500}, "resource: the path of ListQueue names no"),
        ({"action": "CreateFunction", "resource": "main", "status": 500}, "resource: the path of CreateFunction"),
    ],
    ids=["deliver and time", "deliver and status", "partial", "list", "create"],
)
def test_a_fault_that_could_never_happen_is_refused(local: LocalServer, words: dict[str, Any], said: str) -> None:
    status, message = add_fault(local, **words)
    assert status == 400
    assert message.startswith(said)


@pytest.mark.parametrize("destination", ["function:next", "function:next@LATEST", "queue:next", "topic:next"])
def test_a_destination_that_fails_is_meant_by_its_name_with_and_without_a_qualifier(
    fc_local: LocalFC, destination: str
) -> None:
    config = AsyncInvokeConfig(destination_config=DestinationConfig(on_success=destination))
    fc_local.function("next", echo)
    fc_local.function("main", echo, config=config)
    fc_local.fault("Deliver", resource="next", times=1)
    fc_local.functions.invoke_async("main", b"")
    fc_local.advance("1m")
    assert [one["happened"] for one in fc_local.faults()] == [1]


@pytest.mark.parametrize("action", ["SendMessage", "BatchSendMessage", "PeekMessage", "BatchDeleteMessage", "*"])
def test_part_of_a_batch_can_be_asked_for_by_each_of_its_names(local: LocalServer, action: str) -> None:
    assert add_fault(local, action=action, partial=0) == (204, "")


def test_a_client_that_waits_before_it_sends_is_told_to_go_on(local: LocalServer) -> None:
    QueueClient("dead", endpoint=local.url).create()
    add_fault(local, action="BatchSendMessage", status=503)
    head = (
        "POST /queues/dead/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-mns-version: 2015-06-06\r\n"
        f"Content-Length: {len(MESSAGE)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(urlsplit(local.url).netloc.split(":"), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(MESSAGE)
        with connection.makefile("rb") as answer:
            assert b"HTTP/1.1 201 Created\r\n" in answer.read()


MESSAGE = b'<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>1</MessageBody></Message>'


@pytest.mark.parametrize("sign", [1, -1], ids=["forward", "back"])
def test_a_clock_that_jumps_with_every_request_stops_where_dates_end(local: LocalServer, sign: int) -> None:
    QueueClient("dead", endpoint=local.url).create()
    for _ in range(90):  # 366 days each, in every one of them
        add_fault(local, action="*", clockJumpSeconds=sign * 366 * 86400)
    headers = {"x-mns-version": "2015-06-06"}
    assert {request(local, "GET", "/queues/dead", headers=headers)[0] for _ in range(100)} == {200}


# Records


def test_a_record_of_what_is_no_text_is_refused_when_it_is_built() -> None:
    with pytest.raises(ArgumentError, match="payload: expected text, got a lone surrogate"):
        fc_async.testing.record("a\ud800")
    with pytest.raises(ArgumentError, match="response: expected text, got a lone surrogate"):
        fc_async.testing.record(response="\udfff")


# The commands


@pytest.mark.parametrize("answer", [b"[{}]", b"[1]", b'[{"action": 1}]'], ids=["empty", "number", "action"])
def test_a_list_of_faults_that_is_none_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str], answer: bytes) -> None:
    with Peer(Reply(body=answer)) as peer, pytest.raises(SystemExit) as ended:
        run(["local", "fault", "list", "--endpoint", peer.url])
    assert ended.value.code == 1
    assert "lists no faults" in capsys.readouterr().err
