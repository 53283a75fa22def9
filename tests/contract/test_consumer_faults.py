"""A Consumer and every fault of the local service, on every call that it makes: nothing lost, and it goes on by itself.

Each fault meets one call of one queue; the consumers of the five calls run at the same time, for they wait most of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fc_async import Consumer, Letter, QueueClient, Retry
from fc_async.testing import local, record
from fc_async.testing.local_fc import LocalFC

SECONDS = 60
QUIET_SECONDS = 0.2
"""Nothing was handled for so long: what is left is hidden by the service, and its time is moved."""

LETTERS = 5
CALLS = {
    "look": "GetQueueAttributes",
    "receive": "ReceiveMessage",
    "delete": "DeleteMessage",
    "renew": "ChangeMessageVisibility",
    "release": "ChangeMessageVisibility",
}
BATCHES = ("receive", "delete")
DOES_NOTHING = {
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "dropped before": {"drop": "before"},
}
DOES_SOMETHING = {
    "400": {"status": 400, "code": "InvalidArgument"},
    "403": {"status": 403},
    "404 queue": {"status": 404, "code": "QueueNotExist"},
    "404 message": {"status": 404, "code": "MessageNotExist"},
    "delay": {"delay_seconds": 0.2},
    "dropped after": {"drop": "after"},
    "truncated": {"truncate": True},
    "slow body": {"slow_body_seconds": 0.4},
    "none of a batch": {"partial": 0},
    "part of a batch": {"partial": 2},
    "clock ahead": {"clock_jump_seconds": 3600},
    "clock back": {"clock_jump_seconds": -3600},
}
QUICK = ("503", "dropped after")
"""Those of `make test`; `make test-slow` has all."""


@pytest.fixture
def fc() -> Iterator[LocalFC]:
    with local() as one:  # one of its own: that of `fc_local` lives on after the test
        yield one


class Client(QueueClient):
    """A client that says when it has tried to renew or to give back a message."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.changes = threading.Semaphore(0)

    def change_visibility(self, *arguments: Any) -> str:
        try:
            return super().change_visibility(*arguments)
        finally:
            self.changes.release()


class Case:
    """A queue with some letters, and a consumer whose call meets a fault.

    Args:
        fc: the local service.
        call: which call.
        fault: what happens to it.
    """

    def __init__(self, fc: LocalFC, call: str, fault: dict[str, Any]) -> None:
        self.call = call
        self._fc = fc
        self.name = f"q-{call}"
        is_slow = fault.keys() & {"delay_seconds", "slow_body_seconds"}
        self.queue = Client(self.name, endpoint=fc.endpoint, read_timeout_seconds=0.1 if is_slow else SECONDS)
        with QueueClient(self.name, endpoint=fc.endpoint) as patient:
            patient.create(visibility_timeout=1 if call == "renew" else 30)
            for number in range(LETTERS):
                patient.send(record(request_id=str(number)).text)
        after = int(call == "receive" and fault.get("status") in (400, 403))  # at the first one, they end the run
        fc.fault(CALLS[call], resource=self.name, times=1, after=after, **fault)
        self.seen: Counter[str] = Counter()
        self.handled = threading.Event()

    def handle(self, letter: Letter) -> None:
        assert letter.record is not None
        self.seen[letter.record.request_id] += 1
        self.handled.set()
        if self.seen["0"] == self.seen[letter.record.request_id] == 1 and letter.record.request_id == "0":
            if self.call == "renew":
                self.queue.changes.acquire(timeout=SECONDS)  # the call that meets the fault
                self.queue.changes.acquire(timeout=0.5)  # and one that does not, where the message is held still
            if self.call == "release":
                raise Retry(after_seconds=1)

    def run(self, step_seconds: float) -> None:
        """Consume until the queue is empty, moving time where nothing happens."""
        consumer = Consumer(self.queue, self.handle, concurrency=LETTERS)
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(consumer.run)
            try:
                ends_at = time.monotonic() + SECONDS
                while self._fc.records(self.name):
                    assert not run.done(), run.result()
                    assert time.monotonic() < ends_at, f"{self.call}: {self.seen}, and the queue is not empty"
                    if not self.handled.wait(QUIET_SECONDS):
                        self._fc.advance(step_seconds)
                    self.handled.clear()
            finally:
                consumer.stop()
                run.result(SECONDS)
                self.queue.close()


def run_cases(fc: LocalFC, fault: dict[str, Any], step_seconds: float) -> list[Case]:
    """Run a case for each call, and see that each has met its fault."""
    every = [Case(fc, call, fault) for call in CALLS if "partial" not in fault or call in BATCHES]
    together = every if step_seconds else every[:-1]
    with ThreadPoolExecutor(len(together)) as pool:
        list(pool.map(lambda one: one.run(step_seconds), together, timeout=SECONDS))
    if not step_seconds:
        every[-1].run(1.1)  # what is released shows only when time moves, which the others must not see
    assert [(one["resource"], one["happened"]) for one in fc.faults()] == [(one.name, 1) for one in every]
    return every


def all_of(faults: dict[str, dict[str, Any]]) -> Any:
    marks = {name: () if name in QUICK else pytest.mark.slow for name in faults}
    every = [pytest.param(fault, id=name, marks=marks[name]) for name, fault in faults.items()]
    return pytest.mark.parametrize("fault", every)


@all_of(DOES_NOTHING)
def test_a_call_that_fails_and_did_nothing_costs_no_letter_and_no_second_handling(
    fc: LocalFC, fault: dict[str, Any]
) -> None:
    for one in run_cases(fc, fault, step_seconds=0):
        again = {"0": 2} if one.call == "release" else {}
        assert one.seen == {**{str(number): 1 for number in range(LETTERS)}, **again}, one.call


@all_of(DOES_SOMETHING)
def test_whatever_happens_to_a_call_every_letter_is_handled_and_the_queue_ends_empty(
    fc: LocalFC, fault: dict[str, Any]
) -> None:
    step_seconds = 31 - min(0, fault.get("clock_jump_seconds", 0))
    for one in run_cases(fc, fault, step_seconds):
        assert set(one.seen) == {str(number) for number in range(LETTERS)}, one.call


def test_what_the_service_failed_to_delete_of_a_batch_is_deleted_by_the_next_call(fc: LocalFC) -> None:
    queue = fc.queue("dead")
    for number in range(LETTERS):
        queue.send(record(request_id=str(number)).text)
    fc.fault("DeleteMessage", partial=1, times=2)
    summary = Consumer(queue, lambda _: None).run(max_messages=LETTERS)
    assert (summary.acknowledged, summary.released) == (LETTERS, 0)
    assert fc.records(queue) == []


def test_a_poison_body_in_each_batch_costs_the_others_nothing(fc: LocalFC) -> None:
    queue = fc.queue("dead")
    for number in range(48):
        queue.send("poison" if number % 16 == 7 else record(request_id=str(number)).text)
    seen: Counter[str] = Counter()
    summary = Consumer(queue, lambda one: seen.update([one.record.request_id])).run(max_messages=48)  # type: ignore[union-attr]
    assert (summary.acknowledged, summary.unreadable) == (45, 3)
    assert set(seen.values()) == {1}
    assert queue.get_attributes().inactive_messages == 3


@pytest.mark.parametrize("jump_seconds", [-7200, 7200])
def test_a_clock_that_jumps_while_letters_are_held_costs_none(fc: LocalFC, jump_seconds: int) -> None:
    queue, other = fc.queue("dead"), fc.queue("other")
    for number in range(LETTERS):
        queue.send(record(request_id=str(number)).text)
    fc.fault("GetQueueAttributes", resource="other", clock_jump_seconds=jump_seconds, times=1)
    seen: Counter[str] = Counter()

    def handle(letter: Letter) -> None:
        assert letter.record is not None
        if not seen:
            other.get_attributes()
        seen[letter.record.request_id] += 1

    while fc.records(queue):
        Consumer(queue, handle, concurrency=1).run(idle_timeout_seconds=0)
        fc.advance(7231)
    assert set(seen) == {str(number) for number in range(LETTERS)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_grace_and_releases_what_runs(fc: LocalFC, number: int) -> None:
    fc.queue("dead")
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    over = threading.Event()
    with Client("dead", endpoint=fc.endpoint) as queue:
        for _ in range(2):
            queue.send(record().text)

        def handle(_: Letter) -> None:
            os.kill(os.getpid(), number)
            queue.changes.acquire(timeout=SECONDS)  # the letter that waited is given back: the first signal was taken
            os.kill(os.getpid(), number)
            over.wait(SECONDS)

        summary = Consumer(queue, handle, concurrency=1, grace_seconds=SECONDS).run()
        over.set()
        assert (summary.acknowledged, summary.released) == (0, 2)
        assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)] == before
        fc.advance(1.1)
        assert queue.get_attributes().active_messages == 2


def test_a_second_signal_cancels_the_coroutine_that_runs(fc: LocalFC) -> None:
    fc.queue("dead")
    with Client("dead", endpoint=fc.endpoint) as queue:
        for _ in range(2):
            queue.send(record().text)

        async def handle(_: Letter) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.to_thread(queue.changes.acquire, timeout=SECONDS)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

        summary = asyncio.run(Consumer(queue, handle, concurrency=1, grace_seconds=SECONDS).run_async())
        assert (summary.acknowledged, summary.released) == (0, 2)
