"""Draw a fleet: as Mermaid, which code hosts show in a README, as DOT, or as JSON.

Names come from outside. Mermaid and DOT get every character that could end a label or begin a tag as an entity or an
escape, and no control character at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from ..errors import ArgumentError
from .fleet import Fleet
from .graph_model import Edge, Graph, Node, graph_of

FORMATS = ("mermaid", "dot", "json")

_MERMAID_SHAPES = {
    "function": ('["', '"]'),
    "queue": ('[("', '")]'),
    "topic": ('{{"', '"}}'),
    "endpoint": ('>"', '"]'),
    "other": ('(["', '"])'),
}
_DOT_SHAPES = {
    "function": "box",
    "queue": "cylinder",
    "topic": "hexagon",
    "endpoint": "note",
    "other": "oval",
}
_SUFFIXES = {"missing": " (missing)", "unlisted": " (not in the file)"}
_PLAIN = "_-@./: ()"


def graph(
    fleet: Fleet,
    *,
    format: str = "mermaid",  # noqa: A002
    region: str = "",
    account_id: str = "",
    missing: Collection[str] = (),
) -> str:
    """Return a drawing of functions, queues, topics and subscriptions, and of where outcomes go.

    Circles are red; what is missing, or not in the file, is dashed and says so.

    Args:
        fleet: a document (see `read_document`), or all that is live (see `live_fleet`).
        format: mermaid, dot or json.
        region: where the fleet is; "": where most of the whole ARNs in it are.
        account_id: likewise.
        missing: functions, versions and aliases that are known not to be there, as `NAME[@QUALIFIER]`.

    Raises:
        ArgumentError: there is no such format.
    """
    if format not in FORMATS:
        raise ArgumentError(f"format: expected one of {', '.join(FORMATS)}, got {format!r:.40}")
    drawn = graph_of(fleet, region, account_id, missing)
    if format == "json":
        return json.dumps(_json(drawn), indent=2) + "\n"
    return "\n".join(_mermaid(drawn) if format == "mermaid" else _dot(drawn)) + "\n"


def _mermaid(drawn: Graph) -> Iterator[str]:
    ids = {node.id: f"n{number}" for number, node in enumerate(drawn.nodes, 1)}
    yield "flowchart LR"
    for node in drawn.nodes:
        before, after = _MERMAID_SHAPES[node.kind]
        yield f"  {ids[node.id]}{before}{_in_mermaid(_label(node))}{after}"
    for edge in drawn.edges:
        arrow = "-.->" if edge.kind == "onFailure" else "-->"
        yield f'  {ids[edge.source]} {arrow}|"{_in_mermaid(edge.label)}"| {ids[edge.destination]}'
    dashed = [ids[node.id] for node in drawn.nodes if node.state in _SUFFIXES]
    red = [ids[node.id] for node in drawn.nodes if node.in_circle]
    links = [str(number) for number, edge in enumerate(drawn.edges) if edge.in_circle]
    if dashed:
        yield "  classDef absent stroke-dasharray: 4 4"
        yield f"  class {','.join(dashed)} absent"
    if red:
        yield "  classDef circle stroke:#c00,stroke-width:3px"
        yield f"  class {','.join(red)} circle"
        yield f"  linkStyle {','.join(links)} stroke:#c00,stroke-width:3px"


def _dot(drawn: Graph) -> Iterator[str]:
    yield "digraph fleet {"
    yield "  rankdir=LR"
    for node in drawn.nodes:
        styles = [f"shape={_DOT_SHAPES[node.kind]}", f"label={_in_dot(_label(node))}"]
        styles += ["style=dashed"] if node.state in _SUFFIXES else []
        yield f"  {_in_dot(node.id)} [{', '.join([*styles, *_red(node)])}]"
    for edge in drawn.edges:
        styles = [f"label={_in_dot(edge.label)}", *(["style=dashed"] if edge.kind == "onFailure" else []), *_red(edge)]
        yield f"  {_in_dot(edge.source)} -> {_in_dot(edge.destination)} [{', '.join(styles)}]"
    yield "}"


def _json(drawn: Graph) -> dict[str, object]:
    nodes = [
        {"id": one.id, "kind": one.kind, "name": one.label, "state": one.state, "inCircle": one.in_circle}
        for one in drawn.nodes
    ]
    edges = [
        {
            "from": one.source,
            "to": one.destination,
            "kind": one.kind,
            **({"name": one.label} if one.kind == "subscription" else {}),
            "inCircle": one.in_circle,
        }
        for one in drawn.edges
    ]
    return {"nodes": nodes, "edges": edges}


def _label(node: Node) -> str:
    return node.label + _SUFFIXES.get(node.state, "")


def _red(one: Node | Edge) -> list[str]:
    return ["color=red", "penwidth=2"] if one.in_circle else []


def _in_mermaid(text: str) -> str:
    """Return text for a quoted label: letters, digits and a few marks as they are, the rest as `#NN;`."""
    return "".join(one if one.isalnum() or one in _PLAIN else f"#{ord(one)};" for one in _visible(text))


def _in_dot(text: str) -> str:
    r"""Return text as a quoted string of DOT, in which `\\` begins an escape."""
    shown = _visible(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown}"'


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
