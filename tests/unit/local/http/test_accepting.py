"""The accept loop waits where descriptors are used up, says so once, and goes on when there are some again."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from fc_async.local.http.accepting import Accepting


class UsedUp(socket.socket):
    """A listening socket of a process without descriptors, for as often as is said."""

    refusals = 3
    asked = 0
    was_asked: asyncio.Event

    def accept(self) -> tuple[socket.socket, Any]:
        self.asked += 1
        self.was_asked.set()
        if self.asked <= self.refusals:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Greets(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


def test_it_asks_again_after_a_while_says_so_once_and_then_accepts(caplog: pytest.LogCaptureFixture) -> None:
    async def greeted() -> tuple[bytes, int]:
        with UsedUp() as listener:
            listener.was_asked = asyncio.Event()
            listener.bind(("127.0.0.1", 0))
            accepting = Accepting(listener, Greets)
            accepting.start(16)
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            said = await reader.read()
            writer.close()
            accepting.stop()
            return said, listener.asked

    said, asked = asyncio.run(greeted())
    assert said == b"hello"
    assert asked == UsedUp.refusals + 2  # the one that gave a connection, and the one that found no more
    assert [record.message for record in caplog.records] == [
        "no connection can be accepted (Too many open files); new ones wait until others are closed"
    ]


def test_one_that_is_stopped_while_it_waits_asks_no_more() -> None:
    async def asked() -> int:
        with UsedUp() as listener:
            listener.was_asked = asyncio.Event()
            listener.bind(("127.0.0.1", 0))
            accepting = Accepting(listener, Greets)
            accepting.start(16)
            _, writer = await asyncio.open_connection(*listener.getsockname())
            await listener.was_asked.wait()
            accepting.stop()
            writer.close()
            return listener.asked

    assert asyncio.run(asked()) == 1
