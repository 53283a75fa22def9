"""Apply a plan: exactly its changes, queues, topics and subscriptions before the functions that name them.

Everything that the plan touches is read again first. Where it is as the plan found it, it is changed; where it is
already as the plan wants it (an apply broke off before, or runs beside this one), that is done; where it is neither,
nothing at all is changed. Changes of one kind run 16 at once. Ctrl-C and SIGTERM let those that have begun come to
their end, because half a change could leave a function without its destinations; a second signal does not wait.
"""

from __future__ import annotations

import signal as signals
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError, FcAsyncError, PlanMoved, ServiceError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from ..mns.consume.signals import StopSignals
from .at_once import CONCURRENCY
from .live import live_functions, live_queues, live_topics
from .plan import Change, Plan, config_of, config_state, is_same_state, queue_state, subscription_state

_STAGES = (("queue", "topic"), ("subscription",), ("config",))


@dataclass(frozen=True)
class ApplySummary:
    """What came of a plan; each of its changes is in one of the three.

    Args:
        done: they hold now.
        failed: each with why. After a `TransportError` that was sent, the change may hold all the same.
        not_reached: they were not begun.
    """

    done: tuple[Change, ...] = ()
    failed: tuple[tuple[Change, FcAsyncError], ...] = ()
    not_reached: tuple[Change, ...] = ()


class ApplyInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM during an apply; what had begun came to its end.

    Args:
        summary: what came of each change.
        signal: which of them.
    """

    def __init__(self, summary: ApplySummary, signal: int = signals.SIGINT) -> None:
        self.summary = summary
        self.signal = signal
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
    run = _Run(plan.changes, _Work(functions, mns), on_progress, is_stopping=on_error == "stop")
    taken = StopSignals(run.stop)
    taken.take()
    try:
        run.all(lambda: _done_already(plan.changes, functions, mns))
    except KeyboardInterrupt:
        raise ApplyInterrupted(run.summary(), taken.came or signals.SIGINT) from None
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
    if plan.place != functions.settings.place:
        raise PlanMoved(
            f"the plan is for {plan.place or 'no place'}, and this is {functions.settings.place}: plan again here"
        )


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


class _Work:
    """Makes one change."""

    def __init__(self, functions: FunctionsClient, mns: MnsAccount | None) -> None:
        self._functions = functions
        self._mns = mns

    def do(self, change: Change) -> None:
        {"config": self._config, "queue": self._queue, "topic": self._topic, "subscription": self._subscription}[
            change.kind
        ](change)

    def _config(self, change: Change) -> None:
        name, qualifier = change.function or "", change.qualifier
        if change.after is not None:
            self._functions.replace_config(name, config_of(change.after), qualifier=qualifier)
            return
        try:
            self._functions.delete_config(name, qualifier=qualifier)
        except ServiceError as error:
            if error.code != "AsyncConfigNotExists":  # someone else deleted it meanwhile: it is as it was to be
                raise

    def _queue(self, change: Change) -> None:
        with self._mns.queue(change.name or "") as client:  # type: ignore[union-attr]
            client.create(**_changed(change), update=change.action == "update")

    def _topic(self, change: Change) -> None:
        with self._mns.topic(change.name or "") as client:  # type: ignore[union-attr]
            client.create(**_changed(change), update=change.action == "update")

    def _subscription(self, change: Change) -> None:
        topic, _, name = (change.name or "").partition("/")
        with self._mns.topic(topic) as client:  # type: ignore[union-attr]
            if change.before is not None:  # the service changes no endpoint and no format
                client.unsubscribe(name)
            try:
                client.subscribe(name, **_subscribing(change.after or {}))
            except FcAsyncError:
                if change.before is not None:
                    client.subscribe(name, **_subscribing(change.before))
                raise


def _changed(change: Change) -> dict[str, Any]:
    before, after = change.before or {}, change.after or {}
    return {name: value for name, value in after.items() if before.get(name) != value}


def _subscribing(state: Any) -> dict[str, Any]:
    return {
        "queue": state.get("queue"),
        "endpoint": state.get("endpoint"),
        "content_format": state.get("format"),
        "strategy": state.get("strategy"),
        "filter_tag": state.get("tag"),
    }


class _Run:
    """Makes changes stage by stage, and keeps what came of each."""

    def __init__(
        self,
        changes: Sequence[Change],
        work: _Work,
        on_progress: Callable[[Change, FcAsyncError | None], object] | None,
        *,
        is_stopping: bool,
    ) -> None:
        self._changes = changes
        self._work = work
        self._tell = on_progress or (lambda _change, _error: None)
        self._is_stopping = is_stopping
        self._is_over = self._is_reading = False  # no Event: a signal handler must take no lock
        self._lock = threading.Lock()
        self._done: list[Change] = []
        self._failed: list[tuple[Change, FcAsyncError]] = []
        self._begun: list[Change] = []

    def stop(self) -> None:
        """Begin nothing more; where nothing has begun yet, end the reading. For a signal handler."""
        self._is_over = True
        if self._is_reading:
            raise KeyboardInterrupt

    def all(self, done_already: Callable[[], Sequence[Change]]) -> None:
        """Make the changes that do not hold already.

        Raises:
            KeyboardInterrupt: a signal while what holds was read, or a second one later; what has begun goes on.
        """
        pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="fc_async-apply")
        try:
            held = self._read(done_already)
            is_held = {id(one) for one in held}
            for one in held:
                self._ended(one, None)
            for kinds in _STAGES:
                stage = [one for one in self._changes if one.kind in kinds and id(one) not in is_held]
                wait([pool.submit(self._make, one) for one in stage])
        finally:
            self._is_over = True
            pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, done_already: Callable[[], Sequence[Change]]) -> Sequence[Change]:
        self._is_reading = True
        try:
            return done_already()
        finally:
            self._is_reading = False

    def _make(self, change: Change) -> None:
        with self._lock:
            if self._is_over or self._needs_what_failed(change):
                return
            self._begun.append(change)
        failure: FcAsyncError | None = None
        try:
            self._work.do(change)
        except FcAsyncError as error:
            failure = error
        except Exception as error:  # a saved plan can hold anything: the others' outcomes must be kept
            failure = FcAsyncError(f"{change.title}: broke off ({type(error).__name__})")
        self._ended(change, failure)

    def _ended(self, change: Change, failure: FcAsyncError | None) -> None:
        with self._lock:
            if failure is None:
                self._done.append(change)
            else:
                self._failed.append((change, failure))
                if self._is_stopping:
                    self._is_over = True
            self._tell(change, failure)

    def _needs_what_failed(self, change: Change) -> bool:
        """Tell whether a change names a queue or topic that could not be made."""
        after = change.after or {}
        names = [str(after.get(key)) for key in ("on_failure", "on_success", "queue") if after.get(key)]
        parts = {part for name in names for part in (name.removesuffix("/messages").rpartition(":")[2].lstrip("/"),)}
        parts.add(f"topics/{(change.name or '').partition('/')[0]}" if change.kind == "subscription" else "")
        return any(f"{failed.kind}s/{failed.name}" in parts for failed, _ in self._failed)

    def summary(self) -> ApplySummary:
        """Return what came of each change so far."""
        with self._lock:
            ended = {id(one) for one in (*self._done, *(one for one, _ in self._failed))}
            open_ = [one for one in self._begun if id(one) not in ended]
            broken = FcAsyncError("interrupted: whether it holds is not known")
            began = {id(one) for one in open_}
            rest = [one for one in self._changes if id(one) not in ended and id(one) not in began]
            order = {id(one): at for at, one in enumerate(self._changes)}
            done = sorted(self._done, key=lambda one: order[id(one)])
            failed = sorted([*self._failed, *((one, broken) for one in open_)], key=lambda one: order[id(one[0])])
            return ApplySummary(tuple(done), tuple(failed), tuple(rest))
