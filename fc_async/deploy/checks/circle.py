"""Functions whose destinations lead back to themselves: each outcome starts another invocation, without an end.

Function Compute documents no protection against it. A function is its name with its version or alias: an alias and the
version behind it have configs of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...arn import FunctionArn
from ...checks import FunctionName
from .finding import Finding, Rule
from .view import Managed, View, target


def rings(view: View) -> list[frozenset[FunctionName]]:
    """Return the sets of functions of which each leads to every other, or to itself."""
    edges = _edges(view)
    found = components(edges)
    return [frozenset(one) for one in found if len(one) > 1 or one[0] in edges.get(one[0], ())]


def circles(view: View) -> list[list[FunctionName]]:
    """Return the circles of functions, each in the order in which its destinations lead, the smallest name first."""
    edges = _edges(view)
    found = [_way(min(members, key=str), members, edges) for members in rings(view)]
    return sorted(found, key=lambda one: str(one[0]))


def components(edges: Mapping[FunctionName, Sequence[FunctionName]]) -> list[list[FunctionName]]:
    """Return the strongly connected components (Tarjan), by a stack of its own: a chain may be long."""
    index: dict[FunctionName, int] = {}
    low: dict[FunctionName, int] = {}
    waiting: list[FunctionName] = []
    is_waiting: set[FunctionName] = set()
    found: list[list[FunctionName]] = []
    for start in edges:
        if start in index:
            continue
        work = [(start, iter(edges[start]))]
        index[start] = low[start] = len(index)
        waiting.append(start)
        is_waiting.add(start)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_popped(waiting, is_waiting, node))
            elif following not in index:
                index[following] = low[following] = len(index)
                waiting.append(following)
                is_waiting.add(following)
                work.append((following, iter(edges.get(following, ()))))
            elif following in is_waiting:
                low[node] = min(low[node], index[following])
    return found


def _popped(waiting: list[FunctionName], is_waiting: set[FunctionName], until: FunctionName) -> list[FunctionName]:
    component: list[FunctionName] = []
    while not component or component[-1] != until:
        component.append(waiting.pop())
        is_waiting.discard(component[-1])
    return component


def _edges(view: View) -> dict[FunctionName, list[FunctionName]]:
    return {one.name: [target(arn) for arn in _functions(one, view)] for one in view.managed}


def _functions(managed: Managed, view: View) -> Iterator[FunctionArn]:
    for _, arn in managed.destinations:
        if isinstance(arn, FunctionArn) and arn.service is None and view.is_here(arn):
            yield arn


def _way(
    start: FunctionName, members: frozenset[FunctionName], edges: Mapping[FunctionName, Sequence[FunctionName]]
) -> list[FunctionName]:
    """Return a shortest way from a function back to itself."""
    before: dict[FunctionName, FunctionName] = {}
    front = [start]
    while start not in before:
        following = []
        for node in front:
            for one in edges.get(node, ()):
                if one in members and one not in before:
                    before[one] = node
                    following.append(one)
        front = following
    way = [before[start]]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def _find(view: View) -> Iterator[Finding]:
    at = {one.name: one.place for one in view.managed}
    for way in circles(view):
        shown = [*map(str, way[:8]), *([f"({len(way) - 8} more)"] if len(way) > 8 else []), str(way[0])]
        yield RULE.finding(
            at[way[0]],
            f"{' -> '.join(shown)}: the destinations lead in a circle, which no one stops",
            "let one of them name a queue instead",
        )


RULE = Rule("circle", "error", "Destinations lead from a function back to itself, over any number of others.", _find)
