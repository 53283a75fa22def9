"""The log on stderr, written by a thread of its own: whoever does not read it holds up nothing but the log."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import deque

_WAITING_LINES = 10_000
_LINES_AT_ONCE = 200
_CLOSE_SECONDS = 1.0


class StderrLog(logging.Handler):
    """Queues lines for a thread that writes them; beyond a number of waiting lines they are counted and dropped.

    Args:
        descriptor: where they are written. It is written to past sys.stderr, whose lock a blocked write would hold
            while the interpreter ends.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: deque[logging.LogRecord] = deque()
        self._dropped = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="fc-async-local-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        with self._changed:
            if len(self._lines) >= _WAITING_LINES:
                self._dropped += 1
                return
            self._lines.append(record)
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, unless nobody reads it within a second; harmless twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_CLOSE_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while (taken := self._take()) is not None:
            records, dropped = taken
            lines = [self.format(record) for record in records]
            if dropped:
                lines.append(f"{dropped} lines dropped: stderr was not read as fast as the log was written")
            try:
                self._write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
            except OSError:
                return  # whoever read it is gone, and with it the reason to write

    def _take(self) -> tuple[list[logging.LogRecord], int] | None:
        """Return the next lines, and how many were dropped after them; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._dropped or self._is_closed)
            if not self._lines and not self._dropped:
                return None
            records = [self._lines.popleft() for _ in range(min(len(self._lines), _LINES_AT_ONCE))]
            dropped = 0
            if not self._lines:
                dropped, self._dropped = self._dropped, 0
            return records, dropped

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # it was given to us as one that does not block
                select.select([], [self._descriptor], [])


_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}


class SafeFormatter(logging.Formatter):
    """Formats a record whose message may hold what a handler or a client wrote."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        record.message = record.message.translate(_CONTROL)
        return super().formatMessage(record)
