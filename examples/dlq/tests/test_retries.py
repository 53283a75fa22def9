"""How the functions of this example are tried again, put under test: six hours of retries in less than a second."""

import json

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig
from fc_async.testing import record

TO_QUEUE = DestinationConfig(on_failure="queue:dead")


def fails(event, context):
    raise ValueError("no stock")


def test_a_function_that_fails_ends_in_the_dead_letter_queue_after_its_retries(fc_local):
    fc_local.function(
        "orders", fails, config=AsyncInvokeConfig(destination_config=TO_QUEUE, max_async_retry_attempts=2)
    )
    fc_local.functions.invoke_async("orders", {"id": 1})
    fc_local.advance("6h")
    (letter,) = fc_local.records("dead")
    assert letter.approximate_invoke_count == 3
    assert letter.request_json() == {"id": 1}


def test_a_throttled_function_is_tried_for_five_hours_and_then_given_up(fc_local):
    fc_local.function("orders", fails, config=AsyncInvokeConfig(destination_config=TO_QUEUE))
    fc_local.limit("orders", 0)
    fc_local.functions.invoke_async("orders", {})
    fc_local.advance("4h")
    assert fc_local.records("dead") == []
    fc_local.advance("2h")
    assert len(fc_local.records("dead")) == 1


def test_a_function_that_comes_back_succeeds_within_its_retries(fc_local):
    attempts = []

    def flaky(event, context):
        attempts.append(context.request_id)
        if len(attempts) < 3:
            raise ConnectionError("the warehouse is closed")
        return {"sent": True}

    fc_local.function("orders", flaky, config=AsyncInvokeConfig(max_async_retry_attempts=3))
    fc_local.functions.invoke_async("orders", {})
    fc_local.advance("1m")
    assert len(attempts) == 3
    assert [one["status"] for one in fc_local.invocations("orders")] == ["Succeeded"]


def test_what_has_waited_too_long_is_dropped(fc_local):
    def slow(event, context):
        return json.loads(event)

    config = AsyncInvokeConfig(max_async_event_age_in_seconds="1h")
    fc_local.function("orders", slow, config=config, duration="2h")
    fc_local.limit("orders", 1)
    fc_local.functions.invoke_async("orders", {"id": 1})
    fc_local.functions.invoke_async("orders", {"id": 2})
    fc_local.advance("3h")
    assert sorted(one["status"] for one in fc_local.invocations()) == ["Expired", "Succeeded"]


@pytest.mark.parametrize("error", [None, ValueError("no stock")])
def test_a_handler_is_called_with_records_that_a_builder_makes(error):
    letter = record({"id": 1}, function="orders", error=error, attempts=3)
    assert letter.record.is_success is (error is None)
    assert letter.record.request_json() == {"id": 1}
