"""A scripted HTTP server in a thread: it plays one step per request and records what it received, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """Answer a request.

    Args:
        status: HTTP status.
        body: bytes as they are; text as UTF-8; a function is given what was received; anything else as JSON.
        headers: added to Content-Length.
        hold: answer only once this is set.
        missing_bytes: claim this many more than are sent, then close.
        drip_seconds: send one byte at a time, this far apart; 0: all at once.
        drips_body: drip the body alone, the head comes at once.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    missing_bytes: int = 0
    drip_seconds: float = 0
    drips_body: bool = False


@dataclass(frozen=True)
class Drop:
    """Close the connection without an answer, before or after the request was read."""

    after_reading: bool = True


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Peer:
    """The server; leaves with its `with` block.

    Args:
        script: the steps, one per request; when they are used up the last one is repeated.
        port: 0: any free one.
        delay_seconds: what every answer takes.
    """

    def __init__(self, *script: Reply | Drop, port: int = 0, delay_seconds: float = 0) -> None:
        self._script = list(script or (Reply(),))
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.requests: list[Received] = []
        self._delay_seconds = delay_seconds
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def close_connections(self) -> None:
        """Close what is open, as a server does with connections that were idle for long."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_until_left(self) -> None:
        """Return when the clients have closed all their connections; fails when they do not."""
        for thread in self._threads[1:]:
            thread.join(10)
            assert not thread.is_alive()

    def _hold(self, until: threading.Event) -> None:
        while not until.wait(0.02) and not self._stopped.is_set():
            continue

    def _start(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._serve, connection, len(self._connections))

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError):
            while self._play(connection, stream, number):
                pass

    def _play(self, connection: socket.socket, stream: Any, number: int) -> bool:
        first = stream.readline()
        if not first:
            return False
        with self._lock:
            step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if step == Drop(after_reading=False):
            return False
        received = _read(first, stream, number)
        with self._lock:
            self.requests.append(received)
        if isinstance(step, Drop):
            return False
        if step.hold is not None:
            self._hold(step.hold)
        if self._delay_seconds:
            self._stopped.wait(self._delay_seconds)
        head, body = _written(step, received)
        if not step.drip_seconds:
            connection.sendall(head + body)
        elif step.drips_body:
            connection.sendall(head)
            self._drip(connection, body, step.drip_seconds)
        else:
            self._drip(connection, head + body, step.drip_seconds)
        return not step.missing_bytes

    def _drip(self, connection: socket.socket, data: bytes, seconds: float) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            if self._stopped.wait(seconds):
                return


def _read(first: bytes, stream: Any, number: int) -> Received:
    method, target, _ = first.decode("latin-1").split(" ", 2)
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body, number)


def _written(step: Reply, received: Received) -> tuple[bytes, bytes]:
    body = step.body(received) if callable(step.body) else step.body
    body = body.encode() if isinstance(body, str) else body
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {"Content-Length": str(len(body) + step.missing_bytes), **step.headers}
    if step.status == 204:
        del headers["Content-Length"]
    head = [f"HTTP/1.1 {step.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1"), body
