"""Where a subscription's messages go: a queue, by its ARN, or a program on this machine, by its URL."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...arn import QueueEndpoint, parse_arn
from ...errors import ArgumentError
from .. import limits
from ..loopback import is_loopback
from .errors import endpoint_invalid, not_implemented

_HTTP = re.compile(
    r"(?P<origin>http://(?P<host>\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?)"
    r"(?P<target>/[!-\"$-~]*)?"
)
_OTHER_KINDS = ("mail:", "sms:", "smq-ep:")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """A program on this machine that messages are pushed to.

    Args:
        url: the whole URL, with the path that is asked.
        target: path and query as they are sent and signed; without the `?` of a query that is empty.
    """

    url: str
    target: str


Endpoint = QueueEndpoint | HttpEndpoint


def read_endpoint(text: str) -> Endpoint:
    """Read the Endpoint of a Subscribe call.

    A queue is found by the name in its ARN; region and account are accepted as written. A URL without a path has the
    documented default.

    Raises:
        MailboxError: 400 EndpointInvalid for what is neither, or a URL that is not of this machine; 501 for mail, short
            messages and the like, which the service has and this one has not.
    """
    if text.startswith(_OTHER_KINDS):
        raise not_implemented(f"subscriptions whose endpoint begins with {text.partition(':')[0]}:")
    if text.startswith("acs:"):
        return _queue(text)
    found = _HTTP.fullmatch(text)
    if found is None or not is_loopback(found["host"].strip("[]")) or not _is_port(found["port"]):
        raise endpoint_invalid()
    path, _, query = (found["target"] or limits.MNS_PUSH_PATH).partition("?")
    target = f"{path}?{query}" if query else path  # HTTP clients leave an empty query out, and it is not to be signed
    return HttpEndpoint(found["origin"] + target, target)


def _queue(text: str) -> QueueEndpoint:
    try:
        arn = parse_arn(text)
    except ArgumentError:
        raise endpoint_invalid() from None
    if not isinstance(arn, QueueEndpoint):
        raise endpoint_invalid()
    return arn


def _is_port(text: str | None) -> bool:
    return text is None or 1 <= int(text) <= _MAX_PORT
