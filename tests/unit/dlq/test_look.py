"""A look at a queue whose numbers are those of a service: none of them ends it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from fc_async.dlq.look import look
from fc_async.mns.message import QueueAttributes, QueueMessage


class Queue:
    """A queue with one letter."""

    def __init__(self, enqueue_time: int, retention_seconds: int) -> None:
        self.message = QueueMessage("m-1", "no record", enqueue_time=enqueue_time)
        self.attributes = QueueAttributes(message_retention_period=retention_seconds)

    def peek(self, _count: int) -> list[QueueMessage]:
        return [self.message]

    def get_attributes(self) -> QueueAttributes:
        return self.attributes


@pytest.mark.parametrize(
    ("enqueue_time", "retention_seconds"), [(10**17, 60), (10**20 - 1, 60), (1, 10**18), (1, 10**13)], ids=str
)
def test_a_time_that_no_calendar_has_is_not_known(enqueue_time: int, retention_seconds: int) -> None:
    seen = look(cast("Any", Queue(enqueue_time, retention_seconds)))
    assert (len(seen.letters), seen.first_expiry) == (1, None)
