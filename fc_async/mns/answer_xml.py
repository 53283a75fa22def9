"""The XML that MNS answers, as values: in bounds, without document types, no batch lost to one message.

The MNS SDK's own decoders are not used (1.3.0: they fail a batch on one empty body, cut a text at a comment, expand
entities, and lose the HTTP status of an error that is no XML).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .listing import Page, name_in, page
from .message import QueueAttributes, QueueMessage
from .xml_tree import UnreadableAnswerError, flag, number, root_of, text, tree

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""16 messages of 64 KB, each character escaped, and room to spare."""


@dataclass(frozen=True)
class MnsError:
    """An `<Error>`; None for what it did not say.

    Args:
        code: the service's error code.
        message: the service's sentence, as it came.
        request_id: the service's id of the call.
        receipt_handle: the message that it is about, in the answer to a batch.
    """

    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    receipt_handle: str | None = None


@dataclass(frozen=True)
class SentPart:
    """What became of one message of a batch.

    Args:
        message_id: the service's id of it; None: it was not taken.
        code: the service's error code; None: it was taken.
    """

    message_id: str | None
    code: str | None = None


def read_messages(body: bytes) -> list[QueueMessage]:
    """Read `<Messages>`, or a single `<Message>`."""
    root = tree(body)
    if root.tag == "Message":
        return [_message(root)]
    if root.tag != "Messages":
        raise UnreadableAnswerError(f"expected <Messages>, got <{root.tag[:40]}>")
    return [_message(one) for one in root.findall("Message")]


def read_attributes(body: bytes) -> QueueAttributes:
    """Read `<Queue>`."""
    return _attributes(root_of(body, "Queue"))


def read_queues(body: bytes) -> Page[QueueAttributes]:
    """Read `<Queues>`, a page of a list; what is not told of a queue but its URL is None."""
    return page(body, "Queues", "Queue", lambda node: _attributes(node, name_in(node, "QueueName", "QueueURL")))


def _attributes(node: Element, name: str | None = None) -> QueueAttributes:
    return QueueAttributes(
        queue_name=text(node, "QueueName") if name is None else name,
        visibility_timeout=number(node, "VisibilityTimeout"),
        maximum_message_size=number(node, "MaximumMessageSize"),
        message_retention_period=number(node, "MessageRetentionPeriod"),
        delay_seconds=number(node, "DelaySeconds"),
        polling_wait_seconds=number(node, "PollingWaitSeconds"),
        logging_enabled=flag(node, "LoggingEnabled"),
        create_time=number(node, "CreateTime"),
        last_modify_time=number(node, "LastModifyTime"),
        active_messages=number(node, "ActiveMessages"),
        inactive_messages=number(node, "InactiveMessages"),
        delay_messages=number(node, "DelayMessages"),
    )


def read_text(body: bytes, name: str) -> str:
    """Read the text of the root's one child of this name; it must be there."""
    found = text(tree(body), name)
    if not found:
        raise UnreadableAnswerError(f"expected <{name}>, and there is none")
    return found


def read_errors(body: bytes) -> list[MnsError]:
    """Read `<Error>`, or the several of an `<Errors>`; an empty list when the body is neither."""
    try:
        root = tree(body)
    except UnreadableAnswerError:
        return []
    if root.tag == "Error":
        return [_error(root)]
    return [_error(one) for one in root.findall("Error")]


def _error(node: Element) -> MnsError:
    return MnsError(
        text(node, "Code") or text(node, "ErrorCode"),
        text(node, "Message") or text(node, "ErrorMessage"),
        text(node, "RequestId"),
        text(node, "ReceiptHandle"),
    )


def _message(node: Element) -> QueueMessage:
    properties = node.findall("UserProperties/PropertyValue")
    return QueueMessage(
        message_id=text(node, "MessageId") or "",
        message_body=_body(node),
        message_body_md5=text(node, "MessageBodyMD5") or "",
        receipt_handle=text(node, "ReceiptHandle") or "",
        enqueue_time=number(node, "EnqueueTime"),
        first_dequeue_time=number(node, "FirstDequeueTime"),
        next_visible_time=number(node, "NextVisibleTime"),
        dequeue_count=number(node, "DequeueCount"),
        priority=number(node, "Priority"),
        message_group_id=text(node, "MessageGroupId") or None,
        user_properties={text(one, "Name") or "": _whole(one, "Value") for one in properties},
        user_property_types={text(one, "Name") or "": text(one, "Type") or "STRING" for one in properties},
    )


def read_sent(body: bytes) -> list[SentPart]:
    """Read what became of each message of a batch, in the order in which they were sent."""
    root = root_of(body, "Messages")
    parts = [SentPart(text(one, "MessageId"), text(one, "ErrorCode")) for one in root.findall("Message")]
    if any(part.message_id is None and part.code is None for part in parts):
        raise UnreadableAnswerError("expected <MessageId> or <ErrorCode> for each message, and one has neither")
    return parts


def _body(node: Element) -> str:
    return _whole(node, "MessageBody")


def _whole(node: Element, name: str) -> str:
    """Return a child's text with the white space around it; "" where there is none."""
    found = node.find(name)
    return "" if found is None else "".join(found.itertext())
