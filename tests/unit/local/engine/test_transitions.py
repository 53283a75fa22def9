"""The table of transitions, the words at the head of the engine, and the engine: three tellings that stay one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from fc_async.local.assumptions import Assumptions
from fc_async.local.engine import engine as engine_file
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.invocation import SYSTEM_ERROR, Invocation, Outcome
from fc_async.local.engine.lane import Settings
from fc_async.local.engine.transitions import TRANSITIONS, Condition, Emits, Input, State, Transition, as_text

HANDLER_ERROR = Outcome(b"{}", "UnhandledInvocationError")
HOUR_MS = 3600 * 1000
LATER_MS = 2 * HOUR_MS
MUCH_LATER_MS = 6 * HOUR_MS
SETTINGS = Settings(max_retries=8, max_age_ms=24 * HOUR_MS, on_success="good", on_failure="bad")


def accepted(engine: Engine) -> Invocation:
    return engine.accept(0, "f", b"x", "r")


def running(engine: Engine) -> Invocation:
    invocation = accepted(engine)
    assert engine.start(0) is invocation
    return invocation


def retrying(engine: Engine) -> Invocation:
    invocation = running(engine)
    engine.finished(0, invocation, HANDLER_ERROR)
    return invocation


def stopping(engine: Engine) -> Invocation:
    invocation = running(engine)
    engine.stop(0, invocation)
    return invocation


ARRIVE: dict[State, Callable[[Engine], Invocation]] = {
    State.ENQUEUED: accepted,
    State.RUNNING: running,
    State.RETRYING: retrying,
    State.STOPPING: stopping,
}


def started(engine: Engine, now_ms: int) -> None:
    engine.due(now_ms)
    engine.start(now_ms)


def gone(engine: Engine, _: Invocation) -> None:
    engine.functions.remove("f")
    started(engine, LATER_MS)


def too_old(engine: Engine, _: Invocation) -> None:
    engine.functions.configure("f", None, replace(SETTINGS, max_age_ms=LATER_MS - 1))
    started(engine, LATER_MS)


def throttled(engine: Engine, _: Invocation) -> None:
    engine.functions.limit("f", 0)
    started(engine, LATER_MS)


def throttled_too_long(engine: Engine, _: Invocation) -> None:
    engine.functions.limit("f", 0)
    started(engine, MUCH_LATER_MS)


def failed_for_the_last_time(engine: Engine, invocation: Invocation) -> None:
    engine.functions.configure("f", None, replace(SETTINGS, max_retries=0))
    engine.finished(LATER_MS, invocation, HANDLER_ERROR)


HAPPEN: dict[tuple[Input, Condition], Callable[[Engine, Invocation], object]] = {
    (Input.START, Condition.GONE): gone,
    (Input.START, Condition.TOO_OLD): too_old,
    (Input.START, Condition.THROTTLED): throttled,
    (Input.START, Condition.THROTTLED_TOO_LONG): throttled_too_long,
    (Input.START, Condition.ALWAYS): lambda engine, _: started(engine, LATER_MS),
    (Input.STOP, Condition.ALWAYS): lambda engine, one: engine.stop(LATER_MS, one),
    (Input.FINISHED, Condition.ALWAYS): lambda engine, one: engine.finished(LATER_MS, one, Outcome()),
    (Input.FINISHED, Condition.NO_ERROR): lambda engine, one: engine.finished(LATER_MS, one, Outcome()),
    (Input.FINISHED, Condition.HANDLER_ERROR): lambda engine, one: engine.finished(LATER_MS, one, HANDLER_ERROR),
    (Input.FINISHED, Condition.LAST_HANDLER_ERROR): failed_for_the_last_time,
    (Input.FINISHED, Condition.SYSTEM_ERROR): lambda engine, one: engine.finished(LATER_MS, one, SYSTEM_ERROR),
    (Input.FINISHED, Condition.SYSTEM_ERROR_TOO_LONG): lambda engine, one: engine.finished(
        MUCH_LATER_MS, one, SYSTEM_ERROR
    ),
}


def engine_assuming(**assumed: bool) -> Engine:
    engine = Engine("cn-x", "1", Assumptions(five_hours_from="acceptance", **assumed))  # type: ignore[arg-type]
    engine.functions.add("f")
    engine.functions.configure("f", None, SETTINGS)
    return engine


def destinations(row: Transition, is_assumed: bool) -> list[str]:
    if row.if_assumed and not is_assumed:
        return []
    return {Emits.ON_SUCCESS: ["good"], Emits.ON_FAILURE: ["bad"]}.get(row.emits, [])


CASES = [
    pytest.param(row, state, is_assumed, id=f"{number}-{state.value}-{'assumed' if is_assumed else 'not'}")
    for number, row in enumerate(TRANSITIONS)
    for state in row.states
    if state is not None
    for is_assumed in ((True, False) if row.if_assumed else (True,))
]


@pytest.mark.parametrize(("row", "state", "is_assumed"), CASES)
def test_every_row_of_the_table_is_what_the_engine_does(row: Transition, state: State, is_assumed: bool) -> None:
    engine = engine_assuming(**({row.if_assumed: is_assumed} if row.if_assumed else {}))
    invocation = ARRIVE[state](engine)
    assert invocation.state is state
    engine.take_deliveries()
    HAPPEN[row.input, row.condition](engine, invocation)
    assert invocation.state is row.to
    assert [delivery.destination for delivery in engine.take_deliveries()] == destinations(row, is_assumed)


def test_what_is_accepted_is_enqueued_and_emits_nothing() -> None:
    (row,) = [row for row in TRANSITIONS if None in row.states]
    engine = engine_assuming()
    assert (row.input, accepted(engine).state) == (Input.ACCEPT, row.to)
    assert (row.emits, engine.take_deliveries()) == (Emits.NOTHING, [])


def test_the_engine_opens_with_the_table() -> None:
    assert f"\n\n{as_text()}\n\n" in str(engine_file.__doc__)


def test_an_assumption_that_the_table_names_is_one() -> None:
    assert {row.if_assumed for row in TRANSITIONS} - {""} <= {field.name for field in fields(Assumptions)}
