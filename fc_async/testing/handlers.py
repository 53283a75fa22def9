"""Callables that are handlers, and the threads in which they run, as a test begins and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..local.server import LocalServer
from ..local.workers.in_process import HandlerThread, InProcessHandler

_GRACE_SECONDS: Final = 1.0
"""How long the end of a test waits for handlers that still run: their threads cannot be ended."""


def is_in_a_handler() -> bool:
    """Whether the caller is a handler."""
    return isinstance(threading.current_thread(), HandlerThread)


def wait_for_handlers(server: LocalServer) -> str:
    """Let the handlers of a server end; return the name of one that does not, "" for none."""
    server.held()  # comes back from the loop when every execution that was asked for has its thread
    until = time.monotonic() + _GRACE_SECONDS
    running = [one for one in threading.enumerate() if isinstance(one, HandlerThread) and one.of is server.handlers]
    for thread in running:
        thread.join(max(0.0, until - time.monotonic()))
    outliving = [thread for thread in running if thread.is_alive()]
    for thread in outliving:
        thread.of = None  # the next test neither waits for it nor hears of it
    return outliving[0].name if outliving else ""


@contextmanager
def handler_of(handlers: dict[str, InProcessHandler], name: str, handler: InProcessHandler | None) -> Iterator[None]:
    """Have a function another handler, None for none; where its change is refused, the one that it had."""
    before = handlers.pop(name, None)
    if handler is not None:
        handlers[name] = handler
    try:
        yield
    except BaseException:
        handlers.pop(name, None)
        if before is not None:
            handlers[name] = before
        raise
