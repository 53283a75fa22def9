"""Reading what people name, a file or a pipe, without trusting its size: one byte over the limit is enough to know."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from typing import IO

FIFO_WAIT_SECONDS = 3
"""How long a FIFO is waited for to which nobody writes."""

_LOOK_SECONDS = 0.02


def read_bounded(path: Path, limit_bytes: int, *, fifo_wait_seconds: float = FIFO_WAIT_SECONDS) -> bytes:
    """Return what a file holds: all of it, or one byte more than the limit where it is longer.

    A device without an end (/dev/zero) is therefore as good as any other; a pipe is read until its writer closes it.

    Raises:
        OSError: it cannot be read; TimeoutError, which is one: nobody writes to the FIFO.
    """
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(file, "rb") as stream:
        head = b""
        if stat.S_ISFIFO(os.fstat(file).st_mode):
            head = _first_of_fifo(file, path, fifo_wait_seconds)
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(file, True)
        return head + read_stream(stream, max(0, limit_bytes - len(head)))


def read_stream(stream: IO[bytes], limit_bytes: int) -> bytes:
    """Return what comes from a stream until its end, or one byte more than the limit where that is longer."""
    return stream.read(limit_bytes + 1)


def _first_of_fifo(file: int, path: Path, wait_seconds: float) -> bytes:
    """Return the first bytes, b"" where a writer is there and has not written yet, or has gone without a word."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            head = os.read(file, 1)
        except BlockingIOError:  # no bytes, but a writer
            return b""
        if head or _is_end(path):
            return head
        if time.monotonic() >= until:
            raise TimeoutError(errno.ETIMEDOUT, f"nobody writes to this FIFO (waited {wait_seconds:g} s)")
        time.sleep(_LOOK_SECONDS)


def _is_end(path: Path) -> bool:
    """Tell whether no bytes mean the end: the pipe of a `<(command)` had its writer from the start."""
    return path.as_posix().startswith(("/dev/fd/", "/proc/self/fd/"))
