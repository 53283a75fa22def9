"""examples/dlq/redriver: a function on a timer sends dead letters again; from its s.yaml, on the local service."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from alibabacloud_fc20230330.client import Client

from fc_async import QueueClient, parse_record
from fc_async.deploy.s_yaml import read_document
from fc_async.local import LocalServer
from fc_async.local.catalog.function import FunctionSpec
from fc_async.testing import record
from tests.contract.fc_sdk import create_function, invoke_async, put_config
from tests.contract.test_local_routes import invocations

REPOSITORY = Path(__file__).parents[2]
FILE = REPOSITORY / "examples" / "dlq" / "redriver" / "s.yaml"
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/{}/messages"
STARTED_MS = 1_767_225_600_000  # the manual clock's
FIXED_AT = "2026-01-01T08:00:01+08:00"  # a second later
TIMER = json.dumps({"triggerTime": "2026-01-01T00:05:00Z", "triggerName": "redriver-1", "payload": ""}).encode()
ORDERS = """
import json
import re
import runpy
import subprocess
import sys
def handler(event, context):
    if json.loads(event).get("failure"):
        raise ValueError("no")
    return json.loads(event)
"""


def deploy(local: LocalServer, seconds: int | None = None, **variables: str) -> None:
    """Deploy what s.yaml declares, with further variables and perhaps another timeout."""
    document = read_document(FILE, {"FIXED_AT": FIXED_AT, "FC_REDRIVER_ROLE_ARN": "acs:ram::1:role/redriver"})
    (declared,) = document.functions
    spec = FunctionSpec(**declared.local_fields())
    here = {"PYTHONPATH": str(REPOSITORY)}  # in the cloud it is packed with the code
    spec = replace(spec, environment={**spec.environment, **here, **variables})
    local.deploy_folder(spec if seconds is None else replace(spec, timeout_seconds=seconds))


@pytest.fixture
def dead(local: LocalServer, fc: Client) -> Iterator[QueueClient]:
    with QueueClient("dlq-dead-letters", endpoint=local.url) as queue, QueueClient("done", endpoint=local.url) as done:
        queue.create()
        done.create()
        create_function(fc, "orders", ORDERS)
        destinations = {"on_success": QUEUE.format("done"), "on_failure": QUEUE.format("dlq-dead-letters")}
        put_config(fc, "orders", max_async_retry_attempts=0, **destinations)
        yield queue


def fire(local: LocalServer, fc: Client) -> dict[str, Any]:
    """Invoke the function as its timer does, and return what it returned."""
    request_id = invoke_async(fc, "dlq-redriver", TIMER).headers["x-fc-request-id"]
    local.settle()
    (found,) = [one for one in invocations(local) if one["requestId"] == request_id]
    assert found["status"] == "Succeeded", found
    return found


def letter(payload: Any, function: str = "orders", at_ms: int = STARTED_MS) -> str:
    return record(payload, function=function, error=ValueError("no"), timestamp_ms=at_ms).text


def test_each_letter_is_sent_again_and_one_that_fails_again_is_left(
    local: LocalServer, fc: Client, dead: QueueClient
) -> None:
    deploy(local, IDLE_SECONDS="0")
    local.advance(60)
    for number in range(20):
        dead.send(letter({"order": number}))
    dead.send(letter({"failure": True}))
    fire(local, fc)
    fire(local, fc)
    ended = [one["status"] for one in invocations(local) if one["function"] == "orders"]
    assert sorted(ended) == ["Failed"] + ["Succeeded"] * 20
    with QueueClient("done", endpoint=local.url) as done:
        orders = [parse_record(one).request_json()["order"] for _ in range(2) for one in done.receive(16)]
    assert sorted(orders) == list(range(20))
    local.advance(3601)
    (left,) = dead.receive(16)
    assert parse_record(left).request_json() == {"failure": True}
    assert parse_record(left).timestamp.timestamp() > STARTED_MS / 1000 + 1  # type: ignore[union-attr]


def test_what_has_no_net_and_what_is_no_record_is_left(local: LocalServer, fc: Client, dead: QueueClient) -> None:
    deploy(local, IDLE_SECONDS="0")
    create_function(fc, "netless", ORDERS)
    bodies = {letter({}, function="netless"), letter({}, function="gone"), "no record"}
    for body in bodies:
        dead.send(body)
    fire(local, fc)
    assert [one for one in invocations(local) if one["function"] != "dlq-redriver"] == []
    local.advance(3601)
    assert {one.message_body for one in dead.receive(16)} == bodies


def test_it_ends_before_its_own_timeout(local: LocalServer, fc: Client, dead: QueueClient) -> None:
    deploy(local, seconds=3, IDLE_SECONDS="60")
    dead.send(letter({"order": 1}))
    assert len(fire(local, fc)["attempts"]) == 1
    assert dead.peek() == []


def test_one_instance_has_ended_when_the_next_timer_fires() -> None:
    props = yaml.safe_load(FILE.read_text())["resources"]["redriver"]["props"]
    crons = {trigger["triggerConfig"]["cronExpression"] for trigger in props["triggers"]}
    assert crons == {"@every 5m"}
    assert props["timeout"] < 300
    assert props["asyncInvokeConfig"]["maxAsyncRetryAttempts"] == 0


def simulation() -> Any:
    return runpy.run_path(str(FILE.with_name("simulate.py")))


def test_twice_the_instances_take_half_the_time_until_the_queue_is_the_limit() -> None:
    names = simulation()
    seconds = names["Redriver"](per_second=250).seconds
    for letters in (1_000_000, 10_000_000):
        for instances in (1, 2, 4, 8):
            assert seconds(letters, instances) / seconds(letters, 2 * instances) == pytest.approx(2, rel=0.1)
    limit = names["QUEUE_PER_SECOND"] // 250
    assert seconds(10_000_000, limit) == seconds(10_000_000, 2 * limit) > seconds(9_000_000, limit)
    assert seconds(10_000_000, limit) > 10_000_000 / names["QUEUE_PER_SECOND"]


def test_the_simulation_waits_for_the_next_timer_and_marks_what_outlives_its_letters() -> None:
    names = simulation()
    redriver = names["Redriver"](per_second=10)
    works = redriver.timeout_seconds - redriver.start_seconds - redriver.end_seconds
    assert redriver.seconds(10 * works, 1) == redriver.start_seconds + works
    assert redriver.seconds(10 * works + 10, 1) == redriver.every_seconds + redriver.start_seconds + 1
    assert "expire" in names["shown"](names["Redriver"](per_second=1).seconds(10_000_000, 1))
    props = yaml.safe_load(FILE.read_text())["resources"]["redriver"]["props"]
    assert redriver.timeout_seconds == props["timeout"]


def test_the_simulation_of_the_readme_is_what_the_script_prints() -> None:
    text = (FILE.parents[1] / "README.md").read_text()
    (command,) = re.findall(r"^python redriver/(simulate\.py .*)$", text, re.MULTILINE)
    shown = subprocess.run(
        [sys.executable, *command.split()], cwd=FILE.parent, capture_output=True, text=True, check=True
    )
    assert shown.stdout in text
