"""Async tasks beyond the everyday: every filter of the listing, its pages, stopping what runs, and their seven days."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fc_async.local import ManualClock
from tests.contract.conftest import OneWorker
from tests.contract.fc_sdk import (
    create_alias,
    create_function,
    error,
    get_task,
    invoke_async,
    list_tasks,
    put_config,
    refused,
    request,
    stop_task,
)
from tests.contract.service import LocalService

ECHOES = "def handler(event, context):\n    return event\n"
FAILS = "def handler(event, context):\n    raise ValueError('no')\n"
START_MS = ManualClock().now_ms()
DAY_SECONDS = 86400


@pytest.fixture
def tasks(assuming: Callable[..., LocalService]) -> LocalService:
    """A service with five tasks, a second apart: a-1, a-2 and b-3 succeeded, b-4 failed, b-5 waits."""
    service = assuming()
    good, bad = service.function(ECHOES), service.function(FAILS)
    for function in (good, bad):
        put_config(service.fc, function, async_task=True, max_async_retry_attempts=0)
    for task_id in ("a-1", "a-2", "b-3"):
        invoke_async(service.fc, good, task_id.encode(), x_fc_async_task_id=task_id)
        service.server.advance(1)
    invoke_async(service.fc, bad, x_fc_async_task_id="b-4")
    later = {"x-fc-async-delay": "60"}
    invoke_async(service.fc, good, x_fc_async_task_id="b-5", common_headers=later)
    return service


def ids(service: LocalService, **filters: Any) -> list[str]:
    return [task.task_id for task in list_tasks(service.fc, "function-1", **filters).tasks]


def test_tasks_are_listed_newest_first_or_as_asked(tasks: LocalService) -> None:
    assert ids(tasks) == ids(tasks, sort_order_by_time="desc") == ["b-5", "b-3", "a-2", "a-1"]
    assert ids(tasks, sort_order_by_time="asc") == ["a-1", "a-2", "b-3", "b-5"]


def test_tasks_are_filtered_by_prefix_status_and_time(tasks: LocalService) -> None:
    assert ids(tasks, prefix="a-") == ["a-2", "a-1"]
    assert ids(tasks, status="Enqueued") == ["b-5"]
    assert ids(tasks, status="Succeeded", prefix="b") == ["b-3"]
    assert ids(tasks, status="Dequeued") == []
    assert ids(tasks, started_time_begin=START_MS + 1000) == ["b-5", "b-3", "a-2"]
    assert ids(tasks, started_time_end=START_MS + 1000) == ["a-2", "a-1"]
    assert ids(tasks, started_time_begin=START_MS + 1000, started_time_end=START_MS + 1000) == ["a-2"]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_tasks_come_page_by_page_and_new_ones_do_not_disturb(tasks: LocalService, order: str) -> None:
    whole = ids(tasks, sort_order_by_time=order)
    found: list[str] = []
    token = None
    while token != "":
        page = list_tasks(tasks.fc, "function-1", limit=1, next_token=token, sort_order_by_time=order)
        found += [task.task_id for task in page.tasks]
        token = page.next_token
        if order == "desc":
            invoke_async(tasks.fc, "function-1", x_fc_async_task_id=f"new-{len(found)}")
    assert found == whole


def test_the_payload_is_told_only_when_it_is_asked_for(tasks: LocalService) -> None:
    path = "/2023-03-30/functions/function-1/async-tasks?prefix=a-1"
    for query, has_payload in (("", False), ("&includePayload=True", True), ("&includePayload=false", False)):
        (task,) = json.loads(request(tasks.server, "GET", path + query)[2])["tasks"]
        assert ("taskPayload" in task) == has_payload
    assert get_task(tasks.fc, "function-1", "a-1").task_payload == "a-1"


@pytest.mark.parametrize(
    "query",
    [
        "status=Done",
        "sortOrderByTime=up",
        "startedTimeBegin=-1",
        "startedTimeEnd=now",
        "includePayload=maybe",
        "limit=0",
        "limit=101",
        "nextToken=%00",
    ],
)
def test_a_filter_that_cannot_be_is_400(tasks: LocalService, query: str) -> None:
    path = f"/2023-03-30/functions/function-1/async-tasks?{query}"
    assert error(request(tasks.server, "GET", path)) == (400, "InvalidArgument")


def test_before_its_end_a_task_has_no_end_time(tasks: LocalService) -> None:
    task = get_task(tasks.fc, "function-1", "b-5")
    assert (task.status, task.end_time, task.duration_ms, task.instance_id) == ("Enqueued", 0, 0, "")
    assert (task.started_time, task.already_retried_times) == (START_MS + 3000, 0)


def test_a_task_is_found_under_the_qualifier_that_was_invoked(assuming: Callable[..., LocalService]) -> None:
    service = assuming()
    main = service.function(ECHOES)
    create_alias(service.fc, main, "prod")
    put_config(service.fc, main, "prod", async_task=True)
    invoke_async(service.fc, main, qualifier="prod", x_fc_async_task_id="t")
    task = get_task(service.fc, main, "t", "prod")
    assert (task.qualifier, task.function_arn) == ("prod", service.arn(main) + "/prod")
    assert refused(lambda: get_task(service.fc, main, "t")) == (404, "AsyncTaskNotFound")


def test_a_task_is_known_for_seven_days_and_then_its_id_is_free(tasks: LocalService) -> None:
    tasks.server.advance(7 * DAY_SECONDS - 3)
    assert get_task(tasks.fc, "function-1", "a-1").status == "Succeeded"
    tasks.server.advance(1)
    assert refused(lambda: get_task(tasks.fc, "function-1", "a-1")) == (404, "AsyncTaskNotFound")
    assert ids(tasks, prefix="a-") == ["a-2"]
    assert invoke_async(tasks.fc, "function-1", x_fc_async_task_id="a-1").status_code == 202


def test_the_status_of_the_delivery_is_told(assuming: Callable[..., LocalService]) -> None:
    service = assuming()
    good, main = service.queue(), service.function(ECHOES)
    told = []
    for destination in (good.arn, "acs:mns:::/queues/nobody/messages"):
        put_config(service.fc, main, async_task=True, on_success=destination)
        task_id = invoke_async(service.fc, main).headers["x-fc-async-task-id"]
        service.server.advance(10)
        told.append(get_task(service.fc, main, task_id).destination_status)
    assert told == ["Succeeded", "Failed"]


def test_a_task_that_runs_is_stopped_with_its_worker_and_the_next_one_runs(fc_of_one_worker: OneWorker) -> None:
    local, fc, gate = fc_of_one_worker
    create_function(fc, "slow", gate.handler, timeout=600)
    create_function(fc, "main", ECHOES)
    put_config(fc, "slow", async_task=True)
    put_config(fc, "main", async_task=True)
    with gate.holding(lambda: invoke_async(fc, "slow", x_fc_async_task_id="t")):
        assert get_task(fc, "slow", "t").status == "Running"
        assert stop_task(fc, "slow", "t") == 204
        local.settle()
        task = get_task(fc, "slow", "t")
    assert (task.status, task.already_retried_times) == ("Stopped", 0)
    assert [event.status for event in task.events] == ["Enqueued", "Running", "Stopped"]
    invoke_async(fc, "main", x_fc_async_task_id="next")
    local.settle()
    assert get_task(fc, "main", "next").status == "Succeeded"


def test_an_expired_task_and_one_whose_alias_is_gone_say_so(assuming: Callable[..., LocalService]) -> None:
    service = assuming()
    main = service.function(ECHOES)
    create_alias(service.fc, main, "prod")
    for qualifier in (None, "prod"):
        put_config(service.fc, main, qualifier, async_task=True, max_async_event_age_in_seconds=1)
    request(service.server, "PUT", f"/_local/functions/{main}/limit", '{"instances": 0}')
    invoke_async(service.fc, main, x_fc_async_task_id="old")
    service.server.advance(10)
    assert get_task(service.fc, main, "old").status == "Expired"
    later = {"x-fc-async-delay": "60"}
    invoke_async(service.fc, main, qualifier="prod", x_fc_async_task_id="gone", common_headers=later)
    service.fc.delete_alias(main, "prod")
    create_alias(service.fc, main, "prod")
    service.server.advance(60)
    assert get_task(service.fc, main, "gone", "prod").status == "Invalid"
