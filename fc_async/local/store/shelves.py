"""What is kept of one service, kind by kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..catalog.kept_function import KeptFunction
from ..dispatch.delivery import KeptDelivery
from ..engine.invocation import Invocation
from ..mailbox.message import Message
from ..mailbox.pushes import KeptPush
from ..mailbox.queue import Queue
from ..mailbox.topic import Topic
from .function_row import FunctionRows
from .invocation_row import delivery_row, invocation_row
from .mailbox_rows import message_row, push_row, queue_row, topic_row
from .shelf import Row, Shelf


class Shelves:
    """One shelf for each kind; a service that has been started over has others.

    Args:
        code_root: where uploaded code lies.
        touched: is told that there is something to commit, as long as these are in use.
    """

    def __init__(self, code_root: Path, touched: Callable[[], None]) -> None:
        self._touched = touched
        self._is_in_use = True
        self.changed: list[Shelf[Any, Any]] = []
        """Those on which something has changed since the last commit."""
        touch = self._touch
        self.meta: Shelf[str, str] = Shelf("meta", _as_it_is, touch)
        self.functions: Shelf[str, Callable[[], KeptFunction]] = Shelf("function", FunctionRows(code_root).write, touch)
        self.queues: Shelf[str, Queue] = Shelf("queue", queue_row, touch)
        self.messages: Shelf[str, tuple[str, Message]] = Shelf("message", message_row, touch)
        self.topics: Shelf[str, Topic] = Shelf("topic", topic_row, touch)
        self.pushes: Shelf[str, KeptPush] = Shelf("push", push_row, touch)
        self.invocations: Shelf[int, Invocation] = Shelf("invocation", invocation_row, touch)
        self.deliveries: Shelf[int, KeptDelivery] = Shelf("delivery", delivery_row, touch)

    def written(self) -> None:
        """Take note that what has changed is safe."""
        for shelf in self.changed:
            shelf.written()
        self.changed.clear()

    def retire(self) -> None:
        """Keep nothing more: the service that they were for has been started over."""
        self._is_in_use = False

    def _touch(self, shelf: Shelf[Any, Any]) -> None:
        self.changed.append(shelf)
        if self._is_in_use:
            self._touched()


def _as_it_is(value: str) -> Row:
    return value, None
