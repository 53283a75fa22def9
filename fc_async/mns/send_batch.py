"""Messages of a batch as they are sent: body, priority, group and properties, so that what comes back is what was.

Written here and not by the SDK, whose encoder wants properties as objects of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..errors import ArgumentError
from .body import sendable, with_line_ends
from .message import QueueMessage

MAX_BATCH_BYTES = 65536
"""BatchSendMessage: 1 to 16 messages, their bodies 64 KB together, in UTF-8."""

_START = '<?xml version="1.0" encoding="utf-8"?><Messages xmlns="http://mns.aliyuncs.com/doc/v1/">'


def batch_xml(messages: Sequence[QueueMessage]) -> bytes:
    """Return the `<Messages>` that sends these.

    Raises:
        ArgumentError: one holds what XML cannot carry, or has an empty body.
    """
    document = _START + "".join(map(_message, messages)) + "</Messages>"
    return with_line_ends(document.encode())


def unsendable(message: QueueMessage) -> str | None:
    """Return why a message cannot be sent as it is; None: it can."""
    try:
        _message(message)
    except ArgumentError as error:
        return str(error)
    return None


def _message(message: QueueMessage) -> str:
    parts = [_leaf("MessageBody", sendable(message.message_body))]
    if message.priority is not None:
        parts.append(_leaf("Priority", str(message.priority)))
    if message.message_group_id is not None:
        parts.append(_leaf("MessageGroupId", _carried("message group", message.message_group_id)))
    properties = "".join(
        _property(name, value, message.user_property_types.get(name, "STRING"))
        for name, value in message.user_properties.items()
    )
    if properties:
        parts.append(f"<UserProperties>{properties}</UserProperties>")
    return f"<Message>{''.join(parts)}</Message>"


def _property(name: str, value: str, kind: str) -> str:
    leaves = (
        _leaf(tag, _carried("property", text)) for tag, text in (("Name", name), ("Value", value), ("Type", kind))
    )
    return f"<PropertyValue>{''.join(leaves)}</PropertyValue>"


def _carried(what: str, text: str) -> str:
    try:
        return sendable(text) if text else ""
    except ArgumentError:
        pass
    raise ArgumentError(f"{what}: it holds characters that XML cannot carry")


def _leaf(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"
