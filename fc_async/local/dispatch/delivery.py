"""Carries a record to its destination, by the name in the ARN; its region and account are accepted as written.

    function             invoked asynchronously with the record, at most 128 KB; a chain ends at `chain_depth`
    queue                one message; the queue refuses what is over 64 KB
    topic                published, without a tag; the topic refuses what is over 64 KB. What became of it further on,
                         for each subscription, is the topic's to count
    EventBridge, RocketMQ  the outbox: the record is kept in the history and can be listed, nothing receives it

What fails is tried again a few times (`DELIVERY_RETRY_MS`), then it is lost: logged, with the function and the size,
and counted. What can never succeed, because the record is too large or the destination no ARN, is lost at once.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from ...arn import Arn, FunctionArn, QueueArn, TopicArn, parse_arn
from ...errors import ArgumentError
from .. import limits
from ..assumptions import Assumptions
from ..engine.destination_record import record_bytes
from ..engine.invocation import Deliver, Invocation
from ..kept import NOT_KEPT, Kept
from ..mailbox.errors import MailboxError
from ..mailbox.mailbox import Mailbox
from ..mailbox.topic import Publication
from ..mailbox.topics import Topics
from .invocation_log import executions
from .permission import Permission

DELIVERED, LOST, OUTBOX = "delivered", "lost", "outbox"

log = logging.getLogger("fc_async.local")

_parsed = lru_cache(1024)(parse_arn)
"""A destination is named by every record that goes to it."""

_OUTBOX_BYTES = {"eventbridge": limits.EVENTBRIDGE_RECORD_BYTES, "mq": limits.ROCKETMQ_RECORD_BYTES}


class Undeliverable(Exception):  # noqa: N818 - the reason why a record is not taken, never seen by a user
    """A destination does not take a record; the text says why.

    Args:
        reason: the text.
        for_good: whether another try would be refused as well.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


KeptDelivery = tuple[int, int, Deliver]
"""When a record is tried again, how often that has failed, and what."""

Invoke = Callable[[str, "str | None", bytes, Invocation], None]


class Delivery:
    """Carries records, and keeps those that are to be tried again.

    Args:
        mailbox: the queues.
        topics: the topics.
        invoke: invokes a function asynchronously with (name, qualifier, event, the invocation whose record it is);
            raises Undeliverable.
        settled: hears what became of a record: `delivered`, `lost` or `outbox`.
        assumptions: what the service is taken to do where no source says so.
        permission: says what the cloud would not let go.
        fails: says why a destination takes nothing now, None where it does.
        kept: the records that wait for another try, where they outlive the process.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        topics: Topics,
        invoke: Invoke,
        settled: Callable[[Deliver, str], None],
        assumptions: Assumptions,
        permission: Permission,
        fails: Callable[[str], str | None] = lambda _: None,
        kept: Kept[int, KeptDelivery] = NOT_KEPT,
    ) -> None:
        self._fails = fails
        self._kept = kept
        self._permission = permission
        self._mailbox = mailbox
        self._topics = topics
        self._invoke = invoke
        self._settled = settled
        self._assumed = assumptions
        self._waiting: list[tuple[int, int, int, Deliver]] = []  # due, order, failures before, what
        self._order = itertools.count()
        self.metrics = {"FunctionDestinationErrors": 0, "FunctionDestinationSucceeded": 0}

    def deliver(self, item: Deliver, now_ms: int) -> None:
        """Carry one record, or keep it for another try."""
        self._try(item, 0, now_ms)

    def due(self, now_ms: int) -> int | None:
        """Try again what is due; return when the next try is due, None when nothing waits."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            _, number, failures, item = heapq.heappop(self._waiting)
            self._kept.drop(number)
            self._try(item, failures, now_ms)
        return self._waiting[0][0] if self._waiting else None

    def take_up(self, number: int, due_ms: int, failures: int, item: Deliver) -> None:
        """Go on with a record that waited for another try before a restart."""
        self._order = itertools.count(max(next(self._order), number + 1))
        heapq.heappush(self._waiting, (due_ms, number, failures, item))

    def _try(self, item: Deliver, failures: int, now_ms: int) -> None:
        body = record_bytes(item.record)
        try:
            status = self._carry(item, body, now_ms)
        except Undeliverable as reason:
            if reason.for_good or failures >= len(limits.DELIVERY_RETRY_MS):
                self._lose(item, len(body), reason)
            else:
                due_ms, number = now_ms + limits.DELIVERY_RETRY_MS[failures], next(self._order)
                heapq.heappush(self._waiting, (due_ms, number, failures + 1, item))
                self._kept.put(number, (due_ms, failures + 1, item))
            return
        self.metrics["FunctionDestinationSucceeded"] += 1
        executions.info("%s: record of %s to %s: %s", item.function, item.request_id, item.destination, status)
        self._settled(item, status)

    def _lose(self, item: Deliver, size_bytes: int, reason: Undeliverable) -> None:
        self.metrics["FunctionDestinationErrors"] += 1
        log.warning("lost: the record of %s (%d bytes) to %s: %s", item.function, size_bytes, item.destination, reason)
        self._settled(replace(item, reason=str(reason)), LOST)

    def _carry(self, item: Deliver, body: bytes, now_ms: int) -> str:
        failure = self._fails(item.destination)
        if failure is not None:
            raise Undeliverable(failure)
        try:
            arn = _parsed(item.destination)
        except ArgumentError:
            raise Undeliverable("it is no ARN", for_good=True) from None
        refusal = self._permission.refusal(item)
        if refusal is not None:
            raise Undeliverable(refusal, for_good=True)
        if isinstance(arn, FunctionArn):
            self._invoke_function(arn, item, body)
        elif isinstance(arn, QueueArn):
            _hand_over(lambda: self._mailbox.send(arn.name, self._text(body), now_ms))
        elif isinstance(arn, TopicArn):
            _hand_over(lambda: self._topics.publish(arn.name, Publication(self._text(body)), now_ms))
        else:
            return _put_out(arn, body)
        return DELIVERED

    def _invoke_function(self, arn: FunctionArn, item: Deliver, body: bytes) -> None:
        _check_size(body, limits.FUNCTION_RECORD_BYTES)
        depth = item.invocation.depth + 1
        if depth > self._assumed.chain_depth:
            raise Undeliverable(
                f"the chain of destinations that led here is {depth - 1} deep and is stopped (chain_depth)",
                for_good=True,
            )
        self._invoke(arn.name, arn.qualifier, body, item.invocation)

    def _text(self, body: bytes) -> str:
        return base64.b64encode(body).decode() if self._assumed.mns_body_base64 else body.decode()


def _hand_over(give: Callable[[], object]) -> None:
    """Give a record to a queue or topic, which itself refuses what is over its limit: never more than 64 KB."""
    try:
        give()
    except MailboxError as error:
        for_good = error.code not in ("QueueNotExist", "TopicNotExist")
        raise Undeliverable(f"{error.code}: {error.message}", for_good=for_good) from None


def _put_out(arn: Arn, body: bytes) -> str:
    limit_bytes = _OUTBOX_BYTES.get(str(arn).split(":")[1])
    if limit_bytes is None:
        raise Undeliverable("a destination of this kind is none of Function Compute's", for_good=True)
    _check_size(body, limit_bytes)
    return OUTBOX


def _check_size(body: bytes, limit_bytes: int) -> None:
    if len(body) > limit_bytes:
        raise Undeliverable(f"it is larger than {limit_bytes} bytes", for_good=True)
