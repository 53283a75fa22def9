"""The calls of MNS about queues and their messages."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from ..clock import Clock
from ..mailbox.errors import MailboxError, internal_error, message_not_exist
from ..mailbox.limits import WAIT_SECONDS
from ..mailbox.mailbox import Mailbox
from ..mailbox.message import Message
from .call import Call, Operation, Reply
from .documents import (
    changed_visibility_element,
    delete_errors_element,
    queue_element,
    queues_element,
    read_drafts,
    read_queue,
    read_receipt_handles,
    received_batch_element,
    received_element,
    sent_batch_element,
    sent_element,
)
from .long_poll import LongPolls


class QueueRoutes:
    """Answers the calls about queues.

    Args:
        mailbox: the queues.
        clock: the service's time.
        polls: the receives that wait.
        may_be_gone: whether the client of a request may have hung up, although its connection is still open.
    """

    def __init__(
        self, mailbox: Mailbox, clock: Clock, polls: LongPolls, may_be_gone: Callable[[web.BaseRequest], bool]
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._polls = polls
        self._may_be_gone = may_be_gone

    def routes(self) -> dict[str, Operation]:
        """What each of them answers."""
        return {
            "GET /queues": self._list_queues,
            "PUT /queues/{queue}": self._put_queue,
            "GET /queues/{queue}": self._get_queue,
            "DELETE /queues/{queue}": self._delete_queue,
            "POST /queues/{queue}/messages": self._send,
            "GET /queues/{queue}/messages": self._receive_or_peek,
            "DELETE /queues/{queue}/messages": self._delete,
            "PUT /queues/{queue}/messages": self._change_visibility,
        }

    # Queues

    async def _list_queues(self, call: Call) -> Reply:
        asked = call.listing()
        page = self._mailbox.list_queues(
            self._clock.now_ms(), prefix=asked.prefix, marker=asked.marker, limit=asked.limit
        )
        return Reply(200, queues_element(page, call.base_url, with_meta=asked.with_meta))

    async def _put_queue(self, call: Call) -> Reply:
        changes = read_queue(call.body)
        if call.is_true("metaoverride"):
            self._mailbox.set_attributes(call.named["queue"], self._clock.now_ms(), changes)
            return Reply(204)
        is_new = self._mailbox.create_queue(call.named["queue"], self._clock.now_ms(), changes)
        location = {"Location": f"{call.base_url}/queues/{call.named['queue']}"}
        return Reply(201 if is_new else 204, headers=location)

    async def _get_queue(self, call: Call) -> Reply:
        return Reply(200, queue_element(self._mailbox.get_attributes(call.named["queue"], self._clock.now_ms())))

    async def _delete_queue(self, call: Call) -> Reply:
        self._mailbox.delete_queue(call.named["queue"])
        return Reply(204)

    # Messages: single or batch is decided by the root element (send), by numOfMessages (receive, peek) and by whether
    # there is a body (delete).

    async def _send(self, call: Call) -> Reply:
        drafts = read_drafts(call.body)
        now_ms = self._clock.now_ms()
        if not isinstance(drafts, list):
            return Reply(201, sent_element(self._mailbox.send_draft(call.named["queue"], drafts, now_ms)))
        worked = drafts[: call.partial]
        results = self._mailbox.send_batch(call.named["queue"], worked, now_ms) if worked or not drafts else []
        results += [internal_error()] * (len(drafts) - len(worked))
        is_partial = any(isinstance(result, MailboxError) for result in results)
        return Reply(500 if is_partial else 201, sent_batch_element(results))

    async def _receive_or_peek(self, call: Call) -> Reply:
        batch_size = call.number("numOfMessages")
        peeked = call.is_true("peekonly")
        max_messages = 1 if batch_size is None else batch_size
        if peeked:
            messages = self._mailbox.peek(call.named["queue"], self._clock.now_ms(), max_messages)
        else:
            messages = await self._receive(call, max_messages)
        messages = messages if batch_size is None else messages[: call.partial]
        if not messages:
            raise message_not_exist()
        if batch_size is None:
            return Reply(200, received_element(messages[0], peeked=peeked))
        return Reply(200, received_batch_element(messages, peeked=peeked))

    async def _receive(self, call: Call, max_messages: int) -> list[Message]:
        wait_seconds = self._wait_seconds(call)
        messages = await self._polls.receive(call.named["queue"], max_messages, 0, call.is_gone)
        if messages or wait_seconds == 0:
            return messages
        return await self._polls.receive(
            call.named["queue"], max_messages, wait_seconds, lambda: call.is_gone() or self._may_be_gone(call.request)
        )

    def _wait_seconds(self, call: Call) -> int:
        asked = call.number("waitseconds")
        if asked is not None:
            return WAIT_SECONDS.checked(asked)
        return self._mailbox.get_attributes(call.named["queue"], self._clock.now_ms()).attributes.polling_wait_seconds

    async def _delete(self, call: Call) -> Reply:
        now_ms = self._clock.now_ms()
        if not call.body:
            self._mailbox.delete_message(call.named["queue"], _receipt_handle(call), now_ms)
            return Reply(204)
        handles = read_receipt_handles(call.body)
        worked = handles[: call.partial]
        failed = self._mailbox.delete_batch(call.named["queue"], worked, now_ms) if worked or not handles else []
        failed += [(handle, internal_error()) for handle in handles[len(worked) :]]
        return Reply(404, delete_errors_element(failed)) if failed else Reply(204)

    async def _change_visibility(self, call: Call) -> Reply:
        handle = _receipt_handle(call)
        seconds = call.number("VisibilityTimeout")
        if seconds is None:
            raise MailboxError(400, "MissingVisibilityTimeout", "The parameter VisibilityTimeout is missing.")
        message = self._mailbox.change_visibility(call.named["queue"], handle, seconds, self._clock.now_ms())
        return Reply(200, changed_visibility_element(message))


def _receipt_handle(call: Call) -> str:
    handle = call.parameter("ReceiptHandle")
    if not handle:
        raise MailboxError(400, "MissingReceiptHandle", "The parameter ReceiptHandle is missing.")
    return handle
