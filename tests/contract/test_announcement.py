"""The stories that the announcement of asynchronous invocation tells, with the functions of examples/dlq.

Those that are asked of `service` can be asked of a real account too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from tests.contract.conftest import OneWorker
from tests.contract.fc_sdk import ARN, QUEUE, create_function, invoke, invoke_async, put_config, request, zipped
from tests.contract.service import Service

REPOSITORY = Path(__file__).parents[2]
CODE = REPOSITORY / "examples" / "dlq" / "code"


def code_of(module: str) -> dict[str, Any]:
    """The fields of a function whose handler is that of a file in examples/dlq/code."""
    files = {path.name: path.read_text() for path in CODE.glob("*.py")}
    return {"code": models.InputCodeLocation(zip_file=zipped(files)), "handler": f"{module}.handler"}


def invocations(local: LocalServer) -> list[dict[str, Any]]:
    """All that the local service was asked to do asynchronously."""
    found: list[dict[str, Any]] = json.loads(request(local, "GET", "/_local/invocations")[2])
    return found


def test_a_function_that_times_out_with_retries_0_runs_once(service: Service) -> None:
    dead, main = service.queue(), service.function("", **code_of("slow"), timeout=1)
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=0)
    invoke_async(service.fc, main, b'{"seconds": 30}')
    (record,) = service.later(60, dead.take)
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestContext"]["condition"] == "UnhandledInvocationError"
    assert service.later(60, dead.take) == []


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_a_flaky_function_that_can_be_run_again_succeeds_within_its_8_retries(service: Service, steps: int) -> None:
    done, dead, main = service.queue(), service.queue(), service.function("", **code_of("flaky"))
    put_config(service.fc, main, on_success=done.arn, on_failure=dead.arn, max_async_retry_attempts=8)
    invoke_async(service.fc, main, json.dumps({"steps": steps}).encode())
    (record,) = service.later(600, done.take)
    assert json.loads(record["responsePayload"]) == {"steps": steps}
    assert record["requestContext"]["approximateInvokeCount"] == steps
    assert dead.take() == []


def test_one_failure_more_than_there_are_retries_is_a_dead_letter(service: Service) -> None:
    dead, main = service.queue(), service.function("", **code_of("flaky"))
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=8)
    invoke_async(service.fc, main, b'{"steps": 10}')
    (record,) = service.later(600, dead.take)
    assert record["requestContext"]["approximateInvokeCount"] == 9
    assert json.loads(record["responsePayload"])["errorMessage"] == "the connection broke after step 9 of 10"


def test_a_backlog_past_its_maximum_age_is_dropped_and_counted_and_later_events_run(
    fc_of_one_worker: OneWorker,
) -> None:
    local, fc, gate = fc_of_one_worker
    create_function(fc, "busy", gate.handler)
    create_function(fc, "fresh", "", **code_of("slow"))
    put_config(fc, "fresh", max_async_event_age_in_seconds=60)
    with gate.holding(lambda: invoke(fc, "busy")):
        for _ in range(5):
            invoke_async(fc, "fresh", b'{"seconds": 0}')
        local.advance(61)
        later = invoke_async(fc, "fresh", b'{"seconds": 0}').headers["x-fc-request-id"]
    local.settle()
    metrics = json.loads(request(local, "GET", "/_local/health")[2])["metrics"]
    assert metrics["FunctionAsyncEventExpiredDropped"] == 5
    ends = {each["requestId"]: each["status"] for each in invocations(local)}
    assert ends.pop(later) == "Succeeded"
    assert list(ends.values()) == ["Expired"] * 5


def test_a_function_makes_20_invocations_of_50_keys_whose_successes_reach_another_function(
    local: LocalServer, fc: Client, mns_queue: Any
) -> None:
    finds_fc_async = {"PYTHONPATH": str(REPOSITORY)}  # in the cloud it is packed with the code
    create_function(
        fc,
        "split",
        "",
        **code_of("split"),
        timeout=60,
        environment_variables={"WORK_FUNCTION": "work", **finds_fc_async},
    )
    create_function(fc, "work", "", **code_of("work"))
    create_function(fc, "collect", "", **code_of("collect"), environment_variables=finds_fc_async)
    collected = mns_queue("collected")
    put_config(fc, "work", on_success=f"{ARN}collect")
    put_config(fc, "collect", on_success=QUEUE.format("collected"))
    keys = [f"photos/{number:04}.jpg" for number in range(1000)]
    invoke_async(fc, "split", json.dumps({"keys": keys}).encode())
    local.settle()
    parts = []
    for _ in range(20):
        message = collected.receive_message(0)
        record = json.loads(message.message_body)
        collected.delete_message(message.receipt_handle)
        assert record["requestContext"]["functionArn"] == f"{ARN}collect"
        parts.append(json.loads(record["responsePayload"]))
    assert [part["done"] for part in parts] == [50] * 20
    assert {part["first"] for part in parts} == set(keys[::50])
    assert {part["last"] for part in parts} == set(keys[49::50])
    assert [each["status"] for each in invocations(local)] == ["Succeeded"] * 41
