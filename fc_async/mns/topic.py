"""What MNS tells about a topic and its subscriptions, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TopicAttributes:
    """What the service tells about a topic, named as the MNS SDK's TopicMeta; None for what it did not tell.

    Args:
        topic_name: its name.
        maximum_message_size: largest body, bytes.
        message_retention_period: how long a message is kept that no subscriber has taken, seconds.
        message_count: messages that are kept now.
        logging_enabled: whether the service logs what happens to messages.
        create_time: seconds since 1970.
        last_modify_time: seconds since 1970.
    """

    topic_name: str | None = None
    maximum_message_size: int | None = None
    message_retention_period: int | None = None
    message_count: int | None = None
    logging_enabled: bool | None = None
    create_time: int | None = None
    last_modify_time: int | None = None


@dataclass(frozen=True)
class Subscription:
    """One subscription of a topic, named as the MNS SDK's SubscriptionMeta; None for what the service did not tell.

    Args:
        subscription_name: its name.
        topic_name: the topic's.
        topic_owner: account id.
        endpoint: where messages go, `acs:mns:REGION:ACCOUNT:queues/NAME` or a URL; not in `repr`, because a URL may
            hold a secret.
        filter_tag: only messages of this tag are delivered; None: all of them.
        notify_strategy: how a delivery that fails is repeated, BACKOFF_RETRY or EXPONENTIAL_DECAY_RETRY.
        notify_content_format: XML, JSON or SIMPLIFIED.
        create_time: seconds since 1970.
        last_modify_time: seconds since 1970.
    """

    subscription_name: str | None = None
    topic_name: str | None = None
    topic_owner: str | None = None
    endpoint: str | None = field(default=None, repr=False)
    filter_tag: str | None = None
    notify_strategy: str | None = None
    notify_content_format: str | None = None
    create_time: int | None = None
    last_modify_time: int | None = None
