"""How a letter without an error came: a stopped task's record looks like that of a success (design, decision 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..arn import QueueArn
from ..errors import FcAsyncError

if TYPE_CHECKING:
    from ..functions.client import FunctionsClient
    from .key_fields import KeyFields


class Arrivals:
    """Tells for letters of a queue whether they came by OnFailure; asks for each function's config once.

    Args:
        functions: makes the client that is asked, when there is something to ask.
        queue: name of the queue.
    """

    def __init__(self, functions: Callable[[], FunctionsClient], queue: str) -> None:
        self._functions = functions
        self._queue = queue
        self._known: dict[tuple[str, str | None], bool | None] = {}

    def by_failure(self, fields: KeyFields) -> bool | None:
        """Return whether only the function's OnFailure leads to the queue; None where that is not known.

        A config may have been another one when the letter was sent.
        """
        if fields.function is None:
            return None
        key = (fields.function, fields.qualifier)
        if key not in self._known:
            self._known[key] = self._ask(*key)
        return self._known[key]

    def _ask(self, function: str, qualifier: str | None) -> bool | None:
        try:
            with self._functions() as client:
                config = client.find_config(function, qualifier=qualifier)
        except FcAsyncError:  # a look goes on without it
            return None
        if config is None:
            return None
        failure, success = self._is_queue(config.on_failure), self._is_queue(config.on_success)
        return failure if failure != success else None

    def _is_queue(self, destination: object) -> bool:
        return isinstance(destination, QueueArn) and destination.name == self._queue
