"""What Function Compute promises, asked of the local service through the official SDKs."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from mns.mns_exception import MNSServerException
from mns.queue import Queue

from fc_async.config import AsyncInvokeConfig, DestinationConfig
from fc_async.errors import ArgumentError, LocalError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.catalog.function import FunctionSpec
from tests.contract.conftest import OneWorker
from tests.contract.fc_sdk import (
    ARN,
    QUEUE,
    create_alias,
    create_function,
    error,
    fc_client,
    get_config,
    invoke,
    invoke_async,
    put_config,
    refused,
    request,
    zipped,
)

FAILS = "class MyError(Exception): pass\ndef handler(event, context):\n    raise MyError('My unhandled exception')\n"
ECHOES = "def handler(event, context):\n    return event\n"
FUNCTIONS = "/2023-03-30/functions"
ASYNC = {"X-Fc-Invocation-Type": "Async"}

MakeQueue = Callable[[str], Queue]


def bodies(queue: Queue) -> list[dict[str, Any]]:
    """All records that are in the queue now."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            found.append(json.loads(queue.receive_message(0).message_body))
        except MNSServerException as refused:
            if refused.type != "MessageNotExist":
                raise
            return found


def _metric(local: LocalServer, name: str) -> int:
    return int(json.loads(request(local, "GET", "/_local/health")[2])["metrics"][name])


# The whole loop


def test_a_failed_async_invocation_is_retried_and_its_record_lands_in_the_queue(
    local: LocalServer, fc: Client, mns_queue: MakeQueue
) -> None:
    create_function(fc, "main", FAILS)
    dead = mns_queue("dead")
    put_config(fc, "main", on_failure=QUEUE.format("dead"), max_async_retry_attempts=1)
    accepted = invoke_async(fc, "main", b'{"failure": true}')
    local.settle()
    assert bodies(dead) == []
    local.advance(1)
    (record,) = bodies(dead)
    error_json = record.pop("responsePayload")
    assert record == {
        "timestamp": ManualClock().now_ms(),
        "requestContext": {
            "requestId": accepted.headers["x-fc-request-id"],
            "functionArn": ARN + "main",
            "condition": "UnhandledInvocationError",
            "approximateInvokeCount": 2,
        },
        "requestPayload": '{"failure": true}',
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
    }
    assert error_json == json.dumps(json.loads(error_json), indent=4)
    trace = json.loads(error_json)
    assert (trace["errorMessage"], trace["errorType"]) == ("My unhandled exception", "MyError")
    ((file, line, where, code),) = trace["stackTrace"]
    assert file == 'File "/code/index.py"'
    assert (line, where, code) == ("line 3", "in handler", "raise MyError('My unhandled exception')")


def test_a_success_goes_to_on_success_only(local: LocalServer, fc: Client, mns_queue: MakeQueue) -> None:
    create_function(fc, "main", ECHOES)
    good, bad = mns_queue("good"), mns_queue("bad")
    put_config(fc, "main", on_success=QUEUE.format("good"), on_failure=QUEUE.format("bad"))
    invoke_async(fc, "main", "名".encode())
    local.settle()
    (record,) = bodies(good)
    assert (record["requestPayload"], record["responsePayload"]) == ("名", "名")
    assert record["requestContext"]["condition"] == record["responseContext"]["functionError"] == ""
    assert bodies(bad) == []


def test_a_function_as_destination_is_invoked_asynchronously_with_the_record(
    local: LocalServer, fc: Client, mns_queue: MakeQueue
) -> None:
    create_function(fc, "main", FAILS)
    create_function(fc, "cleanup", "import json\ndef handler(event, context):\n    return json.loads(event)\n")
    seen = mns_queue("seen")
    put_config(fc, "main", on_failure=ARN + "cleanup", max_async_retry_attempts=0)
    put_config(fc, "cleanup", on_success=QUEUE.format("seen"))
    accepted = invoke_async(fc, "main")
    local.advance(0)
    (record,) = bodies(seen)
    upstream = json.loads(record["requestPayload"])
    assert upstream["requestContext"]["requestId"] == accepted.headers["x-fc-request-id"]
    assert record["requestContext"]["requestId"] != upstream["requestContext"]["requestId"]


@pytest.mark.parametrize(
    "destination",
    [
        QUEUE.format("nobody"),
        QUEUE.format("nobody").replace("queues", "topics"),
        ARN + "nobody",
        "acs:oss:cn-hangzhou:1:bucket",
        "no-arn",
    ],
)
def test_a_record_that_cannot_be_delivered_is_counted_and_logged_as_lost(
    local: LocalServer, fc: Client, destination: str, caplog: pytest.LogCaptureFixture
) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success=destination)
    invoke_async(fc, "main")
    local.advance(4)
    assert _metric(local, "FunctionDestinationErrors") == 1
    assert _metric(local, "FunctionDestinationSucceeded") == 0
    assert "lost: the record of main (" in caplog.text


def test_a_record_over_128_kb_does_not_reach_a_function(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    create_function(fc, "next", ECHOES)
    put_config(fc, "main", on_success=ARN + "next")
    invoke_async(fc, "main", b"x" * 65_000)
    local.advance(0)
    assert _metric(local, "FunctionDestinationSucceeded") == 1
    invoke_async(fc, "main", b"x" * 65_500)
    local.advance(0)
    assert (_metric(local, "FunctionDestinationErrors"), _metric(local, "FunctionEnqueueCount")) == (1, 3)


def test_a_record_over_64_kb_does_not_reach_a_queue(local: LocalServer, fc: Client, mns_queue: MakeQueue) -> None:
    create_function(fc, "main", ECHOES)
    big = mns_queue("big")
    put_config(fc, "main", on_success=QUEUE.format("big"))
    invoke_async(fc, "main", b'"' * 20_000)  # escaped twice over: 80,000 bytes
    local.settle()
    assert bodies(big) == []


def test_a_delayed_invocation_waits(local: LocalServer, fc: Client, mns_queue: MakeQueue) -> None:
    create_function(fc, "main", ECHOES)
    done = mns_queue("done")
    put_config(fc, "main", on_success=QUEUE.format("done"))
    invoke_async(fc, "main", common_headers={"x-fc-async-delay": "60"})
    local.advance(59)
    assert bodies(done) == []
    local.advance(1)
    assert len(bodies(done)) == 1


def test_without_workers_async_invocations_wait_and_sync_ones_are_503() -> None:
    with LocalServer(clock=ManualClock(), workers=0) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        invoke_async(fc, "main")
        local.advance(3600)
        assert _metric(local, "FunctionAsyncMessagesBacklogV2") == 1
        assert error(request(local, "POST", f"{FUNCTIONS}/main/invocations", b"")) == (503, "ResourceThrottled")


def test_a_backlog_past_its_maximum_age_is_dropped_and_counted_and_later_events_run(
    fc_of_one_worker: OneWorker,
) -> None:
    local, fc, gate = fc_of_one_worker
    create_function(fc, "slow", gate.handler)
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", max_async_event_age_in_seconds=60)
    with gate.holding(lambda: invoke(fc, "slow")):
        invoke_async(fc, "main", b"old")
        local.advance(30)
        invoke_async(fc, "main", b"young")
        local.advance(31)
    local.settle()
    assert _metric(local, "FunctionAsyncEventExpiredDropped") == 1
    assert _metric(local, "FunctionDequeueCount") == 1
    assert _metric(local, "FunctionAsyncMessagesBacklogV2") == 0


# Invoking


def test_an_async_invocation_is_answered_202_with_its_ids_and_no_body(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    accepted = invoke_async(fc, "main")
    assert accepted.status_code == 202
    assert accepted.body.read() == b""
    request_id = accepted.headers["x-fc-request-id"]
    prefix, seconds, rest = request_id.split("-")
    assert (prefix, len(seconds), len(rest)) == ("1", 8, 24)
    assert accepted.headers["x-fc-async-task-id"] == request_id


def test_a_task_id_counts_where_the_function_has_async_tasks(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    assert invoke_async(fc, "main", x_fc_async_task_id="mine").headers["x-fc-async-task-id"] != "mine"
    put_config(fc, "main", async_task=True)
    assert invoke_async(fc, "main", x_fc_async_task_id="mine").headers["x-fc-async-task-id"] == "mine"
    with pytest.raises(ClientException, match="InvalidArgument"):
        invoke_async(fc, "main", x_fc_async_task_id="1 bad")


def test_a_sync_invocation_returns_what_the_handler_returned(local: LocalServer, fc: Client) -> None:
    create_function(
        fc, "main", "def handler(event, context):\n    return {'n': len(event), 'id': context.request_id}\n"
    )
    answer = invoke(fc, "main", b"12345")
    assert json.loads(answer.body.read()) == {"n": 5, "id": answer.headers["x-fc-request-id"]}
    assert answer.status_code == 200
    assert "x-fc-error-type" not in answer.headers


def test_a_compressed_payload_reaches_the_handler_as_it_was_sent(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    payload = gzip.compress(b"small")
    answer = request(local, "POST", f"{FUNCTIONS}/main/invocations", payload, {"Content-Encoding": "gzip"})
    assert (answer[0], answer[2]) == (200, payload)


def test_a_sync_invocation_that_fails_is_200_with_the_error_type_in_a_header(
    local: LocalServer, fc: Client, mns_queue: MakeQueue
) -> None:
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=QUEUE.format("dead"))
    dead = mns_queue("dead")
    answer = invoke(fc, "main")
    assert answer.status_code == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert json.loads(answer.body.read())["errorType"] == "MyError"
    local.advance(3600)
    assert bodies(dead) == []


def test_the_largest_async_payload_is_taken_and_one_byte_more_is_refused(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    assert invoke_async(fc, "main", b"x" * 131072).status_code == 202
    path = f"{FUNCTIONS}/main/invocations"
    too_large = request(local, "POST", path, b"x" * 131073, ASYNC)
    assert error(too_large) == (400, "EntityTooLarge")
    chunks = iter([b"x" * 65536] * 3)
    assert error(request(local, "POST", path, chunks, {**ASYNC, "Transfer-Encoding": "chunked"})) == (
        400,
        "EntityTooLarge",
    )


def test_a_sync_payload_over_32_mb_is_refused_before_it_was_sent(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    answer = request(
        local, "POST", f"{FUNCTIONS}/main/invocations", None, {"Content-Length": str(32 * 1024 * 1024 + 1)}
    )
    assert error(answer) == (400, "EntityTooLarge")


def test_invoking_what_is_not_there_is_404(fc: Client) -> None:
    for call in (invoke, invoke_async):
        with pytest.raises(ClientException) as caught:
            call(fc, "nobody")
        assert (caught.value.status_code, caught.value.code) == (404, "FunctionNotFound")


def test_a_runtime_that_is_not_python_is_stored_and_invoking_it_is_501(fc: Client) -> None:
    create_function(fc, "main", "", runtime="nodejs20")
    for call in (invoke, invoke_async):
        with pytest.raises(ServerException, match="nodejs20") as caught:
            call(fc, "main")
        assert (caught.value.status_code, caught.value.code) == (501, "NotImplemented")


def test_a_container_needs_no_code(fc: Client) -> None:
    body = models.CreateFunctionInput(function_name="main", runtime="custom-container", handler="unused")
    assert fc.create_function(models.CreateFunctionRequest(body=body)).body.runtime == "custom-container"


# Functions


def test_a_function_is_created_read_changed_listed_and_deleted(fc: Client) -> None:
    created = create_function(fc, "main", ECHOES, description="says it again", environment_variables={"A": "1"})
    assert (created.function_name, created.function_arn) == ("main", ARN + "main")
    assert (created.timeout, created.memory_size, created.runtime) == (3, 512, "python3.12")
    assert fc.get_function("main", models.GetFunctionRequest()).body.description == "says it again"
    change = models.UpdateFunctionInput(
        timeout=9, code=models.InputCodeLocation(zip_file=zipped({"index.py": "def handler(e, c): return 'new'"}))
    )
    changed = fc.update_function("main", models.UpdateFunctionRequest(body=change)).body
    assert (changed.timeout, changed.description, changed.environment_variables) == (9, "says it again", {"A": "1"})
    assert invoke(fc, "main").body.read() == b"new"
    create_function(fc, "other", ECHOES)
    listed = fc.list_functions(models.ListFunctionsRequest(prefix="m")).body
    assert [function.function_name for function in listed.functions] == ["main"]
    assert fc.delete_function("main").status_code == 204
    with pytest.raises(ClientException, match="FunctionNotFound"):
        fc.get_function("main", models.GetFunctionRequest())


def test_a_second_function_of_that_name_is_409(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    with pytest.raises(ClientException) as caught:
        create_function(fc, "main", ECHOES)
    assert caught.value.status_code == 409


@pytest.mark.parametrize("name", ["", "1a", "-a", "a b", "a" * 65, "名"])
def test_a_name_that_is_none_is_refused(fc: Client, name: str) -> None:
    with pytest.raises(ClientException, match="functionName"):
        create_function(fc, name, ECHOES)


def test_the_longest_name_is_taken(fc: Client) -> None:
    assert create_function(fc, "a" * 64, ECHOES).function_name == "a" * 64


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 90_000,
        b'{"a": [' + b"1," * 100_000 + b"1]}",
        b'{"functionName": "f"}',
        b'{"functionName": "f", "runtime": "python3.10", "handler": "index.handler", "code": {"zipFile": "?"}}',
        b'{"functionName": "f", "runtime": "python3.10", "handler": "index.handler", "code": {"zipFile": "UEsDBA=="}}',
        b'{"functionName": "f", "runtime": "python3.10", "handler": "index.handler", "code": 1}',
    ],
)
def test_a_create_that_is_malformed_is_400(local: LocalServer, body: bytes) -> None:
    assert error(request(local, "POST", FUNCTIONS, body)) == (400, "InvalidArgument")


@pytest.fixture(scope="module")
def refusing() -> Iterator[LocalServer]:
    """One service for all that is refused, and so changes nothing."""
    with LocalServer(clock=ManualClock(), workers=0) as server:
        yield server


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"timeout": 0}, "timeout 0: expected an integer from 1 to 86400"),
        ({"timeout": 86401}, "timeout 86401: expected an integer from 1 to 86400"),
        ({"timeout": "60"}, "timeout '60': expected an integer"),
        ({"timeout": True}, "timeout true: expected an integer"),
        ({"memorySize": 64}, "memorySize 64: expected an integer from 128 to 32768"),
        ({"memorySize": 32832}, "memorySize 32832: expected an integer from 128 to 32768"),
        ({"memorySize": 200}, "memorySize 200: expected a multiple of 64 MB"),
        ({"memorySize": 512.5}, "memorySize 512.5: expected an integer"),
        ({"cpu": 0.04}, "cpu 0.04: expected a multiple of 0.05 from 0.05 to 16"),
        ({"cpu": 0.07}, "cpu 0.07: expected a multiple of 0.05 from 0.05 to 16"),
        ({"cpu": 16.05}, "cpu 16.05: expected a multiple of 0.05 from 0.05 to 16"),
        ({"cpu": 1e300}, "cpu 1e+300: expected a multiple of 0.05 from 0.05 to 16"),
        ({"cpu": "1"}, "cpu '1': expected a number"),
        ({"cpu": 1, "memorySize": 960}, "cpu 1 and memorySize 960: expected a ratio of cpu to memorySize (in GB) from"),
        ({"cpu": 1, "memorySize": 4160}, "cpu 1 and memorySize 4160: expected a ratio of cpu to memorySize (in GB)"),
        ({"diskSize": 1024}, "diskSize 1024: expected 512 or 10240"),
        ({"instanceConcurrency": 0}, "instanceConcurrency 0: expected an integer from 1 to 200"),
        ({"instanceConcurrency": 201}, "instanceConcurrency 201: expected an integer from 1 to 200"),
        ({"runtime": "python3.13"}, "runtime 'python3.13': expected one of python3.12, python3.10"),
        ({"runtime": "python2.7"}, "runtime 'python2.7': expected one of"),
        ({"runtime": "custom", "handler": None}, "handler (none): expected a text of 1 to 256 characters"),
        ({"handler": ""}, "handler '': expected a text of 1 to 256 characters"),
        ({"handler": 1}, "handler 1: expected a text"),
        ({"handler": "\ud800"}, "handler '\\ud800': expected a text that UTF-8 can write"),
        ({"environmentVariables": {"A=B": "1"}}, "environmentVariables 'A=B': expected names that match ^[A-Za-z]"),
        ({"environmentVariables": {"_A": "1"}}, "environmentVariables '_A': expected names that match ^[A-Za-z]"),
        ({"environmentVariables": {"FC_X": "1"}}, "environmentVariables 'FC_X': expected no name that begins with FC_"),
        (
            {"environmentVariables": {"A": "\0"}},
            "environmentVariables 'A': expected a text that an environment can hold",
        ),
        ({"environmentVariables": {"A": 1}}, "environmentVariables 'A': expected a text that an environment can hold"),
        ({"environmentVariables": ["A"]}, "environmentVariables (a list): expected an object"),
        ({"functionName": None}, "functionName (none): expected a text that matches"),
        ({"functionName": {}}, "functionName (an object): expected a text that matches"),
        ({"code": {"zipFile": zipped({"a": ""}), "checksum": True}}, "code.checksum true: expected "),
        ({"environmentVariables": {"A": "x" * 4096}}, "environmentVariables of 4097 bytes: expected at most 4096"),
        ({"internetAccess": "true"}, "internetAccess 'true': expected true or false"),
        ({"layers": "acs:fc:x"}, "layers 'acs:fc:x': expected a list of ARNs"),
        ({"tags": [1]}, 'tags (a list): expected a list of {"Key": text, "Value": text}'),
        ({"vpcConfig": []}, "vpcConfig (a list): expected an object"),
        ({"code": {"zipFile": zipped({"a": ""}), "checksum": 5}}, "code.checksum 5: expected "),
    ],
)
def test_a_value_that_a_function_cannot_have_is_400_with_field_value_and_rule(
    refusing: LocalServer, fields: dict[str, Any], said: str
) -> None:
    function = {"functionName": "main", "runtime": "python3.10", "handler": "index.handler"}
    body = {**function, "code": {"zipFile": zipped({"index.py": ECHOES})}, **fields}
    answer = request(refusing, "POST", FUNCTIONS, json.dumps(body))
    assert error(answer) == (400, "InvalidArgument")
    assert json.loads(answer[2])["Message"].startswith(said)


@pytest.fixture(scope="module")
def refusing_config(refusing: LocalServer) -> str:
    """The path of a function's async config, which every test is refused to change."""
    body = {"functionName": "configured", "runtime": "python3.10", "handler": "a.b", "code": {"zipFile": zipped({})}}
    assert request(refusing, "POST", FUNCTIONS, json.dumps(body))[0] == 200
    return f"{FUNCTIONS}/configured/async-invoke-config"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"maxAsyncRetryAttempts": 9}, "maxAsyncRetryAttempts 9: expected an integer from 0 to 8"),
        ({"maxAsyncRetryAttempts": -1}, "maxAsyncRetryAttempts -1: expected an integer from 0 to 8"),
        ({"maxAsyncRetryAttempts": True}, "maxAsyncRetryAttempts true: expected an integer from 0 to 8"),
        ({"maxAsyncEventAgeInSeconds": 0}, "maxAsyncEventAgeInSeconds 0: expected an integer from 1 to 604800"),
        ({"maxAsyncEventAgeInSeconds": 604801}, "maxAsyncEventAgeInSeconds 604801: expected an integer"),
        ({"maxAsyncEventAgeInSeconds": "60"}, "maxAsyncEventAgeInSeconds '60': expected an integer"),
        ({"asyncTask": 1}, "asyncTask 1: expected true or false"),
        ({"destinationConfig": []}, "destinationConfig (a list): expected an object"),
        ({"destinationConfig": {"onFailure": "x"}}, "destinationConfig.onFailure 'x': expected an object"),
        (
            {"destinationConfig": {"onSuccess": {"destination": 1}}},
            "destinationConfig.onSuccess.destination 1: expected",
        ),
        (
            {"destinationConfig": {"onSuccess": {"destination": "\ud800"}}},
            "destinationConfig.onSuccess.destination '\\ud800': expected a text that UTF-8 can write",
        ),
        (
            {"destinationConfig": {"onSuccess": {"destination": "x" * 513}}},
            "destinationConfig.onSuccess.destination of 513 characters: expected at most 512",
        ),
        ({"unknown": float("nan")}, "the body is not valid JSON"),
    ],
)
def test_a_value_that_an_async_config_cannot_have_is_400_with_field_value_and_rule(
    refusing: LocalServer, refusing_config: str, fields: dict[str, Any], said: str
) -> None:
    answer = request(refusing, "PUT", refusing_config, json.dumps(fields))
    assert error(answer) == (400, "InvalidArgument")
    assert json.loads(answer[2])["Message"].startswith(said)


def test_the_same_rules_hold_for_a_change_and_over_all_that_is_then_there(fc: Client) -> None:
    create_function(fc, "main", ECHOES, cpu=1, memory_size=4096)
    for change in ({"memory_size": 4160}, {"cpu": 0.95}, {"timeout": 0}, {"environment_variables": {"FC_A": "1"}}):
        body = models.UpdateFunctionRequest(body=models.UpdateFunctionInput(**change))
        assert refused(lambda body=body: fc.update_function("main", body)) == (400, "InvalidArgument")
    found = fc.get_function("main", models.GetFunctionRequest()).body
    assert (found.cpu, found.memory_size, found.timeout) == (1, 4096, 3)


@pytest.mark.parametrize(
    "fields",
    [
        {"memory_size": 128, "cpu": 0.05},
        {"memory_size": 512, "cpu": 0.15},
        {"memory_size": 32768, "cpu": 16},
        {"memory_size": 16384, "cpu": 16},
        {"cpu": 0.35},
        {"disk_size": 512, "instance_concurrency": 200, "timeout": 86400},
        {"disk_size": 10240, "instance_concurrency": 1, "timeout": 1},
        {"environment_variables": {"A": "x" * 4095}},
        {"environment_variables": {}},
    ],
)
def test_a_value_at_its_edge_is_taken(fc: Client, fields: dict[str, Any]) -> None:
    found = create_function(fc, "main", ECHOES, **fields)
    assert {name: getattr(found, name) for name in fields} == fields


def test_a_field_that_is_none_is_neither_refused_nor_answered_and_null_is_not_there(local: LocalServer) -> None:
    body = {
        "functionName": "main",
        "runtime": "python3.10",
        "handler": "index.handler",
        "role": None,
        "cpu": None,
        "code": {"zipFile": zipped({"index.py": ECHOES})},
        "caPort": 9000,
        "layers": ["acs:fc:cn-hangzhou:1:x"],
    }
    status, _, answered = request(local, "POST", FUNCTIONS, json.dumps(body))
    assert status == 200
    told = json.loads(answered)
    assert {"caPort", "role", "cpu", "code"}.isdisjoint(told)
    assert told["layers"] == [{"arn": "acs:fc:cn-hangzhou:1:x", "size": 0}]


def test_the_checksum_of_the_code_is_answered_and_one_that_is_right_is_taken(fc: Client) -> None:
    package = zipped({"index.py": ECHOES})
    first = create_function(fc, "main", "", code=models.InputCodeLocation(zip_file=package))
    code = models.InputCodeLocation(zip_file=package, checksum=first.code_checksum)
    assert create_function(fc, "other", "", code=code).code_checksum == first.code_checksum
    assert first.code_checksum.isdigit()


def test_deleting_a_function_takes_its_config_with_it(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", max_async_retry_attempts=0)
    fc.delete_function("main")
    create_function(fc, "main", ECHOES)
    with pytest.raises(ClientException, match="AsyncConfigNotExists"):
        get_config(fc, "main")


# Async configs


def test_a_config_comes_back_as_it_was_put_and_what_was_not_put_is_null(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_failure="acs:mns:::/queues/dead/messages", max_async_retry_attempts=0)
    status, _, body = request(local, "GET", f"{FUNCTIONS}/main/async-invoke-config")
    assert status == 200
    assert json.loads(body) == {
        "asyncTask": None,
        "createdTime": "2026-01-01T00:00:00Z",
        "destinationConfig": {"onFailure": {"destination": "acs:mns:::/queues/dead/messages"}, "onSuccess": None},
        "functionArn": ARN + "main",
        "lastModifiedTime": "2026-01-01T00:00:00Z",
        "maxAsyncEventAgeInSeconds": None,
        "maxAsyncRetryAttempts": 0,
    }


def test_a_put_changes_only_the_keys_that_it_names(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success=ARN + "a", max_async_retry_attempts=8, async_task=True)
    local.advance(60)
    config = put_config(fc, "main", on_failure=ARN + "b", max_async_event_age_in_seconds=604800)
    assert (config.max_async_retry_attempts, config.async_task) == (8, True)
    assert config.destination_config.on_success is None
    assert config.destination_config.on_failure.destination == ARN + "b"
    assert (config.created_time, config.last_modified_time) == ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")


def test_an_empty_destination_config_clears_and_null_does_not(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_failure=ARN + "b")
    path = f"{FUNCTIONS}/main/async-invoke-config"
    kept = json.loads(request(local, "PUT", path, b'{"destinationConfig": null}')[2])["destinationConfig"]
    assert kept == {"onFailure": {"destination": ARN + "b"}, "onSuccess": None}
    cleared = json.loads(request(local, "PUT", path, b'{"destinationConfig": {}}')[2])["destinationConfig"]
    assert cleared == {"onFailure": None, "onSuccess": None}


def test_each_qualifier_has_a_config_of_its_own_and_latest_is_none(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    create_alias(fc, "main", "prod")
    put_config(fc, "main", max_async_retry_attempts=1)
    assert put_config(fc, "main", "prod", max_async_retry_attempts=2).function_arn == ARN + "main/prod"
    assert get_config(fc, "main", "LATEST").max_async_retry_attempts == 1
    assert get_config(fc, "main", "prod").max_async_retry_attempts == 2
    assert fc.delete_async_invoke_config("main", models.DeleteAsyncInvokeConfigRequest()).status_code == 204
    with pytest.raises(ClientException, match="AsyncConfig for main:LATEST does not exist") as caught:
        get_config(fc, "main")
    assert (caught.value.status_code, caught.value.code) == (404, "AsyncConfigNotExists")
    with pytest.raises(ClientException, match="AsyncConfigNotExists"):
        fc.delete_async_invoke_config("main", models.DeleteAsyncInvokeConfigRequest())


def test_the_qualifier_decides_whose_config_an_invocation_follows(
    local: LocalServer, fc: Client, mns_queue: MakeQueue
) -> None:
    create_function(fc, "main", FAILS)
    create_alias(fc, "main", "prod")
    dead = mns_queue("dead")
    put_config(fc, "main", "prod", on_failure=QUEUE.format("dead"), max_async_retry_attempts=0)
    invoke_async(fc, "main")
    local.advance(10)
    assert bodies(dead) == []
    invoke_async(fc, "main", qualifier="prod")
    local.settle()
    (record,) = bodies(dead)
    assert record["requestContext"]["functionArn"] == ARN + "main"


def test_configs_are_listed_page_by_page(fc: Client) -> None:
    for name in ("b", "a"):
        create_function(fc, name, ECHOES)
    create_alias(fc, "a", "prod")
    for name, qualifier in (("b", None), ("a", "prod"), ("a", None)):
        put_config(fc, name, qualifier, max_async_retry_attempts=1)
    found, token = [], None
    while token != "":
        page = fc.list_async_invoke_configs(models.ListAsyncInvokeConfigsRequest(limit=1, next_token=token)).body
        found += [config.function_arn for config in page.configs]
        token = page.next_token
    assert found == [ARN + "a", ARN + "a/prod", ARN + "b"]
    of_a = fc.list_async_invoke_configs(models.ListAsyncInvokeConfigsRequest(function_name="a")).body
    assert [config.function_arn for config in of_a.configs] == [ARN + "a", ARN + "a/prod"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "nextToken=%00", "nextToken=!"])
def test_a_page_that_cannot_be_is_400(local: LocalServer, query: str) -> None:
    assert error(request(local, "GET", f"/2023-03-30/async-invoke-configs?{query}")) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"maxAsyncRetryAttempts": -1}', "InvalidArgument"),
        ('{"maxAsyncRetryAttempts": 9}', "InvalidArgument"),
        ('{"maxAsyncRetryAttempts": true}', "InvalidArgument"),
        ('{"maxAsyncRetryAttempts": "1"}', "InvalidArgument"),
        ('{"maxAsyncRetryAttempts": 1.5}', "InvalidArgument"),
        ('{"maxAsyncEventAgeInSeconds": 0}', "InvalidArgument"),
        ('{"maxAsyncEventAgeInSeconds": 604801}', "InvalidArgument"),
        ('{"asyncTask": 1}', "InvalidArgument"),
        ('{"destinationConfig": []}', "InvalidArgument"),
        ('{"destinationConfig": {"onFailure": "acs:x"}}', "InvalidArgument"),
        ('{"destinationConfig": {"onFailure": {"destination": 1}}}', "InvalidArgument"),
        ('{"destinationConfig": {"onFailure": {"destination": "%s"}}}' % ("a" * 513), "InvalidArgument"),
        ('{"destinationConfig": {"onSuccess": {}}}', "InvalidDestinationResources"),
        ('{"destinationConfig": {"onSuccess": {"destination": ""}}}', "InvalidDestinationResources"),
    ],
)
def test_a_config_out_of_range_is_400_and_changes_nothing(local: LocalServer, fc: Client, body: str, code: str) -> None:
    create_function(fc, "main", ECHOES)
    path = f"{FUNCTIONS}/main/async-invoke-config"
    assert error(request(local, "PUT", path, body)) == (400, code)
    assert error(request(local, "GET", path)) == (404, "AsyncConfigNotExists")


def test_the_config_of_a_function_that_is_not_there_is_404_function_not_found(fc: Client) -> None:
    calls = (
        lambda: put_config(fc, "nobody", max_async_retry_attempts=1),
        lambda: get_config(fc, "nobody"),
        lambda: fc.delete_async_invoke_config("nobody", models.DeleteAsyncInvokeConfigRequest()),
    )
    for call in calls:
        with pytest.raises(ClientException, match="FunctionNotFound"):
            call()


# A folder of one's own


def spec(folder: Path, **fields: Any) -> FunctionSpec:
    return FunctionSpec(
        **{"name": "main", "runtime": "python3.10", "handler": "index.handler", "code_dir": folder, **fields}
    )


def test_an_edit_in_the_folder_counts_on_the_next_invocation(local: LocalServer, fc: Client, tmp_path: Path) -> None:
    handler = tmp_path / "index.py"
    handler.write_text("def handler(event, context): return 'a'")
    local.deploy_folder(spec(tmp_path))
    assert invoke(fc, "main").body.read() == b"a"
    handler.write_text("def handler(event, context): return 'b'")
    status = handler.stat()
    os.utime(handler, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert invoke(fc, "main").body.read() == b"b"
    assert [path.name for path in tmp_path.iterdir()] == ["index.py"]


def test_a_folders_config_is_put_and_its_queues_are_made(local: LocalServer, fc: Client, tmp_path: Path) -> None:
    config = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=0
    )
    local.deploy_folder(spec(tmp_path, async_config=config, qualifier="prod"))
    assert get_config(fc, "main", "prod").destination_config.on_failure.destination == QUEUE.format("dead")
    attributes = request(local, "GET", "/queues/dead", None, {"x-mns-version": "2015-06-06"})[2]
    assert b"<MessageRetentionPeriod>604800</MessageRetentionPeriod>" in attributes
    assert b"<MaximumMessageSize>65536</MaximumMessageSize>" in attributes


def test_a_folder_that_is_not_there_is_one_sentence(local: LocalServer, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"main: expected a folder of code or a \.zip at .*gone, found none"):
        local.deploy_folder(spec(tmp_path / "gone"))
    with pytest.raises(LocalError, match="main: timeout 0: expected an integer from 1 to 86400"):
        local.deploy_folder(spec(tmp_path, timeout_seconds=0))


def test_a_zip_that_cannot_be_unpacked_is_one_sentence_that_names_it(local: LocalServer, tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    for content, said in (
        (b"PK", "is not a zip file, or is damaged"),
        (base64.b64decode(zipped({"../out.py": ""})), "holds an entry whose name leads out of its folder"),
    ):
        path.write_bytes(content)
        with pytest.raises(LocalError) as refused:
            local.deploy_folder(spec(path))
        assert str(refused.value) == f"function main: {path} {said}"
    assert [entry.name for entry in tmp_path.iterdir()] == ["code.zip"]


# The service itself


def test_a_port_in_use_is_one_sentence(local: LocalServer) -> None:
    port = int(local.url.rpartition(":")[2])
    with pytest.raises(LocalError, match=f"port {port} of 127.0.0.1 is in use"), LocalServer(port=port):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "evil.example", "::"])  # noqa: S104
def test_only_a_loopback_address_is_listened_at(host: str) -> None:
    with pytest.raises(ArgumentError, match="loopback"):
        LocalServer(host=host)


def test_what_is_not_served_is_501_naming_the_action(local: LocalServer, fc: Client) -> None:
    with pytest.raises(ServerException, match="ListLayers") as caught:
        fc.list_layers(models.ListLayersRequest())
    assert (caught.value.status_code, caught.value.code) == (501, "NotImplemented")
    answer = request(local, "PATCH", "/2023-03-30/functions/main?x=1")
    assert error(answer) == (501, "NotImplemented")
    assert "PATCH /2023-03-30/functions/main " in json.loads(answer[2])["Message"]


def test_code_in_a_bucket_of_somebody_elses_is_501(fc: Client) -> None:
    code = models.InputCodeLocation(oss_bucket_name="b", oss_object_name="o")
    with pytest.raises(ServerException, match="code from the bucket 'b'"):
        create_function(fc, "main", "", code=code)


def test_base64_with_foreign_characters_is_no_zip(fc: Client) -> None:
    text = zipped({"index.py": ECHOES})
    assert base64.b64decode(text)
    with pytest.raises(ClientException, match="base64"):
        create_function(fc, "main", "", code=models.InputCodeLocation(zip_file=text[:8] + "\n" + text[8:]))
