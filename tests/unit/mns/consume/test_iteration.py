"""The worker that is a loop's body: what it is handed and does not take is given back when the loop is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fc_async.mns.consume.commands import Handle
from fc_async.mns.consume.dedupe import Once
from fc_async.mns.consume.desk import Desk
from fc_async.mns.consume.iteration import LoopWorker
from fc_async.mns.consume.judge import Handlers, Judge
from fc_async.mns.consume.observer import Quiet
from fc_async.mns.message import QueueMessage


@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
def test_a_letter_that_is_handed_over_when_the_loop_is_left_is_given_back(is_late: bool) -> None:
    told: list[Callable[[Desk, float], None]] = []
    handlers = Handlers(False, None, 3600, None, None, None)
    worker = LoopWorker(Judge(handlers, Once(None, lambda _: None), Quiet(None)))
    worker.begin(told.append)
    letter = Handle(1, QueueMessage("id", "body", receipt_handle="handle"))
    if is_late:
        worker.leave()
    worker.handle(letter)
    if not is_late:
        worker.leave()
    worker.close()
    assert len(told) == 1
