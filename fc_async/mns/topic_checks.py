"""What callers pass to TopicClient, and what of it a topic that is there does differently."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..arn import QueueEndpoint, parse_arn
from ..errors import ArgumentError
from .body import sendable
from .topic import TopicAttributes

FORMATS = ("XML", "JSON", "SIMPLIFIED")
STRATEGIES = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
MAX_TAG_CHARACTERS = 16
"""https://help.aliyun.com/document_detail/27497.html and its neighbours (facts, mns sections 3 and 4)."""

_DEFAULTS = {"maximum_message_size": 65536, "logging_enabled": False}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,255}")
_ENDPOINT = re.compile(r"[!-~]{1,2048}")


def differences(asked: Mapping[str, int | bool], there: TopicAttributes) -> str:
    """Say which attributes of a topic are others than a create asks for, "" where none is known to differ."""
    pairs = [(name, getattr(there, name), asked.get(name, default)) for name, default in _DEFAULTS.items()]
    return ", ".join(
        f"{name} is {has}, {wants} is asked for" for name, has, wants in pairs if has is not None and has != wants
    )


def check_message(body: object, tag: object) -> str:
    """Return a message's body as text; its tag is one, or None.

    Raises:
        ArgumentError: the body is empty or cannot stand in XML, or the tag is none.
    """
    _check_tag("tag", tag)
    return sendable(body)


def check_subscription(
    name: object, queue: object, endpoint: object, content_format: object, strategy: object, filter_tag: object
) -> None:
    """Hold a subscription to what `subscribe` takes.

    Raises:
        ArgumentError: an argument cannot be right.
    """
    if (queue is None) == (endpoint is None):
        raise ArgumentError(f"expected one of queue= and endpoint=, got {'neither' if queue is None else 'both'}")
    check_name("subscription", name)
    if endpoint is None:
        _check_queue(queue)
    else:
        _check_endpoint(endpoint)
    _check_one_of("content_format", content_format, FORMATS)
    _check_one_of("strategy", strategy, STRATEGIES)
    _check_tag("filter_tag", filter_tag)


def check_name(what: str, name: object) -> str:
    """Return the name of a topic, a queue or a subscription.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    raise ArgumentError(f"expected a {what} name of letters, digits and '-', got {str(name)[:80]!r}")


def _check_queue(queue: object) -> None:
    if not isinstance(queue, str) or not queue.startswith("acs:"):
        check_name("queue", queue)
    elif isinstance(parse_arn(queue), QueueEndpoint):
        _check_endpoint(queue)
    else:
        raise ArgumentError(f"queue: expected acs:mns:REGION:ACCOUNT:queues/NAME, got {queue[:120]!r}")


def _check_endpoint(endpoint: object) -> None:
    if not isinstance(endpoint, str) or not _ENDPOINT.fullmatch(endpoint):
        raise ArgumentError("endpoint: expected a URL or an ARN of ASCII characters, without spaces, 2048 at most")


def _check_tag(name: str, tag: object) -> None:
    if tag is None or (isinstance(tag, str) and 1 <= len(tag) <= MAX_TAG_CHARACTERS and tag.isprintable()):
        return
    raise ArgumentError(f"{name}: expected 1 to {MAX_TAG_CHARACTERS} printable characters, got {str(tag)[:40]!r}")


def _check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(f"{name}: expected one of {', '.join(known)}, got {str(value)[:40]!r}")
