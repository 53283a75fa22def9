"""One MNS topic: what is set on it, who subscribes, and what a published message becomes.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/createtopic and its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from .. import limits
from .errors import out_of_range, topic_name_invalid, topic_name_length_error
from .limits import MAXIMUM_MESSAGE_SIZE
from .message import Draft, Property, body_md5, legal_text
from .subscription import Subscription, checked_tag

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class TopicChanges:
    """Attributes that a create or set call names; None is one that it leaves out."""

    maximum_message_size_bytes: int | None = None
    logging_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class TopicAttributes:
    """Attributes of a topic; the defaults are the service's.

    Args:
        maximum_message_size_bytes: largest body, 1024 to 65536.
        logging_enabled: kept and given back; nothing is logged.
    """

    maximum_message_size_bytes: int = limits.MNS_DEFAULT_MESSAGE_BYTES
    logging_enabled: bool = False

    def changed(self, changes: TopicChanges) -> TopicAttributes:
        """Return a copy with the named attributes; raises MailboxError 400 for one out of range."""
        size, logging = changes.maximum_message_size_bytes, changes.logging_enabled
        return replace(
            self,
            maximum_message_size_bytes=(
                self.maximum_message_size_bytes if size is None else MAXIMUM_MESSAGE_SIZE.checked(size)
            ),
            logging_enabled=self.logging_enabled if logging is None else logging,
        )


@dataclass(frozen=True, slots=True)
class TopicStatus:
    """A topic as GetTopicAttributes shows it.

    Args:
        name: its name.
        attributes: what was set.
        create_time_ms: when it was created.
        last_modify_time_ms: when its attributes were last set.
        message_count: messages that wait for a push.
    """

    name: str
    attributes: TopicAttributes
    create_time_ms: int
    last_modify_time_ms: int
    message_count: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A message as its publisher gives it.

    Args:
        body: text; never decoded.
        tag: 1 to 16 characters that filters compare; None: no tag.
        user_properties: copied to the messages in subscribed queues, in order.
    """

    body: str
    tag: str | None = None
    user_properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What a publisher is answered, and what every subscriber is told.

    Args:
        message_id: 32 upper-case hexadecimal digits; the first 8 are the topic's.
        body: as published, without what XML cannot hold.
        body_md5: 32 upper-case hexadecimal digits.
    """

    message_id: str
    body: str
    body_md5: str


class Topic:
    """One topic.

    Args:
        name: its name, already checked.
        attributes: what was set at creation.
        now_ms: time of creation.
        random: source of message ids.
    """

    def __init__(self, name: str, attributes: TopicAttributes, now_ms: int, random: Random) -> None:
        self.name = name
        self.attributes = attributes
        self.subscriptions: dict[str, Subscription] = {}
        self.create_time_ms = self.last_modify_time_ms = now_ms
        self._random = random
        self.id_prefix = f"{random.getrandbits(32):08X}"

    def set_attributes(self, changes: TopicChanges, now_ms: int) -> None:
        self.attributes = self.attributes.changed(changes)
        self.last_modify_time_ms = now_ms

    def status(self, message_count: int) -> TopicStatus:
        return TopicStatus(self.name, self.attributes, self.create_time_ms, self.last_modify_time_ms, message_count)

    def publish(self, publication: Publication) -> Published:
        """Check a message and give it its id; raises MailboxError 400 InvalidArgument."""
        body = legal_text(publication.body)
        limit_bytes = self.attributes.maximum_message_size_bytes
        if not 1 <= len(body.encode()) <= limit_bytes:
            raise out_of_range("MessageBody", 1, limit_bytes, "bytes")
        checked_tag("MessageTag", publication.tag)
        md5 = body_md5(Draft(body, user_properties=publication.user_properties))
        return Published(f"{self.id_prefix}{self._random.getrandbits(96):024X}", body, md5)


def checked_topic_name(name: str) -> str:
    """Return `name`, or raise MailboxError 400 with the documented code."""
    if not 1 <= len(name) <= limits.MNS_TOPIC_NAME_CHARACTERS:
        raise topic_name_length_error(limits.MNS_TOPIC_NAME_CHARACTERS)
    if not _NAME.fullmatch(name):
        raise topic_name_invalid()
    return name
