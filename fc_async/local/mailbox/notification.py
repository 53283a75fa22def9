"""What a subscriber is told of one published message, and how each format writes it.

    JSON        one object, its keys in the recorded order; PublishTime is text; MessageTag only where there is one
    XML         a Notification, as documented (doc/27482)
    SIMPLIFIED  the published text itself

`Message` is the publisher's text as it was sent: the service puts nothing in base64. Source of the JSON: recorded
exchanges of the real service (cn-shanghai, 2026).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .subscription import JSON, SIMPLIFIED

_NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ESCAPED = re.compile("[&<>\r]")


@dataclass(frozen=True, slots=True)
class Notification:
    """One published message, for one subscription.

    Args:
        topic_owner: account id.
        topic_name: the topic.
        subscriber: account id.
        subscription_name: the subscription.
        message_id: as the publisher was answered.
        message: the published text.
        message_md5: as the publisher was answered.
        message_tag: the message's tag; None: it has none.
        publish_time_ms: when it was published.
    """

    topic_owner: str
    topic_name: str
    subscriber: str
    subscription_name: str
    message_id: str
    message: str
    message_md5: str
    message_tag: str | None
    publish_time_ms: int

    def text(self, content_format: str) -> str:
        """Return the body that a subscriber gets, in its NotifyContentFormat."""
        if content_format == SIMPLIFIED:
            return self.message
        return self._json() if content_format == JSON else self._xml()

    def _json(self) -> str:
        told = {
            "TopicOwner": self.topic_owner,
            "Message": self.message,
            "Subscriber": self.subscriber,
            "PublishTime": str(self.publish_time_ms),
            "SubscriptionName": self.subscription_name,
            "MessageMD5": self.message_md5,
            "TopicName": self.topic_name,
            "MessageId": self.message_id,
        }
        if self.message_tag is not None:
            told["MessageTag"] = self.message_tag
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    def _xml(self) -> str:
        told = {
            "TopicOwner": self.topic_owner,
            "TopicName": self.topic_name,
            "Subscriber": self.subscriber,
            "SubscriptionName": self.subscription_name,
            "MessageId": self.message_id,
            "Message": self.message,
            "MessageMD5": self.message_md5,
            "MessageTag": self.message_tag,
            "PublishTime": str(self.publish_time_ms),
        }
        lines = [f"  <{name}>{_escaped(text)}</{name}>" for name, text in told.items() if text is not None]
        return "\n".join(
            [
                '<?xml version="1.0" encoding="utf-8"?>',
                f'<Notification xmlns="{_NAMESPACE}">',
                *lines,
                "</Notification>",
            ]
        )


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group()], text)
