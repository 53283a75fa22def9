"""Consumer at its edges: loops that are left, handlers that do nothing, event loops that are held up."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fc_async import ArgumentError, Consumer, Letter, MemoryDedupe, QueueClient, SqliteDedupe
from fc_async.local import LocalServer
from fc_async.testing import record as sample
from tests.forked import exit_code, forked

SECONDS = 30


@pytest.fixture
def queue(local: LocalServer) -> Iterator[QueueClient]:
    with QueueClient("dead", endpoint=local.url) as client:
        client.create()
        yield client


def hidden(queue: QueueClient) -> tuple[int | None, int | None]:
    """Return how many messages can be received, and how many are hidden."""
    found = queue.get_attributes()
    return found.active_messages, found.inactive_messages


@contextmanager
def when_said(text: str, then: Callable[[], object]) -> Iterator[None]:
    """Do something as soon as the consumer logs a text."""

    class Listener(logging.Handler):
        def emit(self, line: logging.LogRecord) -> None:
            if text in line.getMessage():
                then()

    listener, log = Listener(), logging.getLogger("fc_async.consumer")
    log.addHandler(listener)
    try:
        yield
    finally:
        log.removeHandler(listener)


@pytest.mark.parametrize("is_async", [False, True], ids=["run", "run_async"])
def test_a_handler_that_gives_a_generator_has_done_nothing_and_its_letter_is_released(
    queue: QueueClient, is_async: bool
) -> None:
    def handle(letter: Letter) -> Iterator[Letter]:
        yield letter

    async def handle_later(letter: Letter) -> AsyncIterator[Letter]:
        yield letter

    def consume() -> None:
        if is_async:
            asyncio.run(Consumer(queue, handle_later, records=False).run_async(idle_timeout_seconds=0))
        else:
            Consumer(queue, handle, records=False).run(idle_timeout_seconds=0)

    queue.send("1")
    with pytest.raises(ArgumentError, match="generator"):
        consume()
    assert hidden(queue) == (0, 1)


class SlowStore(MemoryDedupe):
    """A store whose first answer to the second thread is older than what the first one has done meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self._handled = threading.Event()
        self._threads: list[int] = []

    def seen(self, key: str) -> bool:
        is_seen = super().seen(key)
        if threading.get_ident() not in self._threads:
            self._threads.append(threading.get_ident())
            if len(self._threads) < 2:
                return is_seen
            self.asked.set()
            assert self._handled.wait(SECONDS)
        return is_seen

    def done(self, key: str) -> None:
        super().done(key)
        self._handled.set()


def test_a_store_that_answers_late_lets_no_letter_be_handled_twice(queue: QueueClient) -> None:
    store = SlowStore()
    seen: list[str] = []

    def handle(letter: Letter) -> None:
        seen.append(letter.message.message_id)
        assert store.asked.wait(SECONDS)

    queue.send("same")
    queue.send("same")
    consumer = Consumer(queue, handle, records=False, dedupe=store, dedupe_key=lambda one: one.message.message_body)
    assert consumer.run(max_messages=2).acknowledged == 2
    assert len(seen) == 1


def test_a_held_up_event_loop_costs_no_seat(queue: QueueClient) -> None:
    """Coroutines are cancelled that have not begun: their seats must come back all the same."""
    goes_on = threading.Event()
    seen: list[str] = []

    async def handle(letter: Letter) -> None:
        seen.append(letter.message.message_body)
        if letter.message.message_body == "holds up":
            goes_on.wait(SECONDS)

    queue.send("holds up")
    for number in range(3):
        queue.send(str(number))
    with when_said("all workers hang", goes_on.set):
        consumer = Consumer(queue, handle, records=False, concurrency=1, handler_timeout_seconds=0.5)
        asyncio.run(asyncio.wait_for(consumer.run_async(max_messages=4), SECONDS))
    assert seen[0] == "holds up"
    assert consumer.summary.acknowledged == 2


def test_a_run_that_is_cancelled_twice_puts_the_signals_back(queue: QueueClient) -> None:
    queue.send("1")
    before = signal.getsignal(signal.SIGTERM)

    async def work() -> None:
        begun = asyncio.Event()

        async def handle(_: Letter) -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(Consumer(queue, handle, records=False, grace_seconds=0.2).run_async())
        await begun.wait()
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert signal.getsignal(signal.SIGTERM) is before

    asyncio.run(work())


def test_a_loop_whose_body_takes_too_long_gets_no_letter_that_was_released_meanwhile(queue: QueueClient) -> None:
    """The body is the one worker: nothing can take its place, and nothing is handed to it before it returns."""
    too_long = threading.Event()
    for number in range(3):
        queue.send(str(number))
    consumer = Consumer(queue, records=False, handler_timeout_seconds=0.3)
    with when_said("all workers hang", too_long.set):
        for turn, _ in enumerate(consumer):
            if turn == 0:
                assert too_long.wait(SECONDS)
            if turn == 2:
                consumer.stop()
    assert (consumer.summary.acknowledged, consumer.summary.released) == (2, 1)


def test_an_async_loop_whose_body_takes_too_long_gets_none_either(queue: QueueClient) -> None:
    for number in range(3):
        queue.send(str(number))
    consumer = Consumer(queue, records=False, handler_timeout_seconds=0.3)

    async def work() -> None:
        too_long = threading.Event()
        with when_said("all workers hang", too_long.set):
            turn = 0
            async for _ in consumer:
                if turn == 0:
                    assert await asyncio.to_thread(too_long.wait, SECONDS)
                turn += 1
                if turn == 3:
                    consumer.stop()

    asyncio.run(work())
    assert (consumer.summary.acknowledged, consumer.summary.released) == (2, 1)


def test_an_async_loop_that_is_left_while_a_letter_is_on_its_way_gives_it_back_at_once(queue: QueueClient) -> None:
    came = threading.Event()

    class Watch:
        def received(self, count: int, in_flight: int) -> None:
            came.set()

        def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None: ...

    queue.send("1")
    consumer = Consumer(queue, records=False, grace_seconds=3600, observer=Watch())

    async def work() -> None:
        letters = aiter(consumer)
        first = asyncio.ensure_future(anext(letters))
        await asyncio.sleep(0)
        came.wait(SECONDS)  # the event loop is held up meanwhile
        first.cancel()
        await asyncio.wait([first])
        await asyncio.wait_for(letters.aclose(), SECONDS)

    asyncio.run(work())
    assert (consumer.summary.acknowledged, consumer.summary.released) == (0, 1)


def shell(local: LocalServer, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start `fc-async dlq consume dead` as a process of its own."""
    words = [sys.executable, "-c", "from fc_async.cli.root import run; run()", "dlq", "consume", "dead", *arguments]
    return subprocess.Popen([*words, "--endpoint", local.url], stdout=stdout, stderr=subprocess.DEVNULL, text=True)


def test_print_ends_when_nobody_reads_it_any_more(queue: QueueClient, local: LocalServer) -> None:
    """`| head` has gone: letters that nobody sees are neither acknowledged nor received again and again."""
    queue.send(sample().text)
    reader, writer = os.pipe()
    os.close(reader)
    with shell(local, "--print", stdout=writer) as process:
        os.close(writer)
        try:
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
    assert hidden(queue) == (0, 1)


def test_no_command_goes_on_when_consume_has_ended(queue: QueueClient, local: LocalServer, tmp_path: Path) -> None:
    path = tmp_path / "handle.py"
    path.write_text("import time\nprint('begun', flush=True)\ntime.sleep(3600)\n")
    queue.send(sample().text)
    with shell(local, "--exec", f"{sys.executable} {path}") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        assert process.communicate(timeout=SECONDS) == ("", None)  # the command held the pipe, too


class HeldKey(str):
    """A key at which a store stops, whatever it holds then."""

    def __new__(cls) -> HeldKey:
        return super().__new__(cls, "held")

    def __init__(self) -> None:
        self.reached, self.goes_on = threading.Event(), threading.Event()

    def __hash__(self) -> int:
        self.reached.set()
        assert self.goes_on.wait(SECONDS)
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __conform__(self, _: object) -> str:  # SQLite asks for it
        self.reached.set()
        assert self.goes_on.wait(SECONDS)
        return "held"


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@needs_fork
@forks
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_store_works_in_a_child_that_is_forked_while_a_thread_is_in_it(kind: str, tmp_path: Path) -> None:
    store = MemoryDedupe() if kind == "memory" else SqliteDedupe(tmp_path / "done.sqlite")
    store.done("before")
    key = HeldKey()
    thread = threading.Thread(target=store.seen, args=(key,))
    thread.start()
    assert key.reached.wait(SECONDS)

    def work() -> None:
        assert store.seen("before")
        store.done("after")
        assert store.seen("after")

    child = forked(work)
    key.goes_on.set()
    thread.join()
    assert exit_code(child) == 0
    assert store.seen("after") is (kind == "sqlite")
    if isinstance(store, SqliteDedupe):
        store.close()


@needs_fork
@forks
def test_a_forked_child_does_not_wait_for_what_only_its_parent_handles(queue: QueueClient) -> None:
    parent = os.getpid()
    begun, goes_on = threading.Event(), threading.Event()

    def handle(_: Letter) -> None:
        if os.getpid() == parent:
            begun.set()
            assert goes_on.wait(SECONDS)

    queue.send("same")
    queue.send("same")
    consumer = Consumer(queue, handle, records=False, dedupe=MemoryDedupe(), dedupe_key=lambda _: "same")
    thread = threading.Thread(target=consumer.run, kwargs={"max_messages": 1})
    thread.start()
    assert begun.wait(SECONDS)

    def work() -> None:
        assert consumer.run(max_messages=1).acknowledged == 1

    child = forked(work)
    code = exit_code(child)
    goes_on.set()
    thread.join()
    assert code == 0


def test_a_store_waits_for_others_that_open_the_same_new_file(tmp_path: Path) -> None:
    """SQLite's own patience does not hold for the change to its write-ahead log."""
    path = tmp_path / "done.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE other (x)")
    other.execute("BEGIN IMMEDIATE")
    store = SqliteDedupe(path)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(store.seen, "key")
        wait([answer], timeout=0.2)
        other.execute("COMMIT")
        assert answer.result(SECONDS) is False
    other.close()
    store.close()


@pytest.mark.parametrize("where", [">&-", ">/dev/full"], ids=["closed", "full"])
def test_print_acknowledges_no_letter_that_it_cannot_write(queue: QueueClient, local: LocalServer, where: str) -> None:
    if where.endswith("full") and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    queue.send(sample().text)
    code = "from fc_async.cli.root import run; run()"
    words = shlex.join([sys.executable, "-c", code, "dlq", "consume", "dead", "--print", "--endpoint", local.url])
    ended = subprocess.run(
        ["sh", "-c", f"{words} --max-messages 1 {where}"], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert (ended.returncode, sum(count or 0 for count in hidden(queue))) == (1, 1)
    assert "Error: --print: " in ended.stderr


def test_a_letter_whose_handler_never_returns_is_handled_again_where_a_store_remembers_what_was_done(
    queue: QueueClient, local: LocalServer
) -> None:
    goes_on = threading.Event()
    seen: list[int | None] = []

    def handle(letter: Letter) -> None:
        seen.append(letter.message.dequeue_count)
        if len(seen) == 1:
            goes_on.wait(SECONDS)

    queue.send("1")
    consumer = Consumer(
        queue, handle, records=False, dedupe=MemoryDedupe(), dedupe_key=lambda _: "1", handler_timeout_seconds=0.5
    )
    assert consumer.run(max_messages=1).released == 1
    local.advance(2)
    assert consumer.run(max_messages=1).acknowledged == 1
    goes_on.set()
    assert seen == [1, 2]
