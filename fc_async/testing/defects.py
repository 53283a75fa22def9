"""Errors inside the service, which fail the test that has met them."""

from __future__ import annotations

import json
import logging
from typing import Final

from ..errors import LocalError

_LOG: Final = "fc_async.local"
_LOGS_BELOW: Final = ("asyncio", "aiohttp.server")
_THREAD: Final = "fc-async-local"
"""The thread in which the service lives (threaded.py)."""


class Defects(logging.Handler):
    """Remembers what the service says of defects of its own, and what the libraries under it say in its thread."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (record.name == _LOG or record.threadName == _THREAD):
            self._found.append(record.getMessage())

    def __enter__(self) -> Defects:
        for name in (_LOG, *_LOGS_BELOW):
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        for name in (_LOG, *_LOGS_BELOW):
            logging.getLogger(name).removeHandler(self)

    def fail(self) -> None:
        """Raise LocalError where there was one."""
        if self._found:
            raise LocalError(f"the local service has met a defect of its own: {json.dumps(self._found[0])}")
