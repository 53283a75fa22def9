"""What Function Compute promises of asynchronous invocations. Each promise can be asked of a real account too."""

from __future__ import annotations

import json

import pytest
from alibabacloud_fc20230330 import models

from tests.contract.fc_sdk import (
    create_alias,
    get_config,
    get_task,
    invoke,
    invoke_async,
    list_tasks,
    publish,
    put_config,
    refused,
    stop_task,
    zipped,
)
from tests.contract.service import Service

FAILS = "def handler(event, context):\n    raise ValueError('no')\n"
ECHOES = "def handler(event, context):\n    return event\n"
TIMES_OUT = "import time\ndef handler(event, context):\n    time.sleep(30)\n"


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_a_failing_handler_runs_once_and_then_as_often_as_its_retries_say(service: Service, retries: int) -> None:
    dead, main = service.queue(), service.function(FAILS)
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=retries)
    accepted = invoke_async(service.fc, main, b'{"a": 1}')
    (record,) = service.later(retries * 1, dead.take)
    assert record["requestContext"]["requestId"] == accepted.headers["x-fc-request-id"]
    assert record["requestContext"]["approximateInvokeCount"] == 1 + retries
    assert record["requestContext"]["functionArn"] == service.arn(main)
    assert record["requestPayload"] == '{"a": 1}'
    assert json.loads(record["responsePayload"])["errorType"] == "ValueError"


def test_a_success_reaches_on_success_and_never_on_failure(service: Service) -> None:
    good, bad, main = service.queue(), service.queue(), service.function(ECHOES)
    put_config(service.fc, main, on_success=good.arn, on_failure=bad.arn)
    invoke_async(service.fc, main, b"in")
    (record,) = service.later(0, good.take)
    assert (record["responsePayload"], record["responseContext"]["statusCode"]) == ("in", 200)
    assert bad.take() == []


def test_a_function_that_times_out_with_retries_0_runs_once(service: Service) -> None:
    dead, main = service.queue(), service.function(TIMES_OUT, timeout=1)
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=0)
    invoke_async(service.fc, main)
    (record,) = service.later(1, dead.take)
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert "timed out after 1 second" in json.loads(record["responsePayload"])["errorMessage"]


def test_an_invocation_waits_for_its_delay(service: Service) -> None:
    done, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, on_success=done.arn)
    invoke_async(service.fc, main, common_headers={"x-fc-async-delay": "20"})
    assert done.take() == []
    assert len(service.later(20, done.take)) == 1


@pytest.mark.parametrize("delay", ["-1", "3601", "1.5", "x", "", "9" * 30])
def test_a_delay_out_of_range_is_400(service: Service, delay: str) -> None:
    main = service.function(ECHOES)
    call = {"common_headers": {"x-fc-async-delay": delay}}
    assert refused(lambda: invoke_async(service.fc, main, **call)) == (400, "InvalidArgument")


def test_a_destination_function_is_invoked_with_the_record(service: Service) -> None:
    seen, next_one, main = service.queue(), service.function(ECHOES), service.function(ECHOES)
    put_config(service.fc, next_one, on_success=seen.arn)
    put_config(service.fc, main, on_success=service.arn(next_one))
    accepted = invoke_async(service.fc, main, b"start")
    (record,) = service.later(0, seen.take)
    upstream = json.loads(record["requestPayload"])
    assert upstream["requestContext"]["requestId"] == accepted.headers["x-fc-request-id"]
    assert upstream["requestPayload"] == "start"


# Async tasks


def test_a_task_has_the_id_that_it_was_given_and_is_found_by_it(service: Service) -> None:
    main = service.function(ECHOES)
    put_config(service.fc, main, async_task=True)
    accepted = invoke_async(service.fc, main, b"in", x_fc_async_task_id="order-1")
    assert accepted.headers["x-fc-async-task-id"] == "order-1"
    task = service.later(0, lambda: ended_task(service, main, "order-1"))
    assert task is not None
    assert (task.task_id, task.status, task.qualifier) == ("order-1", "Succeeded", "LATEST")
    assert (task.request_id, task.task_payload) == (accepted.headers["x-fc-request-id"], "in")
    assert (task.already_retried_times, task.function_arn) == (0, service.arn(main))
    assert [event.status for event in task.events] == ["Enqueued", "Running", "Succeeded"]
    assert [event.event_id for event in task.events] == [1, 2, 3]
    assert task.end_time >= task.started_time > 0


def ended_task(service: Service, function: str, task_id: str) -> models.AsyncTask | None:
    task = get_task(service.fc, function, task_id)
    return task if task.status in ("Succeeded", "Failed", "Stopped", "Expired", "Invalid") else None


def test_without_a_task_id_the_request_id_is_one(service: Service) -> None:
    main = service.function(ECHOES)
    put_config(service.fc, main, async_task=True)
    accepted = invoke_async(service.fc, main)
    request_id = accepted.headers["x-fc-request-id"]
    assert accepted.headers["x-fc-async-task-id"] == request_id
    task = service.later(0, lambda: ended_task(service, main, request_id))
    assert task is not None
    assert [listed.task_id for listed in list_tasks(service.fc, main).tasks] == [request_id]
    assert refused(lambda: stop_task(service.fc, main, request_id))[0] == 412


def test_a_second_task_of_that_id_is_409_and_runs_nothing(service: Service) -> None:
    done, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, async_task=True, on_success=done.arn)
    invoke_async(service.fc, main, x_fc_async_task_id="once")
    assert refused(lambda: invoke_async(service.fc, main, x_fc_async_task_id="once"))[0] == 409
    assert len(service.later(0, done.take)) == 1


def test_a_failed_task_tells_its_error_and_its_retries(service: Service) -> None:
    main = service.function(FAILS)
    put_config(service.fc, main, async_task=True, max_async_retry_attempts=1)
    invoke_async(service.fc, main, x_fc_async_task_id="t")
    task = service.later(2, lambda: ended_task(service, main, "t"))
    assert task is not None
    assert (task.status, task.task_error_message) == ("Failed", "UnhandledInvocationError")
    assert task.already_retried_times == 1
    assert [event.status for event in task.events] == ["Enqueued", "Running", "Retrying", "Running", "Failed"]
    assert json.loads(task.events[2].event_detail) == {"Error": "UnhandledInvocationError"}


def test_a_task_that_waits_is_stopped_and_never_runs(service: Service) -> None:
    bad, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, async_task=True, on_failure=bad.arn)
    invoke_async(service.fc, main, x_fc_async_task_id="t", common_headers={"x-fc-async-delay": "600"})
    assert stop_task(service.fc, main, "t") == 204
    assert get_task(service.fc, main, "t").status == "Stopped"
    (record,) = service.later(0, bad.take)
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert refused(lambda: stop_task(service.fc, main, "t"))[0] == 412


def test_what_is_no_task_is_404(service: Service) -> None:
    main = service.function(ECHOES)
    request_id = invoke_async(service.fc, main).headers["x-fc-request-id"]
    for task_id in ("nobody", request_id):
        assert refused(lambda task_id=task_id: get_task(service.fc, main, task_id)) == (404, "AsyncTaskNotFound")
        assert refused(lambda task_id=task_id: stop_task(service.fc, main, task_id)) == (404, "AsyncTaskNotFound")
    assert list_tasks(service.fc, main).tasks == []


# Versions and aliases


def test_a_version_stays_what_latest_was(service: Service) -> None:
    main = service.function("def handler(event, context): return 'one'\n")
    version = publish(service.fc, main, "the first")
    assert (version.version_id, version.description) == ("1", "the first")
    service.fc.update_function(main, changed_code("two"))
    assert invoke(service.fc, main).body.read() == b"two"
    assert invoke(service.fc, main, qualifier="1").body.read() == b"one"
    assert publish(service.fc, main).version_id == "2"


def changed_code(text: str) -> models.UpdateFunctionRequest:
    source = f"def handler(event, context): return {text!r}\n"
    code = models.InputCodeLocation(zip_file=zipped({"index.py": source}))
    return models.UpdateFunctionRequest(body=models.UpdateFunctionInput(code=code))


def test_an_alias_is_moved_to_another_version_and_invocations_follow(service: Service) -> None:
    main = service.function("def handler(event, context): return 'one'\n")
    publish(service.fc, main)
    service.fc.update_function(main, changed_code("two"))
    publish(service.fc, main)
    create_alias(service.fc, main, "prod", "1")
    assert invoke(service.fc, main, qualifier="prod").body.read() == b"one"
    moved = models.UpdateAliasRequest(body=models.UpdateAliasInput(version_id="2"))
    assert service.fc.update_alias(main, "prod", moved).body.version_id == "2"
    assert invoke(service.fc, main, qualifier="prod").body.read() == b"two"


def test_a_qualifier_has_a_config_of_its_own_and_inherits_nothing(service: Service) -> None:
    latest, main = service.queue(), service.function(FAILS)
    publish(service.fc, main)
    create_alias(service.fc, main, "prod", "1")
    put_config(service.fc, main, on_failure=latest.arn, max_async_retry_attempts=0)
    assert refused(lambda: get_config(service.fc, main, "prod")) == (404, "AsyncConfigNotExists")
    put_config(service.fc, main, "prod", max_async_retry_attempts=0)
    invoke_async(service.fc, main, qualifier="prod")
    assert service.later(5, latest.take) == []
    assert get_config(service.fc, main, "LATEST").max_async_retry_attempts == 0


@pytest.mark.parametrize(("qualifier", "code"), [("9", "VersionNotFound"), ("nobody", "AliasNotFound")])
def test_an_unknown_qualifier_is_404_by_its_kind(service: Service, qualifier: str, code: str) -> None:
    main = service.function(ECHOES)
    calls = (
        lambda: invoke(service.fc, main, qualifier=qualifier),
        lambda: invoke_async(service.fc, main, qualifier=qualifier),
        lambda: put_config(service.fc, main, qualifier, max_async_retry_attempts=0),
        lambda: get_config(service.fc, main, qualifier),
        lambda: get_task(service.fc, main, "t", qualifier),
        lambda: list_tasks(service.fc, main, qualifier=qualifier),
    )
    assert [refused(call) for call in calls] == [(404, code)] * len(calls)
