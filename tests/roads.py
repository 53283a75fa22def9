"""The roads that a record can take, as functions: tests, benches and the fuzzer all wrap with these."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/main"

ERROR = {
    "errorMessage": "My unhandled exception",
    "errorType": "MyError",
    "stackTrace": [['File "/code/index.py"', "line 13", "in handler", "raise MyError('My unhandled exception')"]],
}


def record(**changes: Any) -> dict[str, Any]:
    """A failure's record; `changes` replaces top-level fields."""
    return {
        "timestamp": 1660120276975,
        "requestContext": {
            "requestId": "1-63f2c1d2-15b8d9f3a1c2",
            "functionArn": ARN,
            "condition": "UnhandledInvocationError",
            "approximateInvokeCount": 4,
        },
        "requestPayload": '{"failure": true}',
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": json.dumps(ERROR),
        **changes,
    }


def success(**changes: Any) -> dict[str, Any]:
    """A success's record."""
    context = {"requestId": "1-ok", "functionArn": ARN, "condition": "", "approximateInvokeCount": 1}
    outcome = {"statusCode": 200, "functionError": ""}
    return record(requestContext=context, responseContext=outcome, responsePayload='{"done": 1}', **changes)


def plain(text: str) -> str:
    return text


def to_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def topic_json(text: str) -> str:
    return json.dumps(
        {
            "TopicOwner": "1234567890123456",
            "Message": text,
            "Subscriber": "1234567890123456",
            "PublishTime": "1790299889032",
            "SubscriptionName": "consumer",
            "MessageMD5": "49293C275B7D3EA121BA1DCE7D207F3B",
            "TopicName": "failures",
            "MessageId": "D024B7DD33FD7FCF7F827DA3D57AEBEE",
        }
    )


def topic_xml(text: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><Notification xmlns="http://mns.aliyuncs.com/doc/v1/">'
        f"<TopicName>failures</TopicName><Message>{escape(text)}</Message>"
        "<PublishTime>1449556920975</PublishTime></Notification>"
    )


def topic_stream(text: str) -> str:
    return json.dumps({"body": text, "attrs": {"Extend": "{}"}})


def topic_string(text: str) -> str:
    return json.dumps(text)


def queue_trigger(text: str) -> str:
    return _event("mns:Queue:SendMessage", {"requestId": "606EA3", "messageId": "C6DB60D", "messageBody": text})


def rocketmq_trigger(text: str) -> str:
    return _event("mq:Topic:SendMessage", {"topic": "t", "systemProperties": {}, "userProperties": {}, "body": text})


def event_bus_text(text: str) -> str:
    return _event("fc:made-up", text)


def event_bus_object(text: str) -> str:
    return _event("fc:made-up", json.loads(text))


def _event(kind: str, data: Any) -> str:
    return json.dumps({"id": "c2g71017", "source": "s", "specversion": "1.0", "type": kind, "data": data})


ROADS: dict[str, tuple[Callable[[str], str], str | None]] = {
    "plain": (plain, None),
    "base64": (to_base64, "base64"),
    "topic_json": (topic_json, "topic-json"),
    "topic_xml": (topic_xml, "topic-xml"),
    "topic_stream": (topic_stream, "topic-stream"),
    "topic_string": (topic_string, "topic-stream"),
    "queue_trigger": (queue_trigger, "cloudevent"),
    "rocketmq_trigger": (rocketmq_trigger, "cloudevent"),
    "event_bus_text": (event_bus_text, "cloudevent"),
    "event_bus_object": (event_bus_object, "cloudevent"),
}
"""Name of a road: the function that sends text down it, and the envelope's name that must come out."""
