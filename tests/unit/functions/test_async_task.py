from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from fc_async.answered import AnswerError
from fc_async.errors import ArgumentError
from fc_async.functions.async_task import STATUSES, AsyncTask, AsyncTaskEvent, task_query

WIRE = {
    "taskId": "t-1",
    "status": "Failed",
    "startedTime": 1700000000000,
    "endTime": 0,
    "durationMs": 12,
    "alreadyRetriedTimes": 0,
    "destinationStatus": "Succeeded",
    "events": [{"eventId": 1, "status": "Enqueued", "timestamp": 5, "eventDetail": '{"Error":"secret-word"}'}],
    "functionArn": "acs:fc:cn-hangzhou:1:functions/main",
    "instanceId": "c-1",
    "qualifier": "LATEST",
    "requestId": "1-a",
    "returnPayload": "secret-word",
    "taskErrorMessage": "secret-word",
    "taskPayload": "secret-word",
    "somethingNew": 1,
}


def test_every_field_of_the_service_is_read_and_payloads_stay_out_of_repr() -> None:
    task = AsyncTask.from_wire(WIRE)
    assert (task.task_id, task.status, task.end_time, task.already_retried_times) == ("t-1", "Failed", 0, 0)
    assert task.events == (AsyncTaskEvent(1, "Enqueued", 5, '{"Error":"secret-word"}'),)
    assert (task.return_payload, task.task_payload, task.task_error_message) == ("secret-word",) * 3
    assert task.wire == WIRE
    assert "secret-word" not in repr(task)


def test_nulls_and_missing_fields_are_none() -> None:
    task = AsyncTask.from_wire({"taskId": "t", "status": "Dequeued", "events": None, "endTime": None})
    assert (task.events, task.end_time, task.request_id) == ((), None, None)


@pytest.mark.parametrize("status", sorted({*STATUSES, "SomethingNew"}))
def test_a_task_is_over_in_a_final_status_only(status: str) -> None:
    over = {"Succeeded", "Failed", "Stopped", "Expired", "Invalid"}
    assert AsyncTask("t", status).is_over is (status in over)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"taskId": None}, "expected taskId to be text, got nothing"),
        ({"status": None}, "expected status to be text, got nothing"),
        ({"status": 7}, "expected status to be text, got int"),
        ({"events": {}}, "expected events to be a list, got dict"),
        ({"events": [7]}, "expected events to hold objects, got int among them"),
        ({"events": [{"eventId": "1"}]}, "expected eventId to be a whole number, got str"),
        ({"endTime": "secret-word"}, "expected endTime to be a whole number, got str"),
        ({"endTime": True}, "expected endTime to be a whole number, got bool"),
        ({"requestId": 7}, "expected requestId to be text, got int"),
    ],
)
def test_an_answer_of_another_shape_is_not_taken_for_a_task(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnswerError) as caught:
        AsyncTask.from_wire(WIRE | change)
    assert str(caught.value) == reason


def test_a_field_of_the_service_that_is_named_wire_changes_nothing() -> None:
    assert AsyncTask.from_wire({"taskId": "t", "status": "x", "wire": 7}).wire == {
        "taskId": "t",
        "status": "x",
        "wire": 7,
    }


def query(**named: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(
        ("qualifier", "prefix", "status", "started_time_begin", "started_time_end", "sort_order_by_time")
    )
    return task_query(**{**nothing, "include_payload": False, **named})


def test_what_is_not_asked_for_is_not_sent_and_zero_is() -> None:
    assert query() == {}
    assert query(started_time_begin=0, include_payload=True) == {"started_time_begin": 0, "include_payload": True}


def test_a_time_may_be_a_datetime_with_a_zone() -> None:
    moment = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert query(started_time_end=moment) == {"started_time_end": 1704067200000}


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "succeeded"},
        {"status": ""},
        {"sort_order_by_time": "up"},
        {"prefix": ""},
        {"prefix": "x" * 129},
        {"prefix": "a\nb"},
        {"qualifier": "a/b"},
        {"started_time_begin": -1},
        {"started_time_end": True},
        {"started_time_end": datetime(2024, 1, 1)},
        {"started_time_begin": 1.5},
    ],
)
def test_a_filter_that_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        query(**wrong)


@pytest.mark.parametrize("moment", [0, 253402300799999, datetime.max.replace(tzinfo=timezone.utc)])
def test_the_ends_of_time_are_taken(moment: Any) -> None:
    assert query(started_time_begin=moment)["started_time_begin"] in (0, 253402300799999)


@pytest.mark.parametrize(
    "moment",
    [
        -1,
        253402300800000,
        10**30,
        pytest.param(10**5000, id="of 5001 digits"),
        True,
        1.5,
        datetime.min.replace(tzinfo=timezone.utc),
    ],
)
def test_a_time_that_no_calendar_has_is_refused(moment: Any) -> None:
    for name in ("started_time_begin", "started_time_end"):
        with pytest.raises(ArgumentError, match=f"{name}: .*0 to 253402300799999"):
            query(**{name: moment})


def test_the_longest_prefix_is_that_of_a_task_id() -> None:
    assert query(prefix="x" * 128) == {"prefix": "x" * 128}
