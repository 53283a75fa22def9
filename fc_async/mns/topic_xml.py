"""The XML that MNS answers about topics and subscriptions, as values."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .listing import Page, name_in, page
from .topic import Subscription, TopicAttributes
from .xml_tree import flag, number, root_of, text


def read_topic(body: bytes) -> TopicAttributes:
    """Read `<Topic>`."""
    return _topic(root_of(body, "Topic"))


def read_topics(body: bytes) -> Page[TopicAttributes]:
    """Read `<Topics>`, a page of a list; what is not told of a topic but its URL is None."""
    return page(body, "Topics", "Topic", lambda node: _topic(node, name_in(node, "TopicName", "TopicURL")))


def read_subscription(body: bytes) -> Subscription:
    """Read `<Subscription>`."""
    root = root_of(body, "Subscription")
    return Subscription(
        subscription_name=text(root, "SubscriptionName"),
        topic_name=text(root, "TopicName"),
        topic_owner=text(root, "TopicOwner"),
        endpoint=text(root, "Endpoint"),
        filter_tag=text(root, "FilterTag"),
        notify_strategy=text(root, "NotifyStrategy"),
        notify_content_format=text(root, "NotifyContentFormat"),
        create_time=number(root, "CreateTime"),
        last_modify_time=number(root, "LastModifyTime"),
    )


def read_subscription_names(body: bytes) -> Page[str | None]:
    """Read `<Subscriptions>`, a page of a list."""
    return page(
        body, "Subscriptions", "Subscription", lambda node: name_in(node, "SubscriptionName", "SubscriptionURL")
    )


def _topic(node: Element, name: str | None = None) -> TopicAttributes:
    return TopicAttributes(
        topic_name=text(node, "TopicName") if name is None else name,
        maximum_message_size=number(node, "MaximumMessageSize"),
        message_retention_period=number(node, "MessageRetentionPeriod"),
        message_count=number(node, "MessageCount"),
        logging_enabled=flag(node, "LoggingEnabled"),
        create_time=number(node, "CreateTime"),
        last_modify_time=number(node, "LastModifyTime"),
    )
