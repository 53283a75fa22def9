"""Counts as Prometheus reads them: text, a line for each (https://prometheus.io/docs/instrumenting/exposition_formats/).

The names are CloudMonitor's. What `_GAUGES` names goes up and down; everything else only grows until a reset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .mailbox.queue import QueueStatus

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_GAUGES: Final = (
    "FunctionAsyncMessageLatencyAvg",
    "FunctionAsyncMessagesBacklogV2",
    "FunctionAsyncMessagesInProcess",
)
_OF_A_QUEUE: Final = {
    "ActiveMessages": "active_messages",
    "InactiveMessages": "inactive_messages",
    "DelayMessages": "delay_messages",
}


def prometheus_text(counts: Mapping[str, int], queues: Iterable[QueueStatus]) -> str:
    """Return the whole text.

    Args:
        counts: metrics by their CloudMonitor names.
        queues: each queue has a line for its visible, its hidden and its delayed messages.
    """
    return "\n".join([*_counts(counts), *_depths(list(queues)), ""])


def _counts(counts: Mapping[str, int]) -> Iterator[str]:
    for name, value in counts.items():
        yield f"# TYPE {name} {'gauge' if name in _GAUGES else 'counter'}"
        yield f"{name} {value}"


def _depths(queues: list[QueueStatus]) -> Iterator[str]:
    for name, attribute in _OF_A_QUEUE.items():
        yield f"# TYPE {name} gauge"
        for queue in queues:
            yield f'{name}{{queue="{queue.name}"}} {getattr(queue, attribute)}'
