"""The HTTP server under the local service: aiohttp's, where it leaves no door open, from the inside.

aiohttp answers what its parser refuses in HTML, forgets which path was asked, and takes the end of what a client sends
for the end of the client. A service's clients expect a refusal in that service's shape, and `nc -N` and its like read
an answer after they have sent all. aiohttp has no public way to either, so this file, and no other, uses names of its
that are private: on a connection `_messages`, `_waiter` and `_current_request`, on a body `_waiter`, on a request
`_version`, on a request's head `_replace`. `test_connection.py` holds them against the installed aiohttp.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

_REQUEST_LINE = re.compile(rb"(?:\A|\n)[A-Z]{1,32} (/[!->@-~]{0,64})")
_HEAD_BYTES = 128
_NO_HTTP = b"\0\r\n\r\n"
_OPTIONS: dict[str, Any] = {"access_log": None, "auto_decompress": False}
"""Bodies stay as they were sent, because a payload is what the client gave."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[web.BaseRequest, str, "BaseException | None"], web.Response]
"""Answers what is no HTTP, given the path as far as it is known; or a defect, where there is one."""


class _Connection(RequestHandler):
    """One connection: remembers which path was asked, for what cannot be parsed has none, and the last body."""

    __slots__ = ("_asked_path", "_begun_head", "_last_body", "_refuse", "has_sent_all")

    def __init__(self, manager: web.Server, refuse: Refuse, **options: Any) -> None:
        super().__init__(manager, **options)
        self._asked_path = ""
        self._begun_head = b""  # the beginning of a head that is not whole yet
        self._last_body: StreamReader | None = None
        self._refuse = refuse
        self.has_sent_all = False

    def data_received(self, data: bytes) -> None:
        is_in_body = self._is_in_body()
        known = len(self._messages)
        super().data_received(data)
        if len(self._messages) > known:
            message, self._last_body = self._messages[-1]
            if isinstance(message, RawRequestMessage):
                self._asked_path = message.path
            else:
                self._asked_path = _last_path(self._begun_head + data) or (self._asked_path if is_in_body else "")
            self._begun_head = b""
        elif not is_in_body and len(self._begun_head) < _HEAD_BYTES:
            self._begun_head += data[:_HEAD_BYTES]

    def eof_received(self) -> bool:  # type: ignore[override] # true keeps the connection open for the answer
        """Answer what has come before the client said that it sends no more, and close after that.

        A body or a head that was cut short is refused. A client that is gone sends the same as one that still reads:
        see `has_sent_all`.
        """
        self.has_sent_all = True
        if self._is_in_body():
            self._end_body()
        elif self._begun_head.strip():
            self.data_received(_NO_HTTP)  # the parser itself takes an end here for the end of the headers
        if self._messages:
            self._close_after_the_last_message()
            return True
        if self._waiter is not None:
            return False  # nothing is under way
        self.close()  # once that is answered
        return True

    def _is_in_body(self) -> bool:
        return self._last_body is not None and not self._last_body.is_eof()

    def _end_body(self) -> None:
        body = self._last_body
        if body is None:
            return
        is_only_drained = self._current_request is None and body._waiter is not None  # its request was answered before
        if not is_only_drained:
            body.set_exception(web.RequestPayloadError("the body was cut short"))
        body.feed_eof()

    def _close_after_the_last_message(self) -> None:
        message, body = self._messages[-1]
        if isinstance(message, RawRequestMessage):  # after any other the connection is closed anyway
            self._messages[-1] = (message._replace(should_close=True), body)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refuses, or what our own code did not."""
        request._version = HttpVersion11  # aiohttp takes what it cannot parse for HTTP/1.0
        is_gone = isinstance(exc, ConnectionError)  # the client, and with it the need for an answer
        response = self._refuse(request, self._asked_path, exc if status >= 500 and not is_gone else None)
        response.force_close()
        return response


def may_be_gone(request: web.BaseRequest) -> bool:
    """Whether the client has closed its half of the connection, or all of it: the two look the same from here."""
    return request.transport is None or (isinstance(request.protocol, _Connection) and request.protocol.has_sent_all)


def _last_path(data: bytes) -> str:
    """The path of the last request line in what the parser refused; "" if there is none."""
    paths = _REQUEST_LINE.findall(data)
    return paths[-1].decode("ascii") if paths else ""


class HttpServer(web.Server):
    """Makes a handler out of every connection.

    Args:
        handler: answers every request; no router stands before it.
        refuse: answers what is no HTTP, given the path as far as it could be read.
    """

    def __init__(self, handler: Handler, refuse: Refuse) -> None:
        super().__init__(handler, **_OPTIONS)
        self._refuse = refuse

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._refuse, loop=asyncio.get_running_loop(), **_OPTIONS)
