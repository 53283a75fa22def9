"""Apply a plan: exactly its changes, queues, topics and subscriptions before the functions that name them.

Everything that the plan touches is read again first. Where it is as the plan found it, it is changed; where it is
already as the plan wants it (an apply broke off before, or runs beside this one), that is done; where it is neither,
nothing at all is changed. Changes of one kind run 24 at once. Ctrl-C and SIGTERM let those that have begun come to
their end, because half a change could leave a function without its destinations; a second signal does not wait.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError, FcAsyncError, PlanMoved
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from ..mns.consume.signals import StopSignals
from .apply_run import ApplySummary, Run
from .apply_work import Work
from .change import Change, config_state, is_same_state, queue_state, subscription_state
from .live import live_functions, live_queues, live_topics
from .plan import Plan, place_of


class ApplyInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM during an apply.

    Args:
        summary: what came of each change.
        signal: which of them.
        goes_on: whether changes that had begun go on in threads, after a second signal; the summary has them as failed.
    """

    def __init__(self, summary: ApplySummary, signal: int = signals.SIGINT, *, goes_on: bool = False) -> None:
        self.summary = summary
        self.signal = signal
        self.goes_on = goes_on
        super().__init__(summary, signal)


def apply(
    plan: Plan,
    functions: FunctionsClient,
    mns: MnsAccount | None = None,
    *,
    on_progress: Callable[[Change, FcAsyncError | None], object] | None = None,
    on_error: str = "stop",
) -> ApplySummary:
    """Apply a plan; SIGTERM and SIGINT end it (taken in the main thread alone, and put back).

    Args:
        plan: what `plan` made, or `read_plan` read.
        functions: changes configs, by `replace_config` and `delete_config`.
        mns: changes queues and topics; None will do for a plan without any.
        on_progress: is told each change as it ends, and why it failed (None: it did not); by several threads, one at
            a time.
        on_error: "stop": after a failure nothing new is begun; "continue": only what names a destination that could
            not be made is left out.

    Raises:
        ArgumentError: the arguments cannot be right.
        PlanMoved: it is of another place, or what is live has moved; nothing was changed.
        ApplyInterrupted: SIGINT or SIGTERM; it has the summary.
        ServiceError, TransportError: what is live could not be read; nothing was changed.
    """
    if on_error not in ("stop", "continue"):
        raise ArgumentError(f"on_error: expected stop or continue, got {str(on_error)[:40]!r}")
    if mns is None and any(one.kind != "config" for one in plan.changes):
        raise ArgumentError("mns: expected an MnsAccount, because the plan changes queues or topics, got None")
    check_place(plan, functions)
    run = Run(plan.changes, Work(functions, mns), on_progress, is_stopping=on_error == "stop")
    taken = StopSignals(run.stop)
    taken.take()
    try:
        run.all(lambda: _done_already(plan.changes, functions, mns))
    except KeyboardInterrupt:
        summary = run.summary()
        raise ApplyInterrupted(summary, taken.came or signals.SIGINT, goes_on=run.is_open(summary)) from None
    finally:
        taken.put_back()
    if taken.came:
        raise ApplyInterrupted(run.summary(), taken.came)
    return run.summary()


def check_place(plan: Plan, functions: FunctionsClient) -> None:
    """Refuse a plan of another account, region or service.

    Raises:
        PlanMoved: it is of another.
    """
    here = place_of(functions)
    if plan.place != here:
        raise PlanMoved(f"the plan is for {plan.place or 'no place'}, and this is {here}: plan again here")


def _done_already(changes: Sequence[Change], functions: FunctionsClient, mns: MnsAccount | None) -> list[Change]:
    """Return the changes that hold already.

    Raises:
        PlanMoved: something is neither as it was nor as it is to be.
    """
    there = _Live(changes, functions, mns)
    done = [one for one in changes if _holds(one, there.state(one))]
    held = {id(one) for one in done}
    moved = [
        one for one in changes if id(one) not in held and not is_same_state(one.kind, there.state(one), one.before)
    ]
    if moved:
        raise PlanMoved(_moved(moved))
    return done


def _holds(change: Change, state: dict[str, Any] | None) -> bool:
    """Tell whether what is live is as a change wants it; attributes that a change does not name may be any."""
    if change.kind not in ("queue", "topic") or change.after is None:
        return is_same_state(change.kind, state, change.after)
    return state is not None and all(state.get(name) == value for name, value in change.after.items())


def _moved(changes: Sequence[Change]) -> str:
    names = ", ".join(one.title for one in changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
    return f"changed since the plan was made: {names}; nothing was applied, plan again"


class _Live:
    """What is live of what a plan touches."""

    def __init__(self, changes: Sequence[Change], functions: FunctionsClient, mns: MnsAccount | None) -> None:
        names = list(dict.fromkeys(one.function for one in changes if one.function is not None))
        self._functions = {one.name: one for one in live_functions(functions, names)}
        self._mns = mns
        if mns is None:
            return
        queues = [one.name or "" for one in changes if one.kind == "queue"]
        of_topics = [one.name or "" for one in changes if one.kind in ("topic", "subscription")]
        topics = list(dict.fromkeys(one.partition("/")[0] for one in of_topics))
        self._queues = dict(zip(queues, live_queues(mns, queues), strict=True))
        self._topics = dict(zip(topics, live_topics(mns, topics), strict=True))

    def state(self, change: Change) -> dict[str, Any] | None:
        """Return what a change is about as it is now."""
        if change.kind == "config":
            return config_state(self._functions[change.function or ""].configs.get(change.qualifier))
        name, _, subscription = (change.name or "").partition("/")
        if change.kind == "queue":
            return queue_state(self._queues[name])
        topic = self._topics[name]
        if change.kind == "topic":
            return queue_state(topic)
        found = {} if topic is None else {one.name: one for one in topic.subscriptions}
        settings = self._mns.settings  # type: ignore[union-attr]
        return subscription_state(found.get(subscription), settings.require_region(), settings.require_account_id())
