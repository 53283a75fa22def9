"""MNS topics by name: every operation of the service as one method, without I/O, threads or time.

A published message goes to each subscription whose filter it passes: into a queue at once, to an HTTP endpoint as a
push that `dispatch/push.py` makes and settles. What a queue does not take, and what no strategy tries any more, is
lost: counted in `metrics`, and told to who listens. Where no source says so, `limits.py` has it as assumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from ...arn import QueueEndpoint
from .. import limits
from ..kept import NOT_KEPT, Kept
from .errors import (
    MailboxError,
    subscription_already_exist,
    subscription_not_exist,
    topic_already_exist,
    topic_not_exist,
)
from .mailbox import Mailbox
from .message import Draft, Property
from .notification import Notification
from .paging import page
from .push_schedule import retry_delay_ms
from .pushes import KeptPush, Push, Pushes
from .subscription import Subscription, SubscriptionAttributes, new_subscription
from .topic import Publication, Published, Topic, TopicAttributes, TopicChanges, TopicStatus, checked_topic_name

_ORIGINATED = Property("topicoriginated", "true", "BOOLEAN")

_Listed = TypeVar("_Listed")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Listed]):
    """A page of a listing.

    Args:
        items: in the order of their names.
        next_marker: what asks for the next page; None on the last one.
    """

    items: tuple[_Listed, ...]
    next_marker: str | None


class Topics:
    """All topics of one account in one region.

    Args:
        mailbox: the queues that are subscribed.
        random: source of message ids, and of the time until a push is repeated.
        account_id: owner of every topic and subscription.
        untagged_passes_filter: whether a message without a tag passes a FilterTag.
        kept: the topics with their subscriptions, by their names, where they outlive the process.
        kept_pushes: the pushes that are not made yet.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        random: Random,
        account_id: str = limits.ACCOUNT_ID,
        untagged_passes_filter: bool = False,
        kept: Kept[str, Topic] = NOT_KEPT,
        kept_pushes: Kept[str, KeptPush] = NOT_KEPT,
    ) -> None:
        self._kept = kept
        self._mailbox = mailbox
        self._random = random
        self.account_id = account_id
        self._untagged_passes_filter = untagged_passes_filter
        self._topics: dict[str, Topic] = {}
        self._serials = itertools.count()
        self._pushes = Pushes(kept_pushes)
        self._on_push: list[Callable[[], None]] = []
        self._on_lost: list[Callable[[Notification, str], None]] = []
        self._counts = {"TopicMessagesPublished": 0, "TopicNotificationsDelivered": 0, "TopicNotificationsLost": 0}

    def listen(self, on_push: Callable[[], None], on_lost: Callable[[Notification, str], None]) -> None:
        """Call `on_push()` when something is to be pushed, `on_lost(notification, reason)` when a message is lost."""
        self._on_push.append(on_push)
        self._on_lost.append(on_lost)

    @property
    def metrics(self) -> dict[str, int]:
        """Messages published; of what subscriptions should get: delivered, lost, and pushes not made yet."""
        return {**self._counts, "TopicNotificationsWaiting": self._pushes.count()}

    # Topics

    def create_topic(self, name: str, now_ms: int, changes: TopicChanges | None = None) -> bool:
        """Create a topic; attributes left out have the service's defaults.

        Returns:
            True when it is new, False when one with the very same attributes is there already.

        Raises:
            MailboxError: 400 for the name or a value out of range, 409 TopicAlreadyExist when attributes differ.
        """
        checked_topic_name(name)
        attributes = TopicAttributes().changed(changes or TopicChanges())
        existing = self._topics.get(name)
        if existing is None:
            topic = self._topics[name] = Topic(name, attributes, now_ms, self._random)
            self._kept.put(name, topic)
            return True
        if existing.attributes != attributes:
            raise topic_already_exist()
        return False

    def has_topic(self, name: str) -> bool:
        """Whether the topic exists."""
        return name in self._topics

    def set_attributes(self, name: str, now_ms: int, changes: TopicChanges) -> None:
        """Change the named attributes; the others keep their values. Raises MailboxError 404 or 400."""
        topic = self._topic(name)
        topic.set_attributes(changes, now_ms)
        self._kept.put(name, topic)

    def get_attributes(self, name: str) -> TopicStatus:
        """The topic's attributes. Raises MailboxError 404 TopicNotExist."""
        return self._topic(name).status(self._pushes.messages_of(name))

    def list_topics(
        self, *, prefix: str = "", marker: str | None = None, limit: int = limits.MNS_DEFAULT_PAGE_SIZE
    ) -> Page[TopicStatus]:
        """One page of topics, by name; arguments and refusals as of `Mailbox.list_queues`."""
        topics, next_marker = page(self._topics, prefix, marker, limit)
        return Page(tuple(topic.status(self._pushes.messages_of(topic.name)) for topic in topics), next_marker)

    def delete_topic(self, name: str) -> None:
        """Delete a topic and its subscriptions; one that is not there is no error (assumed)."""
        topic = self._topics.pop(name, None)
        if topic is not None:
            self._kept.drop(name)
            self._drop(*topic.subscriptions.values())

    # Subscriptions

    def subscribe(
        self, topic_name: str, name: str, attributes: SubscriptionAttributes, now_ms: int
    ) -> tuple[Subscription, bool]:
        """Subscribe to a topic; the queue that an endpoint names need not be there (assumed).

        Returns:
            The subscription, and whether it is new: False when the very same one is there already.

        Raises:
            MailboxError: 404 TopicNotExist; 400 for a name, tag, strategy, format or endpoint that cannot be; 409
                SubscriptionAlreadyExist when the one that is there differs.
        """
        topic = self._topic(topic_name)
        subscription = new_subscription(topic_name, name, attributes, next(self._serials), now_ms)
        existing = topic.subscriptions.get(name)
        if existing is None:
            topic.subscriptions[name] = subscription
            self._kept.put(topic_name, topic)
            return subscription, True
        if existing.attributes != attributes:
            raise subscription_already_exist()
        return existing, False

    def set_subscription(self, topic_name: str, name: str, now_ms: int, notify_strategy: str | None) -> None:
        """Change NotifyStrategy, the only attribute that can be set; None leaves it. Raises MailboxError 404, 400."""
        subscription = self.get_subscription(topic_name, name)
        if notify_strategy is not None:
            topic = self._topic(topic_name)
            topic.subscriptions[name] = subscription.with_strategy(notify_strategy, now_ms)
            self._kept.put(topic_name, topic)

    def get_subscription(self, topic_name: str, name: str) -> Subscription:
        """A subscription. Raises MailboxError 404 TopicNotExist or SubscriptionNotExist."""
        try:
            return self._topic(topic_name).subscriptions[name]
        except KeyError:
            raise subscription_not_exist() from None

    def list_subscriptions(
        self, topic_name: str, *, prefix: str = "", marker: str | None = None, limit: int = limits.MNS_DEFAULT_PAGE_SIZE
    ) -> Page[Subscription]:
        """One page of a topic's subscriptions, by name; raises MailboxError 404 TopicNotExist, or as `list_topics`."""
        subscriptions, next_marker = page(self._topic(topic_name).subscriptions, prefix, marker, limit)
        return Page(tuple(subscriptions), next_marker)

    def unsubscribe(self, topic_name: str, name: str) -> None:
        """Remove a subscription; one that is not there is no error (assumed)."""
        topic = self._topics.get(topic_name)
        subscription = None if topic is None else topic.subscriptions.pop(name, None)
        if topic is not None and subscription is not None:
            self._kept.put(topic_name, topic)
            self._drop(subscription)

    # Messages

    def publish(self, topic_name: str, publication: Publication, now_ms: int) -> Published:
        """Publish one message; it is in every subscribed queue whose filter fits when this returns.

        Raises:
            MailboxError: 404 TopicNotExist; 400 InvalidArgument when it is larger than the topic allows, empty, or its
                tag has more than 16 characters.
        """
        topic = self._topic(topic_name)
        published = topic.publish(publication)
        self._counts["TopicMessagesPublished"] += 1
        is_to_push = False
        for subscription in topic.subscriptions.values():
            if not subscription.wants(publication.tag, untagged_passes_filter=self._untagged_passes_filter):
                continue
            notification = self._notification(subscription, publication, published, now_ms)
            if isinstance(subscription.destination, QueueEndpoint):
                self._send(subscription, subscription.destination.name, notification, publication, now_ms)
            else:
                self._pushes.add(Push(subscription, notification))
                is_to_push = True
        if is_to_push:
            for on_push in self._on_push:
                on_push()
        return published

    def _notification(
        self, subscription: Subscription, publication: Publication, published: Published, now_ms: int
    ) -> Notification:
        return Notification(
            topic_owner=self.account_id,
            topic_name=subscription.topic_name,
            subscriber=self.account_id,
            subscription_name=subscription.name,
            message_id=published.message_id,
            message=published.body,
            message_md5=published.body_md5,
            message_tag=publication.tag,
            publish_time_ms=now_ms,
        )

    def _send(
        self,
        subscription: Subscription,
        queue_name: str,
        notification: Notification,
        publication: Publication,
        now_ms: int,
    ) -> None:
        text = notification.text(subscription.attributes.notify_content_format)
        draft = Draft(text, user_properties=(_ORIGINATED, *publication.user_properties))
        try:
            self._mailbox.send_draft(queue_name, draft, now_ms)
        except MailboxError as refused:
            self._lose(notification, f"queue {queue_name}: {refused.code}")
            return
        self._counts["TopicNotificationsDelivered"] += 1

    # After a restart

    def take_up(
        self,
        name: str,
        attributes: TopicAttributes,
        subscriptions: Sequence[Subscription],
        *,
        create_time_ms: int,
        last_modify_time_ms: int,
        id_prefix: str,
    ) -> None:
        """Make a topic again as it was before a restart."""
        topic = self._topics[name] = Topic(name, attributes, create_time_ms, self._random)
        topic.last_modify_time_ms, topic.id_prefix = last_modify_time_ms, id_prefix
        topic.subscriptions = {subscription.name: subscription for subscription in subscriptions}
        for subscription in subscriptions:
            self._count_on(subscription)

    def take_up_push(self, push: Push, due_ms: int | None) -> None:
        """Go on with a push of before a restart; None: it is due at once."""
        self._count_on(push.subscription)
        self._pushes.take_up(push, due_ms)

    def _count_on(self, subscription: Subscription) -> None:
        self._serials = itertools.count(max(next(self._serials), subscription.serial + 1))

    # Pushes

    def take_due_pushes(self, now_ms: int) -> list[Push]:
        """What is to be pushed now; each is to be settled."""
        return self._pushes.take_due(now_ms)

    def next_push_ms(self) -> int | None:
        """When one of the pushes that wait for another try is due; None when none waits."""
        return self._pushes.next_due_ms()

    def push_delivered(self, push: Push) -> None:
        """The endpoint has taken it."""
        self._pushes.done(push)
        self._counts["TopicNotificationsDelivered"] += 1

    def push_failed(self, push: Push, now_ms: int, reason: str) -> int | None:
        """The endpoint has not taken it.

        Returns:
            When it is tried again; None when it is lost: the strategy is exhausted, the subscription is gone, or the
            message would be older than its topic keeps it.
        """
        again_ms = self._again_ms(push, now_ms)
        if again_ms is None:
            self._pushes.done(push)
            self._lose(push.notification, reason)
        else:
            self._pushes.again(push, again_ms)
        return again_ms

    def _again_ms(self, push: Push, now_ms: int) -> int | None:
        subscription = self._current(push.subscription)
        if subscription is None:
            return None
        delay_ms = retry_delay_ms(subscription.attributes.notify_strategy, push.retries, self._random)
        kept_until_ms = push.notification.publish_time_ms + limits.MNS_TOPIC_RETENTION_SECONDS * 1000
        return None if delay_ms is None or now_ms + delay_ms > kept_until_ms else now_ms + delay_ms

    def _current(self, known: Subscription) -> Subscription | None:
        topic = self._topics.get(known.topic_name)
        subscription = None if topic is None else topic.subscriptions.get(known.name)
        return subscription if subscription is not None and subscription.serial == known.serial else None

    def _drop(self, *gone: Subscription) -> None:
        for push in self._pushes.drop({subscription.serial for subscription in gone}):
            self._lose(push.notification, "the subscription is gone")

    def _lose(self, notification: Notification, reason: str) -> None:
        self._counts["TopicNotificationsLost"] += 1
        for on_lost in self._on_lost:
            on_lost(notification, reason)

    def _topic(self, name: str) -> Topic:
        try:
            return self._topics[name]
        except KeyError:
            raise topic_not_exist() from None
