"""Consumer, on the local service through its port: nothing lost, nothing handled twice without need, and an end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fc_async import (
    ArgumentError,
    Consumer,
    Letter,
    MemoryDedupe,
    QueueClient,
    Reject,
    Retry,
    ServiceError,
    SqliteDedupe,
)
from fc_async.local import LocalServer
from tests.forked import exit_code, forked
from tests.peer import Drop, Peer, Reply

SECONDS = 60
ID = {"x-mns-request-id": "6AB5CE464637440F00A48091", "Content-Type": "text/xml;charset=utf-8"}


def record(request_id: str, payload: str = "{}", attempts: int = 1) -> str:
    """Return the JSON of a failure's record."""
    context = {
        "requestId": request_id,
        "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/orders",
        "condition": "UnhandledInvocationError",
        "approximateInvokeCount": attempts,
    }
    return json.dumps(
        {
            "timestamp": 1767225600000,
            "requestContext": context,
            "requestPayload": payload,
            "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
            "responsePayload": "{}",
        }
    )


@pytest.fixture
def queue(local: LocalServer) -> Iterator[QueueClient]:
    with QueueClient("dead", endpoint=local.url) as client:
        client.create()
        yield client


def hidden(queue: QueueClient) -> tuple[int | None, int | None]:
    """Return how many messages can be received, and how many are hidden."""
    found = queue.get_attributes()
    return found.active_messages, found.inactive_messages


class Watched(QueueClient):
    """A client that says when it is about to renew, and when it has."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.before: Callable[[], object] = lambda: None
        self.renewed = threading.Event()

    def change_visibility(self, receipt_handle: str, visibility_seconds: int | timedelta) -> str:
        self.before()
        handle = super().change_visibility(receipt_handle, visibility_seconds)
        self.renewed.set()
        return handle


@contextmanager
def running(consumer: Consumer, **limits: Any) -> Iterator[Callable[[], Any]]:
    """Run it in another thread; what is yielded waits for its summary."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(consumer.run, **limits)
        try:
            yield lambda: future.result(SECONDS)
        finally:
            consumer.stop()


def test_each_letter_is_handled_once_and_acknowledged(queue: QueueClient) -> None:
    for number in range(100):
        queue.send(record(f"r-{number}"))
    seen: list[str] = []
    summary = Consumer(queue, lambda letter: seen.append(letter.record.request_id)).run(max_messages=100)  # type: ignore[union-attr]
    assert sorted(seen) == sorted(f"r-{number}" for number in range(100))
    assert (summary.received, summary.acknowledged) == (100, 100)
    assert hidden(queue) == (0, 0)


def test_a_handler_that_raises_has_its_letter_back_after_a_growing_delay(
    queue: QueueClient, local: LocalServer
) -> None:
    queue.send(record("r-1"))
    receives: list[int | None] = []

    def handle(letter: Letter) -> None:
        receives.append(letter.message.dequeue_count)
        raise RuntimeError("card 4711")

    for delay in (1, 2, 4):
        assert Consumer(queue, handle).run(max_messages=1).released == 1
        local.advance(delay - 0.01)
        assert hidden(queue) == (0, 1)
        local.advance(0.02)
        assert hidden(queue) == (1, 0)
    assert receives == [1, 2, 3]


def test_what_a_handler_says_with_retry_is_how_long_its_letter_is_hidden(
    queue: QueueClient, local: LocalServer
) -> None:
    queue.send(record("r-1"))

    def handle(_: Letter) -> None:
        raise Retry(after_seconds=timedelta(hours=1))

    assert Consumer(queue, handle).run(max_messages=1).released == 1
    local.advance(3599)
    assert hidden(queue) == (0, 1)
    local.advance(2)
    assert hidden(queue) == (1, 0)


def test_a_rejected_letter_is_acknowledged_after_on_reject_and_hidden_without_it(
    queue: QueueClient, local: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(_: Letter) -> None:
        raise Reject("no order")

    queue.send(record("r-1"))
    assert Consumer(queue, handle).run(max_messages=1).rejected == 1
    assert hidden(queue) == (0, 1)
    assert "there is no on_reject" in caplog.text
    local.advance(3601)
    given: list[tuple[str, str]] = []
    consumer = Consumer(
        queue, handle, on_reject=lambda letter, error: given.append((letter.record.request_id, str(error)))
    )  # type: ignore[union-attr]
    assert consumer.run(max_messages=1).rejected == 1
    assert given == [("r-1", "no order")]
    assert hidden(queue) == (0, 0)


def test_a_letter_is_released_where_on_reject_raises(queue: QueueClient, local: LocalServer) -> None:
    def refuse(*_: object) -> None:
        raise Reject

    queue.send(record("r-1"))
    assert Consumer(queue, refuse, on_reject=refuse).run(max_messages=1).released == 1
    local.advance(2)
    assert hidden(queue) == (1, 0)


def test_a_letter_that_was_received_too_often_goes_to_on_exhausted(queue: QueueClient, local: LocalServer) -> None:
    queue.send(record("r-1"))
    handled: list[Letter] = []
    exhausted: list[Letter] = []

    def handle(letter: Letter) -> None:
        handled.append(letter)
        raise RuntimeError

    consumer = Consumer(queue, handle, max_receives=2, on_exhausted=exhausted.append)
    outcomes = []
    for _ in range(3):
        outcomes.append(consumer.run(max_messages=1))
        local.advance(300)
    assert [one.released for one in outcomes] == [1, 1, 0]
    assert outcomes[-1].exhausted == 1
    assert (len(handled), len(exhausted)) == (2, 1)
    assert hidden(queue) == (0, 0)


def test_what_is_no_record_is_hidden_logged_once_and_costs_its_batch_nothing(
    queue: QueueClient, local: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(15):
        queue.send(record(f"r-{number}"))
    queue.send("poison")
    seen: list[Letter] = []
    shown: list[str | None] = []
    consumer = Consumer(queue, seen.append, unreadable=lambda letter: shown.append(letter.problem))
    first = consumer.run(max_messages=16)
    assert (first.acknowledged, first.unreadable, len(seen)) == (15, 1, 15)
    assert first.first_unreadable_expires == datetime(2026, 1, 5, tzinfo=timezone.utc)
    local.advance(3599)
    assert hidden(queue) == (0, 1)
    local.advance(2)
    assert consumer.run(max_messages=1).unreadable == 1
    assert hidden(queue) == (0, 1)
    assert len(shown) == 2
    assert all(shown)
    assert caplog.text.count("is no record") == 1


def test_without_records_nothing_is_parsed(queue: QueueClient) -> None:
    queue.send("poison")
    seen: list[Letter] = []
    assert Consumer(queue, seen.append, records=False).run(max_messages=1).acknowledged == 1
    assert [(one.message.message_body, one.record, one.problem) for one in seen] == [("poison", None, None)]


def test_a_handler_that_outlives_three_visibilities_of_a_second_has_its_letter_to_itself(local: LocalServer) -> None:
    with Watched("dead", endpoint=local.url) as queue:
        queue.create(visibility_timeout=1)
        queue.send(record("r-1"))

        def handle(_: Letter) -> None:
            assert queue.renewed.wait(SECONDS)
            local.advance(3)
            assert hidden(queue) == (0, 1)

        summary = Consumer(queue, handle).run(max_messages=1)
        assert (summary.acknowledged, summary.released) == (1, 0)
        assert hidden(queue) == (0, 0)


def test_a_renewal_and_a_delete_that_come_together_leave_the_letter_acknowledged(local: LocalServer) -> None:
    with Watched("dead", endpoint=local.url) as queue:
        queue.create(visibility_timeout=1)
        renewing, returned = threading.Event(), threading.Event()

        def renew() -> None:
            renewing.set()
            returned.wait(SECONDS)

        def handle(_: Letter) -> None:
            assert renewing.wait(SECONDS)

        class Seen:
            def received(self, count: int, in_flight: int) -> None:
                pass

            def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None:
                returned.set()

        queue.before = renew
        queue.send(record("r-1"))
        summary = Consumer(queue, handle, observer=Seen()).run(max_messages=1)
        assert queue.renewed.is_set()
        assert (summary.acknowledged, summary.released) == (1, 0)
        assert hidden(queue) == (0, 0)


def test_a_handler_that_never_returns_costs_its_letter_a_delay_and_nothing_else(queue: QueueClient) -> None:
    release = threading.Event()
    seen: list[str] = []

    def handle(letter: Letter) -> None:
        if not seen:
            seen.append("stuck")
            release.wait(SECONDS)
        else:
            seen.append(letter.message.message_id)

    for number in range(3):
        queue.send(record(f"r-{number}"))
    summary = Consumer(queue, handle, concurrency=1, handler_timeout_seconds=0.05).run(max_messages=3)
    release.set()
    assert (summary.acknowledged, summary.released) == (2, 1)


def test_what_is_held_has_a_bound(queue: QueueClient) -> None:
    for number in range(60):
        queue.send(record(f"r-{number}"))
    full, release = threading.Semaphore(0), threading.Event()

    def handle(_: Letter) -> None:
        full.release()
        release.wait(SECONDS)

    with running(Consumer(queue, handle, concurrency=2), max_messages=60) as summary:
        for _ in range(2):
            assert full.acquire(timeout=SECONDS)
        active, taken = hidden(queue)
        assert active is not None
        assert taken is not None
        assert 2 <= taken <= 20
        release.set()
        assert summary().acknowledged == 60


def test_stop_ends_what_runs_and_gives_back_what_waits(queue: QueueClient, local: LocalServer) -> None:
    for number in range(5):
        queue.send(record(f"r-{number}"))
    consumer = Consumer(queue, lambda _: consumer.stop(), concurrency=1)
    summary = consumer.run()
    assert (summary.received, summary.acknowledged, summary.released) == (5, 1, 4)
    local.advance(1.01)
    assert hidden(queue) == (4, 0)


def test_a_handler_that_outlives_the_grace_loses_its_letter(queue: QueueClient, local: LocalServer) -> None:
    queue.send(record("r-1"))
    release = threading.Event()

    def handle(_: Letter) -> None:
        consumer.stop()
        release.wait(SECONDS)

    consumer = Consumer(queue, handle, grace_seconds=0.05)
    assert consumer.run().released == 1
    release.set()
    local.advance(1.01)
    assert hidden(queue) == (1, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_and_its_handler_is_put_back(queue: QueueClient, number: int) -> None:
    queue.send(record("r-1"))
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    summary = Consumer(queue, lambda _: os.kill(os.getpid(), number)).run()
    assert summary.acknowledged == 1
    assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_run_that_ends_by_itself_puts_the_signals_back(queue: QueueClient) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    found = []

    def handle(_: Letter) -> None:
        found.append(signal.getsignal(signal.SIGTERM))
        consumer.stop()

    async def run() -> None:
        await consumer.run_async()

    consumer = Consumer(queue, handle)
    for work in (consumer.run, lambda: asyncio.run(run())):
        queue.send(record("r-1"))
        work()
        assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)] == before
    assert not set(found) & set(before)


def test_in_another_thread_no_signal_is_taken(queue: QueueClient) -> None:
    queue.send(record("r-1"))
    before = signal.getsignal(signal.SIGTERM)
    found = []
    with running(Consumer(queue, lambda _: found.append(signal.getsignal(signal.SIGTERM))), max_messages=1) as summary:
        assert summary().acknowledged == 1
    assert found == [before]


def test_a_run_ends_when_the_queue_is_idle_at_its_deadline_and_in_the_time_of_a_function(queue: QueueClient) -> None:
    queue.send(record("r-1"))
    assert Consumer(queue, lambda _: None).run(idle_timeout_seconds=0).acknowledged == 1
    assert Consumer(queue, lambda _: None).run(deadline_seconds=0.05).received == 0
    queue.send(record("r-2"))
    assert Consumer(queue, lambda _: None).run_for(0.5).acknowledged == 1


def test_a_loop_acknowledges_what_its_body_returns_from_and_releases_what_it_raises_at(
    queue: QueueClient, local: LocalServer
) -> None:
    for number in range(5):
        queue.send(record(f"r-{number}"))
    consumer = Consumer(queue)

    def work() -> None:
        for count, _ in enumerate(consumer):
            if count == 2:
                raise LookupError

    with pytest.raises(LookupError):
        work()
    assert (consumer.summary.acknowledged, consumer.summary.released) == (2, 3)
    local.advance(1.01)
    assert hidden(queue) == (3, 0)
    for count, _ in enumerate(consumer):
        if count == 2:
            consumer.stop()
    assert consumer.summary.acknowledged == 3


def test_an_async_loop_and_coroutine_handlers_share_the_core(queue: QueueClient, local: LocalServer) -> None:
    for number in range(20):
        queue.send(record(f"r-{number}"))

    async def work() -> None:
        together = asyncio.Barrier(8) if hasattr(asyncio, "Barrier") else None

        async def handle(_: Letter) -> None:
            if together is not None:
                await together.wait()

        summary = await Consumer(queue, handle).run_async(max_messages=16)
        assert summary.acknowledged == 16
        consumer = Consumer(queue)

        async def leave(error: Exception | None) -> None:
            async with aclosing(aiter(consumer)) as letters:
                async for _ in letters:
                    if error is None:
                        break
                    raise error

        await leave(None)
        await asyncio.to_thread(local.advance, 2)
        with pytest.raises(LookupError):
            await leave(LookupError())
        await asyncio.to_thread(local.advance, 3)
        async for letter in consumer:
            assert letter.message.dequeue_count
            consumer.stop()
        assert consumer.summary.acknowledged == 1

    asyncio.run(work())


def test_a_cancelled_run_gives_its_letters_back(queue: QueueClient, local: LocalServer) -> None:
    queue.send(record("r-1"))

    async def work() -> None:
        begun = asyncio.Event()

        async def handle(_: Letter) -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(Consumer(queue, handle, grace_seconds=0).run_async())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    local.advance(2)
    assert hidden(queue) == (1, 0)


def test_a_coroutine_where_nothing_runs_it_is_an_error_and_its_letter_is_released(
    queue: QueueClient, local: LocalServer
) -> None:
    async def handle(_: Letter) -> None: ...

    queue.send(record("r-1"))
    with pytest.raises(ArgumentError, match="run_async"):
        Consumer(queue, handle).run()
    assert hidden(queue) == (1, 0)
    with pytest.raises(ArgumentError, match="run_async"):
        Consumer(queue, lambda letter: handle(letter)).run()
    local.advance(1.01)
    assert hidden(queue) == (1, 0)


def test_an_outage_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    attributes = Reply(200, "<Queue><QueueName>dead</QueueName><VisibilityTimeout>30</VisibilityTimeout></Queue>", ID)
    message = (
        "<Messages><Message><MessageId>m</MessageId><MessageBody>b</MessageBody><ReceiptHandle>h-1</ReceiptHandle>"
        "<DequeueCount>1</DequeueCount></Message></Messages>"
    )
    hung = Reply(hold=threading.Event())
    steps = (
        Reply(503, "", ID),
        hung,
        Drop(),
        attributes,
        Reply(429, "", ID),
        Reply(200, message, ID),
        Reply(204, "", ID),
    )
    with Peer(*steps) as peer, QueueClient("dead", endpoint=peer.url, read_timeout_seconds=0.1) as queue:
        summary = Consumer(queue, lambda _: None, records=False).run(max_messages=1)
    assert summary.acknowledged == 1
    lines = [one.getMessage() for one in caplog.records if one.name == "fc_async.consumer"]
    assert ["does not work" in line for line in lines] == [True, False]
    assert "works again" in lines[1]


def test_a_queue_that_is_not_there_is_waited_for_or_ends_the_run(
    local: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    with QueueClient("later", endpoint=local.url) as queue:
        with pytest.raises(ServiceError, match="QueueNotExist"):
            Consumer(queue, lambda _: None, missing="raise").run()
        waits = threading.Event()

        class Listener(logging.Handler):
            def emit(self, _: logging.LogRecord) -> None:
                waits.set()

        listener = Listener()
        logging.getLogger("fc_async.consumer").addHandler(listener)
        with running(Consumer("later", lambda _: None, endpoint=local.url), max_messages=2) as summary:
            assert waits.wait(SECONDS)
            queue.create()
            queue.send(record("r-1"))
            queue.send(record("r-2"))
            assert summary().acknowledged == 2
        logging.getLogger("fc_async.consumer").removeHandler(listener)
    assert caplog.text.count("does not work") == 1
    assert caplog.text.count("works again") == 1


def test_a_queue_that_is_deleted_and_made_again_goes_on_where_it_is(
    queue: QueueClient, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    handled, goes_on = threading.Event(), threading.Event()

    def handle(letter: Letter) -> None:
        seen.append(letter.message.message_body)
        handled.set()
        goes_on.wait(SECONDS)

    with running(Consumer(queue, handle, records=False), max_messages=2) as summary:
        queue.send("of the old one")
        assert handled.wait(SECONDS)
        queue.remove()
        goes_on.set()
        queue.create()
        queue.send("of the new one")
        found = summary()
    assert seen == ["of the old one", "of the new one"]
    assert (found.acknowledged, found.released) == (1, 1)
    assert "may come again" in caplog.text


def test_nothing_that_listens_is_waited_for_and_what_is_refused_at_first_is_not() -> None:
    consumer = Consumer("dead", lambda _: None, endpoint="http://127.0.0.1:9")
    assert consumer.run(deadline_seconds=0.05).received == 0
    denied = Reply(403, "<Error><Code>AccessDenied</Code></Error>", ID)
    with Peer(denied) as peer, pytest.raises(ServiceError, match="AccessDenied"):
        Consumer("dead", lambda _: None, endpoint=peer.url).run()


def test_a_letter_that_was_handled_before_is_acknowledged_and_one_that_differs_is_not_dropped(
    queue: QueueClient, tmp_path: Path
) -> None:
    path = tmp_path / "done.sqlite"
    seen: list[tuple[str, int | None]] = []

    def handle(letter: Letter) -> None:
        assert letter.record is not None
        seen.append((letter.record.request_id, letter.record.approximate_invoke_count))

    for store in (MemoryDedupe(), SqliteDedupe(path), SqliteDedupe(path)):
        for body in (record("r-1"), record("r-1"), record("r-1", attempts=2), record("r-1", payload="2")):
            queue.send(body)
        summary = Consumer(queue, handle, concurrency=1, dedupe=store).run(max_messages=4)
        assert summary.acknowledged == 4
        if isinstance(store, SqliteDedupe):
            store.close()
    assert seen == [("r-1", 1), ("r-1", 2), ("r-1", 1)] * 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_letter_whose_handler_raised_was_not_handled(queue: QueueClient, local: LocalServer) -> None:
    queue.send(record("r-1"))
    store = MemoryDedupe()
    seen: list[Letter] = []

    def fail(_: Letter) -> None:
        raise RuntimeError

    assert Consumer(queue, fail, dedupe=store).run(max_messages=1).released == 1
    local.advance(2)
    assert Consumer(queue, seen.append, dedupe=store).run(max_messages=1).acknowledged == 1
    assert len(seen) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_consumer_that_was_made_and_used_before_a_fork_runs_in_the_child(queue: QueueClient) -> None:
    for number in range(2):
        queue.send(record(f"r-{number}"))
    consumer = Consumer(queue, lambda _: None)

    def run() -> None:
        assert consumer.run(max_messages=1).acknowledged == 1

    run()
    assert exit_code(forked(run)) == 0
    assert hidden(queue) == (0, 0)


def test_an_observer_that_raises_stops_nothing(queue: QueueClient, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def received(self, count: int, in_flight: int) -> None:
            raise RuntimeError

        def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None:
            raise RuntimeError

    queue.send(record("r-1"))
    assert Consumer(queue, lambda _: None, observer=Broken()).run(max_messages=1).acknowledged == 1
    assert "the observer raised RuntimeError" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"concurrency": 0}, "concurrency: expected a whole number from 1 to 256, got 0"),
        ({"concurrency": True}, "concurrency"),
        ({"records": 1}, "records"),
        ({"unreadable": "x"}, "unreadable"),
        ({"unreadable_hide_seconds": 0}, "unreadable_hide_seconds"),
        ({"unreadable_hide_seconds": 43201}, "unreadable_hide_seconds"),
        ({"max_receives": 0}, "max_receives"),
        ({"handler_timeout_seconds": 0}, "handler_timeout_seconds"),
        ({"grace_seconds": -1}, "grace_seconds"),
        ({"missing": "no"}, "missing"),
        ({"handle": 3}, "handle"),
        ({"queue": 3}, "queue"),
    ],
)
def test_an_argument_that_cannot_be_right_is_refused(arguments: dict[str, Any], said: str) -> None:
    given = {"queue": "dead", "endpoint": "http://127.0.0.1:9", **arguments}
    with pytest.raises(ArgumentError, match=said):
        Consumer(**given)


@pytest.mark.parametrize(
    "limits",
    [{"max_messages": 0}, {"idle_timeout_seconds": -1}, {"deadline_seconds": "soon"}],
    ids=lambda one: min(one),
)
def test_a_limit_that_cannot_be_right_is_refused_before_anything_is_received(limits: dict[str, Any]) -> None:
    with Peer() as peer:
        with pytest.raises(ArgumentError, match=min(limits)):
            Consumer("dead", lambda _: None, endpoint=peer.url).run(**limits)
        assert peer.requests == []


def test_retry_refuses_what_the_service_would_not_take() -> None:
    for seconds in (0, -1, 43201, 1.5):
        with pytest.raises(ArgumentError, match="after_seconds"):
            Retry(after_seconds=seconds)  # type: ignore[arg-type]
