"""A request to MNS, read whole, and an answer before it is written: what every route takes and gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from .. import limits
from ..faults.partial import PARTIAL
from .fields import whole_number
from .raw_target import Target
from .xml import Element


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it has a request id."""

    status: int
    element: Element | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the headers of a listing ask for.

    Args:
        prefix: only names that start so.
        marker: where it goes on; None begins.
        limit: how many at most.
        with_meta: whether attributes are asked for, too.
    """

    prefix: str
    marker: str | None
    limit: int
    with_meta: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read whole.

    Args:
        target: the request target, taken apart.
        named: the names in the path: `queue`, or `topic` and `subscription`.
        body: at most `limits.MNS_REQUEST_BYTES`.
        request: for headers, and for whether the client is still there.
    """

    target: Target
    named: dict[str, str]
    body: bytes
    request: web.Request

    @property
    def host(self) -> str:
        """The service's host and port as the client wrote them."""
        return host_of(self.request)

    @property
    def base_url(self) -> str:
        """The service's address as the client wrote it; stands where the real service has the account's endpoint."""
        return f"http://{self.host}"

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

    @property
    def partial(self) -> int | None:
        """How many entries of a batch are worked on, where a fault asks for that; None: all."""
        return PARTIAL.get()

    def is_gone(self) -> bool:
        """Whether the connection is closed."""
        return self.request.transport is None or self.request.transport.is_closing()

    def listing(self) -> Listing:
        """What a listing asks for; raises MailboxError 400 for a number that is none."""
        headers = self.request.headers
        limit = headers.get("x-mns-ret-number")
        return Listing(
            prefix=headers.get("x-mns-prefix", ""),
            marker=headers.get("x-mns-marker") or None,
            limit=limits.MNS_DEFAULT_PAGE_SIZE if limit is None else whole_number("x-mns-ret-number", limit),
            with_meta=headers.get("x-mns-with-meta", "").lower() == "true",
        )


Operation = Callable[[Call], Awaitable[Reply]]


def host_of(request: web.BaseRequest) -> str:
    """The Host header; not `request.host`, which asks the name service where there is none."""
    return request.headers.get("Host", "127.0.0.1")
