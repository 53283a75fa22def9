"""A payload whose record does not fit into its destination: it is not delivered, and is lost.

MNS and EventBridge take 64 KB, a function 128 KB, RocketMQ 4 MB (page "Result callback"). The record holds the payload
as JSON text, the function's answer or error, and what tells of the invocation.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...arn import Arn, EventBusArn, FunctionArn, QueueArn, RocketMqTopicArn, TopicArn
from .finding import Finding, Rule
from .view import View, called

RECORD_BYTES = 4096
"""Assumed: room for what a record holds beside the payload, an error with a stack trace for example."""

_MOST_BYTES = {
    QueueArn: 65536,
    TopicArn: 65536,
    EventBusArn: 65536,
    FunctionArn: 131072,
    RocketMqTopicArn: 4 * 1024 * 1024,
}


def _limit(arn: Arn, view: View) -> int | None:
    most = _MOST_BYTES.get(type(arn))
    if most is None or not view.is_here(arn) or not isinstance(arn, (QueueArn, TopicArn)):
        return most
    known = view.queues_to_be if isinstance(arn, QueueArn) else view.topics_to_be
    there = known.get(arn.name)
    own = None if there is None else there.attributes.get("maximum_message_size")
    return most if own is None else min(most, own)


def _find(view: View) -> Iterator[Finding]:
    untold = []
    for one in view.managed:
        payload = one.facts.max_payload_bytes
        for which, arn in one.destinations:
            limit = _limit(arn, view)
            if payload is None and isinstance(arn, (QueueArn, TopicArn)):
                untold.append(one.name)
            elif payload is not None and limit is not None and payload + RECORD_BYTES > limit:
                yield RULE.finding(
                    one.place,
                    f"{one.name} is invoked with up to {payload} bytes, and {which}, {called(arn)}, takes records"
                    f" of {limit} bytes at most ({RECORD_BYTES} beside the payload, assumed)",
                    "keep large payloads in OSS and send their address, or name a destination that takes more",
                )
    if untold:
        names = list(dict.fromkeys(map(str, untold)))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield RULE.finding(
            view.fleet.place,
            "a payload may have 128 KB and the record of a queue or topic 64 KB;"
            f" not told for {', '.join(names[:3])}{more}",
            "tell max_payload of each function in the file: max_payload: 32KB",
            "info",
        )


RULE = Rule(
    "large-payload",
    "warning",
    "The longest payload may not fit into a destination's record; info, once, where functions do not tell it.",
    _find,
)
