"""A raw client of queues: each connection sends a message, receives one, deletes that, and begins again.

It speaks MNS and SQS, so that both are asked by the same code. A server may close the connection after an answer, as
moto_server does; then the next request goes out on a new one.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from urllib.parse import quote

from tests.bench.raw_client import is_whole, post

MESSAGE = b"x" * 1024
_CLOSES = re.compile(rb"(?i)\r\nconnection: *close")
_SUCCEEDED = re.compile(rb"HTTP/1\.1 2")

_Cycle = Generator[bytes, bytes, None]
"""Yields requests, and is sent the answer to each."""


@dataclass(frozen=True)
class QueueWords:
    """How a queue is spoken to.

    Args:
        send: the request that sends a message.
        receive: the request that receives one.
        handle: finds the receipt handle in the answer to `receive`, as its first group.
        delete: builds from it the request that deletes the message.
    """

    send: bytes
    receive: bytes
    handle: re.Pattern[bytes]
    delete: Callable[[str], bytes]


def mns(queue: str) -> QueueWords:
    """Return how MNS is spoken."""
    path = f"/queues/{queue}/messages"
    end = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nx-mns-version: 2015-06-06\r\n\r\n"
    body = b"<Message><MessageBody>" + MESSAGE + b"</MessageBody></Message>"
    return QueueWords(
        send=post(path, body, x_mns_version="2015-06-06", Content_Type="text/xml"),
        receive=f"GET {path}".encode() + end,
        handle=re.compile(rb"<ReceiptHandle>([^<]+)<"),
        delete=lambda handle: f"DELETE {path}?ReceiptHandle={quote(handle)}".encode() + end,
    )


def sqs(queue_url: str) -> QueueWords:
    """Return how SQS is spoken, in JSON."""
    return QueueWords(
        send=sqs_call("SendMessage", QueueUrl=queue_url, MessageBody=MESSAGE.decode()),
        receive=sqs_call("ReceiveMessage", QueueUrl=queue_url, MaxNumberOfMessages=1),
        handle=re.compile(rb'"ReceiptHandle": *"([^"]+)"'),
        delete=lambda handle: sqs_call("DeleteMessage", QueueUrl=queue_url, ReceiptHandle=handle),
    )


def sqs_call(action: str, **fields: object) -> bytes:
    """Return a request to SQS; moto_server reads the service out of its Authorization, and believes the signature."""
    return post(
        "/",
        json.dumps(fields).encode(),
        X_Amz_Target=f"AmazonSQS.{action}",
        X_Amz_Date="20260101T000000Z",
        Content_Type="application/x-amz-json-1.0",
        Authorization=(
            "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=none"
        ),
    )


class QueueCycles:
    """Keeps connections busy with cycles of send, receive and delete.

    Args:
        port: the server's port on 127.0.0.1.
        words: how its queue is spoken to.
        connections: how many; each has sent a message before it receives one, so that there always is one.
    """

    def __init__(self, port: int, words: QueueWords, *, connections: int) -> None:
        self._words = words
        self._selector = selectors.DefaultSelector()
        self._lines = [_Line(port, self._selector) for _ in range(connections)]

    def rate(self, cycles: int) -> float:
        """Do this many cycles; return how many there were in a second."""
        left = cycles
        started = time.perf_counter()
        for line in self._lines:
            line.begin(self._cycle())
            left -= 1
        busy = len(self._lines)
        while busy:
            for key, _ in self._selector.select():
                if not key.data.went_on():
                    continue
                if left > 0:
                    key.data.begin(self._cycle())
                    left -= 1
                else:
                    busy -= 1
        return cycles / (time.perf_counter() - started)

    def _cycle(self) -> _Cycle:
        yield self._words.send
        answer = yield self._words.receive
        handle = self._words.handle.search(answer)
        if handle is None:
            raise SystemExit(f"no message was received: {answer[:300]!r}")
        yield self._words.delete(handle[1].decode())

    def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            line.close()
        self._selector.close()


class _Line:
    """One connection, made again where the server has closed it."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self._port = port
        self._selector = selector
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(self._socket, selectors.EVENT_READ, self)

    def close(self) -> None:
        self._selector.unregister(self._socket)
        self._socket.close()

    def begin(self, cycle: _Cycle) -> None:
        """Send the first request of a cycle."""
        self._cycle = cycle
        self._ask(next(cycle))

    def _ask(self, request: bytes) -> None:
        self._answer = b""
        self._socket.sendall(request)

    def went_on(self) -> bool:
        """Read what has come, and send the next request when it is an answer; return whether the cycle is over."""
        piece = self._socket.recv(65536)
        self._answer += piece
        if not is_whole(self._answer):
            if not piece:
                raise SystemExit(f"the server closed the connection after {self._answer[:200]!r}")
            return False
        if not _SUCCEEDED.match(self._answer):
            raise SystemExit(f"expected success, the server answered {self._answer[:300]!r}")
        if _CLOSES.search(self._answer):
            self.close()
            self._open()
        try:
            self._ask(self._cycle.send(self._answer))
        except StopIteration:
            return True
        return False
