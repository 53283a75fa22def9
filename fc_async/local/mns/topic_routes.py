"""The calls of MNS about topics, their subscriptions, and messages published there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..clock import Clock
from ..mailbox.endpoint import HttpEndpoint
from ..mailbox.topics import Topics
from .call import Call, Operation, Reply
from .topic_documents import (
    published_element,
    read_notify_strategy,
    read_publication,
    read_subscription,
    read_topic,
    subscription_element,
    subscriptions_element,
    topic_element,
    topics_element,
)


class TopicRoutes:
    """Answers the calls about topics.

    Args:
        topics: the topics.
        clock: the service's time.
        before_pushes: awaited when the first HTTP subscriptions are made: the key that signs is made then.
    """

    def __init__(self, topics: Topics, clock: Clock, before_pushes: Callable[[], Awaitable[None]]) -> None:
        self._topics = topics
        self._clock = clock
        self._before_pushes = before_pushes

    def routes(self) -> dict[str, Operation]:
        """What each of them answers."""
        return {
            "GET /topics": self._list_topics,
            "PUT /topics/{topic}": self._put_topic,
            "GET /topics/{topic}": self._get_topic,
            "DELETE /topics/{topic}": self._delete_topic,
            "POST /topics/{topic}/messages": self._publish,
            "GET /topics/{topic}/subscriptions": self._list_subscriptions,
            "PUT /topics/{topic}/subscriptions/{subscription}": self._put_subscription,
            "GET /topics/{topic}/subscriptions/{subscription}": self._get_subscription,
            "DELETE /topics/{topic}/subscriptions/{subscription}": self._unsubscribe,
        }

    async def _list_topics(self, call: Call) -> Reply:
        asked = call.listing()
        page = self._topics.list_topics(prefix=asked.prefix, marker=asked.marker, limit=asked.limit)
        return Reply(200, topics_element(page, call.base_url, with_meta=asked.with_meta))

    async def _put_topic(self, call: Call) -> Reply:
        name, changes, now_ms = call.named["topic"], read_topic(call.body), self._clock.now_ms()
        if call.is_true("metaoverride"):
            self._topics.set_attributes(name, now_ms, changes)
            return Reply(204)
        is_new = self._topics.create_topic(name, now_ms, changes)
        return Reply(201 if is_new else 204, headers={"Location": f"{call.base_url}/topics/{name}"})

    async def _get_topic(self, call: Call) -> Reply:
        return Reply(200, topic_element(self._topics.get_attributes(call.named["topic"])))

    async def _delete_topic(self, call: Call) -> Reply:
        self._topics.delete_topic(call.named["topic"])
        return Reply(204)

    async def _publish(self, call: Call) -> Reply:
        publication = read_publication(call.body)
        return Reply(
            201, published_element(self._topics.publish(call.named["topic"], publication, self._clock.now_ms()))
        )

    async def _list_subscriptions(self, call: Call) -> Reply:
        asked = call.listing()
        page = self._topics.list_subscriptions(
            call.named["topic"], prefix=asked.prefix, marker=asked.marker, limit=asked.limit
        )
        return Reply(200, subscriptions_element(page, call.base_url))

    async def _put_subscription(self, call: Call) -> Reply:
        topic, name, now_ms = call.named["topic"], call.named["subscription"], self._clock.now_ms()
        if call.is_true("metaoverride"):
            self._topics.set_subscription(topic, name, now_ms, read_notify_strategy(call.body))
            return Reply(204)
        subscription, is_new = self._topics.subscribe(topic, name, read_subscription(call.body), now_ms)
        if isinstance(subscription.destination, HttpEndpoint):
            await self._before_pushes()
        # Recorded: this one Location has no scheme.
        return Reply(201 if is_new else 204, headers={"Location": f"{call.host}/topics/{topic}/subscriptions/{name}"})

    async def _get_subscription(self, call: Call) -> Reply:
        subscription = self._topics.get_subscription(call.named["topic"], call.named["subscription"])
        return Reply(200, subscription_element(subscription, self._topics.account_id))

    async def _unsubscribe(self, call: Call) -> Reply:
        self._topics.unsubscribe(call.named["topic"], call.named["subscription"])
        return Reply(204)
