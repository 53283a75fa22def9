"""A rehearsal at its edges: what a test leaves behind, calls that cannot be, and faults that meet each other."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

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
)
from fc_async.local import LocalServer
from fc_async.testing import LocalFC
from fc_async.testing.local_fc import new_server

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
