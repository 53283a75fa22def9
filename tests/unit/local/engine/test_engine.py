"""What the engine promises: attempts, ages, turns, and the record at the end."""

from __future__ import annotations

import itertools
import json

import pytest

from fc_async.local.engine.destination_record import record_bytes
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.invocation import Invocation, Outcome
from fc_async.local.engine.lane import Settings, UnknownFunctionError
from fc_async.local.engine.transitions import State

SUCCESS = Outcome(b"done")
ERROR = Outcome(b'{"errorType": "E"}', "UnhandledInvocationError")
THROTTLED = Outcome(b"", "ResourceExhausted", 429)
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


def engine_with(settings: Settings | None = None, *functions: str) -> Engine:
    engine = Engine("cn-x", "1")
    for function in functions or ("f",):
        engine.functions.add(function)
    engine.functions.configure((functions or ("f",))[0], None, settings)
    return engine


def run_to_the_end(engine: Engine, outcome: Outcome, now_ms: int = 0) -> list[int]:
    """Give every attempt the same outcome until nothing is left; return when each attempt began."""
    starts = []
    while True:
        next_ms = engine.due(now_ms)
        invocation = engine.start(now_ms)
        if invocation is not None:
            starts.append(now_ms)
            engine.finished(now_ms, invocation, outcome)
        elif next_ms is None:
            return starts
        else:
            now_ms = next_ms


@pytest.mark.parametrize("retries", [0, 1, 8])
def test_a_failing_invocation_runs_once_and_then_as_often_as_its_retries_say(retries: int) -> None:
    engine = engine_with(Settings(max_retries=retries, on_failure="dead"))
    invocation = engine.accept(0, "f", b"x", "r")
    starts = run_to_the_end(engine, ERROR)
    assert starts == [1000 * number for number in range(1 + retries)]
    assert invocation.state is State.FAILED
    (delivery,) = engine.take_deliveries()
    assert delivery.record["requestContext"]["approximateInvokeCount"] == 1 + retries


def test_without_a_config_a_failure_is_retried_three_times_and_goes_nowhere() -> None:
    engine = engine_with()
    engine.accept(0, "f", b"", "r")
    assert len(run_to_the_end(engine, ERROR)) == 4
    assert engine.take_deliveries() == []


@pytest.mark.parametrize(("age_ms", "state"), [(0, State.RUNNING), (5000, State.RUNNING), (5001, State.EXPIRED)])
def test_only_what_is_strictly_older_than_its_maximum_age_is_dropped(age_ms: int, state: State) -> None:
    engine = engine_with(Settings(max_age_ms=5000, on_failure="dead"))
    invocation = engine.accept(100, "f", b"", "r")
    engine.start(100 + age_ms)
    assert invocation.state is state
    assert engine.metrics["FunctionAsyncEventExpiredDropped"] == (state is State.EXPIRED)
    assert engine.take_deliveries() == []


def test_what_is_behind_an_expired_invocation_is_started_in_its_place() -> None:
    engine = engine_with(Settings(max_age_ms=1000))
    engine.accept(0, "f", b"old", "old")
    young = engine.accept(1500, "f", b"young", "young")
    assert engine.start(2000) is young
    assert engine.start(2000) is None


def test_a_retry_that_comes_too_late_is_dropped_and_fires_nothing() -> None:
    engine = engine_with(Settings(max_retries=8, max_age_ms=1500, on_failure="dead"))
    invocation = engine.accept(0, "f", b"", "r")
    assert run_to_the_end(engine, ERROR) == [0, 1000]
    assert invocation.state is State.EXPIRED
    assert engine.take_deliveries() == []


def test_a_delay_holds_an_invocation_back_and_does_not_count_as_age() -> None:
    engine = engine_with(Settings(max_age_ms=1000))
    invocation = engine.accept(0, "f", b"", "r", delay_ms=60_000)
    assert engine.due(59_999) == 60_000
    assert engine.start(59_999) is None
    assert engine.due(61_000) is None
    assert engine.start(61_000) is invocation


def test_a_system_error_is_retried_after_half_a_second_doubling_and_uses_up_no_retry() -> None:
    engine = engine_with(Settings(max_retries=0, on_failure="dead"))
    engine.accept(0, "f", b"", "r")
    starts = run_to_the_end(engine, THROTTLED)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert gaps[:5] == [500, 1000, 2000, 4000, 8000]
    assert 2 * HOUR_MS < starts[-1] <= 5 * HOUR_MS
    (delivery,) = engine.take_deliveries()
    assert delivery.record["responseContext"] == {"statusCode": 200, "functionError": ""}
    assert delivery.record["requestContext"]["condition"] == "FunctionResourceExhausted"


def test_the_record_of_a_system_error_has_the_status_and_the_code_of_the_last_answer() -> None:
    engine = engine_with(Settings(max_retries=0, on_failure="dead"))
    engine.accept(0, "f", b"", "r")
    run_to_the_end(engine, Outcome(b"", "InternalServerError", 500))
    (delivery,) = engine.take_deliveries()
    assert delivery.record["responseContext"] == {"statusCode": 500, "functionError": ""}
    assert delivery.record["requestContext"]["condition"] == "InternalServerError"


def test_system_errors_leave_the_retries_of_function_errors_untouched() -> None:
    engine = engine_with(Settings(max_retries=1))
    engine.accept(0, "f", b"", "r")
    now_ms = 0
    states = []
    for outcome in (THROTTLED, ERROR, THROTTLED, ERROR):
        next_ms = engine.due(now_ms)
        now_ms = next_ms or now_ms
        engine.due(now_ms)
        invocation = engine.start(now_ms)
        assert invocation is not None
        states.append(engine.finished(now_ms, invocation, outcome))
    assert states == [State.RETRYING, State.RETRYING, State.RETRYING, State.FAILED]


def test_the_record_of_a_failure_is_the_services_in_fields_types_and_order() -> None:
    engine = engine_with(Settings(max_retries=0, on_success="good", on_failure="bad"))
    engine.accept(1660120276975, "f", '{"名":"值"}'.encode(), "1-2-3", qualifier=None)
    run_to_the_end(engine, ERROR, 1660120276975)
    (delivery,) = engine.take_deliveries()
    assert (delivery.destination, delivery.function, delivery.request_id) == ("bad", "f", "1-2-3")
    assert record_bytes(delivery.record).decode() == (
        '{"timestamp":1660120276975,"requestContext":{"requestId":"1-2-3","functionArn":"acs:fc:cn-x:1:functions/f",'
        '"condition":"UnhandledInvocationError","approximateInvokeCount":1},"requestPayload":"{\\"名\\":\\"值\\"}",'
        '"responseContext":{"statusCode":200,"functionError":"UnhandledInvocationError"},'
        '"responsePayload":"{\\"errorType\\": \\"E\\"}"}'
    )


def test_the_record_of_a_success_has_an_empty_condition_and_error() -> None:
    engine = engine_with(Settings(on_success="good", on_failure="bad"))
    engine.accept(7, "f", b"in", "r")
    run_to_the_end(engine, SUCCESS, 7)
    (delivery,) = engine.take_deliveries()
    assert (delivery.destination, delivery.function, delivery.request_id) == ("good", "f", "r")
    assert delivery.record == {
        "timestamp": 7,
        "requestContext": {
            "requestId": "r",
            "functionArn": "acs:fc:cn-x:1:functions/f",
            "condition": "",
            "approximateInvokeCount": 1,
        },
        "requestPayload": "in",
        "responseContext": {"statusCode": 200, "functionError": ""},
        "responsePayload": "done",
    }
    assert engine.take_deliveries() == []


def test_bytes_that_are_not_utf8_still_make_a_record_of_valid_json() -> None:
    engine = engine_with(Settings(on_success="good"))
    engine.accept(0, "f", b"\xff\x00", "r")
    run_to_the_end(engine, Outcome(b"\xfe"))
    (delivery,) = engine.take_deliveries()
    assert json.loads(record_bytes(delivery.record))["requestPayload"] == "\ufffd\x00"


def test_a_function_with_a_long_backlog_does_not_hold_up_another() -> None:
    engine = engine_with(None, "flood", "small")
    for number in range(5):
        engine.accept(0, "flood", b"", f"flood-{number}")
    engine.accept(0, "small", b"", "small")
    started = [_started(engine).request_id for _ in range(6)]
    assert started == ["flood-0", "small", "flood-1", "flood-2", "flood-3", "flood-4"]


def test_settings_belong_to_one_qualifier_and_nothing_is_inherited() -> None:
    engine = engine_with(Settings(max_retries=0))
    engine.functions.add_qualifier("f", "prod")
    engine.functions.add_qualifier("f", "other")
    engine.functions.configure("f", "prod", Settings(max_retries=1))
    attempts = {}
    for qualifier in (None, "prod", "other"):
        engine.accept(0, "f", b"", "r", qualifier=qualifier)
        attempts[qualifier] = len(run_to_the_end(engine, ERROR))
    assert attempts == {None: 1, "prod": 2, "other": 4}


def test_what_waits_for_a_function_that_is_gone_becomes_invalid_even_when_one_of_that_name_comes_back() -> None:
    engine = engine_with(Settings(on_failure="dead"))
    waiting = engine.accept(0, "f", b"", "r")
    delayed = engine.accept(0, "f", b"", "r2", delay_ms=1000)
    engine.functions.remove("f")
    engine.functions.add("f")
    assert run_to_the_end(engine, SUCCESS) == []
    assert [waiting.state, delayed.state] == [State.INVALID, State.INVALID]
    assert engine.backlog == 0


def test_an_unknown_function_is_not_accepted() -> None:
    with pytest.raises(UnknownFunctionError):
        Engine().accept(0, "f", b"", "r")


def test_backlog_and_running_count_every_invocation_exactly_once() -> None:
    engine = engine_with(Settings(max_retries=1))
    engine.accept(0, "f", b"", "a")
    engine.accept(0, "f", b"", "b", delay_ms=10)
    assert (engine.backlog, engine.running) == (2, 0)
    invocation = _started(engine)
    assert (engine.backlog, engine.running) == (1, 1)
    engine.finished(0, invocation, ERROR)
    assert (engine.backlog, engine.running) == (2, 0)
    run_to_the_end(engine, SUCCESS)
    assert (engine.backlog, engine.running) == (0, 0)


def _started(engine: Engine) -> Invocation:
    invocation = engine.start(0)
    assert invocation is not None
    return invocation
