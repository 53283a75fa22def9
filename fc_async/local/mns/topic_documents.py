"""What the XML of topics, subscriptions and the account says: requests become values, values become replies.

No reply of a listing has an empty element: the Python SDK breaks on one.
"""

from __future__ import annotations

from dataclasses import replace

from .. import limits
from ..mailbox.errors import schema_error
from ..mailbox.subscription import Subscription, SubscriptionAttributes
from ..mailbox.topic import Publication, Published, TopicChanges, TopicStatus
from ..mailbox.topics import Page
from .fields import flag, number, properties, root_of
from .xml import Element, leaf, node, optional_leaf

# Requests


def read_topic(data: bytes) -> TopicChanges:
    """The attributes that a create or set call names; an empty body names none."""
    if not data.strip():
        return TopicChanges()
    root = root_of(data, "Topic")
    return TopicChanges(
        maximum_message_size_bytes=number(root, "MaximumMessageSize"), logging_enabled=flag(root, "LoggingEnabled")
    )


def read_subscription(data: bytes) -> SubscriptionAttributes:
    """What a Subscribe call asks for; what it leaves out, or leaves empty, has the service's default."""
    root = root_of(data, "Subscription")
    endpoint = root.find_text("Endpoint")
    if endpoint is None:
        raise schema_error("Endpoint")
    attributes = SubscriptionAttributes(endpoint.strip(), filter_tag=_word(root, "FilterTag"))
    return replace(
        attributes,
        notify_strategy=_word(root, "NotifyStrategy") or attributes.notify_strategy,
        notify_content_format=_word(root, "NotifyContentFormat") or attributes.notify_content_format,
    )


def read_notify_strategy(data: bytes) -> str | None:
    """The NotifyStrategy of a SetSubscriptionAttributes call, the one attribute that it sets; None: not named."""
    return _word(root_of(data, "Subscription"), "NotifyStrategy") if data.strip() else None


def read_publication(data: bytes) -> Publication:
    """A published message; MessageAttributes (mail, short messages) are passed over."""
    root = root_of(data, "Message")
    body = root.find_text("MessageBody")
    if body is None:
        raise schema_error("MessageBody")
    return Publication(body, tag=_word(root, "MessageTag"), user_properties=properties(root.find("UserProperties")))


def read_logging_bucket(data: bytes) -> str | None:
    """The LoggingBucket of a SetAccountAttributes call; None: not named."""
    return root_of(data, "Account").find_text("LoggingBucket")


def _word(element: Element, name: str) -> str | None:
    """The text of a child without the white space around it; None when there is no such child, or it is empty."""
    return (element.find_text(name) or "").strip() or None


# Replies


def topic_element(status: TopicStatus, *leading: Element) -> Element:
    """GetTopicAttributes: the documented fields; times in seconds."""
    return node(
        "Topic",
        *leading,
        leaf("TopicName", status.name),
        leaf("CreateTime", status.create_time_ms // 1000),
        leaf("LastModifyTime", status.last_modify_time_ms // 1000),
        leaf("MaximumMessageSize", status.attributes.maximum_message_size_bytes),
        leaf("MessageRetentionPeriod", limits.MNS_TOPIC_RETENTION_SECONDS),
        leaf("MessageCount", status.message_count),
        leaf("LoggingEnabled", status.attributes.logging_enabled),
    )


def topics_element(page: Page[TopicStatus], base_url: str, *, with_meta: bool) -> Element:
    """ListTopic."""
    topics = [_listed_topic(status, base_url, with_meta=with_meta) for status in page.items]
    return node("Topics", *topics, optional_leaf("NextMarker", page.next_marker))


def _listed_topic(status: TopicStatus, base_url: str, *, with_meta: bool) -> Element:
    url = leaf("TopicURL", f"{base_url}/topics/{status.name}")
    return topic_element(status, url) if with_meta else node("Topic", url)


def published_element(published: Published) -> Element:
    """PublishMessage."""
    return node("Message", leaf("MessageId", published.message_id), leaf("MessageBodyMD5", published.body_md5))


def subscription_element(subscription: Subscription, account_id: str) -> Element:
    """GetSubscriptionAttributes; times in seconds."""
    set_to = subscription.attributes
    return node(
        "Subscription",
        leaf("TopicOwner", account_id),
        leaf("TopicName", subscription.topic_name),
        leaf("SubscriptionName", subscription.name),
        leaf("Endpoint", set_to.endpoint),
        optional_leaf("FilterTag", set_to.filter_tag),
        leaf("NotifyStrategy", set_to.notify_strategy),
        leaf("NotifyContentFormat", set_to.notify_content_format),
        leaf("CreateTime", subscription.create_time_ms // 1000),
        leaf("LastModifyTime", subscription.last_modify_time_ms // 1000),
    )


def subscriptions_element(page: Page[Subscription], base_url: str) -> Element:
    """ListSubscriptionByTopic."""
    listed = [
        node("Subscription", leaf("SubscriptionURL", f"{base_url}/topics/{one.topic_name}/subscriptions/{one.name}"))
        for one in page.items
    ]
    return node("Subscriptions", *listed, optional_leaf("NextMarker", page.next_marker))


def account_element(logging_bucket: str) -> Element:
    """GetAccountAttributes."""
    return node("Account", leaf("LoggingBucket", logging_bucket))


def order_element(order_id: str) -> Element:
    """OpenService."""
    return node("OpenService", leaf("OrderId", order_id))
