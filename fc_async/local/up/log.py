"""The log on stderr, written by a thread of its own: a reader who is slow holds up nothing but the log."""

from __future__ import annotations

import logging
import os
import select
import threading
from logging.handlers import QueueHandler
from queue import Empty, SimpleQueue

_WAITING_LINES = 10_000
_LINES_AT_ONCE = 200
_CLOSE_SECONDS = 1.0


class StderrLog(QueueHandler):
    """Queues records for a thread that writes them; beyond a number of waiting ones they are counted and dropped.

    The other half of the standard library's pair, QueueListener, waits without end for a reader and writes each line by
    itself: here the end has a limit, and lines are written many at a time.

    Args:
        descriptor: where they are written. It is written to past sys.stderr, whose lock a blocked write would hold
            while the interpreter ends.
    """

    def __init__(self, descriptor: int) -> None:
        self._records: SimpleQueue[logging.LogRecord | None] = SimpleQueue()  # None is the end
        super().__init__(self._records)
        self._descriptor = descriptor
        self._dropped = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._write_all, name="fc-async-local-log", daemon=True)
        self._thread.start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record as it is: the thread formats it, so that the event loop need not."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a record, or count it if too many wait."""
        if self._records.qsize() < _WAITING_LINES:
            self._records.put(record)
        else:
            with self._counting:
                self._dropped += 1

    def close(self) -> None:
        """Write what waits, for a second at most if it is not read; harmless twice."""
        self._records.put(None)
        self._thread.join(_CLOSE_SECONDS)
        super().close()

    def _write_all(self) -> None:
        is_over = False
        while not is_over:
            records, is_over = self._take()
            lines = [self.format(record) for record in records]
            if is_over or self._records.empty():
                lines += self._lines_about_dropped()
            try:
                self._write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
            except OSError:
                return  # the reader is gone, and with it the reason to write

    def _take(self) -> tuple[list[logging.LogRecord], bool]:
        """Wait for records; return the next ones, and whether they are the last."""
        records = []
        record = self._records.get()
        while record is not None:
            records.append(record)
            if len(records) == _LINES_AT_ONCE:
                return records, False
            try:
                record = self._records.get_nowait()
            except Empty:
                return records, False
        return records, True

    def _lines_about_dropped(self) -> list[str]:
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        return [f"{dropped} lines dropped: stderr was not read as fast as the log was written"] if dropped else []

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
