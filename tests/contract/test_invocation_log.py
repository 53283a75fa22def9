"""What the log says of invocations: tracebacks, a line for each execution, and quietly one for each invocation."""

from __future__ import annotations

import re

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer, ManualClock
from tests.contract.fc_sdk import create_function, fc_client, invoke, invoke_async, put_config

FAILS = """
def handler(event, context):
    try:
        {}["key"]
    except KeyError:
        raise ValueError("boom \u202e" + "x" * 1000)
"""
FLOODS = """
import os, socket, stat
def handler(event, context):
    for number in map(int, os.listdir("/dev/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, event)
        except OSError:
            pass
"""
TOOK = r", \d+ ms, \d+ MB"


@pytest.fixture(autouse=True)
def all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "fc_async.local")


def lines_of(caplog: pytest.LogCaptureFixture, request_id: str) -> list[str]:
    return [line for line in caplog.messages if request_id in line]


def test_a_failing_handlers_traceback_is_in_the_log_as_python_prints_it_with_the_request_id(
    fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    create_function(fc, "main", FAILS)
    request_id = invoke(fc, "main").headers["x-fc-request-id"]
    printed = [
        line.getMessage().removeprefix(f"main {request_id} ")
        for line in caplog.records
        if line.name == "fc_async.local.handler"
    ]
    assert printed[:4] == [
        "Traceback (most recent call last):",
        '  File "/code/index.py", line 4, in handler',
        '    {}["key"]',
        "KeyError: 'key'",
    ]
    assert "During handling of the above exception, another exception occurred:" in printed
    assert printed[-1].startswith("ValueError: boom ")
    assert not [line for line in printed if "worker.py" in line or "importlib" in line]


def test_each_attempt_and_each_sync_execution_ends_in_one_line_with_duration_and_memory(
    local: LocalServer, fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    create_function(fc, "main", FAILS)
    put_config(fc, "main", max_async_retry_attempts=1)
    request_id = invoke_async(fc, "main").headers["x-fc-request-id"]
    local.advance(1)
    told = [line for line in lines_of(caplog, request_id) if "attempt" in line]
    error = r" \(UnhandledInvocationError: ValueError: boom .*\)"
    assert len(told) == 2
    assert re.fullmatch(rf"main: attempt 1 of {request_id} ended Retrying{TOOK}{error}", told[0])
    assert re.fullmatch(rf"main: attempt 2 of {request_id} ended Failed{TOOK}{error}", told[1])
    assert max(map(len, told)) < 500
    request_id = invoke(fc, "main").headers["x-fc-request-id"]
    assert re.fullmatch(rf"main: {request_id} ended{TOOK}{error}", lines_of(caplog, request_id)[-1])


def test_quietly_there_is_one_line_for_each_invocation_whatever_it_did(
    local: LocalServer, fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for silenced in ("handler", "execution"):
        caplog.set_level("WARNING", f"fc_async.local.{silenced}")
    caplog.set_level("INFO", "fc_async.local")  # the level of the fixture's own handler, too
    create_function(fc, "main", FAILS)
    create_function(fc, "fine", "def handler(event, context): print('x')\n")
    put_config(fc, "main", max_async_retry_attempts=2)
    put_config(fc, "fine", on_success="acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/bus")
    caplog.clear()
    failed = invoke_async(fc, "main").headers["x-fc-request-id"]
    local.advance(10)
    fine = invoke_async(fc, "fine").headers["x-fc-request-id"]
    local.settle()
    synchronous = invoke(fc, "fine").headers["x-fc-request-id"]
    (of_failed,), (of_fine,), (of_sync,) = (lines_of(caplog, one) for one in (failed, fine, synchronous))
    assert re.fullmatch(rf"main: {failed} ended Failed after 3 attempts{TOOK} \(Unhandled.*\)", of_failed)
    assert re.fullmatch(rf"fine: {fine} ended Succeeded after 1 attempt{TOOK}", of_fine)
    assert re.fullmatch(rf"fine: {synchronous} ended{TOOK}", of_sync)


def test_what_expires_while_it_waits_is_said_too(caplog: pytest.LogCaptureFixture) -> None:
    with LocalServer(clock=ManualClock(), workers=1) as local:
        client = fc_client(local)
        create_function(client, "main", "def handler(event, context): raise ValueError\n")
        put_config(client, "main", max_async_event_age_in_seconds=1)
        request_id = invoke_async(client, "main").headers["x-fc-request-id"]
        local.advance(10)  # the attempts after 0 and 1 s are in time, the one after 2 s is not
    assert lines_of(caplog, request_id)[-1] == f"main: {request_id} ended Expired after 2 attempts"


def test_what_is_stopped_while_it_waits_is_said_too(fc: Client, caplog: pytest.LogCaptureFixture) -> None:
    create_function(fc, "main", "def handler(event, context): pass\n")
    put_config(fc, "main", async_task=True)
    delayed = {"x-fc-async-delay": "60"}
    stopped = invoke_async(fc, "main", common_headers=delayed, x_fc_async_task_id="t").headers["x-fc-request-id"]
    fc.stop_async_task("main", "t", models.StopAsyncTaskRequest())
    assert lines_of(caplog, stopped) == [f"main: {stopped} ended Stopped after 0 attempts"]


@pytest.mark.parametrize(
    "frame",
    [b"\xff" * 8, b"\0\0\0\x02\0\0\0\0{}", b"\0\0\0\x05\0\0\0\0[1,2]", b"\0\0\0\x02\xff\xff\xff\xff{}", b"x" * 100_000],
    ids=["claims 4 GB", "no fields", "no object", "a payload of 4 GB", "noise"],
)
def test_a_handler_that_writes_on_its_workers_channel_ends_its_worker_and_nothing_else(
    local: LocalServer, fc: Client, frame: bytes
) -> None:
    create_function(fc, "main", FLOODS)
    create_function(fc, "fine", "def handler(event, context): return event\n")
    assert b"Process exited unexpectedly" in invoke(fc, "main", frame).body.read()
    assert invoke(fc, "fine", b"well").body.read() == b"well"
