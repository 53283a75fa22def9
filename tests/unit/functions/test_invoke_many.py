from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import ArgumentError, ServiceError
from fc_async.functions.invoke_many import invoke_each
from fc_async.functions.outcomes import Accepted, Invocation, InvokeFailed


class Time:
    def __init__(self) -> None:
        self.now = 10.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


def run(
    payloads: Any, invoke: Any = None, *, concurrency: Any = 4, rate: Any = None, time: Time | None = None
) -> list[Accepted | InvokeFailed]:
    time = time or Time()
    return invoke_each(
        invoke or (lambda one: Accepted(str(one.payload), one.task_id)),
        payloads,
        concurrency=concurrency,
        rate_per_second=rate,
        sleep=time.sleep,
        clock=lambda: time.now,
    )


def test_the_outcomes_come_in_the_order_of_the_payloads() -> None:
    assert run(range(200)) == [Accepted(str(number), None) for number in range(200)]
    assert run(iter([])) == []


def test_an_item_may_have_options_of_its_own() -> None:
    assert run([1, Invocation(2, task_id="t")]) == [Accepted("1", None), Accepted("2", "t")]


def test_what_failed_stops_nothing_and_keeps_its_place() -> None:
    error = ServiceError(403)

    def invoke(one: Invocation) -> Accepted:
        if one.payload % 2:
            raise error
        return Accepted(str(one.payload), None)

    assert run(range(4), invoke) == [
        Accepted("0", None),
        InvokeFailed(1, error),
        Accepted("2", None),
        InvokeFailed(3, error),
    ]


@pytest.mark.parametrize("rate", [1 / 86400, 0.5, 86400])
def test_the_ends_of_the_rates_are_taken(rate: float) -> None:
    assert len(run([1, 2], rate=rate)) == 2


def test_what_nobody_foresaw_is_an_outcome_too_and_is_not_quoted() -> None:
    def invoke(one: Invocation) -> Accepted:
        if one.payload == 1:
            raise RuntimeError("quotes the-payload")
        return Accepted(str(one.payload), None)

    before, failed, after = run(range(3), invoke)
    assert (before, after) == (Accepted("0", None), Accepted("2", None))
    assert isinstance(failed, InvokeFailed)
    assert str(failed.error) == "the invocation broke off (RuntimeError)"
    assert failed.error.__context__ is None


def test_so_many_run_at_the_same_time_and_no_more() -> None:
    barrier, lock = threading.Barrier(3, timeout=60), threading.Lock()
    running, most = 0, 0

    def invoke(one: Invocation) -> Accepted:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait()
        with lock:
            running -= 1
        barrier.wait()
        return Accepted("", None)

    run(range(12), invoke, concurrency=3)
    assert most == 3


def test_the_rate_spaces_the_beginnings() -> None:
    time = Time()
    run(range(4), concurrency=1, rate=2, time=time)
    assert time.sleeps == [0.5, 1.0, 1.5]  # the clock stands still: each waits for its own turn


def test_an_interrupt_sends_nothing_more() -> None:
    sent = []

    def invoke(one: Invocation) -> Accepted:
        sent.append(one.payload)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(range(1000), invoke, concurrency=1)
    assert len(sent) < 1000


@pytest.mark.parametrize("payloads", ["abc", b"abc", {"a": 1}, Path("x"), None, 7])
def test_one_payload_is_not_taken_for_several(payloads: Any) -> None:
    with pytest.raises(ArgumentError, match="payloads"):
        run(payloads)


@pytest.mark.parametrize("concurrency", [0, -1, 65, 1.5, True, None, "4"])
def test_a_concurrency_out_of_range_is_refused(concurrency: Any) -> None:
    with pytest.raises(ArgumentError, match="concurrency"):
        run([1], concurrency=concurrency)


@pytest.mark.parametrize("concurrency", [1, 64])
def test_the_ends_of_the_range_are_taken(concurrency: int) -> None:
    assert len(run([1, 2], concurrency=concurrency)) == 2


@pytest.mark.parametrize(
    "rate",
    [
        0,
        -1,
        float("inf"),
        float("nan"),
        True,
        "4",
        1e-320,
        1 / 86401,
        86401,
        1e308,
        pytest.param(10**5000, id="of 5001 digits"),
    ],
)
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(ArgumentError, match="rate_per_second"):
        run([1], rate=rate)
