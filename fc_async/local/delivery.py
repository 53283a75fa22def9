"""Carries a record to its destination, by the name in the ARN; its region and account are accepted as written."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..arn import FunctionArn, QueueArn, TopicArn, parse_arn
from ..errors import ArgumentError
from . import limits
from .destination_record import record_bytes
from .engine import Deliver
from .mailbox import Mailbox
from .mns_errors import MailboxError

log = logging.getLogger("fc_async.local")


class Undeliverable(Exception):  # noqa: N818 - the reason why a record is lost, never seen by a user
    """A destination does not take a record; the text says why."""


class Delivery:
    """Carries records.

    Args:
        mailbox: the queues.
        invoke: invokes a function asynchronously with (name, qualifier, event); raises Undeliverable if it cannot.
    """

    def __init__(self, mailbox: Mailbox, invoke: Callable[[str, str | None, bytes], None]) -> None:
        self._mailbox = mailbox
        self._invoke = invoke
        self.metrics = {"FunctionDestinationErrors": 0, "FunctionDestinationSucceeded": 0}

    def deliver(self, item: Deliver, now_ms: int) -> bool:
        """Carry one record; what cannot be delivered is logged as lost, with its function and size, and counted."""
        body = record_bytes(item.record)
        try:
            self._carry(item.destination, body, now_ms)
        except Undeliverable as reason:
            self.metrics["FunctionDestinationErrors"] += 1
            log.warning(
                "lost: the record of %s (%d bytes) to %s: %s", item.function, len(body), item.destination, reason
            )
            return False
        self.metrics["FunctionDestinationSucceeded"] += 1
        return True

    def _carry(self, destination: str, body: bytes, now_ms: int) -> None:
        try:
            arn = parse_arn(destination)
        except ArgumentError:
            raise Undeliverable("it is no ARN") from None
        if isinstance(arn, FunctionArn):
            if len(body) > limits.FUNCTION_RECORD_BYTES:
                raise Undeliverable(f"it is larger than {limits.FUNCTION_RECORD_BYTES} bytes")
            self._invoke(arn.name, arn.qualifier, body)
        elif isinstance(arn, QueueArn):
            self._send(arn.name, body, now_ms)
        elif isinstance(arn, TopicArn):
            raise Undeliverable("no such topic")
        else:
            raise Undeliverable("a destination of this kind is not served here")

    def _send(self, queue: str, body: bytes, now_ms: int) -> None:
        try:  # the queue itself refuses what is over its limit, which is never more than the 64 KB of a record
            self._mailbox.send(queue, body.decode(), now_ms)
        except MailboxError as error:
            raise Undeliverable(f"{error.code}: {error.message}") from None
