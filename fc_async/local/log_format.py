"""Log lines that cannot command a terminal: control characters are written out as escapes."""

from __future__ import annotations

import logging

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}


class SafeFormatter(logging.Formatter):
    """Formats a record whose message may hold what a handler or a client wrote."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        record.message = record.message.translate(_CONTROL)
        return super().formatMessage(record)
