"""The XML that MNS answers, as values: in bounds, without document types, no batch lost to one message.

The MNS SDK's own decoders are not used (1.3.0: they fail a batch on one empty body, cut a text at a comment, expand
entities, and lose the HTTP status of an error that is no XML).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from .message import QueueAttributes, QueueMessage

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""16 messages of 64 KB, each character escaped, and room to spare."""
_MAX_DEPTH = 16


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


class UnreadableAnswerError(ValueError):
    """The body is no XML of the kind that was expected; says why, and quotes nothing."""


def read_messages(body: bytes) -> list[QueueMessage]:
    """Read `<Messages>`, or a single `<Message>`."""
    root = _tree(body)
    if root.tag == "Message":
        return [_message(root)]
    if root.tag != "Messages":
        raise UnreadableAnswerError(f"expected <Messages>, got <{root.tag[:40]}>")
    return [_message(one) for one in root.findall("Message")]


def read_attributes(body: bytes) -> QueueAttributes:
    """Read `<Queue>`."""
    root = _tree(body)
    if root.tag != "Queue":
        raise UnreadableAnswerError(f"expected <Queue>, got <{root.tag[:40]}>")
    logging_enabled = _text(root, "LoggingEnabled")
    return QueueAttributes(
        queue_name=_text(root, "QueueName"),
        visibility_timeout=_number(root, "VisibilityTimeout"),
        maximum_message_size=_number(root, "MaximumMessageSize"),
        message_retention_period=_number(root, "MessageRetentionPeriod"),
        delay_seconds=_number(root, "DelaySeconds"),
        polling_wait_seconds=_number(root, "PollingWaitSeconds"),
        logging_enabled=None if logging_enabled is None else logging_enabled.lower() == "true",
        create_time=_number(root, "CreateTime"),
        last_modify_time=_number(root, "LastModifyTime"),
        active_messages=_number(root, "ActiveMessages"),
        inactive_messages=_number(root, "InactiveMessages"),
        delay_messages=_number(root, "DelayMessages"),
    )


def read_text(body: bytes, name: str) -> str:
    """Read the text of the root's one child of this name; it must be there."""
    text = _text(_tree(body), name)
    if not text:
        raise UnreadableAnswerError(f"expected <{name}>, and there is none")
    return text


def read_errors(body: bytes) -> list[MnsError]:
    """Read `<Error>`, or the several of an `<Errors>`; an empty list when the body is neither."""
    try:
        root = _tree(body)
    except UnreadableAnswerError:
        return []
    if root.tag == "Error":
        return [_error(root)]
    return [_error(one) for one in root.findall("Error")]


def _error(node: Element) -> MnsError:
    return MnsError(
        _text(node, "Code") or _text(node, "ErrorCode"),
        _text(node, "Message") or _text(node, "ErrorMessage"),
        _text(node, "RequestId"),
        _text(node, "ReceiptHandle"),
    )


def _message(node: Element) -> QueueMessage:
    return QueueMessage(
        message_id=_text(node, "MessageId") or "",
        message_body=_body(node),
        message_body_md5=_text(node, "MessageBodyMD5") or "",
        receipt_handle=_text(node, "ReceiptHandle") or "",
        enqueue_time=_number(node, "EnqueueTime"),
        first_dequeue_time=_number(node, "FirstDequeueTime"),
        next_visible_time=_number(node, "NextVisibleTime"),
        dequeue_count=_number(node, "DequeueCount"),
        priority=_number(node, "Priority"),
        user_properties={
            _text(one, "Name") or "": _text(one, "Value") or "" for one in node.findall("UserProperties/PropertyValue")
        },
    )


def _body(node: Element) -> str:
    found = node.find("MessageBody")
    return "" if found is None else "".join(found.itertext())


def _text(node: Element, name: str) -> str | None:
    found = node.find(name)
    return None if found is None else "".join(found.itertext()).strip() or None


def _number(node: Element, name: str) -> int | None:
    text = _text(node, name) or ""
    return int(text) if len(text) <= 20 and text.isascii() and text.isdigit() else None


def _tree(body: bytes) -> Element:
    """Build the tree, names without namespace."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise UnreadableAnswerError(f"XML nested deeper than {_MAX_DEPTH}")
        builder.start(tag.rpartition(":")[2], {})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise UnreadableAnswerError("XML with a document type, which could hold entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        reason = f"no XML ({expat.ErrorString(error.code)})"
    else:
        return builder.close()
    raise UnreadableAnswerError(reason)
