"""One async invocation as the engine holds it: what was asked, where it is, how attempts ended, where records went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .. import limits
from .lane import Target
from .transitions import State


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


SYSTEM_ERROR = Outcome(b"", limits.SYSTEM_ERROR_RECORD_CONDITION, limits.SYSTEM_ERROR_RECORD_STATUS)
"""An execution that failed for a reason of the service's own."""


KEPT_ERROR_BYTES = 16384
"""So much of an error is kept with its attempt; the record has all of it."""


class Attempt(NamedTuple):
    """One attempt that has ended.

    Args:
        started_ms: when it began.
        ended_ms: when it ended.
        status_code: 200 when the handler was executed; anything else is a system error.
        error: error type, "" on success.
        instance_id: the worker that ran it; "" for one that never reached a worker.
        memory_mb: most memory that its process has held.
        response: the error JSON of a failure, cut to `KEPT_ERROR_BYTES`; empty on success.
    """

    started_ms: int
    ended_ms: int
    status_code: int
    error: str
    instance_id: str
    memory_mb: int = 0
    response: bytes = b""


class Invocation:
    """One accepted asynchronous request and all its attempts."""

    __slots__ = (
        "number",
        "target",
        "payload",
        "request_id",
        "task_id",
        "accepted_ms",
        "delay_ms",
        "depth",
        "parent",
        "is_task",
        "state",
        "attempts",
        "failed_attempts",
        "system_errors",
        "due_ms",
        "first_system_error_ms",
        "started_ms",
        "ended_ms",
        "ended_attempts",
        "deliveries",
        "record_bytes",
        "has_payloads",
    )

    def __init__(
        self,
        number: int,
        target: Target[Invocation],
        payload: bytes,
        request_id: str,
        task_id: str,
        accepted_ms: int,
        delay_ms: int,
        depth: int,
        parent: str,
        is_task: bool,
    ) -> None:
        self.number = number
        self.target = target
        self.payload = payload
        self.request_id = request_id
        self.task_id = task_id
        self.accepted_ms = accepted_ms
        self.delay_ms = delay_ms
        self.depth = depth
        self.parent = parent  # the invocation whose record it was made for; "" for one that a client asked for
        self.is_task = is_task
        self.state = State.ENQUEUED
        self.attempts = 0
        self.failed_attempts = 0
        self.system_errors = 0
        self.due_ms: int | None = None  # of its next attempt, once one has failed
        self.first_system_error_ms: int | None = None
        self.started_ms: int | None = None
        self.ended_ms: int | None = None
        # Made when the first entry comes: a hundred thousand invocations that wait have none.
        self.ended_attempts: list[Attempt] | None = None
        self.deliveries: list[tuple[Deliver, str]] | None = None
        self.record_bytes = 0
        self.has_payloads = True

    @property
    def function(self) -> str:
        """Name of the function."""
        return self.target.lane.function

    @property
    def qualifier(self) -> str | None:
        """Version or alias that was invoked; None: LATEST."""
        return self.target.qualifier

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.ended_ms is not None

    def settled(self, delivery: Deliver, status: str) -> None:
        """Take note of what became of a record of it."""
        if self.deliveries is None:
            self.deliveries = []
        self.deliveries.append((delivery if self.has_payloads else delivery.without_record(), status))

    def drop_payloads(self) -> None:
        """Let go of its payload and of its records: what remains tells that it was there and how it ended."""
        self.has_payloads = False
        self.payload = b""
        if self.ended_attempts is not None and any(attempt.response for attempt in self.ended_attempts):
            self.ended_attempts = [attempt._replace(response=b"") for attempt in self.ended_attempts]
        if self.deliveries is not None:
            self.deliveries = [(delivery.without_record(), status) for delivery, status in self.deliveries]


@dataclass(frozen=True)
class Deliver:
    """A record that is to be carried to a destination.

    Args:
        destination: the ARN as it was configured.
        record: the destination's JSON object.
        invocation: whose record it is.
        reason: why it was lost; "" while it is not.
    """

    destination: str
    record: dict[str, Any]
    invocation: Invocation = field(repr=False)
    reason: str = ""

    @property
    def function(self) -> str:
        """Name of the function whose invocation ended."""
        return self.invocation.function

    @property
    def request_id(self) -> str:
        """Id of the invocation that ended."""
        return self.invocation.request_id

    def without_record(self) -> Deliver:
        """The same with an empty record."""
        return Deliver(self.destination, {}, self.invocation, self.reason)
