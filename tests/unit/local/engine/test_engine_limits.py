"""The engine at its edges: 0, 1, the largest number, one more; stopping; turns; tasks; what is remembered."""

from __future__ import annotations

import gc

import pytest

from fc_async.local import limits
from fc_async.local.assumptions import Assumptions
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.history import History
from fc_async.local.engine.invocation import Invocation, Outcome
from fc_async.local.engine.lane import Settings
from fc_async.local.engine.task_book import DuplicateTaskError
from fc_async.local.engine.transitions import State

SUCCESS = Outcome(b"done")
ERROR = Outcome(b"{}", "UnhandledInvocationError")
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


def engine_with(config: Settings | None = None, **assumed: object) -> Engine:
    engine = Engine("cn-x", "1", Assumptions(**assumed))  # type: ignore[arg-type]
    engine.functions.add("f")
    engine.functions.configure("f", None, config)
    return engine


def started(engine: Engine, now_ms: int) -> Invocation:
    engine.due(now_ms)
    invocation = engine.start(now_ms)
    assert invocation is not None
    return invocation


@pytest.mark.parametrize("age_seconds", [1, limits.MAX_EVENT_AGE_SECONDS])
@pytest.mark.parametrize(("extra_ms", "state"), [(0, State.RUNNING), (1, State.EXPIRED)])
def test_the_shortest_and_the_longest_age_hold_to_the_millisecond(
    age_seconds: int, extra_ms: int, state: State
) -> None:
    engine = engine_with(Settings(max_age_ms=age_seconds * 1000))
    invocation = engine.accept(5, "f", b"", "r")
    engine.start(5 + age_seconds * 1000 + extra_ms)
    assert invocation.state is state


@pytest.mark.parametrize("delay_ms", [0, 1000, limits.MAX_DELAY_SECONDS * 1000])
def test_an_invocation_is_ready_when_its_delay_is_over_and_not_before(delay_ms: int) -> None:
    engine = engine_with()
    invocation = engine.accept(0, "f", b"", "r", delay_ms=delay_ms)
    if delay_ms:
        assert engine.due(delay_ms - 1) == delay_ms
        assert engine.start(delay_ms - 1) is None
    assert started(engine, delay_ms) is invocation


def test_an_age_that_counts_the_delay_drops_what_was_delayed_for_longer() -> None:
    engine = engine_with(Settings(max_age_ms=1000), age_counts_delay=True)
    invocation = engine.accept(0, "f", b"", "r", delay_ms=1001)
    engine.due(1001)
    assert engine.start(1001) is None
    assert invocation.state is State.EXPIRED


# Throttling


def throttled_until_the_end(engine: Engine) -> list[int]:
    """When each attempt was throttled."""
    engine.functions.limit("f", 0)
    invocation = engine.accept(0, "f", b"", "r")
    now_ms: int | None = 0
    while now_ms is not None:
        engine.due(now_ms)
        assert engine.start(now_ms) is None
        now_ms = engine.due(now_ms)
    assert invocation.state is State.FAILED
    return [attempt.started_ms for attempt in invocation.ended_attempts or []]


def test_a_throttled_invocation_backs_off_for_at_most_five_hours_and_then_fires() -> None:
    engine = engine_with(Settings(max_retries=0, on_failure="dead"))
    times = throttled_until_the_end(engine)
    assert times[:6] == [0, 500, 1500, 3500, 7500, 15_500]
    assert times[-1] + (times[-1] - times[-2]) * 2 > 5 * HOUR_MS >= times[-1]
    (delivery,) = engine.take_deliveries()
    assert delivery.record["responseContext"] == {"statusCode": 200, "functionError": ""}
    assert delivery.record["requestContext"]["approximateInvokeCount"] == len(times)


@pytest.mark.parametrize(("cap_seconds", "last_ms"), [(1, 5 * HOUR_MS - 500), (18_000, 16_383_500)])
def test_a_cap_bounds_every_wait_of_the_back_off(cap_seconds: int, last_ms: int) -> None:
    assert throttled_until_the_end(engine_with(backoff_cap_seconds=cap_seconds))[-1] == last_ms


def test_an_invocation_that_was_throttled_has_all_its_retries() -> None:
    engine = engine_with(Settings(max_retries=1))
    engine.functions.limit("f", 0)
    engine.accept(0, "f", b"", "r")
    assert engine.start(0) is None
    engine.functions.limit("f", None)
    assert engine.finished(500, started(engine, 500), ERROR) is State.RETRYING
    assert engine.finished(1500, started(engine, 1500), ERROR) is State.FAILED


def test_a_limit_of_1_lets_one_run_also_beside_a_synchronous_one() -> None:
    engine = engine_with()
    engine.functions.limit("f", 1)
    lane = engine.begin_sync("f")
    assert lane is not None
    assert engine.begin_sync("f") is None
    engine.accept(0, "f", b"", "r")
    assert engine.start(0) is None
    engine.end_sync(lane, "")
    assert started(engine, 500).state is State.RUNNING
    assert engine.begin_sync("f") is None
    assert engine.metrics["FunctionConcurrencyThrottles"] == 3


def test_waiting_for_a_worker_costs_neither_a_retry_nor_a_wait() -> None:
    engine = engine_with(Settings(max_retries=0, max_age_ms=7 * DAY_MS))
    invocation = engine.accept(0, "f", b"", "r")
    engine.due(6 * DAY_MS)
    assert (invocation.state, invocation.attempts) == (State.ENQUEUED, 0)
    assert engine.finished(6 * DAY_MS, started(engine, 6 * DAY_MS), SUCCESS) is State.SUCCEEDED


def test_functions_take_turns_also_when_retries_come_back() -> None:
    engine = engine_with(Settings(max_retries=8))
    engine.functions.add("g")
    for number in range(3):
        engine.accept(0, "f", b"", f"f-{number}")
    for number in range(3):
        engine.accept(0, "g", b"", f"g-{number}")
    order = [started(engine, 0).request_id for _ in range(6)]
    assert order == ["f-0", "g-0", "f-1", "g-1", "f-2", "g-2"]


# Stopping


def test_a_stopped_invocation_is_never_started_and_leaves_the_backlog_at_once() -> None:
    engine = engine_with(Settings(on_failure="dead"))
    ready = engine.accept(0, "f", b"", "ready")
    delayed = engine.accept(0, "f", b"", "delayed", delay_ms=1000)
    for invocation in (ready, delayed):
        assert engine.stop(0, invocation) is State.STOPPED
    assert engine.backlog == 0
    assert engine.due(1000) is None
    assert engine.start(1000) is None
    conditions = [delivery.record["requestContext"]["condition"] for delivery in engine.take_deliveries()]
    assert conditions == ["AsyncInvocationStopped"] * 2


def test_one_that_runs_is_stopping_until_it_is_finished_whatever_its_outcome() -> None:
    engine = engine_with(Settings(on_success="good", on_failure="dead"))
    engine.accept(0, "f", b"", "r")
    invocation = started(engine, 0)
    assert engine.stop(0, invocation) is State.STOPPING
    assert engine.stop(0, invocation) is State.STOPPING
    assert engine.finished(1, invocation, SUCCESS) is State.STOPPED
    (delivery,) = engine.take_deliveries()
    assert delivery.destination == "dead"
    assert engine.stop(2, invocation) is State.STOPPED
    assert engine.take_deliveries() == []


# Tasks and memory


def test_a_task_id_is_taken_within_its_function_and_qualifier_only() -> None:
    engine = engine_with(Settings(async_task=True))
    engine.functions.add("g")
    engine.functions.add_qualifier("f", "prod")
    engine.accept(0, "f", b"", "r1", task_id="t")
    engine.accept(0, "g", b"", "r2", task_id="t", is_task=True)
    engine.accept(0, "f", b"", "r3", task_id="t", qualifier="prod", is_task=True)
    with pytest.raises(DuplicateTaskError):
        engine.accept(0, "f", b"", "r4", task_id="t")
    assert engine.metrics["FunctionEnqueueCount"] == 3


@pytest.mark.parametrize(("age_ms", "is_known"), [(7 * DAY_MS, True), (7 * DAY_MS + 1, False)])
def test_a_task_that_has_ended_is_known_for_seven_days(age_ms: int, is_known: bool) -> None:
    engine = engine_with(Settings(async_task=True))
    waiting = engine.accept(0, "f", b"", "waits", delay_ms=HOUR_MS)
    task = engine.accept(0, "f", b"", "r")
    engine.finished(0, started(engine, 0), SUCCESS)
    assert (engine.find_task(age_ms, "f", None, "r") is task) == is_known
    assert engine.find_task(age_ms, "f", None, "waits") is waiting
    assert len(engine.tasks(age_ms, "f", None)) == 1 + is_known


def test_what_has_ended_is_forgotten_by_number_and_by_size_and_what_waits_is_not() -> None:
    engine = engine_with(Settings(max_retries=0))
    waiting = engine.accept(0, "f", b"", "waits", delay_ms=1)
    for number in range(limits.HISTORY_INVOCATIONS + 1):
        engine.accept(0, "f", b"", f"r-{number}")
        engine.finished(0, started(engine, 0), SUCCESS)
    remembered = list(engine.history)
    assert remembered[0] is waiting
    assert [one.request_id for one in remembered[1:3]] == ["r-1", "r-2"]
    assert len(remembered) == limits.HISTORY_INVOCATIONS + 1
    engine.functions.configure("f", None, Settings(on_success="good"))
    for number in range(3):
        engine.accept(0, "f", b"", f"answers-{number}")
        engine.finished(0, started(engine, 0), Outcome(b"x" * 30_000_000))
    assert [one.request_id for one in engine.history] == ["waits", "answers-1", "answers-2"]


def ended_task(engine: Engine, request_id: str, payload: bytes = b"x" * 1000) -> Invocation:
    task = engine.accept(0, "f", payload, request_id)
    engine.finished(0, started(engine, 0), SUCCESS)
    for delivery in engine.take_deliveries():
        engine.settled(delivery, "delivered")
    return task


def test_a_task_that_the_history_no_longer_shows_is_known_without_its_payload_and_its_records() -> None:
    engine = engine_with(Settings(async_task=True, on_success="good"))
    engine.history = History(max_bytes=5000)
    task = ended_task(engine, "first")
    assert task.payload
    late = engine.accept(0, "f", b"x" * 1000, "late")
    engine.finished(0, started(engine, 0), SUCCESS)
    (late_delivery,) = engine.take_deliveries()
    for number in range(3):
        ended_task(engine, f"r-{number}")
    engine.settled(late_delivery, "lost")
    assert task not in list(engine.history)
    assert engine.find_task(0, "f", None, "first") is task
    for one, status in ((task, "delivered"), (late, "lost")):
        assert (one.payload, one.state, len(one.ended_attempts or [])) == (b"", State.SUCCEEDED, 1)
        assert [(delivery.record, told) for delivery, told in one.deliveries or []] == [({}, status)]
    with pytest.raises(DuplicateTaskError):
        engine.accept(0, "f", b"", "r", task_id="first")


def test_the_oldest_of_too_many_ended_tasks_are_forgotten_and_one_that_waits_is_not() -> None:
    engine = engine_with(Settings(async_task=True))
    engine.history = History(max_tasks=2)
    waiting = engine.accept(0, "f", b"", "waits", delay_ms=1000)
    tasks = [ended_task(engine, f"r-{number}") for number in range(4)]
    assert engine.tasks(0, "f", None) == [waiting, *tasks[2:]]
    engine.functions.remove("f")
    engine.functions.add("f")
    engine.functions.configure("f", None, Settings(async_task=True))
    again = ended_task(engine, "r-2")
    ended_task(engine, "r-4")
    assert engine.find_task(0, "f", None, "r-2") is again


@pytest.mark.parametrize("delay_ms", [0, HOUR_MS])
def test_without_workers_what_was_stopped_is_not_kept(delay_ms: int) -> None:
    engine = engine_with()
    engine.history = History(max_invocations=10)
    waiting = engine.accept(0, "f", b"", "waits", delay_ms=delay_ms)
    for _ in range(3000):
        stop_at_once(engine, delay_ms)
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, Invocation) and one.request_id == "stopped-at-once"]
    assert len(kept) < 1500
    assert sum(bool(one.payload) for one in kept) == 10
    assert engine.backlog == 1
    assert started(engine, delay_ms) is waiting
    assert engine.start(delay_ms) is None


def stop_at_once(engine: Engine, delay_ms: int) -> None:
    engine.stop(0, engine.accept(0, "f", b"x" * 100, "stopped-at-once", delay_ms=delay_ms))
    engine.take_deliveries()
