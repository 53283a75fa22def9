"""How a redrive is shown: what it would do, how far it is, and what it has done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..terminal import clean
from .counted import counted_letters, targets
from .progress import ProgressLine

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ...dlq.redrive_summary import Progress, RedrivePlan, RedriveSummary

_FIRST = 3


def plan_lines(plan: RedrivePlan, *, with_samples: bool = False) -> Iterator[str]:
    """Yield what would be done, a line for each target and each reason."""
    of = "" if plan.is_exact else f" of the first {sum(plan.send.values()) + sum(plan.leave.values())}"
    for target, count in sorted(plan.send.items()):
        yield clean(f"send {count}{of} to {target}, {plan.guarantees.get(target, 'at least once')}")
    for times, count in plan.sent_before.items():
        of_these = "letter was" if count == 1 else "letters were"
        yield f"{count} {of_these} sent again before, {times} {'time' if times == 1 else 'times'}"
    for reason, count in sorted(plan.leave.items()):
        yield clean(f"leave {count}{of}: {reason}")
        if with_samples:
            yield clean(f"  as {', '.join(plan.samples.get(reason, []))}")
    if not plan.send and not plan.leave:
        yield "there is no letter to send"
    for warning in plan.warnings:
        yield clean(f"warning: {warning}")
    if not plan.is_exact and plan.about_letters != 0:
        yield f"only the head of the queue can be looked at; it holds about {plan.about_letters}"


def is_of_empty_queue(plan: RedrivePlan) -> bool:
    """Whether the queue held no letter, visible, hidden or delayed: there is nothing to ask about."""
    return plan.about_letters == 0 and not plan.send and not plan.leave


def question(plan: RedrivePlan, *, limit: int | None, rate: float | None) -> str:
    """Return what is asked before anything is sent: how many letters, to which functions, how often each.

    Args:
        plan: what would be sent.
        limit: the most that is sent; None: all.
        rate: letters a second at most; None: as fast as it goes.
    """
    seen = sum(plan.send.values())
    count = seen if plan.is_exact or plan.about_letters is None else plan.about_letters
    count = count if limit is None else min(count, limit)
    about = "" if plan.is_exact else "about "
    is_once = {plan.guarantees.get(target) for target in plan.send} == {"once"}
    promise = "at least once" if not is_once else "once" if plan.is_exact else "once as far as the head shows"
    speed = "" if rate is None else f", {rate:g} a second at most"
    where = _where_to(plan, is_all=plan.is_exact and count == seen)
    return f"Send {about}{counted_letters(count)} again{where}{speed}, each {promise}?"


def _where_to(plan: RedrivePlan, *, is_all: bool) -> str:
    """Return to which functions letters go, and how many to each; of a queue only those at its head are known."""
    if not plan.send:
        return ""
    if is_all and len(plan.send) == 1:
        return f" to {next(iter(plan.send))}"
    if is_all:
        return f" ({targets(plan.send)})"
    looked_at = sum(plan.send.values()) + sum(plan.leave.values())
    return f" (of the {looked_at} looked at: {targets(plan.send)})"


def summary_lines(summary: RedriveSummary) -> Iterator[str]:
    """Yield what was done, and how to go on."""
    left = sum(map(len, summary.left.values()))
    yield f"sent {summary.sent}, done {summary.done}, came back {summary.came_back}, left {left}"
    for reason, letters in sorted(summary.left.items()):
        yield clean(f"left {len(letters)}: {reason}")
        for message_id, request_id in letters[:_FIRST]:
            yield clean(f"  message {message_id}" + ("" if request_id is None else f", request {request_id}"))
        if len(letters) > _FIRST:
            yield f"  and {len(letters) - _FIRST} more: -o json has them all"
    if summary.ended is not None:
        yield clean(f"ended: {summary.ended}")
    if summary.in_queue_now is not None:
        again = ": some failed again" if summary.came_back else ""
        yield f"the queue has {summary.in_queue_now} now{again}"
    if left or summary.ended is not None:
        yield clean(f"the journal is {summary.spool}; the same command goes on")


def summary_to_json(summary: RedriveSummary) -> dict[str, Any]:
    """Return the document of `-o json`."""
    return {
        "sent": summary.sent,
        "done": summary.done,
        "cameBack": summary.came_back,
        "left": {
            reason: [{"messageId": message_id, "requestId": request_id} for message_id, request_id in letters]
            for reason, letters in summary.left.items()
        },
        "inQueueNow": summary.in_queue_now,
        "drained": summary.drained,
        "spool": str(summary.spool),
    }


class LiveLine:
    """How far a redrive is, with a bar, its rate and the time to go.

    Args:
        total: about how many letters there are; None: nobody knows.
    """

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._shown = ProgressLine()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.end()

    def tell(self, progress: Progress) -> None:
        """Show how far it is."""
        self._shown.show(self._line(progress))

    def _line(self, progress: Progress) -> str:
        if progress.waits_for:
            return f"waits for {progress.waits_for}"
        rate = progress.done / progress.seconds if progress.seconds else 0.0
        parts = [f"sent {progress.sent}", f"done {progress.done}"]
        parts += [f"came back {progress.came_back}"] if progress.came_back else []
        parts += [f"left {progress.left}"] if progress.left else []
        parts.append(f"{rate:.0f}/s")
        if self._total is not None and rate:
            rest = max(0, self._total - progress.done - progress.left - progress.came_back)
            parts.append(f"about {_time(rest / rate)} to go")
        return f"{_bar(progress, self._total)}{'  '.join(parts)}"


def _bar(progress: Progress, total: int | None) -> str:
    if not total:
        return ""
    part = min(1.0, (progress.done + progress.left + progress.came_back) / total)
    full = round(16 * part)
    return f"[{'#' * full}{'.' * (16 - full)}] "


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
