"""What is written of queues, messages, topics and pushes, and what is read of it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ..mailbox.attributes import QueueAttributes
from ..mailbox.endpoint import read_endpoint
from ..mailbox.mailbox import Mailbox
from ..mailbox.message import Message, Property
from ..mailbox.notification import Notification
from ..mailbox.pushes import KeptPush, Push
from ..mailbox.queue import Queue
from ..mailbox.subscription import Subscription, SubscriptionAttributes
from ..mailbox.topic import Topic, TopicAttributes
from ..mailbox.topics import Topics
from .json_text import compact
from .shelf import Row


def queue_row(queue: Queue) -> Row:
    """Write a queue, without its messages."""
    fields = {
        "attributes": asdict(queue.attributes),
        "create_time_ms": queue.create_time_ms,
        "last_modify_time_ms": queue.last_modify_time_ms,
        "id_prefix": queue.id_prefix,
        "tag": queue.tag,
    }
    return compact(fields), None


def take_up_queue(mailbox: Mailbox, name: str, value: str) -> Queue:
    """Make a queue again."""
    fields = json.loads(value)
    return mailbox.take_up(name, QueueAttributes(**fields.pop("attributes")), **fields)


def message_row(at: tuple[str, Message]) -> Row:
    """Write a message and the name of its queue."""
    queue, message = at
    fields = [
        queue,
        message.body_md5,
        message.priority,
        message.enqueue_time_ms,
        message.first_dequeue_time_ms,
        message.next_visible_time_ms,
        message.dequeue_count,
        message.receipt_handle,
        message.message_group_id,
        _properties(message.user_properties),
        _properties(message.system_properties),
    ]
    return compact(fields), message.body.encode()


def read_message(message_id: str, value: str, data: bytes) -> tuple[str, Message]:
    """Read the name of a queue and a message of it."""
    queue, md5, priority, enqueued, first, visible, count, handle, group, user, system = json.loads(value)
    return queue, Message(
        message_id,
        data.decode(),
        md5,
        priority,
        enqueued,
        first,
        visible,
        count,
        handle,
        group,
        tuple(Property(*one) for one in user),
        tuple(Property(*one) for one in system),
    )


def _properties(properties: tuple[Property, ...]) -> list[tuple[str, str, str]]:
    return [(one.name, one.value, one.type) for one in properties]


def topic_row(topic: Topic) -> Row:
    """Write a topic with its subscriptions."""
    fields = {
        "attributes": asdict(topic.attributes),
        "create_time_ms": topic.create_time_ms,
        "last_modify_time_ms": topic.last_modify_time_ms,
        "id_prefix": topic.id_prefix,
        "subscriptions": [_subscription(one) for one in topic.subscriptions.values()],
    }
    return compact(fields), None


def take_up_topic(topics: Topics, name: str, value: str) -> None:
    """Make a topic again."""
    fields = json.loads(value)
    attributes = TopicAttributes(**fields.pop("attributes"))
    topics.take_up(name, attributes, [_read_subscription(one) for one in fields.pop("subscriptions")], **fields)


def push_row(kept: KeptPush) -> Row:
    """Write a push and when it is due."""
    push, due_ms = kept
    fields = {
        "subscription": _subscription(push.subscription),
        "notification": asdict(push.notification),
        "retries": push.retries,
        "due_ms": due_ms,
    }
    return compact(fields), None


def take_up_push(topics: Topics, value: str) -> None:
    """Go on with a push."""
    fields = json.loads(value)
    subscription = _read_subscription(fields["subscription"])
    push = Push(subscription, Notification(**fields["notification"]), fields["retries"])
    topics.take_up_push(push, fields["due_ms"])


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "topic_name": subscription.topic_name,
        "name": subscription.name,
        "attributes": asdict(subscription.attributes),
        "serial": subscription.serial,
        "create_time_ms": subscription.create_time_ms,
        "last_modify_time_ms": subscription.last_modify_time_ms,
    }


def _read_subscription(fields: dict[str, Any]) -> Subscription:
    attributes = SubscriptionAttributes(**fields.pop("attributes"))
    return Subscription(attributes=attributes, destination=read_endpoint(attributes.endpoint), **fields)
