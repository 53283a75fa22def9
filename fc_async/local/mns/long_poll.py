"""Receives that wait: each one is answered when a message comes, when one shows again, or when its time is over.

A message is taken out of the mailbox only by the receive that is about to answer with it. So a receive that is woken
takes its own messages, and when it leaves (with some, with none, or because the client hung up) it wakes the next one
if there is more. One arrival wakes one waiter, not all of them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from ..clock import Clock, Timer
from ..mailbox.mailbox import Mailbox
from ..mailbox.message import Message


class LongPolls:
    """The receives that wait, by queue, first come first served; used on the event loop's thread only.

    Args:
        mailbox: is listened to from now on.
        clock: ends waits, and says when hidden messages show.
        real_time: ends waits as well, after as long, where `clock` may stand still; None: `clock` does not.
    """

    def __init__(self, mailbox: Mailbox, clock: Clock, real_time: Clock | None = None) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._real_time = real_time
        self._waiting: dict[str, OrderedDict[asyncio.Future[bool], None]] = {}
        self._alarms: dict[str, tuple[int, Timer]] = {}
        self._is_closed = False
        mailbox.listen(self._changed)

    async def receive(
        self, queue_name: str, max_messages: int, wait_seconds: int, is_gone: Callable[[], bool]
    ) -> list[Message]:
        """Receive up to `max_messages`, waiting up to `wait_seconds` for the first.

        Args:
            queue_name: the queue.
            max_messages: 1 to 16.
            wait_seconds: 0 does not wait.
            is_gone: whether the client has hung up; asked right before messages are taken.

        Returns:
            An empty list when nothing came, the client is gone, or the service stops.

        Raises:
            MailboxError: as Mailbox.receive, also when the queue is deleted meanwhile.
        """
        ends = [(clock, clock.now_ms() + wait_seconds * 1000) for clock in self._clocks()]
        try:
            while not is_gone():
                messages = self._mailbox.receive(queue_name, self._clock.now_ms(), max_messages)
                if messages or self._is_closed or any(clock.now_ms() >= end_ms for clock, end_ms in ends):
                    return messages
                if not await self._is_worth_a_look(queue_name, ends):
                    return []
            return []
        finally:
            self._look(queue_name)

    def close(self) -> None:
        """End every wait, and let none begin."""
        self._is_closed = True
        for queue_name in list(self._waiting):
            self._wake_all(queue_name)
        for _, alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()

    def _clocks(self) -> list[Clock]:
        return [self._clock] if self._real_time is None else [self._clock, self._real_time]

    async def _is_worth_a_look(self, queue_name: str, ends: list[tuple[Clock, int]]) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(queue_name, OrderedDict())[future] = None
        timers = [clock.call_at(end_ms, lambda: _settle(future, False)) for clock, end_ms in ends]
        self._look(queue_name)
        try:
            return await future
        finally:
            for timer in timers:
                timer.cancel()
            self._leave(queue_name, future)

    def _leave(self, queue_name: str, future: asyncio.Future[bool]) -> None:
        waiting = self._waiting.get(queue_name)
        if waiting is not None:
            waiting.pop(future, None)
            if not waiting:
                del self._waiting[queue_name]

    def _changed(self, queue_name: str) -> None:
        if self._mailbox.has_queue(queue_name):
            self._look(queue_name)
        else:
            self._wake_all(queue_name)

    def _look(self, queue_name: str) -> None:
        """Wake the first waiter if there is something to take, else set the alarm for when there will be."""
        waiting = self._waiting.get(queue_name)
        if not waiting:
            self._set_alarm(queue_name, None)
            return
        now_ms = self._clock.now_ms()
        visible_ms = self._mailbox.next_visible_ms(queue_name, now_ms)
        if visible_ms is not None and visible_ms <= now_ms:
            _settle(waiting.popitem(last=False)[0], True)
        else:
            self._set_alarm(queue_name, visible_ms)

    def _wake_all(self, queue_name: str) -> None:
        for future in self._waiting.pop(queue_name, ()):
            _settle(future, True)

    def _set_alarm(self, queue_name: str, when_ms: int | None) -> None:
        known = self._alarms.get(queue_name)
        if known is not None:
            if known[0] == when_ms:
                return
            known[1].cancel()
            del self._alarms[queue_name]
        if when_ms is not None:
            self._alarms[queue_name] = (when_ms, self._clock.call_at(when_ms, lambda: self._ring(queue_name)))

    def _ring(self, queue_name: str) -> None:
        self._alarms.pop(queue_name, None)
        self._look(queue_name)


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
