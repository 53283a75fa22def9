"""Consumers that are killed: every letter is handled at least once, and none is deleted that was not."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from fc_async import QueueClient
from fc_async.local import LocalServer

PROCESSES = 3
QUIET_SECONDS = 3
"""Nothing was handled for so long: what is left is hidden, held by nobody."""

CONSUMER = """
import os, sys
from fc_async import Consumer
out, permits = map(int, sys.argv[2:])
def handle(letter):
    os.read(permits, 1)
    os.write(out, letter.message.message_body.encode() + b"\\n")
Consumer("dead", handle, records=False, endpoint=sys.argv[1]).run()
"""


class Crew:
    """Some processes that share a queue and say what they have handled."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._read, self._write = os.pipe()
        self._permits_read, self._permits = os.pipe()
        self._rest = b""
        self.processes = [self._start() for _ in range(PROCESSES)]

    def kill(self, number: int) -> None:
        """Kill one, and start another in its place."""
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._start()

    def permit(self, letters: int) -> None:
        """Let so many letters be handled."""
        os.write(self._permits, b"." * letters)

    def handled(self) -> list[str]:
        """Return what was handled since the last call; empty where nothing was for a while."""
        if not select.select([self._read], [], [], QUIET_SECONDS)[0]:
            return []
        *lines, self._rest = (self._rest + os.read(self._read, 65536)).split(b"\n")
        return [line.decode() for line in lines]

    def end(self) -> list[int]:
        """End all as a service manager does, and return their exit codes."""
        for one in self.processes:
            one.terminate()
        codes = [one.wait(60) for one in self.processes]
        for one in (self._read, self._write, self._permits_read, self._permits):
            os.close(one)
        return codes

    def _start(self) -> subprocess.Popen[bytes]:
        pipes = (self._write, self._permits_read)
        return subprocess.Popen([sys.executable, "-c", CONSUMER, self._url, *map(str, pipes)], pass_fds=pipes)


@contextmanager
def crew(url: str) -> Iterator[Crew]:
    one = Crew(url)
    try:
        yield one
    finally:
        for process in one.processes:
            process.kill()
            process.wait()


def fill(queue: QueueClient, letters: int) -> None:
    queue.create()
    for number in range(letters):
        queue.send(str(number))


def hidden_or_not(queue: QueueClient) -> tuple[int | None, int | None]:
    found = queue.get_attributes()
    return found.active_messages, found.inactive_messages


@pytest.mark.slow
@pytest.mark.crash
def test_every_letter_is_handled_though_fifty_consumers_are_killed(local: LocalServer) -> None:
    letters, kills, random = 5000, 50, Random(1)  # noqa: S311 - chance that repeats
    seen: Counter[str] = Counter()
    with QueueClient("dead", endpoint=local.url) as queue, crew(local.url) as consumers:
        fill(queue, letters)
        for _ in range(kills):
            consumers.permit(letters // kills)
            due = seen.total() + random.randint(1, letters // kills)
            while seen.total() < due and (news := consumers.handled()):
                seen.update(news)
            consumers.kill(random.randrange(PROCESSES))
        consumers.permit(60_000)  # more than will be handled, less than a pipe holds
        while any(hidden_or_not(queue)):
            news = consumers.handled()
            seen.update(news)
            if not news:
                local.advance(31)
        assert set(seen) == {str(number) for number in range(letters)}
        assert consumers.end() == [0] * PROCESSES


@pytest.mark.slow
@pytest.mark.crash
def test_consumers_that_share_a_queue_and_are_left_alone_handle_each_letter_once(local: LocalServer) -> None:
    letters = 3000
    seen: Counter[str] = Counter()
    with QueueClient("dead", endpoint=local.url) as queue, crew(local.url) as consumers:
        fill(queue, letters)
        consumers.permit(60_000)
        while len(seen) < letters:
            seen.update(consumers.handled())
        assert consumers.end() == [0] * PROCESSES
        assert set(seen.values()) == {1}
        assert hidden_or_not(queue) == (0, 0)
