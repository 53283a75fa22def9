"""fc_async.testing: the pytest fixture and `local()`, used as tests of those who install the package would."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
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
    ServiceError,
    parse_record,
)
from fc_async.testing import LocalFC, record

TO_DEAD = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=1)


def echo(event: bytes, context: Any) -> bytes:
    return event


def fail(event: bytes, context: Any) -> None:
    raise ValueError("no stock")


def said(fc: LocalFC) -> str:
    """The error message with which `main` fails."""
    with pytest.raises(FunctionError) as caught:
        fc.functions.invoke("main", b"")
    return str(json.loads(caught.value.payload)["errorMessage"])


def test_a_callable_is_the_handler_and_its_error_is_the_services(fc_local: LocalFC) -> None:
    assert fc_local.function("main", echo) == "main"
    assert fc_local.functions.invoke("main", b"1").payload == b"1"
    fc_local.function("main", fail, config=TO_DEAD)
    fc_local.functions.invoke_async("main", {"id": 1})
    fc_local.advance("6h")
    (letter,) = fc_local.records("dead")
    error = letter.error
    assert error is not None
    assert (error.type, error.message) == ("ValueError", "no stock")
    assert letter.approximate_invoke_count == 2


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_is_left_for_the_next_test(fc_local: LocalFC, number: int) -> None:
    assert fc_local.invocations() == []
    assert fc_local.faults() == []
    with pytest.raises(LocalError, match="queue dead"):
        fc_local.records("dead")
    fc_local.function("main", echo)
    fc_local.queue("dead").send(str(number))
    fc_local.functions.invoke_async("main", {})
    fc_local.fault("ListFunctions", status=503)


def test_code_under_test_finds_the_service_by_itself(fc_local: LocalFC) -> None:
    assert os.environ["FC_ASYNC_ENDPOINT"] == fc_local.endpoint
    fc_local.function("main", echo)
    fc_local.queue("dead")
    with FunctionsClient() as functions, QueueClient("dead") as queue:
        functions.invoke_async("main", {})
        queue.send("1")
    assert len(fc_local.invocations("main")) == 1


def test_a_handler_may_call_the_service_itself(fc_local: LocalFC) -> None:
    def outer(event: bytes, context: Any) -> bytes:
        with FunctionsClient() as functions:
            return functions.invoke("inner", event).payload

    fc_local.function("inner", echo)
    fc_local.function("outer", outer)
    assert fc_local.functions.invoke("outer", b"1").payload == b"1"


def test_a_handler_that_hangs_is_left_alone_at_its_timeout(fc_local: LocalFC) -> None:
    let_go = threading.Event()
    fc_local.function("main", lambda event, context: let_go.wait(), timeout_seconds=1)
    assert said(fc_local) == "Function timed out after 1 seconds"
    let_go.set()


def test_a_handler_that_exits_is_a_process_that_has_exited(fc_local: LocalFC) -> None:
    fc_local.function("main", lambda event, context: sys.exit(1))
    assert said(fc_local).startswith("Process exited unexpectedly")


def test_an_execution_takes_manual_time_where_it_is_told_to(fc_local: LocalFC) -> None:
    fc_local.function("main", echo, duration="5m")
    fc_local.functions.invoke_async("main", {})
    fc_local.settle()
    assert [one["status"] for one in fc_local.invocations()] == ["Running"]
    fc_local.advance(299)
    assert [one["status"] for one in fc_local.invocations()] == ["Running"]
    fc_local.advance(timedelta(seconds=1))
    assert [one["status"] for one in fc_local.invocations()] == ["Succeeded"]


def test_a_task_can_be_stopped_while_it_takes_its_time(fc_local: LocalFC) -> None:
    fc_local.function("main", echo, duration="5m", config=AsyncInvokeConfig(async_task=True))
    accepted = fc_local.functions.invoke_async("main", {}, task_id="t")
    fc_local.settle()
    fc_local.functions.stop_task("main", accepted.task_id)
    assert fc_local.functions.get_task("main", "t").status == "Stopped"
    fc_local.advance("1h")
    assert fc_local.functions.get_task("main", "t").status == "Stopped"


def test_a_folder_of_code_runs_in_a_process(fc_local: LocalFC, tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("import os\ndef handler(event, context): return os.environ['COLOUR']\n")
    fc_local.function("main", code=tmp_path, environment={"COLOUR": "red"}, memory_mb=256)
    assert fc_local.functions.invoke("main", b"").payload == b"red"


def test_the_context_is_that_of_the_functions_runtime(fc_local: LocalFC) -> None:
    def names(event: bytes, context: Any) -> list[bool]:
        return [hasattr(context, "credentials"), hasattr(context, "getLogger"), context.function.name == "main"]

    fc_local.function("main", names, runtime="python3.12")
    assert json.loads(fc_local.functions.invoke("main", b"").payload) == [False, True, True]
    for older in ("python3.10", "python3.9"):
        fc_local.function("main", names, runtime=older)
        assert json.loads(fc_local.functions.invoke("main", b"").payload) == [True, False, True]
    fc_local.assume(context="union")
    fc_local.function("main", names)
    assert json.loads(fc_local.functions.invoke("main", b"").payload) == [True, True, True]


def test_a_fault_is_seen_by_the_code_under_test(fc_local: LocalFC) -> None:
    fc_local.function("main", echo)
    fc_local.fault("InvokeFunction", status=403, times=1)
    with pytest.raises(ServiceError) as caught:
        fc_local.functions.invoke_async("main", {})
    assert caught.value.status == 403
    assert [one["happened"] for one in fc_local.faults()] == [1]
    with pytest.raises(ArgumentError, match="did you mean InvokeFunction"):
        fc_local.fault("InvokeFuncton", status=403)


def test_an_assumption_holds_for_one_test(fc_local: LocalFC) -> None:
    fc_local.assume(function_error_retry_seconds=600)
    fc_local.function("main", fail, config=TO_DEAD)
    fc_local.functions.invoke_async("main", {})
    fc_local.advance(599)
    assert fc_local.records("dead") == []
    fc_local.advance(1)
    assert len(fc_local.records("dead")) == 1
    with pytest.raises(ArgumentError, match="no assumption 'no'"):
        fc_local.assume(no=1)


def test_topics_and_metrics_are_there(fc_local: LocalFC) -> None:
    queue, topic = fc_local.queue("alarm"), fc_local.topic("news")
    topic.subscribe("s", queue="alarm")
    topic.publish("1")
    assert len(queue.peek()) == 1
    assert fc_local.metrics()["TopicMessagesPublished"] == 1


@pytest.mark.parametrize(
    "time", [-1, 366 * 86400 + 1, "soon", None, True, "367d"], ids=["past", "far", "text", "none", "bool", "days"]
)
def test_a_time_that_cannot_be_is_refused(fc_local: LocalFC, time: Any) -> None:
    with pytest.raises(ArgumentError, match="time: expected seconds"):
        fc_local.advance(time)


def test_what_a_callable_cannot_have_is_refused(fc_local: LocalFC, tmp_path: Path) -> None:
    for fields in ({"environment": {"A": "b"}}, {"memory_mb": 256}, {"code": tmp_path}):
        with pytest.raises(ArgumentError):
            fc_local.function("main", echo, **fields)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="expected a callable"):
        fc_local.function("main")
    with pytest.raises(ArgumentError, match="duration"):
        fc_local.function("main", code=tmp_path, duration=1)


def test_a_handler_cannot_move_time(fc_local: LocalFC) -> None:
    fc_local.function("main", lambda event, context: fc_local.advance(1))
    assert said(fc_local).startswith("a handler cannot move time")


def test_a_defect_of_the_service_fails_the_test() -> None:
    def use() -> None:
        with fc_async.testing.local():
            try:
                raise RuntimeError("broken")
            except RuntimeError:
                logging.getLogger("fc_async.local").exception("a request could not be answered")

    with pytest.raises(LocalError, match="a request could not be answered"):
        use()


def test_without_pytest_the_environment_is_put_back_and_what_is_over_is_refused() -> None:
    before = os.environ.get("FC_ASYNC_ENDPOINT")
    with fc_async.testing.local() as fc:
        fc.function("main", echo)
        assert fc.functions.invoke("main", b"1").payload == b"1"
    assert os.environ.get("FC_ASYNC_ENDPOINT") == before
    with pytest.raises(LocalError, match="a test's that is over"):
        fc.advance(1)


def test_the_plugin_loads_nothing_of_ours_until_the_fixture_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_nothing_is_loaded():\n"
        "    ours = {name for name in sys.modules if name.split('.')[0] == 'fc_async'}\n"
        "    assert ours <= {'fc_async', 'fc_async.testing', 'fc_async.testing.plugin'}\n"
        "    assert not {'aiohttp', 'pydantic', 'click'} & set(sys.modules)\n"
        "def test_the_fixture_is_there(request):\n"
        "    assert request.getfixturevalue('fc_local').invocations() == []\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "2 passed" in ended.stdout, ended.stdout + ended.stderr


def test_a_record_is_built_for_every_road() -> None:
    sample = record({"id": 1}, function="orders", qualifier="prod", error=ValueError("no"), attempts=2)
    roads = [
        sample.as_event(),
        sample.as_base64(),
        sample.as_queue_message(),
        sample.as_topic_json(),
        sample.as_topic_xml(),
        sample.as_topic_stream(),
        sample.as_trigger_event(),
        sample.as_rocketmq_event(),
        sample.as_bus_event(),
    ]
    for road in roads:
        found = parse_record(road)
        assert found == sample.record
        assert (found.function.name, found.function.qualifier) == ("orders", "prod")
        assert (found.is_success, found.request_json()) == (False, {"id": 1})
    assert record("text").record.is_success
    assert sample.as_queue_message(dequeue_count=7).dequeue_count == 7
    with pytest.raises(ArgumentError, match="payload: expected text, bytes or what JSON can write, got set"):
        record({1})
