"""What a handler prints: read from its pipe without waiting, and logged line by line with the id of its request."""

from __future__ import annotations

import asyncio
import logging
import os

from .. import limits

_LINE_BYTES = 8192
_READ_BYTES = 4096
_PIPE_BYTES = 65536
"""What the pipe holds (Linux, macOS): so much may be there that was printed before something else was seen."""

log = logging.getLogger("fc_async.local.handler")


class HandlerOutput:
    """Reads one worker's pipe; used on the event loop's thread.

    Args:
        function: name of the function, which stands in each line.
        descriptor: the end to read from; belongs to this object.
    """

    def __init__(self, function: str, descriptor: int) -> None:
        self._request_id = "-"
        self._function = function
        self._descriptor = descriptor
        self._unfinished = b""
        self._tail = b""
        os.set_blocking(descriptor, False)

    def watch(self) -> None:
        """Read from now on whatever comes."""
        asyncio.get_running_loop().add_reader(self._descriptor, self._read_some)

    def begin(self, request_id: str) -> None:
        """Take what is printed from now on for this request's."""
        self._request_id = request_id
        self._tail = b""

    def end(self) -> bytes:
        """Log a line that has not ended; return the end of what the request printed, as much as an answer may hold."""
        self._flush()
        self._request_id = "-"
        return self._tail

    def read(self) -> None:
        """Read all that is there now, and not what a handler that prints on and on adds to it meanwhile."""
        for _ in range(0, _PIPE_BYTES, _READ_BYTES):
            if not self._read_some():
                return

    def close(self) -> None:
        """Log what is there and read no more."""
        self.read()
        self._flush()
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read_some(self) -> bool:
        """Read a little, so that the event loop comes to other things; return whether there was something."""
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            return False
        self._tail = (self._tail + data)[-limits.LOG_RESULT_BYTES :]
        if not log.isEnabledFor(logging.INFO):
            return True
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            self._log_line(line)
        self._unfinished = self._log_beginnings(self._unfinished)
        return True

    def _flush(self) -> None:
        if self._unfinished:
            self._log_line(self._unfinished)
            self._unfinished = b""

    def _log_line(self, line: bytes) -> None:
        self._log_piece(self._log_beginnings(line))

    def _log_beginnings(self, line: bytes) -> bytes:
        """Log of a line that is too long for one of the log what comes before its last piece; return that."""
        while len(line) > _LINE_BYTES:
            end = _end_of_piece(line)
            self._log_piece(line[:end])
            line = line[end:]
        return line

    def _log_piece(self, piece: bytes) -> None:
        text = piece.decode("utf-8", "replace").rstrip("\r")
        log.info("%s %s %s", self._function, self._request_id, text)


def _end_of_piece(line: bytes) -> int:
    """Return where to cut a long line, so that no character is cut in two."""
    for end in range(_LINE_BYTES, _LINE_BYTES - 4, -1):
        if line[end] & 0xC0 != 0x80:  # no byte in the middle of a character
            return end
    return _LINE_BYTES
