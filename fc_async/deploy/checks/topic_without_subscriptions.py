"""A topic destination that nobody subscribes to: what is published there goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from ...arn import TopicArn
from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    is_asked = view.topics is not None
    for one in view.managed:
        for which, arn in one.destinations:
            if not isinstance(arn, TopicArn) or not view.is_here(arn):
                continue
            topic = view.topics_to_be.get(arn.name)
            if topic is None or topic.subscriptions:
                continue
            yield RULE.finding(
                one.place,
                f"{which} of {one.name} is the topic {arn.name}, "
                + ("to which nobody subscribes" if is_asked else "for which this file names no subscription"),
                f'subscribe a queue: "fc-async topic subscribe {quote(arn.name)} NAME --queue QUEUE"',
                None if is_asked else "info",
            )


RULE = Rule(
    "topic-without-subscriptions",
    "warning",
    "A destination is a topic without subscriptions; info where the service was not asked.",
    _find,
)
