"""One subscription of a topic, as a value: what it wants, where that goes, and in which format.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/subscribe and its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from .. import limits
from .endpoint import Endpoint, read_endpoint
from .errors import invalid_argument, out_of_range, subscription_name_invalid, subscription_name_length_error

BACKOFF_RETRY: Final = "BACKOFF_RETRY"
EXPONENTIAL_DECAY_RETRY: Final = "EXPONENTIAL_DECAY_RETRY"
XML: Final = "XML"
JSON: Final = "JSON"
SIMPLIFIED: Final = "SIMPLIFIED"

_STRATEGIES = (BACKOFF_RETRY, EXPONENTIAL_DECAY_RETRY)
_FORMATS = (XML, JSON, SIMPLIFIED)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class SubscriptionAttributes:
    """What a Subscribe call asks for.

    Args:
        endpoint: a queue's ARN (`acs:mns:REGION:ACCOUNT:queues/NAME`), or an http URL of this machine.
        filter_tag: only messages of exactly this tag; None: all of them.
        notify_strategy: how a push that fails is repeated, BACKOFF_RETRY or EXPONENTIAL_DECAY_RETRY.
        notify_content_format: XML, JSON or SIMPLIFIED.
    """

    endpoint: str
    filter_tag: str | None = None
    notify_strategy: str = BACKOFF_RETRY
    notify_content_format: str = XML


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it is now.

    Args:
        topic_name: its topic.
        name: its name, unique in the topic.
        attributes: as subscribed; NotifyStrategy alone can change.
        destination: what the endpoint names.
        serial: tells it from an earlier one of the same name.
        create_time_ms: when it was made.
        last_modify_time_ms: when its attributes were last set.
    """

    topic_name: str
    name: str
    attributes: SubscriptionAttributes
    destination: Endpoint
    serial: int
    create_time_ms: int
    last_modify_time_ms: int

    def wants(self, tag: str | None, *, untagged_passes_filter: bool) -> bool:
        """Whether a message of this tag (None: of none) passes its filter."""
        wanted = self.attributes.filter_tag
        if wanted is None:
            return True
        return untagged_passes_filter if tag is None else tag == wanted

    def with_strategy(self, notify_strategy: str, now_ms: int) -> Subscription:
        """Return a copy with another NotifyStrategy; raises MailboxError 400."""
        attributes = replace(self.attributes, notify_strategy=_checked("NotifyStrategy", notify_strategy, _STRATEGIES))
        return replace(self, attributes=attributes, last_modify_time_ms=now_ms)


def new_subscription(
    topic_name: str, name: str, attributes: SubscriptionAttributes, serial: int, now_ms: int
) -> Subscription:
    """Make a subscription, or raise MailboxError for what it cannot have."""
    _checked_name(name)
    _checked("NotifyStrategy", attributes.notify_strategy, _STRATEGIES)
    _checked("NotifyContentFormat", attributes.notify_content_format, _FORMATS)
    checked_tag("FilterTag", attributes.filter_tag)
    destination = read_endpoint(attributes.endpoint)
    return Subscription(topic_name, name, attributes, destination, serial, now_ms, now_ms)


def checked_tag(name: str, tag: str | None) -> str | None:
    """Return a tag of 1 to 16 characters, or None; raises MailboxError 400 InvalidArgument."""
    if tag is None:
        return None
    if not 1 <= len(tag) <= limits.MNS_TAG_CHARACTERS:
        raise out_of_range(name, 1, limits.MNS_TAG_CHARACTERS, "characters")
    if _CONTROL.search(tag):  # a push has it as a header
        raise invalid_argument(f"The value of {name} should have no control characters")
    return tag


def _checked(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise invalid_argument(f"The value of {name} should be one of {', '.join(allowed)}")
    return value


def _checked_name(name: str) -> None:
    if not 1 <= len(name) <= limits.MNS_SUBSCRIPTION_NAME_CHARACTERS:
        raise subscription_name_length_error(limits.MNS_SUBSCRIPTION_NAME_CHARACTERS)
    if not _NAME.fullmatch(name):
        raise subscription_name_invalid()
