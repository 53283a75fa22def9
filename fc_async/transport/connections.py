"""Connections of urllib3 whose waits end with the attempt that they serve, and which a forked child leaves alone.

`requests` knows a timeout for each single read: a peer that sends one byte at a time is never late. Here every read
and write of an attempt waits only for what is left of its time: the TLS handshake, a proxy's answer, the request, the
lines of the head, the body.
"""

from __future__ import annotations

import functools
import http.client
import io
import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

_NEAR_SECONDS = 0.05
_MOST_HELD_BYTES = 128 * 1024


class Attempt:
    """One request and its answer.

    Args:
        seconds: what may pass between the connection and the end of the answer; None: no limit.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self.sock: Any = None
        """What the request was last written to; None before."""
        self.is_connecting = False
        """Whether the connection is still being made, so that no byte of the request can have left."""
        self.begin()

    def begin(self) -> None:
        """Count the time from now."""
        self._ends = None if self._seconds is None else self._clock() + self._seconds

    def left_seconds(self) -> float | None:
        """Return what is left of the time, None where there is no limit.

        Raises:
            TimeoutError: nothing is left.
        """
        if self._ends is None:
            return None
        left = self._ends - self._clock()
        if left <= 0:
            raise TimeoutError("the attempt's time is over")
        return left


_NO_ATTEMPT = Attempt(None)


class _ThisThread(threading.local):
    attempt = _NO_ATTEMPT


_this_thread = _ThisThread()


def is_in_attempt() -> bool:
    """Tell whether this thread is inside an attempt."""
    return _this_thread.attempt is not _NO_ATTEMPT


@contextmanager
def attempt(seconds: float | None) -> Iterator[Attempt]:
    """Make what this thread sends and reads inside the `with` block one attempt."""
    outer, _this_thread.attempt = _this_thread.attempt, Attempt(seconds)
    here = threading.get_ident()
    _attempts[here] = _this_thread.attempt
    try:
        yield _this_thread.attempt
    finally:
        _this_thread.attempt = outer
        _attempts.pop(here, None)


_attempts: dict[int, Attempt] = {}
"""The attempts that are going on, by thread."""


def cut_attempt(thread_id: int | None) -> None:
    """Break off what another thread waits for, so that it fails at once; harmless where it waits for nothing.

    Args:
        thread_id: the thread's `ident`.
    """
    during = _attempts.get(thread_id or 0)
    if during is not None and during.sock is not None:
        with suppress(OSError):  # not the method of a TLS socket, which forgets its state under the reader's hands
            socket.socket.shutdown(during.sock, socket.SHUT_RDWR)


def keep_to_attempts(manager: Any) -> None:
    """Have urllib3's pool manager (or a proxy's) make connections that keep to the attempt."""
    manager.pool_classes_by_scheme = {name: _pool(one) for name, one in manager.pool_classes_by_scheme.items()}


def leave_parents_connections() -> None:
    """Close a forked child's copies of what was open: no word goes to the peer, and the parent's stay as they are."""
    _attempts.clear()  # of the parent's threads: to cut one would break the parent's connection
    for connection in list(_connections):
        sock, connection.sock = connection.sock, None
        with suppress(OSError, AttributeError):
            os.close(sock.detach())  # not close(): it waits for readers, which are threads of the parent


_connections: WeakSet[Any] = WeakSet()


class _Stack:
    """The idle connections of a pool, in place of `queue.LifoQueue`: without a lock.

    A lock would stay locked in a child that is forked meanwhile, and for ever after a Ctrl-C that comes between taking
    it and the block that gives it back.
    """

    def __init__(self, maxsize: int) -> None:
        self._maxsize = maxsize
        self._items: deque[Any] = deque()

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        try:
            return self._items.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, block: bool = False) -> None:
        if len(self._items) >= self._maxsize:
            raise queue.Full
        self._items.append(item)

    def qsize(self) -> int:
        return len(self._items)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **details: Any) -> None:
        super().__init__(sock, *arguments, **details)
        self.fp: Any = io.BufferedReader(_Reader(self.fp.detach(), sock, _this_thread.attempt))


class _Reader(io.RawIOBase):
    """Reads a socket for as long as the attempt lasts."""

    def __init__(self, raw: Any, sock: Any, during: Attempt) -> None:
        self._raw = raw
        self._sock = sock
        self._attempt = during

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def readinto(self, buffer: Any) -> int | None:
        _wait_at_most(self._sock, self._attempt.left_seconds())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Bounded:
    """What a connection of urllib3 does otherwise here; it stands before urllib3's class."""

    response_class = _Response
    sock: Any
    timeout: Any

    def __init__(self, *arguments: Any, **details: Any) -> None:
        super().__init__(*arguments, **details)
        self._held: bytearray | None = None
        _connections.add(self)

    def connect(self) -> None:
        now = _this_thread.attempt
        now.is_connecting = True
        super().connect()  # type: ignore[misc]
        now.is_connecting = False  # not after a failure: the adapter looks
        if isinstance(self.sock, socket.socket):
            kind: Any = type(self.sock)
            self.sock.__class__ = _patient(kind)

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        now = _this_thread.attempt
        now.begin()
        limits = [one for one in (sock.gettimeout(), now.left_seconds()) if one is not None]
        sock.settimeout(min(limits, default=None))  # for the TLS handshake, which sets none itself
        return sock

    def _tunnel(self) -> None:
        super()._tunnel()  # type: ignore[misc]
        self.sock.settimeout(_this_thread.attempt.left_seconds())  # likewise

    def request(self, *arguments: Any, **details: Any) -> None:
        """Write head and body as one, where they are short: they are two packets otherwise."""
        self._held = bytearray()
        try:
            super().request(*arguments, **details)  # type: ignore[misc]
            self._flush()
        finally:
            self._held = None

    def send(self, data: Any) -> None:
        if self.sock is None:
            super().send(b"")  # type: ignore[misc]  # it connects
        if not isinstance(data, (bytes, bytearray, memoryview)):
            self._flush()
            super().send(data)  # type: ignore[misc]
            return
        rest = memoryview(data).cast("B")
        if self._held is not None and len(self._held) + len(rest) <= _MOST_HELD_BYTES:
            self._held += rest
            return
        self._flush()
        self._write(rest)

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held:
            self._write(memoryview(held))

    def _write(self, rest: memoryview) -> None:
        _this_thread.attempt.sock = self.sock
        while rest:
            _wait_at_most(self.sock, _this_thread.attempt.left_seconds())
            rest = rest[self.sock.send(rest) :]


def _wait_at_most(sock: Any, seconds: float | None) -> None:
    """Have a socket wait so long; it is not told again for a difference that nobody notices: that is a system call."""
    now = sock.gettimeout()
    if now is None or seconds is None or abs(now - seconds) > _NEAR_SECONDS:
        (socket.socket if isinstance(sock, socket.socket) else type(sock)).settimeout(sock, seconds)


@functools.cache
def _patient(kind: Any) -> Any:
    """Return a class of socket that is told by `_wait_at_most` alone; urllib3 tells it twice a request."""
    return type(kind.__name__, (kind,), {"__slots__": (), "settimeout": lambda *_: None})


@functools.cache
def _pool(pool: Any) -> Any:
    """Return a pool like this one whose connections keep to the attempt; SOCKS has pools of its own kind."""
    connection = type(pool.ConnectionCls.__name__, (_Bounded, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection, "QueueCls": _Stack})
