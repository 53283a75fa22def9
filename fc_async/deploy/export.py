"""Export what is live as a document: `export` then `plan` finds nothing to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..arn import QueueArn, TopicArn
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .check import findings, read_view
from .checks import missing_function, missing_queue, missing_topic, no_on_failure
from .checks.view import View, queue_of
from .fleet import Fleet
from .fleet_writer import write_fleet
from .live import live_fleet

_NOTED = {one.RULE.id for one in (missing_function, missing_queue, missing_topic, no_on_failure)}
"""The findings that stand in the document, as comments."""


def export(functions: FunctionsClient, mns: MnsAccount, names: Sequence[str] | None = None) -> str:
    """Return the text of `fc-async.yaml` for what is live.

    Args:
        functions: asked for functions and configs, of every version and alias.
        mns: asked for queues and topics.
        names: only these functions, with the queues and topics that their destinations lead to; None: all of the
            region.

    Raises:
        ServiceError: a read was refused, or a named function does not exist.
        TransportError: a read got no answer.
    """
    live = live_fleet(functions, mns, names)
    view = read_view(live, functions, mns, with_details=False)
    for one in live.functions:
        if one.name not in (view.functions or ()):  # it would be exported as a function without a config
            functions.get_function(one.name)
    notes: dict[str, list[str]] = {}
    for finding in findings(view):
        if finding.id in _NOTED:
            notes.setdefault(finding.place, []).append(finding.message)
    fleet = live if names is None else _reached(live, view)
    return write_fleet(fleet, home=(view.region, view.account_id), notes=notes)


def _reached(fleet: Fleet, view: View) -> Fleet:
    """Return a fleet with those of its queues and topics that its configs lead to."""
    topics = set(_names(view, TopicArn))
    kept = tuple(one for one in fleet.topics if one.name in topics)
    queues = set(_names(view, QueueArn)) | {queue_of(one, view) for topic in kept for one in topic.subscriptions}
    return replace(fleet, queues=tuple(one for one in fleet.queues if one.name in queues), topics=kept)


def _names(view: View, kind: type[QueueArn] | type[TopicArn]) -> Iterator[str]:
    for managed in view.managed:
        for _, arn in managed.destinations:
            if isinstance(arn, kind) and view.is_here(arn):
                yield arn.name
