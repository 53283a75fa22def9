"""A client that costs as little as a client can: prepared bytes out, the status and the length of the answer read."""

from __future__ import annotations

import re
import selectors
import socket
import time

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Return the bytes of a POST; header names are given with underscores."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def is_whole(answer: bytes) -> bool:
    """Whether these bytes are an answer with all of its body."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end)
    return length is None or len(answer) >= end + 4 + int(length[1])


class RawClient:
    """Keeps connections busy: each sends the request again as soon as its answer is whole.

    Args:
        port: the server's port on 127.0.0.1.
        request: the bytes of the request.
        connections: how many.
        status: the status that every answer must have.
    """

    def __init__(self, port: int, request: bytes, *, connections: int, status: int) -> None:
        self._request = request
        self._answer_start = b"HTTP/1.1 %d " % status
        self._connections = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(connections)]
        self._selector = selectors.DefaultSelector()
        for connection in self._connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ)

    def rate(self, requests: int) -> float:
        """Do this many requests; return how many there were in a second."""
        left = requests
        started = time.perf_counter()
        for connection in self._connections:
            connection.sendall(self._request)
            left -= 1
        waiting = len(self._connections)
        while waiting:
            for key, _ in self._selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                self._receive(connection)
                if left > 0:
                    connection.sendall(self._request)
                    left -= 1
                else:
                    waiting -= 1
        return requests / (time.perf_counter() - started)

    def _receive(self, connection: socket.socket) -> None:
        answer = connection.recv(65536)
        while not is_whole(answer):
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit(f"the server closed the connection after {answer[:200]!r}")
            answer += piece
        if not answer.startswith(self._answer_start):
            raise SystemExit(f"expected {self._answer_start!r}, the server answered {answer[:300]!r}")

    def close(self) -> None:
        """Hang up."""
        self._selector.close()
        for connection in self._connections:
            connection.close()
