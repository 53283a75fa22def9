"""Apply a plan: exactly its changes, queues, topics and subscriptions before the functions that name them.

Everything that the plan touches is read again first. Where it is as the plan found it, it is changed; where it is
already as the plan wants it (an apply broke off before, or runs beside this one), that is done; where it is neither,
nothing at all is changed. Changes of one kind run 16 at once. An interrupt lets those that have begun come to their
end, because half a change could leave a function without its destinations.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from ..config import AsyncInvokeConfig, DestinationConfig
from ..errors import ArgumentError, FcAsyncError, ServiceError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .at_once import CONCURRENCY
from .live import live_functions, live_queues, live_topics
from .plan import Change, Plan, config_state, is_same_state, queue_state, subscription_state

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


class PlanMoved(FcAsyncError):  # noqa: N818 - as the others of the contract: what happened
    """What is live is neither what the plan found nor what it wants; nothing was changed."""


class ApplyInterrupted(KeyboardInterrupt):
    """Ctrl-C during an apply; what had begun came to its end.

    Args:
        summary: what came of each change.
    """

    def __init__(self, summary: ApplySummary) -> None:
        self.summary = summary
        super().__init__()


def apply(
    plan: Plan,
    functions: FunctionsClient,
    mns: MnsAccount | None = None,
    *,
    on_progress: Callable[[Change, FcAsyncError | None], object] | None = None,
    on_error: str = "stop",
) -> ApplySummary:
    """Apply a plan.

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
        ApplyInterrupted: Ctrl-C; it has the summary.
        ServiceError, TransportError: what is live could not be read; nothing was changed.
    """
    if on_error not in ("stop", "continue"):
        raise ArgumentError(f"on_error: expected stop or continue, got {str(on_error)[:40]!r}")
    if mns is None and any(one.kind != "config" for one in plan.changes):
        raise ArgumentError("mns: expected an MnsAccount, because the plan changes queues or topics, got None")
    if plan.place != functions.settings.place:
        raise PlanMoved(f"the plan is for {plan.place or 'no place'}, and this is {functions.settings.place}")
    there = _Live(plan.changes, functions, mns)
    done = [one for one in plan.changes if _holds(one, there.state(one))]
    held = {id(one) for one in done}
    moved = [
        one for one in plan.changes if id(one) not in held and not is_same_state(one.kind, there.state(one), one.before)
    ]
    if moved:
        raise PlanMoved(_moved(moved))
    run = _Run(_Work(functions, mns), on_progress, is_stopping=on_error == "stop")
    return run.all(plan.changes, done)


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


def config_of(state: Any) -> AsyncInvokeConfig:
    """Return the config that a plan's state tells.

    Raises:
        ArgumentError: it tells none.
    """
    halves = {key: state.get(key) for key in ("on_success", "on_failure") if state.get(key) is not None}
    return AsyncInvokeConfig(
        destination_config=DestinationConfig(**halves) if halves else None,
        max_async_event_age_in_seconds=state.get("max_age"),
        max_async_retry_attempts=state.get("max_retries"),
        async_task=state.get("async_task"),
    )


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
        self, work: _Work, on_progress: Callable[[Change, FcAsyncError | None], object] | None, *, is_stopping: bool
    ) -> None:
        self._work = work
        self._tell = on_progress or (lambda _change, _error: None)
        self._is_stopping = is_stopping
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._has_ended = threading.Condition(self._lock)
        self._held = 0
        self._done: list[Change] = []
        self._failed: list[tuple[Change, FcAsyncError]] = []
        self._begun: list[Change] = []

    def all(self, changes: Sequence[Change], held: Sequence[Change]) -> ApplySummary:
        is_held = {id(one) for one in held}
        pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="fc_async-apply")
        try:
            self._held = len(held)
            for one in held:
                self._ended(one, None)
            for kinds in _STAGES:
                stage = [one for one in changes if one.kind in kinds and id(one) not in is_held]
                wait([pool.submit(self._make, one) for one in stage])
            return self._summary(changes)
        except KeyboardInterrupt:
            self._over.set()
            with contextlib.suppress(KeyboardInterrupt):  # a second one: what is still open is told as not known
                self._wait_for_begun()
            raise ApplyInterrupted(self._summary(changes)) from None
        finally:
            self._over.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _wait_for_begun(self) -> None:
        """Wait until what has begun has ended; the pool cannot tell where the interrupt came while it made a thread."""
        with self._has_ended:
            while len(self._begun) > len(self._done) + len(self._failed) - self._held:
                self._has_ended.wait()

    def _make(self, change: Change) -> None:
        with self._lock:
            if self._over.is_set() or self._needs_what_failed(change):
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
                    self._over.set()
            self._has_ended.notify_all()
            self._tell(change, failure)

    def _needs_what_failed(self, change: Change) -> bool:
        """Tell whether a change names a queue or topic that could not be made."""
        after = change.after or {}
        names = [str(after.get(key)) for key in ("on_failure", "on_success", "queue") if after.get(key)]
        parts = {part for name in names for part in (name.removesuffix("/messages").rpartition(":")[2].lstrip("/"),)}
        parts.add(f"topics/{(change.name or '').partition('/')[0]}" if change.kind == "subscription" else "")
        return any(f"{failed.kind}s/{failed.name}" in parts for failed, _ in self._failed)

    def _summary(self, changes: Sequence[Change]) -> ApplySummary:
        with self._lock:
            ended = {id(one) for one in (*self._done, *(one for one, _ in self._failed))}
            open_ = [one for one in self._begun if id(one) not in ended]
            broken = FcAsyncError("interrupted: whether it holds is not known")
            began = {id(one) for one in open_}
            rest = [one for one in changes if id(one) not in ended and id(one) not in began]
            order = {id(one): at for at, one in enumerate(changes)}
            done = sorted(self._done, key=lambda one: order[id(one)])
            failed = sorted([*self._failed, *((one, broken) for one in open_)], key=lambda one: order[id(one[0])])
            return ApplySummary(tuple(done), tuple(failed), tuple(rest))
