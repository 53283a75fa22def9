"""What MNS tells about queues and topics, as people read it (fields, rows) and as programs do (camelCase)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..mns.message import QueueAttributes
    from ..mns.topic import Subscription, TopicAttributes

QUEUE_COLUMNS = ("queue", "active", "inactive", "delayed", "retention", "visibility")
TOPIC_COLUMNS = ("topic", "messages", "largest message")
SUBSCRIPTION_COLUMNS = ("subscription", "endpoint", "format", "tag", "strategy")


def document(value: QueueAttributes | TopicAttributes | Subscription) -> dict[str, Any]:
    """Return what is told as the service names it, its first letter small; null for what it did not tell."""
    from dataclasses import asdict

    return {_camel(name): one for name, one in asdict(value).items()}


def queue_row(queue: QueueAttributes) -> tuple[str, ...]:
    """Return a queue as a row under QUEUE_COLUMNS."""
    counts = (queue.active_messages, queue.inactive_messages, queue.delay_messages)
    return (
        queue.queue_name or "?",
        *map(_or_unknown, counts),
        _seconds(queue.message_retention_period),
        _seconds(queue.visibility_timeout),
    )


def queue_fields(queue: QueueAttributes) -> list[tuple[str, str]]:
    """Return what a queue is set to and holds."""
    return [
        ("active messages", f"about {_or_unknown(queue.active_messages)}"),
        ("inactive messages", f"about {_or_unknown(queue.inactive_messages)}"),
        ("delayed messages", f"about {_or_unknown(queue.delay_messages)}"),
        ("retention", _seconds(queue.message_retention_period)),
        ("visibility timeout", _seconds(queue.visibility_timeout)),
        ("delay", _seconds(queue.delay_seconds)),
        ("polling wait", _seconds(queue.polling_wait_seconds)),
        ("largest message", _bytes(queue.maximum_message_size)),
        ("logging", _on(queue.logging_enabled)),
        ("created", _moment(queue.create_time)),
        ("last modified", _moment(queue.last_modify_time)),
    ]


def topic_row(topic: TopicAttributes) -> tuple[str, ...]:
    """Return a topic as a row under TOPIC_COLUMNS."""
    return (topic.topic_name or "?", _or_unknown(topic.message_count), _bytes(topic.maximum_message_size))


def topic_fields(topic: TopicAttributes) -> list[tuple[str, str]]:
    """Return what a topic is set to and holds."""
    return [
        ("messages", f"about {_or_unknown(topic.message_count)}"),
        ("retention", _seconds(topic.message_retention_period)),
        ("largest message", _bytes(topic.maximum_message_size)),
        ("logging", _on(topic.logging_enabled)),
        ("created", _moment(topic.create_time)),
        ("last modified", _moment(topic.last_modify_time)),
    ]


def subscription_row(subscription: Subscription) -> tuple[str, ...]:
    """Return a subscription as a row under SUBSCRIPTION_COLUMNS."""
    told = (
        subscription.subscription_name,
        subscription.endpoint,
        subscription.notify_content_format,
        subscription.filter_tag or "-",
        subscription.notify_strategy,
    )
    return tuple(one or "?" for one in told)


def topic_document(topic: TopicAttributes, subscriptions: Iterable[Subscription]) -> dict[str, Any]:
    """Return a topic with its subscriptions."""
    return {**document(topic), "subscriptions": [document(one) for one in subscriptions]}


def about(count: int | None) -> str:
    """Return a number of messages of a live queue in words: it is never exact."""
    return "its messages" if count is None else f"about {count} message{'' if count == 1 else 's'}"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.capitalize() for one in rest)


def _or_unknown(value: int | None) -> str:
    return "?" if value is None else str(value)


def _seconds(value: int | None) -> str:
    if value is None:
        return "?"
    days, rest = divmod(value, 86400)
    return f"{value} s" if rest or not days else f"{value} s ({days}d)"


def _bytes(value: int | None) -> str:
    return "?" if value is None else f"{value} bytes"


def _on(value: bool | None) -> str:
    return {True: "on", False: "off", None: "?"}[value]


def _moment(seconds: int | None) -> str:
    from datetime import datetime, timedelta, timezone

    if seconds is None:
        return "?"
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    except OverflowError:  # the service's number, not ours
        return str(seconds)
    return moment.isoformat(timespec="seconds")
