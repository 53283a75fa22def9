"""A fleet as a graph: who sends where, what is missing, and what runs in a circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ..arn import Arn, FunctionArn, QueueArn, TopicArn
from ..checks import FunctionName
from .checks.circle import rings
from .checks.view import Managed, View, queue_of, target
from .fleet import LIVE, Fleet, FleetSubscription
from .masked import masked


@dataclass(frozen=True)
class Node:
    """What sends or receives.

    Args:
        id: `function:NAME[@QUALIFIER]`, `queue:NAME`, `topic:NAME`, or the address of anything else.
        kind: function, queue, topic, endpoint (a subscriber's URL) or other.
        label: as people read it; text from outside.
        state: listed (it is there, or in the file), missing (it is not there), unlisted (the file does not list it),
            elsewhere (of another region or account, or of a kind that is not looked up).
        in_circle: whether its outcomes lead back to it.
    """

    id: str
    kind: str
    label: str
    state: str
    in_circle: bool = False


@dataclass(frozen=True)
class Edge:
    """Where outcomes or messages go.

    Args:
        source: id of a node.
        destination: id of a node.
        kind: onFailure, onSuccess or subscription.
        label: OnFailure, OnSuccess, or the name of the subscription.
        in_circle: whether it is part of a circle.
    """

    source: str
    destination: str
    kind: str
    label: str
    in_circle: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes by id, and edges in the order of their sources."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(fleet: Fleet, region: str = "", account_id: str = "", missing: Collection[str] = ()) -> Graph:
    """Return the graph of a fleet.

    Args:
        fleet: a document, or all that is live; of what is live, what is not in it is missing.
        region: where the fleet is; "": where most of the whole ARNs in it are.
        account_id: likewise.
        missing: functions, versions and aliases that are known not to be there, as `NAME[@QUALIFIER]`.
    """
    if not (region and account_id):
        region, account_id = _home(fleet, region, account_id)
    return _Builder(View(fleet, region, account_id), missing).graph()


def _home(fleet: Fleet, region: str, account_id: str) -> tuple[str, str]:
    """Return where most whole ARNs are: two queues of one name in two places are two."""
    arns = [arn for one in View(fleet).managed for _, arn in one.destinations]
    whole = [(getattr(arn, "region", ""), getattr(arn, "account_id", "")) for arn in arns]
    seen = Counter((region or one[0], account_id or one[1]) for one in whole if all(one))
    return seen.most_common(1)[0][0] if seen else (region, account_id)


class _Builder:
    def __init__(self, view: View, missing: Collection[str]) -> None:
        self._view = view
        self._missing = missing
        self._functions = {one.name for one in view.fleet.functions}
        self._absent = "missing" if view.fleet.place == LIVE else "unlisted"
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self._ring_of = {name: number for number, ring in enumerate(rings(view)) for name in ring}

    def graph(self) -> Graph:
        for one in self._view.managed:
            self._function(one.name)
        for queue in self._view.fleet.queues:
            self._named("queue", queue.name)
        for topic in self._view.fleet.topics:
            self._named("topic", topic.name)
        for one in sorted(self._view.managed, key=lambda one: str(one.name)):
            self._outcomes(one)
        for topic in sorted(self._view.fleet.topics, key=lambda one: one.name):
            for subscription in sorted(topic.subscriptions, key=lambda one: one.name):
                to = self._subscriber(subscription)
                self._edges.append(Edge(f"topic:{topic.name}", to, "subscription", subscription.name))
        return Graph(tuple(self._nodes[key] for key in sorted(self._nodes)), tuple(self._edges))

    def _outcomes(self, managed: Managed) -> None:
        source = self._function(managed.name)
        for which, arn in managed.destinations:
            to = self._destination(arn)
            is_function = to.startswith("function:") and isinstance(arn, FunctionArn)
            ring = self._ring_of.get(managed.name)
            in_circle = is_function and ring is not None and ring == self._ring_of.get(target(arn))  # type: ignore[arg-type]
            self._edges.append(Edge(source, to, which[0].lower() + which[1:], which, in_circle))

    def _destination(self, arn: Arn) -> str:
        if not self._view.is_here(arn):
            return self._other("other", str(arn))
        if isinstance(arn, FunctionArn) and arn.service is None:
            return self._function(target(arn))
        if isinstance(arn, QueueArn):
            return self._named("queue", arn.name)
        return self._named("topic", arn.name) if isinstance(arn, TopicArn) else self._other("other", str(arn))

    def _subscriber(self, subscription: FleetSubscription) -> str:
        queue = queue_of(subscription, self._view)
        if queue is not None:
            return self._named("queue", queue)
        if subscription.queue is not None:
            return self._other("other", subscription.queue)
        return self._other("endpoint", masked(subscription.endpoint, None)[0] or "nowhere")

    def _function(self, name: FunctionName) -> str:
        state = "listed" if name.name in self._functions else self._absent
        state = "missing" if str(name) in self._missing else state
        return self._add(Node(f"function:{name}", "function", str(name), state, name in self._ring_of))

    def _named(self, kind: str, name: str) -> str:
        known = self._view.queues_to_be if kind == "queue" else self._view.topics_to_be
        return self._add(Node(f"{kind}:{name}", kind, name, "listed" if name in known else self._absent))

    def _other(self, kind: str, address: str) -> str:
        return self._add(Node(address, kind, address, "elsewhere"))

    def _add(self, node: Node) -> str:
        self._nodes.setdefault(node.id, node)
        return node.id
