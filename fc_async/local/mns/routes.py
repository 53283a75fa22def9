"""MNS over HTTP: API 2015-06-06.

`handle` answers every request that is meant for MNS. Statuses, headers and XML are those of recorded exchanges with the
real service; what the local service does not do is 501 NotImplemented, naming the call. Signatures are the gateway's.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from random import Random

from aiohttp import web

from .. import limits
from ..bounded_body import BodyBroken, BodyTooLarge, read_bounded
from ..clock import Clock
from ..ids import mns_request_id
from ..mailbox.errors import MailboxError, internal_error, invalid_argument, not_implemented, out_of_range
from ..mailbox.mailbox import Mailbox
from ..mailbox.topics import Topics
from ..routing import RoutingTable
from .account_routes import AccountRoutes
from .call import Call, Operation, Reply, host_of
from .content_md5 import check_content_md5
from .documents import error_element
from .long_poll import LongPolls
from .queue_routes import QueueRoutes
from .raw_target import parse_target
from .topic_routes import TopicRoutes
from .xml import write_xml

_log = logging.getLogger("fc_async.local")

API_VERSION = "2015-06-06"


class MnsRoutes:
    """Answers MNS requests from a mailbox and its topics.

    Args:
        mailbox: the queues; the routes listen to it, so that every message put there wakes those who wait.
        topics: the topics.
        clock: the service's time.
        random: source of request ids.
        may_be_gone: whether the client of a request may have hung up, although its connection is still open: it has
            closed its half. A message that comes later than it could have read it is kept.
        before_pushes: awaited when the first HTTP subscriptions are made.
        real_time: ends long polls as well, where `clock` may stand still.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        topics: Topics,
        clock: Clock,
        *,
        random: Random,
        may_be_gone: Callable[[web.BaseRequest], bool] = lambda _: False,
        before_pushes: Callable[[], Awaitable[None]],
        real_time: Clock | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._polls = LongPolls(mailbox, clock, real_time)
        self._table: RoutingTable[Operation] = RoutingTable(
            {
                **QueueRoutes(mailbox, clock, self._polls, may_be_gone).routes(),
                **TopicRoutes(topics, clock, before_pushes).routes(),
                **AccountRoutes().routes(),
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
            return self._refused(request, internal_error(), arrived_ms)
        return self._response(reply, mns_request_id(self._random, self._clock.now_ms()), arrived_ms)

    def refusal(self, request: web.BaseRequest, error: MailboxError) -> web.Response:
        """Write a refusal in the shape of MNS, also one that was decided before routing."""
        return self._refused(request, error, self._clock.now_ms())

    def close(self) -> None:
        """Answer all who wait as if their time were over; call it when the service stops."""
        self._polls.close()

    # From request to reply

    async def _reply(self, request: web.Request) -> Reply:
        target = parse_target(request.raw_path)
        found = self._table.find(request.method, target.segments or ("",))
        if found is None:
            raise not_implemented(f"{request.method} {target.path}")
        if "x-mns-version" not in request.headers:
            raise MailboxError(400, "MissingVersionHeader", "The header x-mns-version is missing.")
        operation, named = found
        body = await _read_body(request)
        if request.method in ("POST", "PUT"):
            check_content_md5(request.headers.get("Content-MD5", ""), body)
        return await operation(Call(target, named, body, request))

    def _refused(self, request: web.BaseRequest, error: MailboxError, arrived_ms: int) -> web.Response:
        request_id = mns_request_id(self._random, self._clock.now_ms())
        element = error_element(error, request_id, f"http://{host_of(request)}")
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


async def _read_body(request: web.Request) -> bytes:
    """The whole body, or MailboxError 400 as soon as it is known to be too large or cut short."""
    try:
        return await read_bounded(request, limits.MNS_REQUEST_BYTES)
    except BodyTooLarge:
        raise out_of_range("the request body", 0, limits.MNS_REQUEST_BYTES, "bytes") from None
    except (BodyBroken, ConnectionError):
        raise invalid_argument("The request body ended before its time") from None
