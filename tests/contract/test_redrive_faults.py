"""A redrive and every fault of the local service on every call that it makes: nothing lost, no task accepted twice.

It goes on by itself, or ends with a sentence and the next one does the rest. Each fault meets one call of one queue
and one function; the redrives of the eight calls run at the same time, for they wait most of it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, FcAsyncError, FunctionsClient, QueueClient
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.redrive_summary import Progress
from fc_async.testing import local, record
from fc_async.testing.local_fc import LocalFC
from tests.contract.redriving import Scene, letter, once

SECONDS = 60
LETTERS = 5
HIDDEN_SECONDS = 31

OF_QUEUE = ("GetQueueAttributes", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
OF_FUNCTION = ("GetFunction", "GetAsyncInvokeConfig", "InvokeFunction", "GetAsyncTask")
CALLS = (*OF_QUEUE, *OF_FUNCTION)
PASSING = {
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
    "truncated": {"truncate": True},
    "delay": {"delay_seconds": 0.3},
    "slow body": {"slow_body_seconds": 0.3},
}
FINAL = {
    "400": {"status": 400, "code": "InvalidArgument"},
    "403": {"status": 403, "code": "AccessDenied"},
    "404": {"status": 404, "code": "NotFound"},
    "404 message": {"status": 404, "code": "MessageNotExist"},
    "404 queue": {"status": 404, "code": "QueueNotExist"},
    "409": {"status": 409, "code": "ConcurrentUpdateError"},
    "409 task": {"status": 409, "code": "AsyncTaskAlreadyExists"},
    "stale handle": {"status": 400, "code": "ReceiptHandleError"},
    "none of a batch": {"partial": 0},
    "part of a batch": {"partial": 2},
    "clock ahead": {"clock_jump_seconds": 600},
    "clock back": {"clock_jump_seconds": -600},
}
QUICK = ("503", "dropped after", "truncated", "403")
"""Those of `make test`; `make test-slow` has all."""


@pytest.fixture
def fc() -> Iterator[LocalFC]:
    with local() as one:
        yield one


class Case:
    """Some letters, and a redrive whose call meets a fault.

    Args:
        fc: the service.
        folder: where spools lie.
        call: which call.
        fault: what happens to it.
    """

    def __init__(self, fc: LocalFC, folder: Path, call: str, fault: dict[str, Any]) -> None:
        self.call, self.name = call, f"a-{call}"
        self._fc, self._folder = fc, folder
        self.ran: Counter[bytes] = Counter()
        self.said = ""
        self._lock = threading.Lock()
        is_slow = fault.keys() & {"delay_seconds", "slow_body_seconds"}
        seconds = 0.1 if is_slow else SECONDS
        self.queue = QueueClient(self.name, endpoint=fc.endpoint, read_timeout_seconds=seconds)
        self.functions = FunctionsClient(endpoint=fc.endpoint, read_timeout_seconds=seconds)
        fc.queue(self.name)
        config = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:failed"), async_task=True)
        fc.function(self.name, self._handler, config=config)
        self._fault = fault
        if call == "GetAsyncTask":  # is asked only for what was accepted before
            self._fill()
            self._redriven(folder / "lost")
        self._fill()

    def begin(self) -> None:
        """Have the service fail from now on."""
        self._fc.fault(self.call, resource=self.name, times=1, after=int(self.call == "ReceiveMessage"), **self._fault)

    def _handler(self, event: bytes, _: object) -> None:
        with self._lock:
            self.ran[event] += 1

    def _fill(self) -> None:
        queue = self._fc.queue(self.name)
        for n in range(LETTERS):
            queue.send(record(f'{{"n":{n}}}', function=self.name, error="no", request_id=f"{self.name}-{n}").text)
        self._fc.advance(61)

    def run(self) -> None:
        """Redrive, stopped in between where giving back is what meets the fault, and again until the queue is empty."""
        ends_at = time.monotonic() + SECONDS
        if self.call == "ChangeMessageVisibility":
            self._redriven(self._folder, is_stopped=True)
        while self._fc.records(self.name):
            assert time.monotonic() < ends_at, f"{self.call}: {self.said}"
            try:
                self._redriven(self._folder)
            except FcAsyncError as error:
                self.said = str(error)
                assert self.said
            self._fc.advance(self._step_seconds)
        self.queue.close()
        self.functions.close()

    @property
    def _step_seconds(self) -> float:
        """How long letters are hidden at most; where time has jumped back, by that much longer."""
        return HIDDEN_SECONDS - min(0, self._fault.get("clock_jump_seconds", 0))

    def _redriven(self, folder: Path, *, is_stopped: bool = False) -> None:
        def on_progress(progress: Progress) -> None:
            if progress.waits_for:
                self._fc.advance(self._step_seconds)

        def stop(payload: Any) -> Any:
            if is_stopped:
                one.stop("for the test")
            return payload

        one = Redrive(
            self.queue,
            self.functions,
            folder=folder,
            wait_seconds=0.6,
            transform=stop,
            concurrency=1 if is_stopped else 4,
        )
        self.said = str(one.run(on_progress).ended)


def expect_once(fc: LocalFC, folder: Path, fault: dict[str, Any], calls: tuple[str, ...] = CALLS) -> None:
    """Run a case of each call, and expect every letter to be accepted once, and the queue to be empty."""
    fc.queue("failed").create(message_retention_period=604800, update=True)
    every = [Case(fc, folder, call, fault) for call in calls]
    for one in every:
        one.begin()
    with ThreadPoolExecutor(len(every)) as pool:
        list(pool.map(Case.run, every, timeout=SECONDS))
    fc.settle()
    for one in every:
        assert one.ran == {f'{{"n":{n}}}'.encode(): 1 for n in range(LETTERS)}, one.call
    happened = {one["resource"]: one["happened"] for one in fc.faults()}
    assert happened == {one.name: 1 for one in every}


def all_of(faults: dict[str, dict[str, Any]]) -> Any:
    marked = [
        pytest.param(fault, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, fault in faults.items()
    ]
    return pytest.mark.parametrize("fault", marked)


@all_of({**PASSING, **FINAL})
def test_whatever_happens_to_a_call_every_letter_is_accepted_once(
    fc: LocalFC, tmp_path: Path, fault: dict[str, Any]
) -> None:
    calls = ("ReceiveMessage", "DeleteMessage") if "partial" in fault else CALLS
    if fault.get("clock_jump_seconds", 0) < 0:  # its letters are newer than the start then, and nothing is given back
        calls = tuple(one for one in calls if one != "ChangeMessageVisibility")
    if fault.get("status") == 409:  # of a task that nobody has: it is asked for, for a minute (unit/dlq/test_sender.py)
        calls = tuple(one for one in calls if one != "InvokeFunction")
    expect_once(fc, tmp_path, fault, calls)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("InvokeFunction", marks=pytest.mark.slow),
        pytest.param("GetFunction", marks=pytest.mark.slow),
        "ReceiveMessage",
        "GetQueueAttributes",
    ],
)
def test_a_service_that_is_down_is_waited_for_until_it_is_stopped(fc: LocalFC, tmp_path: Path, call: str) -> None:
    scene = Scene(fc, tmp_path)
    scene.function()
    scene.dead(*map(letter, range(20)))
    fc.fault(call, status=503)
    one = scene.made()
    summary = one.run(lambda _: one.stop("enough"))
    assert (summary.ended, summary.sent, summary.drained) == ("enough", 0, False)
    assert (summary.in_queue_now, len(scene.ran)) == (None if call == "GetQueueAttributes" else 20, 0)


def test_letters_that_may_not_be_deleted_are_said_and_none_is_sent_twice(fc: LocalFC, tmp_path: Path) -> None:
    scene = Scene(fc, tmp_path)
    scene.function(is_task=False)
    scene.dead(*map(letter, range(3)))
    fc.fault("DeleteMessage", status=403)
    ended = []
    for _ in range(3):
        ended.append(scene.redrive().ended)
        fc.advance(HIDDEN_SECONDS)
    said = "not drained: 3 letters are done with and could not be deleted; run it again, none is sent twice"
    assert ended == [said] * 3
    assert scene.ran == once(*range(3))
    assert scene.depth() == 3


@pytest.mark.slow
def test_letters_whose_visibility_passes_while_they_wait_are_not_sent_by_two_redrives(tmp_path: Path) -> None:
    """In real time: a call takes most of a visibility, and each redrive holds more than it can send in one."""
    from fc_async.local import LocalServer

    with LocalServer(workers=0) as server, FunctionsClient(endpoint=server.url) as functions:
        from tests.contract.fc_sdk import create_function, fc_client

        create_function(fc_client(server), "orders", "def handler(event, context): pass")
        with QueueClient("dead", endpoint=server.url) as queue, QueueClient("failed", endpoint=server.url) as net:
            net.create()
            queue.create(visibility_timeout=2)
            net_of = DestinationConfig(on_failure="queue:failed")
            functions.put_config("orders", AsyncInvokeConfig(destination_config=net_of))
            for n in range(32):
                queue.send(letter(n))
            time.sleep(1.1)  # so that they are older than the start, which is dated to the second

            def slow(event: Any) -> Any:
                time.sleep(0.25)
                return event

            both = [
                Redrive(queue, functions, folder=tmp_path, concurrency=1, transform=slow, wait_seconds=10)
                for _ in range(2)
            ]
            with ThreadPoolExecutor(2) as pool:
                summaries = list(pool.map(Redrive.run, both))
            assert sum(one.sent for one in summaries) == 32
            assert all(one.drained for one in summaries)
            assert server.message_bodies("dead") == []


@pytest.mark.parametrize("is_task", [True, False])
def test_two_redrives_at_once_on_one_queue_send_each_letter_once(fc: LocalFC, tmp_path: Path, is_task: bool) -> None:
    scene = Scene(fc, tmp_path)
    scene.function(is_task=is_task)
    scene.dead(*map(letter, range(100)))
    both = [scene.made(wait_seconds=5) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(Redrive.run, both))
    fc.settle()
    assert sum(one.sent for one in summaries) == 100
    assert scene.ran == once(*range(100))
    assert all(one.drained for one in summaries)
    assert scene.depth() == 0
