"""The HTTP server under the local service: aiohttp's, whose own refusals are answered in the services' shape too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

_REQUEST_LINE = re.compile(rb"[A-Z]{1,32} (/[!->@-~]{0,64})")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[web.BaseRequest, str], web.Response]


class _Connection(RequestHandler):
    """One connection: remembers which path was asked, for what cannot be parsed has none, and the last body."""

    __slots__ = ("_asked_path", "_last_body", "_refuse")

    def __init__(self, manager: web.Server, refuse: Refuse, **options: Any) -> None:
        super().__init__(manager, **options)
        self._asked_path = ""
        self._last_body: StreamReader | None = None
        self._refuse = refuse

    def data_received(self, data: bytes) -> None:
        found = _REQUEST_LINE.match(data)
        if found is not None:
            self._asked_path = found[1].decode("ascii")
        super().data_received(data)
        if self._messages:
            self._last_body = self._messages[-1][1]

    def eof_received(self) -> bool:  # type: ignore[override] # true keeps the connection open for the answer
        """Let the body of a request end with an error where the client has sent less than it said, and answer that.

        A client that is gone when its request is whole is left to aiohttp, which closes: what waits for a message in
        a long poll must not be given one then.
        """
        body = self._last_body
        if body is None or body.is_eof():
            return False
        body.set_exception(web.RequestPayloadError("the body was cut short"))
        body.feed_eof()
        self.close()  # once that is answered
        return True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refuses."""
        response = self._refuse(request, self._asked_path)
        response.force_close()
        return response


class HttpServer(web.Server):
    """Makes a handler out of every connection.

    Args:
        handler: answers every request; no router stands before it.
        refuse: answers what is no HTTP, given the path as far as it could be read.
    """

    def __init__(self, handler: Handler, refuse: Refuse) -> None:
        # Bodies stay as they were sent (auto_decompress), because a payload is what the client gave.
        super().__init__(handler, access_log=None, auto_decompress=False)
        self._refuse = refuse

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._refuse, loop=self._loop, **self._kwargs)
