"""The life of an async invocation, without I/O, threads or time: told what happened and `now_ms`, it says what is due.

    state      what it means
    Enqueued   accepted; waits for its delay or for a worker
    Running    a worker executes the handler
    Retrying   failed, waits for its next attempt
    Stopping   stop() was called while a worker executes it
    Succeeded  the end of an invocation whose handler returned
    Failed     the end after the last attempt failed
    Stopped    the end that stop() brought
    Expired    the end of one that waited longer than its maximum age
    Invalid    the end of one whose function or qualifier is gone

    from               input                                       to         emits
    -                  accept()                                    Enqueued   -
    Enqueued/Retrying  start(), its function or qualifier is gone  Invalid    -
    Enqueued/Retrying  start(), older than its maximum age         Expired    OnFailure, if expired_fires_on_failure
    Enqueued/Retrying  start(), at its function's limit, < 5 h     Retrying   -
    Enqueued/Retrying  start(), at its function's limit, 5 h over  Failed     OnFailure
    Enqueued/Retrying  start()                                     Running    the invocation, to be executed
    Enqueued/Retrying  stop()                                      Stopped    OnFailure, if stopped_fires_on_failure
    Running            stop()                                      Stopping   -
    Stopping           finished()                                  Stopped    OnFailure, if stopped_fires_on_failure
    Running            finished(), no error                        Succeeded  OnSuccess
    Running            finished(), handler error, retries left     Retrying   OnFailure, if failure_record_per_attempt
    Running            finished(), handler error, none left        Failed     OnFailure
    Running            finished(), status is not 200, < 5 h        Retrying   -
    Running            finished(), status is not 200, 5 h over     Failed     OnFailure

Of several rows that fit, the first one counts; the table is `transitions.py`, and tests hold the engine to it.
OnSuccess and OnFailure stand for a Deliver, where that destination is configured. Age is the time from acceptance (plus
the delay that was asked for) to start(): strictly more than the maximum drops the invocation. A handler error waits a
fixed time for its next attempt, a system error 0.5 s, 1 s, 2 s, 4 s, ... and uses up no retry (`back_off.py`); the
limit of a function counts as one. Waiting for a worker costs nothing: only start() takes an invocation. Functions take
turns: one with a long backlog does not hold up another (`schedule.py`).

Sources: https://www.alibabacloud.com/help/en/fc/retry-policy and limits.py; what an assumption decides is named above
or below by its name.
"""

from __future__ import annotations

import itertools

from .. import limits
from ..assumptions import Assumptions
from ..kept import NOT_KEPT, Kept
from . import back_off
from .due_records import THROTTLED, DueRecords
from .history import History
from .invocation import KEPT_ERROR_BYTES, Attempt, Deliver, Invocation, Outcome
from .lane import Lane, Lanes
from .schedule import Schedule
from .transitions import State

EXPIRED = Outcome(b"", limits.EXPIRED_CONDITION)
_DELETED = State(limits.DELETED_WHILE_WAITING)


class Engine:
    """All async invocations of one account and region.

    Args:
        region: region id that the records' ARNs carry.
        account_id: account id that the records' ARNs carry.
        assumptions: what the service is taken to do where no source says so.
        kept: the invocations, by their numbers, where they outlive the process.
    """

    def __init__(
        self,
        region: str = limits.REGION,
        account_id: str = limits.ACCOUNT_ID,
        assumptions: Assumptions = Assumptions(),  # noqa: B008 - frozen
        kept: Kept[int, Invocation] = NOT_KEPT,
    ) -> None:
        self._kept = kept
        self._assumed = assumptions
        self.functions: Lanes[Invocation] = Lanes()
        """Those that it was told of: invocations of others are not accepted."""
        self._schedule = Schedule()
        self._records = DueRecords(region, account_id, assumptions)
        self._numbers = itertools.count()
        self._dropped: list[Invocation] = []
        self._cut_off: list[Invocation] = []  # was being stopped when the process ended
        self._latency_sum_ms = 0
        self._first_attempts = 0
        self.running = 0
        self.history = History(kept)
        self.metrics = {
            "FunctionEnqueueCount": 0,
            "FunctionDequeueCount": 0,
            "FunctionAsyncEventExpiredDropped": 0,
            "FunctionAsyncMessageLatencyMax": 0,
            "FunctionTotalInvocations": 0,
            "FunctionFunctionErrors": 0,
            "FunctionConcurrencyThrottles": 0,
            "FunctionResourceThrottles": 0,
        }

    # inputs

    def accept(
        self,
        now_ms: int,
        function: str,
        payload: bytes,
        request_id: str,
        *,
        task_id: str | None = None,
        qualifier: str | None = None,
        delay_ms: int = 0,
        depth: int = 0,
        parent: str = "",
        is_task: bool | None = None,
    ) -> Invocation:
        """Take an async invocation into the queue.

        Args:
            now_ms: the time.
            function: name of the function.
            payload: the event; its size was checked before.
            request_id: the invocation's id.
            task_id: its task id; None: the request id.
            qualifier: version or alias that was invoked; None: LATEST.
            delay_ms: how long it is to wait before its first attempt.
            depth: how many destinations stand between it and an invocation that a client asked for.
            parent: request id of the invocation whose record it is made for; "" for one that a client asked for.
            is_task: whether it is an async task, found by its id and refused when that is taken; None: as configured.

        Raises:
            UnknownFunctionError: `functions` does not have it.
            DuplicateTaskError: there is a task of that id.
        """
        target = self.functions.target(function, qualifier)
        task_id = request_id if task_id is None else task_id
        is_task = target.settings.async_task if is_task is None else is_task
        if is_task:
            target.lane.tasks.check_new(now_ms, qualifier, task_id)
        invocation = Invocation(
            next(self._numbers), target, payload, request_id, task_id, now_ms, delay_ms, depth, parent, is_task
        )
        if is_task:
            target.lane.tasks.add(invocation)
        self.history.opened(invocation)
        self.metrics["FunctionEnqueueCount"] += 1
        self._kept.put(invocation.number, invocation)
        if delay_ms > 0:
            self._schedule.add_at(now_ms + delay_ms, invocation)
        else:
            self._schedule.add(invocation)
        return invocation

    def due(self, now_ms: int) -> int | None:
        """Make ready what has waited long enough; return when the next one is due, None when nothing waits for time."""
        while self._cut_off:  # not before: the end and its record belong together
            self._stopped(now_ms, self._cut_off.pop(0))
        return self._schedule.due(now_ms)

    def start(self, now_ms: int) -> Invocation | None:
        """Take the next ready invocation out of the queue, to be executed now; None when there is none.

        On the way it drops those that are too old or whose function is gone, and throttles those whose function is
        at its limit.
        """
        while (invocation := self._schedule.take()) is not None:
            if not self._is_executable(now_ms, invocation):
                self._dropped.append(invocation)
            else:
                self._begin(now_ms, invocation)
                lane = invocation.target.lane
                if not lane.is_full:
                    lane.running += 1
                    self.running += 1
                    self.metrics["FunctionDequeueCount"] += 1
                    self.metrics["FunctionTotalInvocations"] += 1
                    return invocation
                self._throttle(now_ms, invocation)
        return None

    def take_dropped(self) -> list[Invocation]:
        """Return the invocations that ended at their turn since the last call, without an execution."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def finished(
        self, now_ms: int, invocation: Invocation, outcome: Outcome, instance_id: str = "", memory_mb: int = 0
    ) -> State:
        """Take note of how an execution ended; return the invocation's new state."""
        self.running -= 1
        invocation.target.lane.running -= 1
        self._note_attempt(now_ms, invocation, outcome, instance_id, memory_mb)
        if invocation.state is State.STOPPING:
            self._stopped(now_ms, invocation)
        elif outcome.status_code != 200:
            self._after_system_error(now_ms, invocation, outcome)
        elif outcome.error:
            self._after_handler_error(now_ms, invocation, outcome)
        else:
            self._records.fire(invocation.target.settings.on_success, invocation, outcome)
            self._end(now_ms, State.SUCCEEDED, invocation)
        return invocation.state

    def stop(self, now_ms: int, invocation: Invocation) -> State:
        """End an invocation that waits, or mark one that runs, so that it ends as Stopped; harmless after its end."""
        if invocation.state is State.RUNNING:
            invocation.state = State.STOPPING
            self._kept.put(invocation.number, invocation)
        elif not invocation.has_ended and invocation.state is not State.STOPPING:
            self._stopped(now_ms, invocation)
            self._schedule.stopped()
        return invocation.state

    def find_task(self, now_ms: int, function: str, qualifier: str | None, task_id: str) -> Invocation | None:
        """Return an async task, None when there is none or it is kept no longer."""
        return self.functions.lane(function).tasks.find(now_ms, qualifier, task_id)

    def tasks(self, now_ms: int, function: str, qualifier: str | None) -> list[Invocation]:
        """Return the async tasks of a function and qualifier, oldest first."""
        return list(self.functions.lane(function).tasks.of_qualifier(now_ms, qualifier))

    def take_deliveries(self) -> list[Deliver]:
        """Return the records that became due since the last call, each once."""
        return self._records.take()

    def settled(self, delivery: Deliver, status: str) -> None:
        """Take note of what became of a record: `delivered`, `lost` or `outbox`."""
        invocation = delivery.invocation
        invocation.settled(delivery, status)
        if invocation.has_payloads or (invocation.is_task and invocation.target.lane.tasks.holds(invocation)):
            self._kept.put(invocation.number, invocation)

    # synchronous invocations: not the engine's, but they count towards a function's limit

    def begin_sync(self, function: str) -> Lane[Invocation] | None:
        """Count a synchronous execution, to be given back to `end_sync`; None when the function is at its limit."""
        lane = self.functions.lane(function)
        if self.is_throttled(function):
            return None
        lane.running += 1
        self.metrics["FunctionTotalInvocations"] += 1
        return lane

    def is_throttled(self, function: str) -> bool:
        """Whether a synchronous invocation is refused now, because the function is at its limit; counted."""
        is_full = self.functions.lane(function).is_full
        self.metrics["FunctionConcurrencyThrottles"] += is_full
        return is_full

    def end_sync(self, lane: Lane[Invocation], error: str) -> None:
        """Take note that a synchronous execution has ended, with its error type or ""."""
        lane.running -= 1
        if error:
            self.metrics["FunctionFunctionErrors"] += 1

    # transitions

    def _is_executable(self, now_ms: int, invocation: Invocation) -> bool:
        target = invocation.target
        if not self.functions.has(target):
            self._end(now_ms, _DELETED, invocation)
            return False
        if self._is_too_old(now_ms, invocation):
            self.metrics["FunctionAsyncEventExpiredDropped"] += 1
            if self._assumed.expired_fires_on_failure:
                self._records.fire(target.settings.on_failure, invocation, EXPIRED)
            self._end(now_ms, State.EXPIRED, invocation)
            return False
        return True

    def _is_too_old(self, now_ms: int, invocation: Invocation) -> bool:
        if invocation.attempts and not self._assumed.age_checked_on_retry:
            return False
        delay_ms = 0 if self._assumed.age_counts_delay else invocation.delay_ms
        return now_ms - invocation.accepted_ms - delay_ms > invocation.target.settings.max_age_ms

    def _begin(self, now_ms: int, invocation: Invocation) -> None:
        if invocation.attempts == 0:
            latency_ms = now_ms - invocation.accepted_ms - invocation.delay_ms
            self._latency_sum_ms += latency_ms
            self._first_attempts += 1
            if latency_ms > self.metrics["FunctionAsyncMessageLatencyMax"]:
                self.metrics["FunctionAsyncMessageLatencyMax"] = latency_ms
        invocation.state = State.RUNNING
        invocation.attempts += 1
        invocation.started_ms = now_ms

    def _throttle(self, now_ms: int, invocation: Invocation) -> None:
        self.metrics["FunctionConcurrencyThrottles"] += 1
        self._note_attempt(now_ms, invocation, THROTTLED, "")
        self._after_system_error(now_ms, invocation, THROTTLED)
        if invocation.has_ended:
            self._dropped.append(invocation)

    def _note_attempt(
        self, now_ms: int, invocation: Invocation, outcome: Outcome, instance_id: str, memory_mb: int = 0
    ) -> None:
        if invocation.ended_attempts is None:
            invocation.ended_attempts = []
        started_ms = now_ms if invocation.started_ms is None else invocation.started_ms
        response = outcome.payload[:KEPT_ERROR_BYTES] if outcome.error else b""
        invocation.ended_attempts.append(
            Attempt(started_ms, now_ms, outcome.status_code, outcome.error, instance_id, memory_mb, response)
        )
        invocation.record_bytes += len(response)
        invocation.started_ms = None

    def _after_handler_error(self, now_ms: int, invocation: Invocation, outcome: Outcome) -> None:
        self.metrics["FunctionFunctionErrors"] += 1
        invocation.failed_attempts += 1
        invocation.system_errors = 0
        invocation.first_system_error_ms = None
        settings = invocation.target.settings
        has_retries = invocation.failed_attempts <= settings.max_retries
        if not has_retries or self._assumed.failure_record_per_attempt:
            self._records.fire(settings.on_failure, invocation, outcome)
        if has_retries:
            self._retry_at(back_off.after_handler_error(now_ms, self._assumed), invocation)
        else:
            self._end(now_ms, State.FAILED, invocation)

    def _after_system_error(self, now_ms: int, invocation: Invocation, outcome: Outcome) -> None:
        retry_ms = back_off.after_system_error(now_ms, invocation, self._assumed)
        if retry_ms is not None:
            self._retry_at(retry_ms, invocation)
        else:
            self._records.fire(invocation.target.settings.on_failure, invocation, outcome)
            self._end(now_ms, State.FAILED, invocation)

    def _stopped(self, now_ms: int, invocation: Invocation) -> None:
        if self._assumed.stopped_fires_on_failure:
            on_failure = invocation.target.settings.on_failure
            self._records.fire(on_failure, invocation, Outcome(), self._assumed.stopped_condition)
        self._end(now_ms, State.STOPPED, invocation)

    def _retry_at(self, due_ms: int, invocation: Invocation) -> None:
        invocation.state = State.RETRYING
        invocation.due_ms = due_ms
        self._kept.put(invocation.number, invocation)
        self._schedule.add_at(due_ms, invocation)

    def _end(self, now_ms: int, state: State, invocation: Invocation) -> None:
        invocation.state = state
        invocation.ended_ms = now_ms
        self._kept.put(invocation.number, invocation)
        self.history.ended(invocation)

    # after a restart

    def take_up(self, invocation: Invocation) -> None:
        """Go on with an invocation of before a restart; those that have ended come first, in the order of their ends.

        One that was running waits for its turn again, and the attempt that was cut off has not been.
        """
        self._numbers = itertools.count(max(next(self._numbers), invocation.number + 1))
        if invocation.is_task:
            invocation.target.lane.tasks.add(invocation)
        self.history.opened(invocation)
        if invocation.ended_ms is not None:
            self.history.ended(invocation)
        elif invocation.state is State.STOPPING:
            self._cut_off.append(invocation)
        elif invocation.due_ms is not None:
            self._schedule.add_at(invocation.due_ms, invocation)
        elif invocation.delay_ms > 0:
            self._schedule.add_at(invocation.accepted_ms + invocation.delay_ms, invocation)
        else:  # was ready, and is, whatever the time is by now
            self._schedule.add(invocation)

    # looking in

    @property
    def has_deliveries(self) -> bool:
        """Whether `take_deliveries` would return something."""
        return bool(self._records)

    @property
    def backlog(self) -> int:
        """How many invocations wait: for a worker, for their delay or for their next attempt."""
        return self._schedule.backlog

    @property
    def mean_latency_ms(self) -> int:
        """Mean time from acceptance (plus the delay) to the first attempt; 0 before there was one."""
        return self._latency_sum_ms // self._first_attempts if self._first_attempts else 0
