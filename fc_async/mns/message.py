"""What MNS tells about a queue and its messages, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class QueueMessage:
    """One message of a queue, named as the MNS SDK's Message; body and handle are not in `repr`.

    Args:
        message_id: the service's id of the message, "" when the answer had none.
        message_body: the text as it was sent; plain or base64, nothing is decoded here.
        message_body_md5: the service's checksum; not always that of the body (never reject by it).
        receipt_handle: what deletes the message or changes its visibility, once; "" for a peeked one.
        enqueue_time: when it was sent, milliseconds since 1970; None when the answer had none.
        first_dequeue_time: when it was first received, milliseconds; the enqueue time when never.
        next_visible_time: until when this receipt holds, milliseconds; None for a peeked one.
        dequeue_count: how often it was received.
        priority: 1 (first) to 16.
        message_group_id: the group of a FIFO queue's message; None where it has none.
        user_properties: name to value as text (a BINARY one stays base64).
        user_property_types: name to type (STRING, NUMBER, BINARY, BOOLEAN); one that is not in it is a STRING.
    """

    message_id: str
    message_body: str = field(repr=False)
    message_body_md5: str = field(default="", repr=False)
    receipt_handle: str = field(default="", repr=False)
    enqueue_time: int | None = None
    first_dequeue_time: int | None = None
    next_visible_time: int | None = None
    dequeue_count: int | None = None
    priority: int | None = None
    message_group_id: str | None = None
    user_properties: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    user_property_types: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True)
class QueueAttributes:
    """What the service tells about a queue, named as the MNS SDK's QueueMeta; None for what it did not tell.

    Sizes are in bytes, periods in seconds, times in seconds since 1970. The three counts are approximate, and the
    service has announced that they will become 0.
    """

    queue_name: str | None = None
    visibility_timeout: int | None = None
    maximum_message_size: int | None = None
    message_retention_period: int | None = None
    delay_seconds: int | None = None
    polling_wait_seconds: int | None = None
    logging_enabled: bool | None = None
    create_time: int | None = None
    last_modify_time: int | None = None
    active_messages: int | None = None
    inactive_messages: int | None = None
    delay_messages: int | None = None
