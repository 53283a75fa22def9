"""The log on stderr, written by a thread of its own: a reader who is slow holds up nothing but the log."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

_WAITING_LINES = 10_000
_WAITING_CHARACTERS = 8_000_000
_RECORD_CHARACTERS = 500
_LINES_AT_ONCE = 2000
_CHARACTERS_AT_ONCE = 1_000_000
_GATHER_SECONDS = 0.02
"""Lines are written together: a thread that woke up for each of them would take the interpreter from the service."""
_HURRY_LINES = 1000
_PATIENCE_SECONDS = 0.05
_CLOSE_SECONDS = 1.0


class StderrLog(logging.Handler):
    """Gathers records for a thread that writes them; beyond what may wait they are counted and dropped.

    The standard library's pair, QueueHandler and QueueListener, waits without end for a reader and writes each line by
    itself: here the end has a limit, and lines are written many at a time.

    Args:
        descriptor: where they are written. It is written to past sys.stderr, whose lock a blocked write would hold
            while the interpreter ends.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque()
        self._descriptor = descriptor
        self._is_asleep = False  # the thread waits for a first record
        self._is_over = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._has_taken = threading.Event()
        self._queued_characters = 0
        self._taken_characters = 0
        self._dropped = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._write_all, name="fc-async-local-log", daemon=True)
        self._thread.start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record as it is: the thread formats it. Nothing here needs the lock that others write under."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or count it if too many wait."""
        if self._is_full() and not self._has_caught_up():
            with self._counting:
                self._dropped += 1
            return
        self._queued_characters += _characters(record)
        self._records.append(record)
        if self._is_asleep:
            self._wake.set()
        if len(self._records) > _HURRY_LINES:
            self._hurry.set()

    def _is_full(self) -> bool:
        queued_characters = self._queued_characters - self._taken_characters
        return len(self._records) >= _WAITING_LINES or queued_characters > _WAITING_CHARACTERS

    def _has_caught_up(self) -> bool:
        """Give the interpreter to the thread, and return whether there is room again.

        The thread may only be short of time; where it is held up by the reader, nobody waits for it.
        """
        self._hurry.set()
        self._has_taken.clear()
        if self._is_full() and self._takes_more() and not self._is_over:
            self._has_taken.wait(_PATIENCE_SECONDS)
        return not self._is_full()

    def _takes_more(self) -> bool:
        """Whether the reader could take a line now: a file always, a pipe that is not full."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return poll.poll(0) == [(self._descriptor, select.POLLOUT)]

    def close(self) -> None:
        """Write what waits, for a second at most if it is not read; harmless twice."""
        self._is_over = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)
        super().close()

    def _write_all(self) -> None:
        is_over = False
        while not is_over:
            self._gather()
            was_over = self._is_over
            lines = [self._line(record) for record in self._take()]
            is_over = was_over and not self._records
            if not self._records:
                lines += self._lines_about_dropped()
            data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
            try:
                self._write(data)
            except OSError:
                return  # the reader is gone, and with it the reason to write

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # of a library's own making; the thread has all other lines to write
            return f"{record.name}: a line could not be put into words ({type(error).__name__})"

    def _gather(self) -> None:
        """Wait for a first record, and a moment for more."""
        if self._records or self._is_over:
            return
        self._is_asleep = True
        if not (self._records or self._is_over):
            self._wake.wait()
        self._is_asleep = False
        self._wake.clear()
        self._hurry.wait(_GATHER_SECONDS)
        if not self._is_over:
            self._hurry.clear()

    def _take(self) -> list[logging.LogRecord]:
        records: list[logging.LogRecord] = []
        characters = 0
        while self._records and len(records) < _LINES_AT_ONCE and characters < _CHARACTERS_AT_ONCE:
            records.append(self._records.popleft())
            characters += _characters(records[-1])
        self._taken_characters += characters
        self._has_taken.set()
        return records

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


class LineRecord(logging.LogRecord):
    """A record with only what a line shows; the standard one also asks for file, thread and process, each time."""

    def __init__(  # the standard library's signature, which calls it by position
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: str | None = None,
        sinfo: str | None = None,
        **_: object,
    ) -> None:
        self.name = name
        self.msg = msg
        self.args = args[0] if args and len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
        self.levelno = level
        self.levelname = logging.getLevelName(level)
        self.exc_info = exc_info
        self.exc_text = None
        self.stack_info = sinfo
        self.pathname = pathname
        self.lineno = lineno
        self.funcName = func or ""
        self.created = time.time()


def _characters(record: logging.LogRecord) -> int:
    """Return about how much a record holds: what a handler printed is the last of its arguments."""
    arguments = record.args
    if type(arguments) is tuple and arguments and type(arguments[-1]) is str:
        return _RECORD_CHARACTERS + len(arguments[-1])
    return _RECORD_CHARACTERS


_ESCAPED = (*range(9), *range(10, 32), *range(127, 160), 0x61C, 0x200E, 0x200F)
_ESCAPED_TOO = (*range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: chr(code).encode("unicode_escape").decode() for code in _ESCAPED + _ESCAPED_TOO} | {
    code: f"\\x{code:02x}" for code in (10, 13)
}
"""What a terminal would obey: control characters, and the marks that reorder text."""


def _escaped(text: str) -> str:
    return text if text.isprintable() else text.translate(_ESCAPES)


PLAIN = {"is_plain": True}
"""As `extra` of a record: the line is the message alone."""


class SafeFormatter(logging.Formatter):
    """Puts the time before a message, which may hold what a handler or a client wrote.

    Args:
        fmt: `%(asctime)s %(message)s`, or the message alone.
        datefmt: how the time is written, in seconds at the finest.
    """

    def __init__(self, fmt: str = "%(asctime)s %(message)s", datefmt: str = "%H:%M:%S") -> None:
        super().__init__(fmt, datefmt)
        self._has_time = self.usesTime()
        self._time_format = datefmt
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        message = _escaped(record.getMessage())
        if self._has_time and not hasattr(record, "is_plain"):
            message = f"{self._time(int(record.created))} {message}"
        if record.exc_info is None:
            return message
        return "\n".join([message, *map(_escaped, self.formatException(record.exc_info).split("\n"))])

    def _time(self, second: int) -> str:
        if second != self._second[0]:
            self._second = (second, time.strftime(self._time_format, time.localtime(second)))
        return self._second[1]
