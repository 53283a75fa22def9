"""/_local/...: what the engine did, and the limit that makes a function throttle."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from alibabacloud_fc20230330 import models

from fc_async.local import LocalServer, ManualClock
from tests.contract.conftest import OneWorker
from tests.contract.fc_sdk import (
    create_function,
    error,
    fc_client,
    invoke,
    invoke_async,
    put_config,
    refused,
    request,
)

ECHOES = "def handler(event, context):\n    return event\n"
FAILS = "def handler(event, context):\n    raise ValueError('no')\n"
BUS = "acs:eventbridge:cn-hangzhou:1:eventbus/bus"
START_MS = ManualClock().now_ms()


def invocations(local: LocalServer) -> list[dict[str, Any]]:
    status, _, body = request(local, "GET", "/_local/invocations")
    assert status == 200
    found: list[dict[str, Any]] = json.loads(body)
    return found


def metric(local: LocalServer, name: str) -> int:
    return int(json.loads(request(local, "GET", "/_local/health")[2])["metrics"][name])


def limit(local: LocalServer, function: str, body: str) -> tuple[int, dict[str, str], bytes]:
    return request(local, "PUT", f"/_local/functions/{function}/limit", body)


def test_an_invocation_is_shown_with_its_attempts_and_what_became_of_its_record(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=BUS, max_async_retry_attempts=1)
    request_id = invoke_async(fc, "main").headers["x-fc-request-id"]
    local.advance(1)
    (shown,) = invocations(local)
    attempts, (delivery,) = shown.pop("attempts"), shown.pop("deliveries")
    assert shown == {
        "requestId": request_id,
        "taskId": request_id,
        "function": "main",
        "qualifier": "LATEST",
        "status": "Failed",
        "acceptedTime": START_MS,
    }
    assert [(attempt["startedTime"], attempt["endTime"]) for attempt in attempts] == [
        (START_MS, START_MS),
        (START_MS + 1000, START_MS + 1000),
    ]
    assert {(attempt["statusCode"], attempt["functionError"]) for attempt in attempts} == {
        (200, "UnhandledInvocationError")
    }
    assert (delivery["destination"], delivery["status"]) == (BUS, "outbox")
    assert delivery["record"]["requestContext"]["requestId"] == request_id


def test_invocations_are_shown_newest_first_also_those_that_wait() -> None:
    with LocalServer(clock=ManualClock(), workers=0) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        accepted = [invoke_async(fc, "main").headers["x-fc-request-id"] for _ in range(3)]
        assert [shown["requestId"] for shown in invocations(local)] == accepted[::-1]
        assert {shown["status"] for shown in invocations(local)} == {"Enqueued"}


@pytest.mark.parametrize(
    ("destination", "payload_bytes", "status"),
    [
        (BUS, 30_000, "outbox"),
        (BUS, 40_000, "lost"),
        ("acs:mq:cn-hangzhou:1:/instances/MQ_INST_1/topic/t", 40_000, "outbox"),
        ("acs:oss:cn-hangzhou:1:bucket", 1, "lost"),
        ("acs:mns:cn-hangzhou:1:/topics/t/messages", 1, "lost"),
        ("no ARN", 1, "lost"),
    ],
)
def test_what_nothing_here_receives_goes_to_the_outbox_or_is_lost(
    local: LocalServer, destination: str, payload_bytes: int, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success=destination)
    invoke_async(fc, "main", b"x" * payload_bytes)
    local.advance(10)
    (shown,) = invocations(local)
    assert [delivery["status"] for delivery in shown["deliveries"]] == [status]
    assert metric(local, "FunctionDestinationErrors") == (status == "lost")
    assert metric(local, "FunctionDestinationSucceeded") == (status == "outbox")
    listed = json.loads(request(local, "GET", "/_local/outbox")[2])
    assert [entry["destination"] for entry in listed] == ([destination] if status == "outbox" else [])
    assert ("lost: the record of main (" in caplog.text) == (status == "lost")


def test_a_delivery_that_fails_is_tried_again_before_it_is_lost(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success="acs:mns:elsewhere:9:/queues/late/messages")
    invoke_async(fc, "main")
    local.advance(3.4)
    assert invocations(local)[0]["deliveries"] == []
    request(local, "PUT", "/queues/late", "<Queue/>", {"x-mns-version": "2015-06-06"})
    local.advance(0.1)
    assert [delivery["status"] for delivery in invocations(local)[0]["deliveries"]] == ["delivered"]
    assert metric(local, "FunctionDestinationErrors") == 0


@pytest.mark.parametrize(("seconds", "status"), [(3.499, None), (3.5, "lost")])
def test_after_the_third_repeat_a_record_is_lost(local: LocalServer, seconds: float, status: str | None) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success="acs:fc:elsewhere:9:functions/nobody")
    invoke_async(fc, "main")
    local.advance(seconds)
    assert [delivery["status"] for delivery in invocations(local)[0]["deliveries"]] == ([status] if status else [])


# The limit of a function


def test_a_limit_of_0_answers_429_to_everything_and_null_lifts_it(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    create_function(fc, "other", ECHOES)
    assert json.loads(limit(local, "main", '{"instances": 0}')[2]) == {"instances": 0}
    assert refused(lambda: invoke(fc, "main")) == (429, "ResourceExhausted")
    invoke_async(fc, "main")
    local.advance(0.5)
    (shown,) = invocations(local)
    assert (shown["status"], [attempt["statusCode"] for attempt in shown["attempts"]]) == ("Retrying", [429, 429])
    assert invoke(fc, "other").status_code == 200
    assert json.loads(limit(local, "main", '{"instances": null}')[2]) == {"instances": None}
    assert invoke(fc, "main").status_code == 200
    local.advance(1)
    assert invocations(local)[0]["status"] == "Succeeded"
    assert metric(local, "FunctionConcurrencyThrottles") == 3


def test_throttled_for_five_hours_an_invocation_fails_and_says_why(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_failure=BUS, max_async_retry_attempts=0)
    limit(local, "main", '{"instances": 0}')
    invoke_async(fc, "main")
    local.advance(5 * 3600)
    (shown,) = invocations(local)
    assert shown["status"] == "Failed"
    record = shown["deliveries"][0]["record"]
    assert record["responseContext"] == {"statusCode": 200, "functionError": ""}
    assert record["requestContext"]["condition"] == "FunctionResourceExhausted"


def test_one_instance_runs_one_at_a_time(fc_of_one_worker: OneWorker) -> None:
    local, fc, gate = fc_of_one_worker
    create_function(fc, "main", gate.handler)
    limit(local, "main", '{"instances": 1}')
    with gate.holding(lambda: invoke(fc, "main")):
        assert refused(lambda: invoke(fc, "main")) == (429, "ResourceExhausted")
    local.settle()


@pytest.mark.parametrize(
    "body", ['{"instances": -1}', '{"instances": 1000001}', '{"instances": "1"}', '{"instances": true}', "{}", "[]", ""]
)
def test_a_limit_that_cannot_be_is_400(local: LocalServer, body: str) -> None:
    create_function(fc_client(local), "main", ECHOES)
    assert error(limit(local, "main", body)) == (400, "InvalidArgument")


def test_the_limit_of_a_function_that_is_not_there_is_404(local: LocalServer) -> None:
    assert error(limit(local, "nobody", '{"instances": 1}')) == (404, "FunctionNotFound")


def test_what_local_does_not_have_is_501_by_name(local: LocalServer) -> None:
    assert error(request(local, "POST", "/_local/health")) == (501, "NotImplemented")
    assert error(request(local, "GET", "/_local/nothing")) == (501, "NotImplemented")


# Metrics


def test_latency_is_the_time_from_acceptance_to_the_first_attempt_without_the_delay() -> None:
    with LocalServer(clock=ManualClock(), workers=1) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        invoke_async(fc, "main", common_headers={"x-fc-async-delay": "60"})
        local.advance(60)
        assert metric(local, "FunctionAsyncMessageLatencyMax") == 0
        assert metric(local, "FunctionAsyncMessageLatencyAvg") == 0


def test_without_workers_a_sync_invocation_counts_as_a_resource_throttle() -> None:
    with LocalServer(clock=ManualClock(), workers=0) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        assert refused(lambda: invoke(fc, "main")) == (503, "ResourceThrottled")
        assert metric(local, "FunctionResourceThrottles") == 1


PRINTS = """
import logging, sys
def handler(event, context):
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger().info("logged")
    if event == b"raise":
        raise ValueError("no")
    if event == b"much":
        print("x" * 100_000)
"""


def tail(local: LocalServer, event: bytes, **headers: str) -> tuple[str, str]:
    """The log of a synchronous invocation, and what stands in it between its first and last line."""
    path = "/2023-03-30/functions/main/invocations"
    status, answered, _ = request(local, "POST", path, event, {"X-Fc-Log-Type": "Tail", **headers})
    answered = {name.lower(): value for name, value in answered.items()}
    log = base64.b64decode(answered["x-fc-log-result"]).decode()
    request_id = answered["x-fc-request-id"]
    start, end = f"FC Invoke Start RequestId: {request_id}\n", f"FC Invoke End RequestId: {request_id}\n"
    assert status == 200
    assert log.startswith(start)
    assert log.endswith(end)
    return log, log[len(start) : -len(end)]


def test_the_tail_of_the_log_is_what_the_handler_printed_and_logged_between_its_two_lines(local: LocalServer) -> None:
    create_function(fc_client(local), "main", PRINTS)
    assert tail(local, b"")[1] == "printed\nto stderr\n[INFO] logged\n"
    assert tail(local, b"")[1] == "printed\nto stderr\n[INFO] logged\n"  # and nothing of the one before
    *_, call, line, error = tail(local, b"raise")[1].splitlines()
    assert (call.split(", ")[0], line.strip(), error) == (
        '  File "/code/index.py"',
        'raise ValueError("no")',
        "ValueError: no",
    )


def test_the_tail_of_the_log_has_4_kb_at_most_and_they_are_the_last(local: LocalServer) -> None:
    create_function(fc_client(local), "main", PRINTS)
    log, printed = tail(local, b"much")
    assert len(log) == 4096
    assert set(printed) == {"x", "\n"}


def test_only_who_asks_for_the_log_has_it_and_an_async_invocation_has_none(local: LocalServer) -> None:
    create_function(fc_client(local), "main", PRINTS)
    path = "/2023-03-30/functions/main/invocations"
    assert "x-fc-log-result" not in {name.lower() for name in request(local, "POST", path, b"")[1]}
    asynchronous = {"X-Fc-Log-Type": "Tail", "X-Fc-Invocation-Type": "Async"}
    status, headers, _ = request(local, "POST", path, b"", asynchronous)
    assert (status, "x-fc-log-result" in {name.lower() for name in headers}) == (202, False)


def test_a_sync_answer_names_the_code_and_the_version_that_ran(local: LocalServer) -> None:
    fc = fc_client(local)
    checksum = create_function(fc, "main", ECHOES).code_checksum
    fc.publish_function_version("main", models.PublishFunctionVersionRequest(body=models.PublishVersionInput()))
    for qualifier, version in ((None, "LATEST"), ("1", "1")):
        headers = invoke(fc, "main", qualifier=qualifier).headers
        assert headers["x-fc-code-checksum"] == checksum
        assert headers["x-fc-invocation-service-version"] == version


# A page of invocations, and one whole


def page(local: LocalServer, query: str) -> list[str]:
    status, _, body = request(local, "GET", f"/_local/invocations?{query}")
    assert status == 200
    return [shown["requestId"] for shown in json.loads(body)]


def test_a_page_of_invocations_is_cut_by_limit_before_function_and_status(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", ECHOES)
    create_function(fc, "other", FAILS)
    put_config(fc, "other", max_async_retry_attempts=0)
    ids = [invoke_async(fc, name).headers["x-fc-request-id"] for name in ("main", "other", "main", "other")]
    local.settle()
    newest_first = ids[::-1]
    assert page(local, "") == newest_first
    assert page(local, "limit=1") == newest_first[:1]
    assert page(local, f"before={ids[2]}") == newest_first[2:]
    assert page(local, f"before={ids[0]}") == []
    assert page(local, "function=main") == [ids[2], ids[0]]
    assert page(local, "function=nobody") == []
    assert page(local, "status=Failed") == [ids[3], ids[1]]
    assert page(local, f"status=Failed,Expired&limit=1&before={ids[3]}") == [ids[1]]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "status=Done", "before=1-2-3"])
def test_a_page_that_cannot_be_is_refused(local: LocalServer, query: str) -> None:
    assert error(request(local, "GET", f"/_local/invocations?{query}")) == (400, "InvalidArgument")


def test_one_invocation_is_shown_whole_with_its_traceback_and_what_it_led_to(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    create_function(fc, "after", ECHOES)
    arn = f"acs:fc:{local.region}:{local.account_id}:functions/after"
    put_config(fc, "main", on_failure=arn, max_async_retry_attempts=0)
    parent = invoke_async(fc, "main", b"the event").headers["x-fc-request-id"]
    local.settle()
    whole = json.loads(request(local, "GET", f"/_local/invocations/{parent}")[2])
    (child,) = whole["children"]
    (attempt,) = whole["attempts"]
    assert (whole["payload"], whole["payloadBytes"], whole["parent"]) == ("the event", 9, "")
    assert (child["function"], child["status"]) == ("after", "Succeeded")
    assert (attempt["error"]["errorType"], attempt["error"]["errorMessage"]) == ("ValueError", "no")
    assert attempt["error"]["stackTrace"][-1][-1] == "raise ValueError('no')"
    assert attempt["memoryMb"] > 0
    made = json.loads(request(local, "GET", f"/_local/invocations/{child['requestId']}")[2])
    assert (made["parent"], made["children"]) == (parent, [])
    assert error(request(local, "GET", "/_local/invocations/1-2-3")) == (404, "InvocationNotFound")
