"""The service in the foreground of a terminal: until SIGTERM or Ctrl-C, with its log on stderr."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from ..server import LocalServer
from .log import SafeFormatter, StderrLog


def run(server: LocalServer) -> None:
    """Serve until SIGTERM or Ctrl-C; the first line on stdout is the base URL, and nothing follows it there.

    Raises:
        LocalError: the port is in use, or a function cannot be deployed.
    """
    handler = _log_to_stderr()
    try:
        asyncio.run(_serve_until_signalled(server))
    finally:
        handler.close()


async def _serve_until_signalled(server: LocalServer) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def _log_to_stderr() -> StderrLog:
    handler = StderrLog(sys.stderr.fileno())
    handler.setFormatter(SafeFormatter("%(asctime)s %(message)s", "%H:%M:%S"))
    # At the root: what other libraries warn of would block the event loop, too.
    logging.getLogger().addHandler(handler)
    logging.getLogger("fc_async.local").setLevel(logging.INFO)
    return handler
