"""The accept loop: it waits where the descriptors are used up.

asyncio's own tries again at once, as often as its backlog is long, and logs a traceback each time.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

_AT_ONCE = 64
_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_WAIT_SECONDS = 0.1

log = logging.getLogger("fc_async.local")


class Accepting:
    """Takes connections from a listening socket; used on the event loop's thread.

    Args:
        listener: the socket.
        protocol: makes what handles one connection.
    """

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._protocol = protocol
        self._connecting: set[asyncio.Task[object]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._has_said = False

    def start(self, backlog: int) -> None:
        """Accept from now on; up to `backlog` connections may wait for it."""
        self._listener.setblocking(False)
        self._listener.listen(backlog)
        self._listen()

    def stop(self) -> None:
        """Accept no more."""
        if self._later is not None:
            self._later.cancel()
        asyncio.get_running_loop().remove_reader(self._listener)

    def _listen(self) -> None:
        self._later = None
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _USED_UP:
                    raise
                self._wait(loop, error)
                return
            task = loop.create_task(self._connect(loop, connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
        try:
            await loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client was gone before
            connection.close()

    def _wait(self, loop: asyncio.AbstractEventLoop, error: OSError) -> None:
        loop.remove_reader(self._listener)
        self._later = loop.call_later(_WAIT_SECONDS, self._listen)
        if not self._has_said:
            self._has_said = True
            log.warning("no connection can be accepted (%s); new ones wait until others are closed", error.strerror)
