"""A queue that keeps its messages for less than the 7 days that there are: dead letters expire there."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View, place_of_queue

MOST_SECONDS = 604800


def _find(view: View) -> Iterator[Finding]:
    listed = {one.name for one in view.fleet.queues}
    for name, queue in view.queues_to_be.items():
        if name not in listed and name not in view.receiving:
            continue
        kept = queue.attributes.get("message_retention_period")
        if kept is None or kept >= MOST_SECONDS:
            continue
        yield RULE.finding(
            place_of_queue(queue),
            f"queue {name} keeps a message for {kept} s, and could keep it for {MOST_SECONDS} s (7 days)",
            "set message_retention_period: 7d",
            None if name in view.receiving else "info",
        )


RULE = Rule(
    "short-retention",
    "warning",
    "A queue keeps messages for less than 7 days; info where no destination of the fleet leads to it.",
    _find,
)
