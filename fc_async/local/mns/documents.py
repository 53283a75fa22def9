"""What the XML of queues and messages says: requests become values, values become replies, element by element.

Elements that a request may hold and we do not know are passed over (assumed). The order of a reply's elements is the
recorded one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..mailbox.attributes import QueueChanges
from ..mailbox.errors import MailboxError, schema_error
from ..mailbox.mailbox import QueuePage
from ..mailbox.message import Draft, Message, Property
from ..mailbox.queue import QueueStatus
from .fields import flag, number, properties, root_of
from .xml import Element, leaf, node, optional_leaf

# Requests


def read_queue(data: bytes) -> QueueChanges:
    """The attributes that a create or set call names; an empty body names none."""
    if not data.strip():
        return QueueChanges()
    root = root_of(data, "Queue")
    return QueueChanges(
        visibility_timeout_seconds=number(root, "VisibilityTimeout"),
        maximum_message_size_bytes=number(root, "MaximumMessageSize"),
        message_retention_period_seconds=number(root, "MessageRetentionPeriod"),
        delay_seconds=number(root, "DelaySeconds"),
        polling_wait_seconds=number(root, "PollingWaitSeconds"),
        logging_enabled=flag(root, "LoggingEnabled"),
    )


def read_drafts(data: bytes) -> Draft | list[Draft]:
    """One message, or (from `<Messages>`, even around a single one) a batch."""
    root = root_of(data, "Message", "Messages")
    if root.name == "Message":
        return _draft(root)
    return [_draft(child) for child in root.children if child.name == "Message"]


def read_receipt_handles(data: bytes) -> list[str]:
    """The handles of a batch delete."""
    root = root_of(data, "ReceiptHandles")
    return [child.text.strip() for child in root.children if child.name == "ReceiptHandle"]


def _draft(element: Element) -> Draft:
    body = element.find_text("MessageBody")
    if body is None:
        raise schema_error("MessageBody")
    return Draft(
        body=body,
        delay_seconds=number(element, "DelaySeconds"),
        priority=number(element, "Priority"),
        message_group_id=element.find_text("MessageGroupId") or None,
        user_properties=properties(element.find("UserProperties")),
        system_properties=properties(element.find("SystemProperties")),
    )


# Replies


def queue_element(status: QueueStatus, *leading: Element) -> Element:
    """GetQueueAttributes: the recorded 14 fields; times in seconds."""
    set_to = status.attributes
    return node(
        "Queue",
        *leading,
        leaf("QueueName", status.name),
        leaf("DelaySeconds", set_to.delay_seconds),
        leaf("MaximumMessageSize", set_to.maximum_message_size_bytes),
        leaf("MessageRetentionPeriod", set_to.message_retention_period_seconds),
        leaf("VisibilityTimeout", set_to.visibility_timeout_seconds),
        leaf("CreateTime", status.create_time_ms // 1000),
        leaf("LastModifyTime", status.last_modify_time_ms // 1000),
        leaf("PollingWaitSeconds", set_to.polling_wait_seconds),
        leaf("ActiveMessages", status.active_messages),
        leaf("InactiveMessages", status.inactive_messages),
        leaf("DelayMessages", status.delay_messages),
        leaf("LoggingEnabled", set_to.logging_enabled),
        leaf("MessageType", 0),
        leaf("EnableSSE", False),
    )


def queues_element(page: QueuePage, base_url: str, *, with_meta: bool) -> Element:
    """ListQueue; NextMarker is absent on the last page, because an empty one breaks the Python SDK."""
    queues = [_listed_queue(status, base_url, with_meta=with_meta) for status in page.queues]
    return node("Queues", *queues, optional_leaf("NextMarker", page.next_marker))


def _listed_queue(status: QueueStatus, base_url: str, *, with_meta: bool) -> Element:
    url = leaf("QueueURL", f"{base_url}/queues/{status.name}")
    # Live tests of other clients see the name also without x-mns-with-meta.
    return queue_element(status, url) if with_meta else node("Queue", url, leaf("QueueName", status.name))


def sent_element(message: Message) -> Element:
    """SendMessage; a delayed message's handle is returned with it, so that it can be deleted unseen."""
    return node(
        "Message",
        leaf("MessageId", message.message_id),
        leaf("MessageBodyMD5", message.body_md5),
        optional_leaf("ReceiptHandle", message.receipt_handle),
    )


def sent_batch_element(results: Sequence[Message | MailboxError]) -> Element:
    """BatchSendMessage, in the order of the request; the Python SDK wants exactly these two fields in each."""
    return node("Messages", *[_sent_batch_entry(result) for result in results])


def _sent_batch_entry(result: Message | MailboxError) -> Element:
    if isinstance(result, MailboxError):
        return node("Message", leaf("ErrorCode", result.code), leaf("ErrorMessage", result.message))
    return node("Message", leaf("MessageId", result.message_id), leaf("MessageBodyMD5", result.body_md5))


def received_element(message: Message, *, peeked: bool) -> Element:
    """ReceiveMessage; a peeked message has neither handle nor NextVisibleTime."""
    return node(
        "Message",
        leaf("MessageId", message.message_id),
        leaf("MessageBodyMD5", message.body_md5),
        leaf("MessageBody", message.body),
        None if peeked else optional_leaf("ReceiptHandle", message.receipt_handle),
        leaf("EnqueueTime", message.enqueue_time_ms),
        leaf("FirstDequeueTime", message.first_dequeue_time_ms),
        None if peeked else leaf("NextVisibleTime", message.next_visible_time_ms),
        leaf("DequeueCount", message.dequeue_count),
        leaf("Priority", message.priority),
        optional_leaf("MessageGroupId", message.message_group_id),
        _properties_element("UserProperties", "PropertyValue", message.user_properties),
        _properties_element("SystemProperties", "SystemPropertyValue", message.system_properties),
    )


def _properties_element(name: str, entry_name: str, entries: Sequence[Property]) -> Element | None:
    if not entries:
        return None
    return node(
        name,
        *[node(entry_name, leaf("Name", e.name), leaf("Value", e.value), leaf("Type", e.type)) for e in entries],
    )


def received_batch_element(messages: Sequence[Message], *, peeked: bool) -> Element:
    """BatchReceiveMessage and BatchPeekMessage, plural even around a single message."""
    return node("Messages", *[received_element(message, peeked=peeked) for message in messages])


def changed_visibility_element(message: Message) -> Element:
    """ChangeMessageVisibility."""
    return node(
        "ChangeVisibility",
        optional_leaf("ReceiptHandle", message.receipt_handle),
        leaf("NextVisibleTime", message.next_visible_time_ms),
    )


def delete_errors_element(failed: Sequence[tuple[str, MailboxError]]) -> Element:
    """BatchDeleteMessage when some failed: only those."""
    return node(
        "Errors",
        *[
            node("Error", leaf("ErrorCode", e.code), leaf("ErrorMessage", e.message), leaf("ReceiptHandle", handle))
            for handle, e in failed
        ],
    )


def error_element(error: MailboxError, request_id: str, host_id: str) -> Element:
    """Every other refusal; the Python SDK needs all four."""
    return node(
        "Error",
        leaf("Code", error.code),
        leaf("Message", error.message),
        leaf("RequestId", request_id),
        leaf("HostId", host_id),
    )
