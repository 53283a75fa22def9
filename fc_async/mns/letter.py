"""A letter: one queue message that holds, or should hold, a record; for the Consumer and the dlq commands alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..checks import FunctionName
from ..errors import RecordError
from ..records.record import InvocationRecord, parse_record
from .message import QueueMessage


@dataclass(frozen=True)
class Letter:
    """A message and what it holds: a record, or the reason why it is none.

    Args:
        message: the queue's message, body untouched. Its receipt handle is the one of the receive, which a Consumer may
            have renewed since.
        record: the record in it; None when it holds none, or when none was looked for.
        problem: why it holds none; None when it does, or when none was looked for.
    """

    message: QueueMessage
    record: InvocationRecord | None = None
    problem: str | None = None

    @classmethod
    def of(cls, message: QueueMessage) -> Letter:
        """Read a message; one that is no record is kept with its reason."""
        try:
            return cls(message, parse_record(message.message_body), None)
        except RecordError as error:
            return cls(message, None, str(error))

    @property
    def enqueued(self) -> datetime | None:
        """When the queue took it, by the service's clock; None when it did not say, or said what no calendar has."""
        if self.message.enqueue_time is None:
            return None
        try:
            return datetime.fromtimestamp(self.message.enqueue_time / 1000, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def function_name(self) -> str | None:
        """`NAME[@QUALIFIER]` of its function, the ARN as written where that is not understood; None for no record."""
        if self.record is None:
            return None
        try:
            function = self.record.function
        except RecordError:
            return self.record.function_arn
        return str(FunctionName(function.name, function.qualifier))

    @property
    def error(self) -> str:
        """What failed: the handler's error type, else the service's word; what is no record says why."""
        if self.record is None:
            return "not read" if self.problem is None else f"not a record: {self.problem}"
        if self.record.is_success:
            # The one real record of a stopped task looks like a success (design, decision 4).
            return "stopped or unknown"
        return self.record.error.type if self.record.error else "unknown"

    def to_dict(self) -> dict[str, Any]:
        """Return the letter for programs: the message's names in camelCase, the record as it came."""
        return {
            "messageId": self.message.message_id,
            "enqueueTime": self.message.enqueue_time,
            "dequeueCount": self.message.dequeue_count,
            "record": None if self.record is None else self.record.to_dict(),
            "problem": self.problem,
        }
