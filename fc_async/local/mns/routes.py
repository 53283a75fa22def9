"""MNS over HTTP: API 2015-06-06, queues.

`handle` answers every request that is meant for MNS. Statuses, headers and XML are those of recorded exchanges with the
real service; what the local service does not do is 501 NotImplemented, naming the call. Signatures are the gateway's.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random

from aiohttp import web

from .. import limits
from ..bounded_body import BodyBroken, BodyTooLarge, read_bounded
from ..clock import Clock
from ..mailbox.errors import MailboxError, invalid_argument, message_not_exist, not_implemented, out_of_range
from ..mailbox.limits import WAIT_SECONDS
from ..mailbox.mailbox import Mailbox
from ..mailbox.message import Message
from ..routing import RoutingTable
from .documents import (
    changed_visibility_element,
    delete_errors_element,
    error_element,
    queue_element,
    queues_element,
    read_drafts,
    read_queue,
    read_receipt_handles,
    received_batch_element,
    received_element,
    sent_batch_element,
    sent_element,
    whole_number,
)
from .long_poll import LongPolls
from .raw_target import Target, parse_target
from .xml import Element, write_xml

_log = logging.getLogger("fc_async.local")

API_VERSION = "2015-06-06"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it has a request id."""

    status: int
    element: Element | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read whole.

    Args:
        target: the request target, taken apart.
        queue_name: the queue that the path names; "" where it names none.
        body: at most `limits.MNS_REQUEST_BYTES`.
        request: for headers, and for whether the client is still there.
    """

    target: Target
    queue_name: str
    body: bytes
    request: web.Request

    @property
    def base_url(self) -> str:
        """The service's address as the client wrote it; stands where the real service has the account's endpoint."""
        return f"http://{_host(self.request)}"

    def parameter(self, name: str) -> str | None:
        """A query parameter, by its name in any case; None when it was not sent."""
        return self.target.query.get(name.lower())

    def number(self, name: str) -> int | None:
        """A query parameter that is a whole number."""
        value = self.parameter(name)
        return None if value is None else whole_number(name, value)

    def is_true(self, name: str) -> bool:
        """Whether a query parameter says true."""
        return (self.parameter(name) or "").lower() == "true"

    def is_gone(self) -> bool:
        """Whether the connection is closed."""
        return self.request.transport is None or self.request.transport.is_closing()


class MnsRoutes:
    """Answers MNS requests from a mailbox.

    Args:
        mailbox: the queues; the routes listen to it, so that every message put there wakes those who wait.
        clock: the service's time.
        random: source of request ids.
        may_be_gone: whether the client of a request may have hung up, although its connection is still open: it has
            closed its half. A message that comes later than it could have read it is kept.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Clock,
        *,
        random: Random,
        may_be_gone: Callable[[web.BaseRequest], bool] = lambda _: False,
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._random = random
        self._may_be_gone = may_be_gone
        self._polls = LongPolls(mailbox, clock)
        self._table: RoutingTable[Callable[[Call], Awaitable[Reply]]] = RoutingTable(
            {
                "GET /queues": self._list_queues,
                "PUT /queues/{queue}": self._put_queue,
                "GET /queues/{queue}": self._get_queue,
                "DELETE /queues/{queue}": self._delete_queue,
                "POST /queues/{queue}/messages": self._send,
                "GET /queues/{queue}/messages": self._receive_or_peek,
                "DELETE /queues/{queue}/messages": self._delete,
                "PUT /queues/{queue}/messages": self._change_visibility,
            }
        )

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; whatever goes wrong is answered in the service's own shape."""
        arrived_ms = self._clock.now_ms()
        try:
            reply = await self._reply(request)
        except MailboxError as refusal:
            return self._refused(request, refusal, arrived_ms)
        except Exception:
            _log.exception("An MNS request could not be answered; this is a defect of the local service")
            defect = MailboxError(500, "InternalError", "Interal error.")  # the service's spelling
            return self._refused(request, defect, arrived_ms)
        return self._response(reply, self._request_id(), arrived_ms)

    def refusal(self, request: web.BaseRequest, error: MailboxError) -> web.Response:
        """Write a refusal in the shape of MNS, also one that was decided before routing."""
        return self._refused(request, error, self._clock.now_ms())

    def close(self) -> None:
        """Answer all who wait as if their time were over; call it when the service stops."""
        self._polls.close()

    # From request to reply

    async def _reply(self, request: web.Request) -> Reply:
        target = parse_target(request.raw_path)
        found = self._table.find(request.method, target.segments)
        if found is None:
            raise not_implemented(f"{request.method} {target.path}")
        if "x-mns-version" not in request.headers:
            raise MailboxError(400, "MissingVersionHeader", "The header x-mns-version is missing.")
        operation, named = found
        return await operation(Call(target, named.get("queue", ""), await _read_body(request), request))

    def _refused(self, request: web.BaseRequest, error: MailboxError, arrived_ms: int) -> web.Response:
        request_id = self._request_id()
        element = error_element(error, request_id, f"http://{_host(request)}")
        return self._response(Reply(error.status, element), request_id, arrived_ms)

    def _response(self, reply: Reply, request_id: str, arrived_ms: int) -> web.Response:
        now_ms = self._clock.now_ms()
        headers = {
            "x-mns-response-format": "xml",
            "x-mns-netty-total-time": str(now_ms - arrived_ms),
            "x-mns-account-type": "",
            "x-mns-version": API_VERSION,
            "Server": "AliyunMQS",
            # In this case exactly: the Python SDK looks it up in a plain dict.
            "x-mns-request-id": request_id,
            "x-mns-threadpool-wait-time": "0",
            "Date": formatdate(now_ms / 1000, usegmt=True),
            "Content-Type": "text/xml;charset=utf-8",
            **reply.headers,
        }
        body = None if reply.element is None else write_xml(reply.element)
        return web.Response(status=reply.status, headers=headers, body=body)

    def _request_id(self) -> str:
        """24 upper-case hexadecimal digits, of which the first 8 are the second of its arrival."""
        seconds = self._clock.now_ms() // 1000
        return f"{seconds & 0xFFFFFFFF:08X}{self._random.getrandbits(64):016X}"

    # Queues

    async def _list_queues(self, call: Call) -> Reply:
        headers = call.request.headers
        limit = headers.get("x-mns-ret-number")
        page = self._mailbox.list_queues(
            self._clock.now_ms(),
            prefix=headers.get("x-mns-prefix", ""),
            marker=headers.get("x-mns-marker") or None,
            limit=limits.MNS_DEFAULT_PAGE_SIZE if limit is None else whole_number("x-mns-ret-number", limit),
        )
        with_meta = headers.get("x-mns-with-meta", "").lower() == "true"
        return Reply(200, queues_element(page, call.base_url, with_meta=with_meta))

    async def _put_queue(self, call: Call) -> Reply:
        changes = read_queue(call.body)
        if call.is_true("metaoverride"):
            self._mailbox.set_attributes(call.queue_name, self._clock.now_ms(), changes)
            return Reply(204)
        is_new = self._mailbox.create_queue(call.queue_name, self._clock.now_ms(), changes)
        location = {"Location": f"{call.base_url}/queues/{call.queue_name}"}
        return Reply(201 if is_new else 204, headers=location)

    async def _get_queue(self, call: Call) -> Reply:
        return Reply(200, queue_element(self._mailbox.get_attributes(call.queue_name, self._clock.now_ms())))

    async def _delete_queue(self, call: Call) -> Reply:
        self._mailbox.delete_queue(call.queue_name)
        return Reply(204)

    # Messages: single or batch is decided by the root element (send), by numOfMessages (receive, peek) and by whether
    # there is a body (delete).

    async def _send(self, call: Call) -> Reply:
        drafts = read_drafts(call.body)
        now_ms = self._clock.now_ms()
        if not isinstance(drafts, list):
            return Reply(201, sent_element(self._mailbox.send_draft(call.queue_name, drafts, now_ms)))
        results = self._mailbox.send_batch(call.queue_name, drafts, now_ms)
        is_partial = any(isinstance(result, MailboxError) for result in results)
        return Reply(500 if is_partial else 201, sent_batch_element(results))

    async def _receive_or_peek(self, call: Call) -> Reply:
        batch_size = call.number("numOfMessages")
        peeked = call.is_true("peekonly")
        max_messages = 1 if batch_size is None else batch_size
        if peeked:
            messages = self._mailbox.peek(call.queue_name, self._clock.now_ms(), max_messages)
        else:
            messages = await self._receive(call, max_messages)
        if not messages:
            raise message_not_exist()
        if batch_size is None:
            return Reply(200, received_element(messages[0], peeked=peeked))
        return Reply(200, received_batch_element(messages, peeked=peeked))

    async def _receive(self, call: Call, max_messages: int) -> list[Message]:
        wait_seconds = self._wait_seconds(call)
        messages = await self._polls.receive(call.queue_name, max_messages, 0, call.is_gone)
        if messages or wait_seconds == 0:
            return messages
        return await self._polls.receive(
            call.queue_name, max_messages, wait_seconds, lambda: call.is_gone() or self._may_be_gone(call.request)
        )

    def _wait_seconds(self, call: Call) -> int:
        asked = call.number("waitseconds")
        if asked is not None:
            return WAIT_SECONDS.checked(asked)
        return self._mailbox.get_attributes(call.queue_name, self._clock.now_ms()).attributes.polling_wait_seconds

    async def _delete(self, call: Call) -> Reply:
        now_ms = self._clock.now_ms()
        if not call.body:
            self._mailbox.delete_message(call.queue_name, _receipt_handle(call), now_ms)
            return Reply(204)
        failed = self._mailbox.delete_batch(call.queue_name, read_receipt_handles(call.body), now_ms)
        return Reply(404, delete_errors_element(failed)) if failed else Reply(204)

    async def _change_visibility(self, call: Call) -> Reply:
        handle = _receipt_handle(call)
        seconds = call.number("VisibilityTimeout")
        if seconds is None:
            raise MailboxError(400, "MissingVisibilityTimeout", "The parameter VisibilityTimeout is missing.")
        message = self._mailbox.change_visibility(call.queue_name, handle, seconds, self._clock.now_ms())
        return Reply(200, changed_visibility_element(message))


def _receipt_handle(call: Call) -> str:
    handle = call.parameter("ReceiptHandle")
    if not handle:
        raise MailboxError(400, "MissingReceiptHandle", "The parameter ReceiptHandle is missing.")
    return handle


def _host(request: web.BaseRequest) -> str:
    # Not request.host: without a Host header that one asks the name service.
    return request.headers.get("Host", "127.0.0.1")


async def _read_body(request: web.Request) -> bytes:
    """The whole body, or MailboxError 400 as soon as it is known to be too large or cut short."""
    try:
        return await read_bounded(request, limits.MNS_REQUEST_BYTES)
    except BodyTooLarge:
        raise out_of_range("the request body", 0, limits.MNS_REQUEST_BYTES, "bytes") from None
    except (BodyBroken, ConnectionError):
        raise invalid_argument("The request body ended before its time") from None
