"""A queue destination that does not exist: Function Compute takes the config, and each record is lost."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from ...arn import QueueArn
from .finding import Finding, Rule
from .view import View, place_of_topic, queue_of


def _find(view: View) -> Iterator[Finding]:
    if view.queues is None:
        return
    for one in view.managed:
        for which, arn in one.destinations:
            if isinstance(arn, QueueArn) and view.is_here(arn) and arn.name not in view.queues_to_be:
                yield RULE.finding(
                    one.place,
                    f"{which} of {one.name} is the queue {arn.name}, which does not exist",
                    f'create it ("fc-async queue create {quote(arn.name)}", "apply --create-destinations"), or list it',
                )
    for topic in view.fleet.topics:
        for subscription in topic.subscriptions:
            name = queue_of(subscription, view)
            if name is not None and name not in view.queues_to_be:
                yield RULE.finding(
                    place_of_topic(topic),
                    f"topic {topic.name} pushes to the queue {name}, which does not exist",
                    f'create it ("fc-async queue create {quote(name)}"), or list it',
                )


RULE = Rule(
    "missing-queue",
    "error",
    "A destination, or a subscription of a listed topic, is a queue that does not exist.",
    _find,
    True,
)
