"""Records for unit tests of handlers and consumers, and every road on which one can arrive.

The shape of the record: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback; of the roads: see
`fc_async/records/envelope.py`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ..errors import ArgumentError

if TYPE_CHECKING:
    from .. import InvocationRecord
    from ..mns.message import QueueMessage

REGION = "cn-hangzhou"
ACCOUNT_ID = "1234567890123456"


@dataclass(frozen=True)
class SampleRecord:
    """A record as a destination receives it.

    Args:
        wire: its JSON object.
    """

    wire: dict[str, Any]

    @property
    def text(self) -> str:
        """The JSON text, as the service writes it: the body of a queue's message, the event of a function."""
        return json.dumps(self.wire, ensure_ascii=False, separators=(",", ":"))

    @property
    def record(self) -> InvocationRecord:
        """The record, read."""
        from .. import parse_record

        return parse_record(self.text)

    def as_event(self) -> bytes:
        """Return the event of a function that is the destination."""
        return self.text.encode()

    def as_base64(self) -> str:
        """Return the text in base64, as some clients of MNS send bodies."""
        return base64.b64encode(self.text.encode()).decode()

    def as_queue_message(self, **fields: Any) -> QueueMessage:
        """Return a message of a queue that is the destination.

        Args:
            fields: of QueueMessage, as receipt_handle or dequeue_count; the others are those of a first receive.
        """
        from ..mns.message import QueueMessage

        given = {
            "message_id": "5F290C926D472878-2-14D9529A8FA-200000001",
            "receipt_handle": "1-ODU4OTkzNDU5My0xNDMyNzI3ODI3LTItOA==",
            "enqueue_time": self.wire["timestamp"],
            "first_dequeue_time": self.wire["timestamp"],
            "dequeue_count": 1,
            "priority": 8,
            **fields,
        }
        return QueueMessage(message_body=self.text, **given)

    def as_topic_json(self) -> str:
        """Return what a topic sends, in JSON, to a queue, an HTTP endpoint or a trigger."""
        return json.dumps(
            {
                "TopicOwner": ACCOUNT_ID,
                "Message": self.text,
                "Subscriber": ACCOUNT_ID,
                "PublishTime": str(self.wire["timestamp"]),
                "SubscriptionName": "sample",
                "MessageMD5": "49293C275B7D3EA121BA1DCE7D207F3B",
                "TopicName": "sample",
                "MessageId": "D024B7DD33FD7FCF7F827DA3D57AEBEE",
            }
        )

    def as_topic_xml(self) -> str:
        """Return what a topic sends, in XML, to a queue or an HTTP endpoint."""
        return (
            '<?xml version="1.0" encoding="utf-8"?><Notification xmlns="http://mns.aliyuncs.com/doc/v1/">'
            f"<TopicName>sample</TopicName><Message>{escape(self.text)}</Message>"
            f"<PublishTime>{self.wire['timestamp']}</PublishTime></Notification>"
        )

    def as_topic_stream(self) -> str:
        """Return the event of a topic trigger of the form STREAM."""
        return json.dumps({"body": self.text, "attrs": {"Extend": "{}"}})

    def as_trigger_event(self) -> bytes:
        """Return the event of a function with a trigger on the queue (a CloudEvent)."""
        data = {"requestId": "606EA3", "messageId": "C6DB60D", "messageBody": self.text}
        event = {"id": "c2g71017", "source": "sample", "specversion": "1.0", "type": "mns:Queue:SendMessage"}
        return json.dumps({**event, "data": data}).encode()

    def as_rocketmq_event(self) -> bytes:
        """Return the event of a function with a trigger on RocketMQ (a CloudEvent)."""
        data = {"topic": "sample", "systemProperties": {}, "userProperties": {}, "body": self.text}
        event = {"id": "c2g71017", "source": "sample", "specversion": "1.0", "type": "mq:Topic:SendMessage"}
        return json.dumps({**event, "data": data}).encode()

    def as_bus_event(self) -> bytes:
        """Return the event of a function that an event bus of EventBridge calls (a CloudEvent)."""
        event = {"id": "c2g71017", "source": "sample", "specversion": "1.0", "type": "fc:sample", "data": self.wire}
        return json.dumps(event).encode()


def record(
    payload: object = None,
    *,
    function: str = "sample",
    qualifier: str | None = None,
    error: BaseException | str | None = None,
    condition: str | None = None,
    response: object = None,
    attempts: int = 1,
    status_code: int = 200,
    request_id: str = "1-64e70cf1-5cbef92ea8fc8c42899cf5d1",
    timestamp_ms: int = 1_767_225_600_000,
) -> SampleRecord:
    """Build a record: of a success, or with `error` of a failure.

    Args:
        payload: the original event: text or bytes as they are, anything else as JSON; None: `{}`.
        function: function name.
        qualifier: version or alias; None: LATEST.
        error: an exception or an error message, which makes it a failure whose response is the error JSON.
        condition: error code of the invocation; None: "" for a success, UnhandledInvocationError for a failure.
        response: what the handler returned, as `payload`; None: `null`, or the error JSON.
        attempts: how often the handler was started.
        status_code: 200, also for a handler that failed; anything else is a system error.
        request_id: id of the invocation.
        timestamp_ms: when it was accepted, in milliseconds since 1970.

    Raises:
        ArgumentError: a payload that is no JSON.
    """
    is_failure = error is not None or bool(condition)
    code = "UnhandledInvocationError" if is_failure and condition is None else (condition or "")
    said = response if error is None or response is not None else _error_json(error)
    suffix = "" if qualifier is None else f"/{qualifier}"
    return SampleRecord(
        {
            "timestamp": timestamp_ms,
            "requestContext": {
                "requestId": request_id,
                "functionArn": f"acs:fc:{REGION}:{ACCOUNT_ID}:functions/{function}{suffix}",
                "condition": code,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": _text("payload", {} if payload is None else payload),
            "responseContext": {"statusCode": status_code, "functionError": code},
            "responsePayload": _text("response", said),
        }
    )


def _error_json(error: BaseException | str) -> dict[str, Any]:
    if isinstance(error, str):
        return {"errorMessage": error, "errorType": "Exception", "stackTrace": []}
    frame = ['File "/code/index.py"', "line 1", "in handler", f"raise {type(error).__name__}(...)"]
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": [frame]}


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ArgumentError(f"{name}: expected text, got a lone surrogate, which is no character; pass bytes")
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        reason = f"{name}: expected text, bytes or what JSON can write, got {type(value).__name__}"
    raise ArgumentError(reason)
