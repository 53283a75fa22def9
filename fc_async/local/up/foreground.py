"""The service in the foreground of a terminal: until SIGTERM or Ctrl-C, with its log on stderr."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

from ..server import LocalServer
from .log import PLAIN, LineRecord, SafeFormatter, StderrLog
from .watched_file import WatchedFile

log = logging.getLogger("fc_async.local")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def run(server: LocalServer, *, is_quiet: bool = False, watched: WatchedFile | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; the first line on stdout is the base URL, and nothing follows it there.

    Args:
        server: what is served.
        is_quiet: log one line for each invocation, and nothing that handlers print.
        watched: the file of functions that it follows; None: it follows none.

    Raises:
        LocalError: the port is in use, or a function cannot be deployed.
    """
    handler = _log_to_stderr(is_quiet)
    try:
        asyncio.run(_serve_until_signalled(server, watched))
    finally:
        handler.close()


async def _serve_until_signalled(server: LocalServer, watched: WatchedFile | None) -> None:
    stopped = _event_of_a_signal(asyncio.get_running_loop())
    async with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        _collect_garbage_less_often()
        log.info("ready: export FC_ASYNC_ENDPOINT=%s", server.url, extra=PLAIN)
        following = None if watched is None else asyncio.create_task(watched.serve(server))
        await stopped.wait()
        if following is not None:
            following.cancel()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # it ends, and the interpreter would not keep another handler so long
        _say_what_is_gone(server)


def _event_of_a_signal(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return what SIGTERM, Ctrl-C and a closed terminal set.

    The handlers of the loop itself would go when it is closed, and another signal would end the log before its end.
    """
    stopped = asyncio.Event()

    def stop(*_: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stopped.set)

    for number in _SIGNALS:
        signal.signal(number, stop)
    hangup = getattr(signal, "SIGHUP", None)  # the terminal was closed; `nohup` has it ignored, and it stays so
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        signal.signal(hangup, stop)
    return stopped


def _say_what_is_gone(server: LocalServer) -> None:
    held = server.held()
    if held:
        log.log(logging.WARNING if server.data is None else logging.INFO, "%s", held)


def _log_to_stderr(is_quiet: bool) -> StderrLog:
    handler = StderrLog(sys.stderr.fileno())
    handler.setFormatter(SafeFormatter())
    # At the root: what other libraries warn of would block the event loop, too.
    logging.getLogger().addHandler(handler)
    log.setLevel(logging.INFO)
    if is_quiet:
        for silenced in ("handler", "execution"):
            log.getChild(silenced).setLevel(logging.WARNING)
    _leave_out_what_no_line_shows()
    return handler


def _collect_garbage_less_often() -> None:
    """Look for circles of garbage every so many objects, not every 700: what the history remembers is no garbage."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def _leave_out_what_no_line_shows() -> None:
    """Let records be made without what they are not asked for; this process is ours.

    Source: "Optimization" in the logging HOWTO.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # no walk up the stack for file and line
    logging.setLogRecordFactory(LineRecord)
