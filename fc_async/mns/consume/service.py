"""The threads that speak to the service for the desk: some receive, some delete, renew and give back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic

from ...errors import FcAsyncError
from ...transport.connections import cut_attempt
from ..message import QueueMessage
from ..queue_client import QueueClient
from .back_off import Failure, failure_of, is_gone
from .commands import Change, Delete, Look, Receive
from .desk import Desk

Tell = Callable[[Callable[[Desk, float], None]], None]
"""Tells the desk something, from any thread."""

_DELETERS = 2
"""Threads that delete: at 20 ms for 16 letters they delete 1,600 a second."""

_CHANGERS = 4
"""Threads that renew and give back: at 20 ms a call, 200 letters a second. Deletes that hang hold up no renewal."""

_Work = Callable[[], None]


class ServiceThreads:
    """Makes the desk's calls.

    Args:
        queue: the client.
        receivers: how many receive at a time.
        tell: is told how each call went.
    """

    def __init__(self, queue: QueueClient, receivers: int, tell: Tell) -> None:
        self._queue = queue
        self._tell = tell
        self._is_over = False
        self._receives: SimpleQueue[_Work | None] = SimpleQueue()
        self._deletes: SimpleQueue[_Work | None] = SimpleQueue()
        self._changes: SimpleQueue[_Work | None] = SimpleQueue()
        self._receivers = [_started("receive", self._receives) for _ in range(receivers)]
        self._threads = [_started("delete", self._deletes) for _ in range(_DELETERS)]
        self._threads += [_started("change", self._changes) for _ in range(_CHANGERS)]

    def receive(self, number: int, command: Receive | Look) -> None:
        """Receive, or look at the queue."""
        if isinstance(command, Look):
            self._receives.put(lambda: self._look(number))
        else:
            self._receives.put(lambda: self._receive(number, command))

    def delete(self, command: Delete) -> None:
        """Delete some messages."""
        self._deletes.put(lambda: self._delete(command))

    def change(self, command: Change) -> None:
        """Renew a message, or give it back."""
        self._changes.put(lambda: self._change(command))

    def cut(self) -> None:
        """Break off the receives that wait."""
        for one in self._receivers:
            cut_attempt(one.ident)

    def close(self) -> None:
        """Let the threads end; what a receive still brings is given back at once."""
        self._is_over = True
        for _ in self._receivers:
            self._receives.put(None)
        for _ in self._threads:  # as many as there can be in each
            self._deletes.put(None)
            self._changes.put(None)

    def _look(self, number: int) -> None:
        try:
            found = self._queue.get_attributes()
        except FcAsyncError as error:
            if failure_of(error) in (Failure.REFUSED, Failure.GONE):  # one may be allowed to receive and not to look
                self._tell(lambda desk, now: desk.looked(now, number, None))
            else:
                self._not_received(number, error)
        else:
            self._tell(lambda desk, now: desk.looked(now, number, found))

    def _receive(self, number: int, command: Receive) -> None:
        if self._is_over:
            return
        try:
            messages = self._queue.receive(command.max_messages, wait_seconds=command.wait_seconds)
        except FcAsyncError as error:
            self._not_received(number, error)
            return
        self._give_back_late(messages)
        self._tell(lambda desk, now: desk.received(now, number, messages))

    def _give_back_late(self, messages: list[QueueMessage]) -> None:
        """Give back what came when the run was over."""
        for one in messages if self._is_over else ():
            with suppress(FcAsyncError):
                self._queue.change_visibility(one.receipt_handle, 1)

    def _not_received(self, number: int, error: FcAsyncError) -> None:
        self._tell(lambda desk, now: desk.not_received(now, number, error))

    def _delete(self, command: Delete) -> None:
        keys = list(command.handles)
        try:
            refused = self._queue.delete_each(list(command.handles.values()))
        except FcAsyncError as error:
            failed = error
            self._tell(lambda desk, now: desk.not_deleted(now, keys, failed))
        else:
            left = {key: is_gone(refused[handle]) for key, handle in command.handles.items() if handle in refused}
            self._tell(lambda desk, now: desk.deleted(now, keys, left))

    def _change(self, command: Change) -> None:
        began = monotonic()
        try:
            handle = self._queue.change_visibility(command.handle, command.seconds)
        except FcAsyncError as error:
            failed = error
            self._tell(lambda desk, now: desk.not_changed(now, command.key, failed))
        else:
            self._tell(lambda desk, now: desk.changed(now, command, began, handle))


def _started(name: str, work: SimpleQueue[_Work | None]) -> threading.Thread:
    """Start a thread that does what comes until None comes; it does not keep the process."""

    def live() -> None:
        while (one := work.get()) is not None:
            one()

    thread = threading.Thread(target=live, name=f"fc_async-{name}", daemon=True)
    thread.start()
    return thread
