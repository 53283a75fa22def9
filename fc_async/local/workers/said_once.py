"""Notes for the log that are worth saying one time only."""

from __future__ import annotations

import logging
from collections.abc import Hashable


class SaidOnce:
    """Says each thing the first time.

    Args:
        log: where.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: set[Hashable] = set()

    def say(self, about: Hashable, message: str, *arguments: object) -> None:
        """Log a line, unless one about the same was logged before."""
        if about not in self._said:
            self._said.add(about)
            self._log.info(message, *arguments)
