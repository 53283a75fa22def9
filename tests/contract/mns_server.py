"""The MNS half of the local service alone: a server in a thread, port 0, a clock that the test moves."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import TypeVar

from aiohttp import web

from fc_async.local import ManualClock
from fc_async.local.dispatch.push import Pusher
from fc_async.local.dispatch.push_signature import PushSignature
from fc_async.local.mailbox.mailbox import Mailbox
from fc_async.local.mailbox.topics import Topics
from fc_async.local.mns.routes import MnsRoutes
from fc_async.local.system_clock import SystemClock

T = TypeVar("T")
DEADLINE_SECONDS = 60


class MnsServer:
    """A running server; `on_loop` runs something on its event loop's thread and returns the result."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.mailbox = Mailbox(random=Random(1))  # noqa: S311 - ids, not secrets
        self.topics = Topics(self.mailbox, random=Random(3))  # noqa: S311 - the same
        self.signature = PushSignature("http://127.0.0.1:1")
        self.pusher = Pusher(
            self.topics,
            self.clock,
            real_time=SystemClock(),
            signature=self.signature,
            random=Random(4),  # noqa: S311 - the same
        )
        self.routes = MnsRoutes(
            self.mailbox,
            self.topics,
            self.clock,
            random=Random(2),  # noqa: S311 - the same
            before_pushes=self.pusher.prepare,
        )
        self.port = 0
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on_loop(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(DEADLINE_SECONDS)

    def advance(self, seconds: float) -> None:
        self.on_loop(lambda: self.clock.advance_to(self.clock.now_ms() + int(seconds * 1000)))

    def until_waiting(self) -> None:
        """Return when a receive waits: a timer of the clock ends its wait."""

        async def poll() -> None:
            while self.clock.next_timer_ms() is None:  # noqa: ASYNC110 - a turn of the loop is all that is awaited
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(poll(), self.loop).result(DEADLINE_SECONDS)

    def request(
        self, method: str, target: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One raw exchange: status, headers with their case as sent, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        try:
            data = body.encode() if isinstance(body, str) else body
            connection.request(method, target, data, {"x-mns-version": "2015-06-06", **(headers or {})})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def start(self) -> None:
        self._thread.start()
        assert self._is_ready.wait(DEADLINE_SECONDS)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.routes.handle)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await web.SockSite(runner, listening).start()
        self._is_ready.set()
        await self._stop.wait()
        self.routes.close()
        await self.pusher.close()
        await runner.cleanup()


@contextmanager
def running_mns() -> Iterator[MnsServer]:
    server = MnsServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
