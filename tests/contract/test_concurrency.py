"""What limits a function's invocations: reserved concurrency, and disabling, through the official SDK."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from tests.contract.fc_sdk import (
    ARN,
    create_function,
    fc_client,
    invoke,
    invoke_async,
    put_config,
    refused,
    request,
)
from tests.contract.test_local_routes import invocations

ECHOES = "def handler(event, context):\n    return event\n"
HANGS = "import time\nopen({!r}, 'w').close()\ntime.sleep(3600)\ndef handler(event, context): pass\n"
PATH = "/2023-03-30/functions/main/concurrency"
QUEUE = "acs:eventbridge:cn-hangzhou:1:eventbus/bus"


def reserve(fc: Client, name: str, instances: int) -> models.ConcurrencyConfig:
    body = models.PutConcurrencyInput(reserved_concurrency=instances)
    return fc.put_concurrency_config(name, models.PutConcurrencyConfigRequest(body=body)).body


def configs(fc: Client, **query: Any) -> models.ListConcurrencyConfigsOutput:
    return fc.list_concurrency_configs(models.ListConcurrencyConfigsRequest(**query)).body


def disable(fc: Client, name: str, **fields: Any) -> bool:
    return bool(fc.disable_function_invocation(name, models.DisableFunctionInvocationRequest(**fields)).body.success)


def get_function(fc: Client, name: str) -> models.Function:
    return fc.get_function(name, models.GetFunctionRequest()).body


def said(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str, str]:
    body = json.loads(answer[2])
    return answer[0], body["Code"], body["Message"]


@pytest.fixture
def main(fc: Client) -> str:
    create_function(fc, "main", ECHOES)
    return "main"


def test_reserved_concurrency_is_put_read_changed_and_deleted(fc: Client, main: str) -> None:
    put = reserve(fc, main, 5)
    assert (put.function_arn, put.reserved_concurrency) == (ARN + "main", 5)
    reserve(fc, main, 7)
    assert fc.get_concurrency_config(main).body.to_map() == {**put.to_map(), "reservedConcurrency": 7}
    assert fc.delete_concurrency_config(main).status_code == 204
    assert refused(lambda: fc.get_concurrency_config(main)) == (404, "ConcurrencyConfigNotFound")
    assert refused(lambda: fc.delete_concurrency_config(main)) == (404, "ConcurrencyConfigNotFound")


def test_concurrency_configs_are_listed_in_pages_and_by_function(fc: Client) -> None:
    for name in ("c", "a", "b"):
        create_function(fc, name, ECHOES)
        reserve(fc, name, 1)
    first = configs(fc, limit=2)
    rest = configs(fc, limit=2, next_token=first.next_token)
    assert [one.function_arn for one in first.configs + rest.configs] == [ARN + name for name in "abc"]
    assert not rest.next_token
    assert [one.function_arn for one in configs(fc, function_name="b").configs] == [ARN + "b"]
    assert configs(fc, function_name="no").configs == []


def test_nothing_is_left_of_it_when_the_function_is_deleted_and_made_again(fc: Client, main: str) -> None:
    reserve(fc, main, 0)
    disable(fc, main)
    fc.delete_function(main)
    assert configs(fc).configs == []
    create_function(fc, main, ECHOES)
    assert invoke(fc, main, b"again").body.read() == b"again"
    assert get_function(fc, main).invocation_restriction is None


@pytest.mark.parametrize(("reserved", "limit"), [(0, 1), (1, 0), (0, None)])
def test_the_lower_of_reserved_concurrency_and_the_local_limit_throttles(
    local: LocalServer, fc: Client, main: str, reserved: int, limit: int | None
) -> None:
    reserve(fc, main, reserved)
    body = '{"instances": null}' if limit is None else f'{{"instances": {limit}}}'
    assert request(local, "PUT", "/_local/functions/main/limit", body)[0] == 200
    assert refused(lambda: invoke(fc, main)) == (429, "ResourceExhausted")


def test_one_that_is_as_high_as_what_runs_throttles_nothing(fc: Client, main: str) -> None:
    reserve(fc, main, 1)
    assert invoke(fc, main, b"1").body.read() == b"1"


def test_an_async_invocation_waits_while_nothing_is_reserved_and_runs_afterwards(
    local: LocalServer, fc: Client, main: str
) -> None:
    reserve(fc, main, 0)
    invoke_async(fc, main)
    local.advance(60)
    assert [one["status"] for one in invocations(local)] == ["Retrying"]
    fc.delete_concurrency_config(main)
    local.advance(3600)
    assert [one["status"] for one in invocations(local)] == ["Succeeded"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{}", "reservedConcurrency (none): expected an integer from 0 to 1000000"),
        ('{"reservedConcurrency": -1}', "reservedConcurrency -1: expected an integer from 0 to 1000000"),
        ('{"reservedConcurrency": true}', "reservedConcurrency true: expected an integer from 0 to 1000000"),
        ('{"reservedConcurrency": 1000001}', "reservedConcurrency 1000001: expected an integer from 0 to 1000000"),
    ],
    ids=["none", "negative", "boolean", "too many"],
)
def test_a_number_of_instances_that_is_none_is_refused_by_name(
    local: LocalServer, fc: Client, main: str, body: str, words: str
) -> None:
    assert said(request(local, "PUT", PATH, body)) == (400, "InvalidArgument", words)
    assert refused(lambda: fc.get_concurrency_config(main)) == (404, "ConcurrencyConfigNotFound")


def test_what_concerns_a_function_that_is_not_there_is_refused(fc: Client) -> None:
    missing = (404, "FunctionNotFound")
    assert refused(lambda: reserve(fc, "no", 1)) == missing
    assert refused(lambda: fc.get_concurrency_config("no")) == missing
    assert refused(lambda: fc.delete_concurrency_config("no")) == missing
    assert refused(lambda: disable(fc, "no")) == missing
    assert refused(lambda: fc.enable_function_invocation("no")) == missing


def test_a_disabled_function_takes_no_invocation_until_it_is_enabled(fc: Client, main: str) -> None:
    assert disable(fc, main, reason="over")
    assert refused(lambda: invoke(fc, main)) == (403, "AccessDenied")
    assert refused(lambda: invoke_async(fc, main)) == (403, "AccessDenied")
    shown = get_function(fc, main).invocation_restriction
    assert (shown.disable, shown.reason, shown.last_modified_time) == (True, "over", "2026-01-01T00:00:00Z")
    assert fc.enable_function_invocation(main).body.success
    assert invoke(fc, main, b"1").body.read() == b"1"
    assert get_function(fc, main).invocation_restriction.to_map() == {
        "disable": False,
        "lastModifiedTime": "2026-01-01T00:00:00Z",
    }


def test_what_waits_when_a_function_is_disabled_runs_once_it_is_enabled(
    local: LocalServer, fc: Client, main: str
) -> None:
    invoke_async(fc, main, common_headers={"x-fc-async-delay": "10"})
    disable(fc, main)
    local.advance(60)
    assert [one["status"] for one in invocations(local)] == ["Retrying"]
    fc.enable_function_invocation(main)
    local.advance(3600)
    assert [one["status"] for one in invocations(local)] == ["Succeeded"]


def test_a_record_for_a_disabled_function_is_not_delivered(local: LocalServer, fc: Client, main: str) -> None:
    create_function(fc, "next", ECHOES)
    put_config(fc, main, on_success=ARN + "next")
    disable(fc, "next")
    invoke_async(fc, main)
    local.advance(60)
    (shown,) = invocations(local)
    assert [one["status"] for one in shown["deliveries"]] == ["lost"]


def test_disabling_aborts_what_runs_where_that_is_asked_for(local: LocalServer, fc: Client, tmp_path: Path) -> None:
    began = tmp_path / "began"
    create_function(fc, "hangs", HANGS.format(str(began)), timeout=600)
    create_function(fc, "other", ECHOES)
    answers: list[models.InvokeFunctionResponse] = []
    thread = threading.Thread(target=lambda: answers.append(invoke(fc_client(local), "hangs")))
    thread.start()
    while not began.exists():
        invoke(fc, "other")  # a turn of the service
    disable(fc, "hangs", abort_ongoing_request=True)
    thread.join(60)
    assert answers[0].headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert b"Process exited unexpectedly" in answers[0].body.read()


def test_disabling_leaves_what_runs_alone_where_that_is_not_asked_for(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    source = (
        "import os, time\n"
        f"def handler(event, context):\n    open({str(began)!r}, 'w').close()\n"
        f"    while not os.path.exists({str(go)!r}): time.sleep(0.01)\n    return b'done'\n"
    )
    create_function(fc, "main", source, timeout=600)
    create_function(fc, "other", ECHOES)
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(invoke(fc_client(local), "main").body.read()))
    thread.start()
    while not began.exists():
        invoke(fc, "other")
    disable(fc, "main")
    go.touch()
    thread.join(60)
    assert answers == [b"done"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"reason": 5}', "reason 5: expected a text that UTF-8 can write, without a zero byte"),
        ('{"abortOngoingRequest": "yes"}', "abortOngoingRequest 'yes': expected true or false"),
    ],
    ids=["reason", "abort"],
)
def test_a_body_of_disable_with_a_wrong_type_is_refused_and_disables_nothing(
    local: LocalServer, fc: Client, main: str, body: str, words: str
) -> None:
    path = "/2023-03-30/functions/main/invoke/disable"
    assert said(request(local, "POST", path, body)) == (400, "InvalidArgument", words)
    assert invoke(fc, main, b"1").body.read() == b"1"
