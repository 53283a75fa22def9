"""The small parts of a consumer: keys, stores, delays, what the log says."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest

from fc_async import ArgumentError, InvocationRecord, Letter, LoggingObserver, MemoryDedupe, QueueMessage, SqliteDedupe
from fc_async.mns.consume.dedupe import Once, key_of
from fc_async.mns.consume.signals import StopSignals
from fc_async.mns.consume.verdict import delay_seconds

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/orders"


def letter(payload: str | None = "{}", attempts: int = 1, request_id: str = "r", arn: str = ARN) -> Letter:
    record = InvocationRecord(
        request_id, arn, "UnhandledInvocationError", approximate_invoke_count=attempts, request_payload=payload
    )
    return Letter(QueueMessage("m", "", enqueue_time=90_000), record)


def test_only_what_agrees_in_request_function_payload_and_attempts_is_one_letter() -> None:
    others = (letter("1"), letter(None), letter(""), letter(attempts=2), letter(request_id="s"), letter(arn=ARN + "2"))
    keys = {key_of(one) for one in (letter(), letter(), *others)}
    assert len(keys) == 7
    assert key_of(Letter(QueueMessage("m", "x"), None, "no record")) is None


def test_the_stores_forget_the_oldest_keys_first_and_a_file_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "done"
    file = SqliteDedupe(path, max_keys=2)
    for store in (MemoryDedupe(max_keys=2), file):
        for key in "abc":
            assert not store.seen(key)
            store.done(key)
        assert [store.seen(key) for key in "abc"] == [False, True, True]
    file.close()
    again = SqliteDedupe(path)
    assert again.seen("c")
    again.close()
    with pytest.raises(ArgumentError, match="max_keys"):
        MemoryDedupe(0)


def test_a_letter_that_another_worker_handles_now_is_neither_handled_nor_taken_as_done() -> None:
    once = Once(MemoryDedupe(), key_of)
    first = once.begin(letter())
    assert once.begin(letter()).is_going
    first.end(is_handled=False)
    second = once.begin(letter())
    assert not second.is_going
    second.end(is_handled=True)
    assert once.begin(letter()).is_done


def test_the_delay_of_a_release_grows_and_is_bounded() -> None:
    assert [delay_seconds(count) for count in (None, 0, 1, 2, 3, 9, 10, 10**6)] == [1, 1, 1, 2, 4, 256, 300, 300]


def test_the_logging_observer_says_one_line_for_a_period_and_nothing_of_a_letters_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fc_async.consumer")
    now = 0.0
    observer = LoggingObserver(60, clock=lambda: now, wall_clock=lambda: 100.0)
    observer.received(2, 2)
    observer.finished(letter("card-4711"), "acknowledged", 0.25, None)
    assert caplog.text == ""
    now = 60.0
    observer.finished(letter("card-4711"), "released", 0.5, RuntimeError("card-4711"))
    (line,) = [one.getMessage() for one in caplog.records]
    assert line == (
        "in 60 s: 2 received, 1 acknowledged, 1 released; 0 in flight, the slowest took 0.500 s, "
        "the oldest was 10 s old"
    )


@pytest.mark.parametrize("calls", [1, 2])
def test_a_signal_after_the_last_that_is_taken_does_what_it_did_before(calls: int) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    came: list[int] = []
    signals = StopSignals(*[lambda number=number: came.append(number) for number in range(calls)])  # type: ignore[misc]
    signals.take()
    for number in range(calls):
        assert signal.getsignal(signal.SIGTERM) not in before
        signal.raise_signal(signal.SIGTERM if number == 0 else signal.SIGINT)
    assert came == list(range(calls))
    assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)] == before


def test_the_logging_observer_knows_what_is_in_flight_in_a_period_in_which_nothing_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fc_async.consumer")
    now = 0.0
    observer = LoggingObserver(60, clock=lambda: now, wall_clock=lambda: 100.0)
    observer.received(16, 20)
    now = 60.0
    observer.finished(letter(), "acknowledged", 50, None)
    now = 120.0
    observer.finished(letter(), "acknowledged", 50, None)
    assert ["19 in flight" in one.getMessage() for one in caplog.records] == [True, False]
    assert "18 in flight" in caplog.text
