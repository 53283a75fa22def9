"""The life of an async invocation, without I/O, threads or time: told what happened and `now_ms`, it says what is due.

    state      what it means                                    left when
    Enqueued   accepted; waits for its delay or for a worker    start() takes it, or drops it
    Running    a worker executes the handler                    finished() brings the outcome
    Retrying   failed, waits for its next attempt               start() takes it again, or drops it
    Succeeded  Failed  Expired  Invalid                         never: these are ends

    from               input                                   to          emits
    -                  accept()                                Enqueued    -
    Enqueued/Retrying  start(), older than its maximum age     Expired     -
    Enqueued/Retrying  start(), its function is gone           Invalid     -
    Enqueued/Retrying  start()                                 Running     the invocation, to be executed
    Running            finished(), no error                    Succeeded   Deliver to OnSuccess, if there is one
    Running            finished(), handler error, retries left Retrying    -
    Running            finished(), handler error, none left    Failed      Deliver to OnFailure, if there is one
    Running            finished(), status is not 200, < 5 h    Retrying    -   (uses up no retry)
    Running            finished(), status is not 200, 5 h over Failed      Deliver to OnFailure, if there is one

Age is the time from acceptance (plus the delay that was asked for) to start(): strictly more than the maximum drops
the invocation. A handler error waits a fixed time for its next attempt, a system error 0.5 s, 1 s, 2 s, 4 s, ...
Functions take turns: one with a long backlog does not hold up another.

Sources: https://www.alibabacloud.com/help/en/fc/retry-policy and limits.py, which also says what is assumed.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import LocalError
from . import limits
from .destination_record import destination_record


class State(str, Enum):
    """Where an async invocation is in its life, in the service's words."""

    ENQUEUED = "Enqueued"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    EXPIRED = "Expired"
    INVALID = "Invalid"


@dataclass(frozen=True)
class Settings:
    """What the async config of one function and qualifier asks for.

    Args:
        max_retries: attempts after the first one when the handler fails; 0 means none.
        max_age_ms: what is older than this when it is taken out of the queue is dropped.
        on_success: ARN to which the record of a success goes; None: nowhere.
        on_failure: ARN to which the record of a failure goes; None: nowhere.
    """

    max_retries: int = limits.DEFAULT_RETRY_ATTEMPTS
    max_age_ms: int = limits.DEFAULT_EVENT_AGE_SECONDS * 1000
    on_success: str | None = None
    on_failure: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How one execution ended.

    Args:
        payload: what the handler returned, or its error JSON.
        error: the error type of an execution that failed ("UnhandledInvocationError"); "" on success.
        status_code: 200 when the handler was executed, whatever it did; 429, 500 or 503 for a system error.
    """

    payload: bytes = b""
    error: str = ""
    status_code: int = 200


@dataclass(frozen=True)
class Deliver:
    """A record that is to be carried to a destination.

    Args:
        destination: the ARN as it was configured.
        record: the destination's JSON object.
        function: name of the function whose invocation ended.
        request_id: id of the invocation that ended.
    """

    destination: str
    record: dict[str, Any]
    function: str
    request_id: str


class Invocation:
    """One accepted asynchronous request and all its attempts."""

    __slots__ = (
        "accepted_ms",
        "attempts",
        "delay_ms",
        "failed_attempts",
        "first_system_error_ms",
        "lane",
        "payload",
        "qualifier",
        "request_id",
        "state",
        "system_errors",
        "task_id",
    )

    def __init__(
        self,
        lane: Lane,
        qualifier: str | None,
        payload: bytes,
        request_id: str,
        task_id: str,
        now_ms: int,
        delay_ms: int,
    ) -> None:
        self.lane = lane
        self.qualifier = qualifier
        self.payload = payload
        self.request_id = request_id
        self.task_id = task_id
        self.accepted_ms = now_ms
        self.delay_ms = delay_ms
        self.state = State.ENQUEUED
        self.attempts = 0
        self.failed_attempts = 0
        self.system_errors = 0
        self.first_system_error_ms: int | None = None

    @property
    def function(self) -> str:
        """Name of the function."""
        return self.lane.function


class Lane:
    """One function's own queue: what is ready, oldest first, and the settings of each qualifier."""

    __slots__ = ("function", "ready", "settings")

    def __init__(self, function: str) -> None:
        self.function = function
        self.ready: deque[Invocation] = deque()
        self.settings: dict[str | None, Settings] = {}


class UnknownFunctionError(LocalError):
    """An invocation was accepted for a function that the engine was never told of."""


_DEFAULTS = Settings()


class Engine:
    """All async invocations of one account and region.

    Args:
        region: region id that the records' ARNs carry.
        account_id: account id that the records' ARNs carry.
    """

    def __init__(self, region: str = limits.REGION, account_id: str = limits.ACCOUNT_ID) -> None:
        self._arn_prefix = f"acs:fc:{region}:{account_id}:functions/"
        self._lanes: dict[str, Lane] = {}
        self._turns: deque[Lane] = deque()  # the lanes with ready work, each once
        self._waiting: list[tuple[int, int, Invocation]] = []
        self._order = itertools.count()
        self._deliveries: list[Deliver] = []
        self._running = 0
        self._backlog = 0
        self.metrics = {
            "FunctionEnqueueCount": 0,
            "FunctionDequeueCount": 0,
            "FunctionAsyncEventExpiredDropped": 0,
        }

    # functions

    def add_function(self, function: str) -> None:
        """Make a function known, so that invocations of it are accepted; harmless when it is known."""
        self._lanes.setdefault(function, Lane(function))

    def remove_function(self, function: str) -> None:
        """Forget a function and its settings; what waits for it becomes Invalid at its turn."""
        self._lanes.pop(function, None)

    def configure(self, function: str, qualifier: str | None, settings: Settings | None) -> None:
        """Set what the async config of a qualifier asks for; None takes it back to the service's defaults."""
        of_lane = self._lane(function).settings
        if settings is None:
            of_lane.pop(qualifier, None)
        else:
            of_lane[qualifier] = settings

    def _lane(self, function: str) -> Lane:
        lane = self._lanes.get(function)
        if lane is None:
            raise UnknownFunctionError(function)
        return lane

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

        Raises:
            UnknownFunctionError: add_function was not called for it.
        """
        lane = self._lane(function)
        invocation = Invocation(
            lane, qualifier, payload, request_id, request_id if task_id is None else task_id, now_ms, delay_ms
        )
        self.metrics["FunctionEnqueueCount"] += 1
        self._backlog += 1
        if delay_ms > 0:
            self._wait_until(now_ms + delay_ms, invocation)
        else:
            self._make_ready(invocation)
        return invocation

    def due(self, now_ms: int) -> int | None:
        """Make ready whose time has come; return when the next one is due, None when nothing waits for time."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now_ms:
            self._make_ready(heapq.heappop(waiting)[2])
        return waiting[0][0] if waiting else None

    def start(self, now_ms: int) -> Invocation | None:
        """Take the next ready invocation out of the queue, to be executed now; None when there is none.

        On the way it drops those that are too old or whose function is gone.
        """
        while self._turns:
            lane = self._turns.popleft()
            invocation = lane.ready.popleft()
            if lane.ready:
                self._turns.append(lane)
            self._backlog -= 1
            if self._is_executable(invocation, now_ms):
                invocation.state = State.RUNNING
                invocation.attempts += 1
                self._running += 1
                self.metrics["FunctionDequeueCount"] += 1
                return invocation
        return None

    def _is_executable(self, invocation: Invocation, now_ms: int) -> bool:
        lane = invocation.lane
        if self._lanes.get(lane.function) is not lane:
            invocation.state = State.INVALID
            return False
        age_ms = now_ms - invocation.accepted_ms - invocation.delay_ms
        if age_ms > self._settings(invocation).max_age_ms:
            invocation.state = State.EXPIRED
            self.metrics["FunctionAsyncEventExpiredDropped"] += 1
            return False
        return True

    def finished(self, now_ms: int, invocation: Invocation, outcome: Outcome) -> State:
        """Take note of how an execution ended; return the invocation's new state."""
        self._running -= 1
        if outcome.status_code != 200:
            self._after_system_error(now_ms, invocation, outcome)
        elif outcome.error:
            self._after_handler_error(now_ms, invocation, outcome)
        else:
            self._end(State.SUCCEEDED, self._settings(invocation).on_success, invocation, outcome)
        return invocation.state

    def take_deliveries(self) -> list[Deliver]:
        """Return the records that became due since the last call, each once."""
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    # transitions

    def _after_handler_error(self, now_ms: int, invocation: Invocation, outcome: Outcome) -> None:
        invocation.failed_attempts += 1
        invocation.system_errors = 0
        invocation.first_system_error_ms = None
        settings = self._settings(invocation)
        if invocation.failed_attempts <= settings.max_retries:
            self._retry_at(now_ms + limits.FUNCTION_ERROR_RETRY_MS, invocation)
        else:
            self._end(State.FAILED, settings.on_failure, invocation, outcome)

    def _after_system_error(self, now_ms: int, invocation: Invocation, outcome: Outcome) -> None:
        if invocation.first_system_error_ms is None:
            invocation.first_system_error_ms = now_ms
        retry_ms = now_ms + (limits.SYSTEM_ERROR_FIRST_RETRY_MS << invocation.system_errors)
        invocation.system_errors += 1
        if retry_ms - invocation.first_system_error_ms <= limits.SYSTEM_ERROR_RETRY_WINDOW_MS:
            self._retry_at(retry_ms, invocation)
        else:
            self._end(State.FAILED, self._settings(invocation).on_failure, invocation, outcome)

    def _retry_at(self, due_ms: int, invocation: Invocation) -> None:
        invocation.state = State.RETRYING
        self._backlog += 1
        self._wait_until(due_ms, invocation)

    def _end(self, state: State, destination: str | None, invocation: Invocation, outcome: Outcome) -> None:
        invocation.state = state
        if destination is not None:
            record = destination_record(
                timestamp_ms=invocation.accepted_ms,
                request_id=invocation.request_id,
                function_arn=self._arn_prefix + invocation.function,
                invoke_count=invocation.attempts,
                request_payload=invocation.payload,
                status_code=outcome.status_code,
                error=outcome.error,
                response_payload=outcome.payload,
            )
            self._deliveries.append(Deliver(destination, record, invocation.function, invocation.request_id))

    # queues

    def _make_ready(self, invocation: Invocation) -> None:
        lane = invocation.lane
        if not lane.ready:
            self._turns.append(lane)
        lane.ready.append(invocation)

    def _wait_until(self, due_ms: int, invocation: Invocation) -> None:
        heapq.heappush(self._waiting, (due_ms, next(self._order), invocation))

    def _settings(self, invocation: Invocation) -> Settings:
        return invocation.lane.settings.get(invocation.qualifier, _DEFAULTS)

    # looking in

    @property
    def backlog(self) -> int:
        """How many invocations wait: for a worker, for their delay or for their next attempt."""
        return self._backlog

    @property
    def running(self) -> int:
        """How many invocations are being executed."""
        return self._running
