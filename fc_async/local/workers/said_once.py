"""Notes for the log that are worth saying one time only."""

from __future__ import annotations

import logging
from collections.abc import Hashable

MOST = 2000
"""A handler can name modules without end, and each would be remembered."""


class SaidOnce:
    """Says each thing the first time, up to so many things.

    Args:
        log: where.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: set[Hashable] = set()

    def say(self, about: Hashable, message: str, *arguments: object) -> None:
        """Log a line, unless one about the same was logged before."""
        if about in self._said or len(self._said) > MOST:
            return
        self._said.add(about)
        if len(self._said) > MOST:
            self._log.info("there is more to say of this kind; it is left out")
        else:
            self._log.info(message, *arguments)
