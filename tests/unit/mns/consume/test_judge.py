"""The judge: a letter whose twin is being handled waits for it, ever less often."""

from __future__ import annotations

from fc_async import Letter, MemoryDedupe
from fc_async.mns.consume.dedupe import Once
from fc_async.mns.consume.judge import Handlers, Judge, call_plainly, run
from fc_async.mns.consume.observer import Quiet
from fc_async.mns.consume.verdict import Outcome, Verdict
from fc_async.mns.message import QueueMessage


def test_a_letter_whose_twin_takes_long_is_shown_ever_less_often() -> None:
    judge = Judge(Handlers(False, None, 3600, None, None, None), Once(MemoryDedupe(), lambda _: "same"), Quiet(None))
    twins: list[Verdict] = []

    def handle(_: Letter) -> None:
        for receives in (1, 5, 50):
            twin = QueueMessage("twin", "body", receipt_handle="handle", dequeue_count=receives)
            twins.append(run(judge.judge(twin, handle, call_plainly)))

    run(judge.judge(QueueMessage("id", "body", receipt_handle="handle", dequeue_count=1), handle, call_plainly))
    assert twins == [Verdict(Outcome.RELEASED, seconds) for seconds in (1, 16, 300)]
